"""What Rust files define and import."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Definition, FileSymbols, Kind, Parameter
from tests.context.symbols.workspaces import symbols

WALK = """\
//! Walks.

use std::io::{self, Write as W};
pub use crate::entry::*;

mod sub;

/// How many.
pub const MOST: usize = 8;
static CACHE: Lazy<Map> = Lazy::new(|| Map::new());

/// An entry.
#[derive(Debug)]
pub struct Entry<'a> {
    pub path: &'a Path,
    depth: usize,
}

pub(crate) struct Pair(pub Entry<'static>, u32);
struct Unit;

pub enum Found {
    None,
    One(Entry),
    Many { entries: Vec<Entry> },
}

pub trait Visit: Send + Clone {
    type Item: Copy;
    fn visit(&mut self, entry: &Entry) -> Result<Self::Item, Error>;
    fn done(&self) -> bool {
        fn inner() {}
        true
    }
}

impl<'a> Entry<'a> {
    const DEEPEST: usize = 3;

    /// Makes one.
    #[must_use]
    pub fn new<P: AsRef<Path>>(path: P, mut depth: usize) -> Self {
        let local = 1;
    }
}

impl<W: Write> Visit for crate::walk::Walker<W> {
    type Item = u8;
    fn visit(&mut self, entry: &Entry) -> Result<u8, Error> { todo!() }
}

macro_rules! entries {
    ($($x:expr),*) => { vec![$($x),*] };
}

pub fn walk(root: &Path) -> impl Iterator<Item = Entry> {}

#[cfg(test)]
mod tests {
    use super::*;
    fn helper() {}
}
"""


def by_name(file: FileSymbols) -> dict[str, Definition]:
    return {each.qualified: each for each in file.definitions}


def test_definitions_and_owners():
    found = by_name(symbols(WALK, "src/walk.rs"))
    assert {name: each.kind for name, each in found.items()} == {
        "sub": Kind.MODULE,
        "MOST": Kind.CONSTANT,
        "CACHE": Kind.VARIABLE,
        "Entry": Kind.CLASS,
        "Entry.path": Kind.FIELD,
        "Entry.depth": Kind.FIELD,
        "Pair": Kind.CLASS,
        "Unit": Kind.CLASS,
        "Found": Kind.ENUM,
        "Found.None": Kind.FIELD,
        "Found.One": Kind.FIELD,
        "Found.Many": Kind.FIELD,
        "Visit": Kind.INTERFACE,
        "Visit.Item": Kind.TYPE,
        "Visit.visit": Kind.METHOD,
        "Visit.done": Kind.METHOD,
        "Entry.DEEPEST": Kind.FIELD,
        "Entry.new": Kind.METHOD,
        "Walker.Item": Kind.TYPE,
        "Walker.visit": Kind.METHOD,
        "entries": Kind.MACRO,
        "walk": Kind.FUNCTION,
        "tests": Kind.MODULE,
        "tests.helper": Kind.FUNCTION,
    }


def test_signatures_and_docs():
    found = by_name(symbols(WALK, "src/walk.rs"))
    assert found["Entry"].signature == "pub struct Entry<'a>"
    assert found["Entry"].doc == "An entry."
    assert WALK[found["Entry"].start :].startswith("/// An entry.")
    assert found["Pair"].signature == "pub(crate) struct Pair(pub Entry<'static>, u32);"
    assert found["Found.One"].signature == "One(Entry)"
    assert found["Entry.new"].signature == (
        "pub fn new<P: AsRef<Path>>(path: P, mut depth: usize) -> Self"
    )
    assert found["Entry.new"].doc == "Makes one."
    assert found["entries"].signature == "macro_rules! entries"
    assert found["MOST"].doc == "How many."


def test_types_and_parameters():
    found = by_name(symbols(WALK, "src/walk.rs"))
    assert found["Entry.new"].type == "Self"
    assert found["Entry.new"].parameters == (
        Parameter("path", "P"),
        Parameter("depth", "usize"),
    )
    assert found["Visit.visit"].parameters == (Parameter("entry", "&Entry"),)
    assert found["Entry.path"].type == "&'a Path"
    assert found["CACHE"].signature == "static CACHE: Lazy<Map>"


def test_traits_are_bases():
    found = by_name(symbols(WALK, "src/walk.rs"))
    assert found["Visit"].bases == ("Send", "Clone")
    assert found["Walker.visit"].bases == ("Visit",)
    assert found["Entry.new"].bases == ()


def test_visibility():
    found = by_name(symbols(WALK, "src/walk.rs"))
    visible = {name for name, each in found.items() if each.exported}
    assert {"Entry", "Pair", "Found.One", "Visit.done", "Walker.visit", "Entry.new"} <= visible
    assert visible.isdisjoint({"Unit", "CACHE", "Entry.depth", "tests.helper"})


@pytest.mark.parametrize(
    ("use", "imports"),
    [
        ("use serde;", [("serde", "", "serde")]),
        ("use a::b;", [("a", "b", "b")]),
        ("use a::b as c;", [("a", "b", "c")]),
        ("use self::a::*;", [("self::a", "*", "*")]),
        (
            "use a::{self, b::{c, d as _},};",
            [("a", "", "a"), ("a::b", "c", "c"), ("a::b", "d", "_")],
        ),
        ("extern crate foo as bar;", [("foo", "", "bar")]),
        ("pub(crate) use r#type::x;", [("type", "x", "x")]),
    ],
)
def test_imports(use: str, imports: list[tuple[str, str, str]]):
    file = symbols(f"{use}\n", "src/lib.rs")
    found = [(each.module, each.name, each.alias) for each in file.imports]
    assert found == imports
    assert [each.exported for each in file.imports] == [use.startswith("pub")] * len(imports)
