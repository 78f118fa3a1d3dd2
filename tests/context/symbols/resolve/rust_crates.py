"""A Rust workspace of many crates for tests of the resolver, and questions to it."""

from __future__ import annotations

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in

FILES = {
    "Cargo.toml": """\
[package]
name = "command-line"

[workspace]
members = ["crates/*"]

[workspace.dependencies]
render-kit = { path = "crates/render", package = "cl-render" }

[dependencies]
cl_core = { path = "crates/core" }
""",
    "src/lib.rs": """\
#![doc = "A facade"]
pub use cl_core::*;
pub mod prelude {
    pub use crate::Parser as _;
    pub use cl_core::prelude::*;
}
""",
    "crates/core/Cargo.toml": '[package]\nname = "cl-core"\n\n[lib]\nname = "cl_core"\n',
    "crates/core/src/lib.rs": """\
mod builder;
mod error;
mod parse;
mod util;
pub mod prelude;

pub use crate::builder::{Action, Flag, Tool};
pub use error::{Error, Result};
pub use parse::*;
""",
    "crates/core/src/prelude.rs": "pub use crate::builder::*;\npub use crate::parse::describe;\n",
    "crates/core/src/builder/mod.rs": """\
mod action;
mod flag;
mod tool;

pub use self::action::*;
pub use self::flag::Flag;
pub use self::tool::{make_tool, Tool};

fn shared_secret(flag: &Flag) {}
""",
    "crates/core/src/builder/action.rs": """\
#[derive(Clone)]
pub enum Action {
    Set(Level),
    Nested { inner: Option<Level>, other: u8 },
    Pair(Option<u8>, Level),
}

pub struct Level;

impl Level {
    pub fn raise(&self) -> u8 { 1 }
}

impl Action {
    pub fn takes_values(&self) -> bool { true }
}
""",
    "crates/core/src/builder/flag.rs": """\
use super::action::Action;
use crate::util::{Id, FlatMap};

pub struct Flag {
    pub(crate) id: Id,
    pub(crate) action: Option<Action>,
    children: Vec<Flag>,
}

impl Flag {
    pub fn new(id: impl Into<Id>) -> Self { todo!() }
    #[must_use]
    pub fn long(mut self, l: &str) -> Self { self }
    pub fn set_hidden(&mut self, yes: bool) -> &mut Self { self }
    pub fn is_hidden(&self) -> bool { true }
    pub fn get_action(&self) -> &Action { todo!() }
    fn secret(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;
}
""",
    "crates/core/src/builder/tool.rs": """\
use crate::builder::Flag;
use crate::error::Result;
use crate::parse::Matches;
use crate::util::FlatMap;

pub struct Tool {
    flags: FlatMap<String, Flag>,
    subs: Vec<Tool>,
}

pub fn make_tool() -> Tool { todo!() }

impl Tool {
    pub fn new<S: Into<String>>(name: S) -> Self { todo!() }
    pub fn flag<F: Into<Flag>>(mut self, flag: F) -> Self { self }
    pub fn mut_flag<G>(mut self, id: &str, f: G) -> Self
    where
        G: FnOnce(Flag) -> Flag,
    {
        self
    }
    pub fn mut_sub(mut self, f: impl FnOnce(Self, &Flag) -> Self) -> Self { self }
    pub fn run(self) -> Result<Matches> { todo!() }
    pub fn split(&self) -> (Flag, Option<&Tool>) { todo!() }
    pub fn flags(&self) -> impl Iterator<Item = &Flag> + '_ { todo!() }
    pub fn find(&self, id: &str) -> Option<&Flag> { None }
    pub fn render_help(&mut self) -> String { todo!() }
}

impl<'a> From<&'a str> for Tool {
    fn from(text: &'a str) -> Self { todo!() }
}
""",
    "crates/core/src/error.rs": """\
pub type Result<T, E = Error> = std::result::Result<T, E>;

pub struct Error {
    inner: Box<ErrorInner>,
}

pub struct ErrorInner {
    pub kind: u8,
}

impl Error {
    pub fn exit_code(&self) -> i32 { 1 }
}
""",
    "crates/core/src/parse.rs": """\
use crate::util::Id;

pub struct Matches;

impl Matches {
    pub fn get_one<T: Clone>(&self, id: &str) -> Option<&T> { None }
    pub fn subcommand(&self) -> Option<(&str, &Matches)> { None }
    pub fn take(&mut self) -> Vec<Id> { todo!() }
}

pub fn describe(matches: &Matches) -> String { todo!() }

pub trait Parser: Sized {
    fn parse() -> Self { todo!() }
    fn try_parse_from<I>(itr: I) -> crate::Result<Self>;
    fn update(&mut self) {}
}

pub trait Source {
    type Item;
    fn pull(&self) -> Self::Item;
    fn describe_all(&self) -> String { todo!() }
}
""",
    "crates/core/src/util/mod.rs": """\
mod flat;
mod id;

pub(crate) use self::flat::FlatMap;
pub use self::id::Id;
""",
    "crates/core/src/util/id.rs": """\
use std::ops::Deref;

pub struct Id(String);

pub struct Holder {
    held: Id,
}

impl Id {
    pub fn resolved(&self) -> u8 { 0 }
}

impl Deref for Holder {
    type Target = Id;
    fn deref(&self) -> &Self::Target { &self.held }
}

pub trait ShortExt {
    fn shorten(&self) -> String;
}

impl<T: AsRef<str> + ?Sized> ShortExt for T {
    fn shorten(&self) -> String { todo!() }
}
""",
    "crates/core/src/util/flat.rs": """\
pub struct FlatMap<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

pub struct Entries<K, V>(Vec<(K, V)>);

impl<K: PartialEq, V> FlatMap<K, V> {
    pub fn lookup(&self, key: &K) -> Option<&V> { None }
    pub fn first_value(&self) -> &V { todo!() }
    pub fn entries(&self) -> Entries<K, V> { todo!() }
}

impl<K, V> Iterator for Entries<K, V> {
    type Item = (K, V);
    fn next(&mut self) -> Option<Self::Item> { None }
}
""",
    "crates/render/Cargo.toml": """\
[package]
name = "cl-render"

[lib]
path = "lib/entry.rs"

[dependencies]
engine = { package = "cl-core", path = "../core" }
""",
    "crates/render/lib/entry.rs": "pub mod page;\npub use page::Page;\n",
    "crates/render/lib/page.rs": """\
use engine::Tool;

pub struct Page {
    pub tool: Tool,
}

impl Page {
    pub fn blank() -> Page { todo!() }
    pub fn turn(&self) {}
}
""",
}


def at(
    body: str, *, uses: str, path: str = "tests/all.rs", header: str = "fn works()"
) -> list[Needed]:
    """What a cursor in a function needs."""
    return needed_in({**FILES, path: f"{uses}\n\n{header} {{\n    {body}\n}}\n\nfn after() {{}}\n"})


def members(found: list[Needed]) -> list[str]:
    return [
        each.located.definition.qualified
        for each in found
        if each.reason in (Reason.MEMBER, Reason.RECEIVER)
    ]


FACADE = "use command_line::{Action, Error, Flag, Matches, Parser, Result, Source, Tool};\n"
