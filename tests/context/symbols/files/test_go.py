"""What Go files define and import."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Definition, FileSymbols, Kind, Parameter
from tests.context.symbols.workspaces import symbols

SERVER = """\
// Package web serves.
package web

import (
	"fmt"
	. "strings"
	_ "embed"
	yaml "gopkg.in/yaml.v3"
	"example.com/go-kit/v2"
)

// Limit of all.
const Limit = 10

const (
	first = iota
	second
)

var Default, other = &Server{
	name: "x",
}, 3

var handler = func() {
	var inner = 1
	_ = inner
}

// Server serves.
//
// Twice.
type Server struct {
	*Base
	pkg.Mixin
	name, title string `json:"x"`
	Routes      map[string]Handler
}

type (
	// Handler handles.
	Handler func(w Writer, r *Request) error
	Alias   = pkg.Thing
)

type Writer interface {
	fmt.Stringer
	Write(p []byte) (n int, err error)
}

// New makes one.
func New(name string, options ...Option) (*Server, error) {
	type local struct{ a int }
	const inside = 1
	return nil, nil
}

func (s *Server) Serve(a, b int) (count int) {
	return 0
}

func (Set[T]) Has(T) bool { return false }
"""


def by_name(file: FileSymbols) -> dict[str, Definition]:
    return {each.qualified: each for each in file.definitions}


def test_definitions_and_owners():
    found = by_name(symbols(SERVER, "web/server.go"))
    assert {name: each.kind for name, each in found.items()} == {
        "Limit": Kind.CONSTANT,
        "first": Kind.CONSTANT,
        "second": Kind.CONSTANT,
        "Default": Kind.VARIABLE,
        "other": Kind.VARIABLE,
        "handler": Kind.VARIABLE,
        "Server": Kind.CLASS,
        "Server.name": Kind.FIELD,
        "Server.title": Kind.FIELD,
        "Server.Routes": Kind.FIELD,
        "Handler": Kind.TYPE,
        "Alias": Kind.TYPE,
        "Writer": Kind.INTERFACE,
        "Writer.Write": Kind.METHOD,
        "New": Kind.FUNCTION,
        "Server.Serve": Kind.METHOD,
        "Set.Has": Kind.METHOD,
    }


def test_signatures():
    found = by_name(symbols(SERVER, "web/server.go"))
    assert found["Server"].signature == "type Server struct"
    assert found["Writer"].signature == "type Writer interface"
    assert found["Handler"].signature == "Handler func(w Writer, r *Request) error"
    assert found["New"].signature == ("func New(name string, options ...Option) (*Server, error)")
    assert found["Server.Serve"].signature == "func (s *Server) Serve(a, b int) (count int)"
    assert found["Limit"].signature == "const Limit = 10"
    assert SERVER[found["Server"].start :].startswith("// Server serves.")
    assert found["Server"].doc == "Server serves."
    assert found["Handler"].doc == "Handler handles."


def test_types_and_parameters():
    found = by_name(symbols(SERVER, "web/server.go"))
    assert found["New"].type == "(*Server, error)"
    assert found["New"].parameters == (
        Parameter("name", "string"),
        Parameter("options", "...Option"),
    )
    assert found["Server.Serve"].parameters == (Parameter("a", "int"), Parameter("b", "int"))
    assert found["Set.Has"].parameters == (Parameter("", "T"),)
    assert found["Server.Routes"].type == "map[string]Handler"
    assert found["Alias"].type == "pkg.Thing"
    assert found["Default"].value.startswith("&Server{")


def test_embedded_types_are_bases():
    found = by_name(symbols(SERVER, "web/server.go"))
    assert found["Server"].bases == ("Base", "pkg.Mixin")
    assert found["Writer"].bases == ("fmt.Stringer",)


def test_capitals_are_exported():
    found = by_name(symbols(SERVER, "web/server.go"))
    assert found["Server"].exported
    assert not found["Server.name"].exported


def test_package_and_imports():
    file = symbols(SERVER, "web/server.go")
    assert file.package == "web"
    assert [(each.module, each.name, each.alias) for each in file.imports] == [
        ("fmt", "", "fmt"),
        ("strings", "*", "."),
        ("embed", "", "_"),
        ("gopkg.in/yaml.v3", "", "yaml"),
        ("example.com/go-kit/v2", "", "kit"),
    ]


@pytest.mark.parametrize(
    ("path", "alias"),
    [
        ("gopkg.in/yaml.v3", "yaml"),
        ("example.com/x/v2", "x"),
        ("example.com/go-isatty", "isatty"),
        ("a/with-dash", "with_dash"),
        ("v2", "v2"),
    ],
)
def test_what_a_package_is_called(path: str, alias: str):
    file = symbols(f'package a\n\nimport "{path}"\n', "a.go")
    assert file.imports[0].alias == alias
