"""Which definitions a cursor in Rust code needs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

FILES = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
    "crates/walk/Cargo.toml": '[package]\nname = "fast-walk"\n',
    "crates/walk/src/lib.rs": """\
pub mod entry;
mod filter;
pub mod output;
pub use filter::{Filter, Kind as FilterKind};

pub type Result<T> = std::result::Result<T, Error>;

pub struct Error(String);

#[macro_export]
macro_rules! walk_all {
    ($x:expr) => { $x };
}
""",
    "crates/walk/src/entry.rs": """\
use std::sync::{Arc, Mutex};

use crate::filter::Filter;
use crate::Result;

pub struct Entry {
    pub filter: Option<Filter>,
    pub shared: Arc<Mutex<Vec<Filter>>>,
    depth: usize,
}

pub struct Wrapped(pub Entry, u32);

pub enum Found {
    Nothing,
    One(Entry),
    Pair { left: Entry, right: Entry },
}

impl Entry {
    pub fn new(depth: usize) -> Self { todo!() }
    pub fn open(path: &str) -> Result<Self> { todo!() }
    pub fn filter(&self) -> Option<&Filter> { None }
    pub fn with_depth(mut self, depth: usize) -> Self { self }
    fn secret(&self) {}
}

impl Describe for Entry {
    fn describe(&self) -> String { todo!() }
}

pub trait Describe {
    fn describe(&self) -> String;
    fn shout(&self) -> String { todo!() }
}

impl Found {
    pub fn first(&self) -> &Entry { todo!() }
}
""",
    "crates/walk/src/filter.rs": """\
pub struct Filter {
    pub kind: Kind,
}

pub enum Kind { File, Folder }

impl Filter {
    pub fn matches(&self, name: &str) -> bool { true }
}
""",
    "crates/walk/src/output/mod.rs": """\
use super::entry::Entry;

pub fn print_entry(entry: &Entry) {}

pub fn flush() {}

fn private() {}
""",
    "crates/walk/src/extra.rs": """\
use crate::entry::Entry;

