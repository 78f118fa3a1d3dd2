"""Which definitions a cursor in Go code needs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beadline.context.symbols.resolve.go_packages import results
from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

FILES = {
    "go.mod": "module example.com/shop\n\ngo 1.22\n",
    "command.go": """\
package shop

import "example.com/shop/internal/flags"

type Command struct {
	Base
	Name  string
	Items []*Item
	Index map[string]*Item
	Run   func(cmd *Command) (*Item, error)
	flags *flags.Set
}

type Runner interface {
	Start(name string) error
}

type Items []*Item

func New(name string) *Command { return nil }

func Parse(text string) (cmd *Command, err error) { return nil, nil }

func (c *Command) Flags() *flags.Set { return c.flags }

func helper(name string) *Item { return nil }

var Root = &Command{Name: "root"}

var Made = New("made")
""",
    "run.go": """\
package shop

// Execute runs it.
func (c *Command) Execute(args ...string) error { return nil }

func (i *Item) Price() int { return 0 }
""",
    "item.go": """\
package shop

type Item struct{ name string }

type Base struct{}

func (b Base) Describe() string { return "" }
""",
    "only_test.go": """\
package shop

func checkItem(i *Item) {}

func TestItem(t *testing.T) {}

func TestingItems() []Item { return nil }
""",
    "internal/flags/set.go": """\
package flags

import "example.com/shop"

type Set struct{ count int }

func NewSet(owner *shop.Command) *Set { return nil }

func (s *Set) Lookup(name string) (*Flag, bool) { return nil, false }

func (s *Set) hidden() {}

type Flag struct{ Value string }

func (f *Flag) Change() {}

func quiet() {}
""",
}


def at(body: str, path: str = "use.go", *, package: str = "shop") -> list[Needed]:
    """What a cursor in a method of `Command` needs."""
    text = (
        f'package {package}\n\nimport (\n\t"fmt"\n\tfl "example.com/shop/internal/flags"\n)\n\n'
        "func (c *Command) use(given *Item, many []Item, runner Runner) error {\n"
        f"\t{body}\n"
        "}\n\nfunc after() {}\n"
    )
    return needed_in({**FILES, path: text})


def members(found: list[Needed]) -> list[str]:
    return [
        each.located.definition.qualified
        for each in found
        if each.reason in (Reason.MEMBER, Reason.RECEIVER)
    ]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("c.¦", "Command.Execute"),
        ("given.¦", "Item.Price"),
        ("if x {\n\t\tgiven.¦\n\t}", "Item.Price"),
        ("many[0].¦", "Item.Price"),
        ("for _, each := range many {\n\t\teach.¦\n\t}", "Item.Price"),
        ("for _, each := range c.Items {\n\t\teach.¦\n\t}", "Item.Price"),
        ("for key, each := range c.Index {\n\t\teach.¦\n\t}", "Item.Price"),
        ("c.Items[0].¦", "Item.Price"),
        ('c.Index["a"].¦', "Item.Price"),
        ('cmd := New("a")\n\tcmd.¦', "Command.Execute"),
        ('cmd, err := Parse("a")\n\tcmd.¦', "Command.Execute"),
        ('cmd := &Command{Name: "a"}\n\tcmd.¦', "Command.Execute"),
        ("cmd := new(Command)\n\tcmd.¦", "Command.Execute"),
        ("var cmd *Command\n\tcmd.¦", "Command.Execute"),
        ('var cmd = New("a")\n\tcmd.¦', "Command.Execute"),
        ('a, cmd := 1, New("a")\n\tcmd.¦', "Command.Execute"),
        ("items := []*Command{}\n\titems[0].¦", "Command.Execute"),
        ('items := make(map[string]*Command)\n\titems["a"].¦', "Command.Execute"),
        ("cmd := thing.(*Command)\n\tcmd.¦", "Command.Execute"),
        ("cmd, ok := thing.(*Command)\n\tcmd.¦", "Command.Execute"),
        ("switch t := thing.(type) {\n\tcase *Command:\n\t\tt.¦\n\t}", "Command.Execute"),
        ("run := func(inner *Command) error {\n\t\tinner.¦\n\t}", "Command.Execute"),
        ("item, err := c.Run(c)\n\titem.¦", "Item.Price"),
        ("c.Flags().¦", "Set.Lookup"),
        ('flag, ok := c.Flags().Lookup("a")\n\tflag.¦', "Flag.Change"),
        ("set := fl.NewSet(c)\n\tset.¦", "Set.Lookup"),
        ("fl.¦", "NewSet"),
        ("Root.¦", "Command.Execute"),
        ("Made.¦", "Command.Execute"),
        ("c.Base.¦", "Base.Describe"),
        ("runner.¦", "Runner"),
        ("var items Items\n\titems[0].¦", "Item.Price"),
        ("command.¦", "Command.Execute"),
    ],
)
def test_a_receiver_gives_its_members(body: str, name: str):
    assert name in members(at(body))[:3]


def test_embedded_methods_are_offered():
    assert "Base.Describe" in members(at("c.¦"))


def test_small_letters_stay_in_their_package():
    found = offered(at("fl.¦"))
    assert "NewSet" in found
    assert "quiet" not in found
    assert "Set.hidden" not in offered(at("c.Flags().¦"))


def test_tests_are_seen_by_tests_alone():
    assert "checkItem" in offered(at("¦", "use_test.go"))
    assert "checkItem" not in offered(at("¦"))


def test_what_only_go_test_calls_is_not_offered_bare():
    found = at("¦", "use_test.go")
    members = [each.located.definition.name for each in found if each.reason is Reason.MEMBER]
    assert "TestingItems" in members
    assert "TestItem" not in members


def test_functions_of_the_package_are_offered_bare():
    found = members(at("item := ¦"))
    assert {"New", "Parse", "helper"} <= set(found)
    assert not any("." in name for name in found)


def test_a_call_needs_its_signature_and_the_types_of_its_parameters():
    found = at("fl.NewSet(¦)")
    assert found[0].located.definition.name == "NewSet"
    assert found[0].reason is Reason.CALLEE
    assert "Command" in offered(found)


@pytest.mark.parametrize("callee", ["c.Execute", "c.Flags().Lookup", "New", "runner.Start"])
def test_calls(callee: str):
    found = at(f"{callee}(¦)")
    assert found[0].located.definition.name == callee.rpartition(".")[2]


def test_a_folder_may_be_called_otherwise_than_its_package():
    files = {
        **FILES,
        "use/use.go": ('package use\n\nimport "example.com/shop"\n\nfunc f() {\n\tshop.¦\n}\n'),
    }
    assert "New" in members(needed_in(files))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("error", ["error"]),
        ("(*A, error)", ["*A", "error"]),
        ("(a, b *A, err error)", ["*A", "*A", "error"]),
        ("(map[string]int, func(a, b int) error)", ["map[string]int", "func(a, b int) error"]),
        ("(<-chan A, error)", ["chan A", "error"]),
    ],
)
def test_results(text: str, kinds: list[str]):
    assert results(text) == kinds


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet='abcF.(){}[]:=;*&<-"`\n\t ,', max_size=60))
def test_nothing_breaks_on_broken_code(body: str):
    for each in at(f"{body}¦"):
        assert each.weight > 0
        assert each.located.path in FILES