impl Entry {
    pub fn extra(&self) {}
}
""",
}
USES = """\
use std::path::PathBuf;
use crate::entry::{Describe, Entry, Found, Wrapped};
use crate::filter::Filter;
use crate::output;
use crate::output::print_entry;
"""


def at(body: str, *, uses: str = USES, path: str = "crates/walk/src/job.rs") -> list[Needed]:
    """What a cursor in a method of `Job` needs."""
    text = (
        f"{uses}\n"
        "pub struct Job {\n    entry: Entry,\n    filters: Vec<Filter>,\n}\n\n"
        "impl Job {\n"
        "    fn run(&mut self, given: &Entry, found: Found, all: &[Entry]) -> Option<u32> {\n"
        f"        {body}\n"
        "    }\n}\n\nfn after() {}\n"
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
        ("given.¦", "Entry.extra"),
        ("self.entry.¦", "Entry.extra"),
        ("self.filters.first().unwrap().¦", "Filter.matches"),
        ("self.filters[0].¦", "Filter.matches"),
        ("for each in all {\n            each.¦\n        }", "Entry.extra"),
        ("for each in self.filters.iter() {\n            each.¦\n        }", "Filter.matches"),
        ("for (i, each) in all.iter().enumerate() {\n            each.¦", "Entry.extra"),
        ("let entry = Entry::new(3);\n        entry.¦", "Entry.extra"),
        ('let entry = Entry::open("a")?;\n        entry.¦', "Entry.extra"),
        ("let entry: Entry = make();\n        entry.¦", "Entry.extra"),
        ("let entry = crate::entry::Entry::new(3);\n        entry.¦", "Entry.extra"),
        ("let entry = Box::new(Entry::new(3));\n        entry.¦", "Entry.extra"),
        ("let entry = Entry { depth: 3 };\n        entry.¦", "Entry.extra"),
        ("Entry::new(3)\n            .with_depth(4)\n            .¦", "Entry.extra"),
        ("given.filter().unwrap().¦", "Filter.matches"),
        ("given.filter()?.¦", "Filter.matches"),
        ("given.filter.as_ref().unwrap().¦", "Filter.matches"),
        ("given.shared.lock().unwrap().¦", "Filter.matches"),
        ("if let Some(filter) = given.filter() {\n            filter.¦", "Filter.matches"),
        ("if let Some(filter) = &given.filter {\n            filter.¦", "Filter.matches"),
        ("let Wrapped(inner, _) = wrapped;\n        inner.¦", "Entry.extra"),
        ("let w: Wrapped = x;\n        w.0.¦", "Entry.extra"),
        ("match found {\n            Found::One(entry) => entry.¦\n        }", "Entry.extra"),
        ("match found {\n            Found::Pair { left, .. } => left.¦", "Entry.extra"),
        ("match given.filter() {\n            Some(f) => f.¦\n        }", "Filter.matches"),
        ("all.iter().map(|each| each.¦)", "Entry.extra"),
        ("let run = |entry: &Entry| entry.¦;", "Entry.extra"),
        ("found.first().¦", "Entry.extra"),
        ("let made = Found::default();\n        made.¦", "Found.first"),
        ("Entry::¦", "Entry.new"),
        ("Found::¦", "Found"),
        ("output::¦", "print_entry"),
        ("crate::output::¦", "print_entry"),
        ("super::output::¦", "print_entry"),
        ("entry.¦", "Entry.extra"),
    ],
)
def test_a_receiver_gives_its_members(body: str, name: str):
    assert name in members(at(body))[:4]


def test_default_methods_of_traits_are_offered():
    found = offered(at("given.¦"))
    assert "Describe.shout" in found
    assert "Entry.secret" not in found


def test_functions_on_the_type_come_first_behind_its_path():
    behind_type, behind_value = members(at("Entry::¦")), members(at("given.¦"))
    assert behind_type.index("Entry.new") < behind_type.index("Entry.filter")
    assert behind_value.index("Entry.filter") < behind_value.index("Entry.new")


def test_enums_name_their_variants():
    found = at("Found::¦")
    enum = next(each for each in found if each.located.definition.name == "Found")
    assert set(enum.members) >= {"Nothing", "One", "Pair"}


def test_imported_functions_are_offered_bare():
    assert members(at("¦"))[0] == "print_entry"
    assert "private" not in offered(at("¦", uses="use crate::output::*;\n"))
    assert "flush" in offered(at("¦", uses="use crate::output::*;\n"))


@pytest.mark.parametrize("callee", ["print_entry", "Entry::new", "given.extra", "output::flush"])
def test_calls(callee: str):
    found = at(f"{callee}(¦);")
    name = callee.replace("::", ".").rpartition(".")[2]
    assert found[0].located.definition.name == name
    assert found[0].reason is Reason.CALLEE


def test_a_call_needs_the_types_of_its_parameters():
    assert "Entry" in offered(at("print_entry(¦);", uses="use crate::output::print_entry;\n"))


def test_generic_parameters_are_read_by_their_bounds():
    files = {
        **FILES,
        "crates/walk/src/job.rs": (
            "use crate::entry::Describe;\n\nfn tell<D: Describe>(what: &D) {\n    what.¦\n}\n"
        ),
    }
    assert "Describe" in offered(needed_in(files))


@pytest.mark.parametrize(
    ("uses", "body", "name"),
    [
        ("use fast_walk::entry::Entry;\n", "Entry::¦", "Entry.new"),
        ("use fast_walk::Filter;\n", "fn f(a: &Filter) {\n    a.¦\n}", "Filter.matches"),
        ("use fast_walk::Filter as F;\n", "fn f(a: &F) {\n    a.¦\n}", "Filter.matches"),
        ("use fast_walk::{output, entry};\n", "fn f() {\n    output::¦\n}", "print_entry"),
        ("", "fn f() {\n    fast_walk::output::¦\n}", "print_entry"),
    ],
)
def test_tests_use_the_crate_by_its_name(uses: str, body: str, name: str):
    if not body.startswith("fn"):
        body = f"fn f() {{\n    {body}\n}}"
    files = {**FILES, "crates/walk/tests/all.rs": f"{uses}\n{body}\n"}
    assert name in members(needed_in(files))[:4]


def test_a_module_in_a_file_uses_its_parent():
    text = (
        "use crate::entry::Entry;\n\nfn make() -> Entry { todo!() }\n\n"
        "#[cfg(test)]\nmod tests {\n    use super::*;\n\n"
        "    #[test]\n    fn works() {\n        let made = make();\n        made.¦\n    }\n}\n"
    )
    assert "Entry.extra" in members(needed_in({**FILES, "crates/walk/src/job.rs": text}))


def test_a_use_names_what_a_module_shows():
    found = offered(at("", uses="use crate::output::¦;\n"))
    assert set(found) == {"print_entry", "flush"}
    found = offered(at("", uses="use crate::output::{flush, ¦};\n"))
    assert "print_entry" in found


def test_circular_imports_end():
    files = {
        "src/lib.rs": "pub mod a;\npub mod b;\n",
        "src/a.rs": "pub use crate::b::*;\npub use crate::b::Thing;\n",
        "src/b.rs": "pub use crate::a::*;\npub use crate::a::Thing;\n",
        "src/c.rs": "use crate::a::Thing;\n\nfn f(thing: Thing) {\n    thing.¦\n}\n",
    }
    assert members(needed_in(files)) == []


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="abE.(){}[]:=;*&<>-|?'\"\n ,", max_size=60))
def test_nothing_breaks_on_broken_code(body: str):
    for each in at(f"{body}¦"):
        assert each.weight > 0
        assert each.located.path in FILES
