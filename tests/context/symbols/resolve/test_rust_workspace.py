"""Which definitions a cursor in Rust code needs in a workspace of many crates."""

from __future__ import annotations

import pytest

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

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


@pytest.mark.parametrize(
    ("uses", "body", "name"),
    [
        ("use command_line::Flag;", "Flag::¦", "Flag.new"),
        ("use command_line::prelude::*;", "Flag::¦", "Flag.new"),
        ("use command_line::*;", "Tool::¦", "Tool.new"),
        ("", "command_line::Tool::¦", "Tool.new"),
        ("use command_line::prelude;", "prelude::¦", "make_tool"),
        ("use cl_core::prelude::{self, *};", "prelude::¦", "describe"),
        ("use command_line as cl;", "cl::Flag::¦", "Flag.new"),
        ("use {command_line::{Flag as F}};", "F::¦", "Flag.new"),
        ("extern crate cl_core as core_crate;", "core_crate::Tool::¦", "Tool.new"),
        ("use cl_render::Page;", "Page::¦", "Page.blank"),
        ("use cl_render::Page;", "let page = Page::blank();\n    page.tool.¦", "Tool.flag"),
        ("use render_kit::Page;", "Page::blank().¦", "Page.turn"),
    ],
)
def test_crates_of_the_workspace_are_found_by_name(uses: str, body: str, name: str):
    assert name in members(at(body, uses=uses))[:12]


def test_a_dependency_has_the_name_that_its_package_gives_it():
    found = at(
        "Tool::¦", uses="use engine::Tool;", path="crates/render/lib/more.rs", header="fn f()"
    )
    assert "Tool.new" in members(found)


@pytest.mark.parametrize("uses", ["use command_line::prelude::*;", "use cl_core::prelude::*;"])
def test_functions_of_a_prelude_are_offered_bare(uses: str):
    found = members(at("¦", uses=uses))
    assert "make_tool" in found
    assert "describe" in found
    assert "shared_secret" not in found


def test_a_use_names_what_a_module_takes_from_all_of_others():
    found = offered(needed_in({**FILES, "tests/all.rs": "use command_line::¦;\n"}))
    assert {"Flag", "Tool", "Matches", "describe", "Parser"} <= set(found)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('Tool::new("x")\n        .flag(Flag::new("a").long("b"))\n        .¦', "Tool.flag"),
        ('Tool::new("x").flag(Flag::new("a")\n        .¦', "Flag.long"),
        (
            'let mut tool = Tool::new("x");\n    tool = tool.flag(Flag::new("v"));\n    tool.¦',
            "Tool.flag",
        ),
        ('let flag = Flag::new("a");\n    flag.set_hidden(true).¦', "Flag.long"),
        ('let m = Tool::new("x").run().unwrap();\n    m.¦', "Matches.take"),
        ('let r = Tool::new("x").run();\n    r.unwrap().¦', "Matches.take"),
        ('let r = Tool::new("x").run();\n    r.unwrap_err().¦', "Error.exit_code"),
        ('let e = Tool::new("x").run().err().unwrap();\n    e.¦', "Error.exit_code"),
        (
            "let m = match tool().run() {\n        Ok(m) => m,\n        Err(e) => e.¦",
            "Error.exit_code",
        ),
        ('if let Err(err) = Tool::new("x").run() {\n        err.¦', "Error.exit_code"),
        ('Tool::new("x").run().map_err(|e| e.¦)', "Error.exit_code"),
        ('Tool::new("x").run().unwrap_or_else(|e| e.¦)', "Error.exit_code"),
        ('let m = Tool::new("x").mut_flag("a", |it| it.¦)', "Flag.long"),
        ('Tool::new("x").mut_sub(|sub, it| it.¦)', "Flag.long"),
        ('Tool::new("x").mut_sub(|sub, it| sub.¦)', "Tool.flag"),
        ('let (one, two) = Tool::new("x").split();\n    one.¦', "Flag.long"),
        ('let (one, two) = Tool::new("x").split();\n    two.unwrap().¦', "Tool.flag"),
        ('Tool::new("x").split().1.unwrap().¦', "Tool.flag"),
        ('let (a, b) = (Flag::new("a"), Tool::new("b"));\n    b.¦', "Tool.flag"),
        ("let page: (Flag, Tool) = x;\n    page.1.¦", "Tool.flag"),
        ('for it in Tool::new("x").flags() {\n        it.¦', "Flag.long"),
        ('let all: Vec<_> = Tool::new("x").flags().collect();\n    all[0].¦', "Flag.long"),
        ("if let Some((name, m)) = matches().subcommand() {\n        m.¦", "Matches.take"),
        (
            'let m = matches();\n    match m.subcommand() {\n        Some(("a", sub)) => sub.¦',
            "Matches.take",
        ),
        ('let it = matches().get_one::<Flag>("a").unwrap();\n    it.¦', "Flag.long"),
        ('matches().get_one::<Flag>("a").unwrap().¦', "Flag.long"),
        ('let it: &Flag = matches().get_one("a").unwrap();\n    it.¦', "Flag.long"),
        (
            'let all = vec![Flag::new("a"), Flag::new("b")];\n    for it in &all {\n        it.¦',
            "Flag.long",
        ),
        ('for it in [Flag::new("a"), Flag::new("b")] {\n        it.¦', "Flag.long"),
        (
            'let it = if true {\n        Flag::new("a")\n'
            "    } else {\n        todo!()\n    };\n    it.¦",
            "Flag.long",
        ),
        (
            'let it = match 3 {\n        1 => Flag::new("a"),\n'
            "        _ => todo!(),\n    };\n    it.¦",
            "Flag.long",
        ),
        ('let it = { Flag::new("a") };\n    it.¦', "Flag.long"),
        ('let it = unsafe { Flag::new("a") };\n    it.¦', "Flag.long"),
        ('let Some(it) = Tool::new("x").find("y") else { return };\n    it.¦', "Flag.long"),
        ('while let Some(it) = Tool::new("x").find("y") {\n        it.¦', "Flag.long"),
        ('let it = Some(Flag::new("a"));\n    it.as_ref().unwrap().¦', "Flag.long"),
        (
            'let action = Flag::new("a").get_action().clone();\n'
            "    if let Action::Set(level) = action {\n        level.¦",
            "Level.raise",
        ),
        (
            "match action() {\n        Action::Nested { inner: Some(level), .. } => level.¦",
            "Level.raise",
        ),
        (
            "match action() {\n        Action::Pair(Some(n), level) if *n > 2 => level.¦",
            "Level.raise",
        ),
        (
            "match action() {\n        Action::Set(ref level) | Action::Pair(_, level) => level.¦",
            "Level.raise",
        ),
        (
            'let names = Tool::new("x").flags().map(|it| it.get_action())'
            ".collect::<Vec<_>>();\n    names[0].¦",
            "Action.takes_values",
        ),
        (
            'let first = ["a"].iter().map(|name| Flag::new(name)).next().unwrap();\n    first.¦',
            "Flag.long",
        ),
        ('let first = ["a"].iter().map(Flag::new).next().unwrap();\n    first.¦', "Flag.long"),
        (
            'let it = Tool::new("x").find("y").and_then(|f| Some(f.get_action())).unwrap();\n'
            "    it.¦",
            "Action.takes_values",
        ),
        ('let make = || Flag::new("a");\n    make().¦', "Flag.long"),
        ('let it = Tool::from("x");\n    it.¦', "Tool.flag"),
        ('let it: Tool = "x".into();\n    it.¦', "Tool.flag"),
        ('let it = "x".parse::<Tool>().unwrap();\n    it.¦', "Tool.flag"),
        ("let it = Default::default();\n    let it = Flag { ..it };\n    it.¦", "Flag.long"),
        ("let it = <Flag as Clone>::clone(x);\n    it.¦", "Flag.long"),
        ("let it = x as Flag;\n    it.¦", "Flag.long"),
        ("static ONE: Flag = make();\n    ONE.¦", "Flag.long"),
    ],
)
def test_a_receiver_gives_its_members(body: str, name: str):
    extra = (
        "fn matches() -> Matches { todo!() }\nfn action() -> Action { todo!() }\n"
        "fn tool() -> Tool { todo!() }\n"
    )
    assert name in members(at(body, uses=FACADE + extra))[:6]


@pytest.mark.parametrize(
    ("header", "body", "name"),
    [
        ("fn f<T: Clone + Source>(it: T)", "it.¦", "Source.describe_all"),
        ("fn f<T>(it: &T) where T: Send + Source", "it.¦", "Source.describe_all"),
        ("fn f<T>(it: T) where T: Into<Flag>", "it.into().¦", "Flag.long"),
        ("fn f(it: impl Into<Flag>)", "let it = it.into();\n    it.¦", "Flag.long"),
        ("fn f(it: &mut impl Source)", "it.¦", "Source.describe_all"),
        ("fn f(it: Box<dyn Source + Send>)", "it.¦", "Source.describe_all"),
        ("fn f(it: &dyn Source<Item = Flag>)", "it.¦", "Source.describe_all"),
        (
            "fn f<I: IntoIterator<Item = Flag>>(all: I)",
            "for it in all {\n        it.¦",
            "Flag.long",
        ),
        ("fn f(all: &[Flag])", "all.iter().filter(|it| it.¦)", "Flag.long"),
        ("fn f(all: &[Flag])", "all.iter().enumerate().map(|(i, it)| it.¦)", "Flag.long"),
        ("fn f(all: &[Flag])", "all.iter().fold(0, |sum, it| it.¦)", "Flag.long"),
        ("fn f(all: HashMap<Id, Flag>)", "for (k, it) in all {\n        it.¦", "Flag.long"),
        (
            "fn f(all: &HashMap<Flag, Tool>)",
            "for (k, it) in all.iter() {\n        it.¦",
            "Tool.flag",
        ),
        ("fn f(all: &HashMap<Flag, Tool>)", "all.get(&x).unwrap().¦", "Tool.flag"),
        ("fn f(all: &HashMap<Flag, Tool>)", "all.keys().next().unwrap().¦", "Flag.long"),
        ("fn f(all: Option<(Flag, Tool)>)", "let (a, b) = all.unwrap();\n    b.¦", "Tool.flag"),
        ("fn f(Flag { action, .. }: Flag)", "action.unwrap().¦", "Action.takes_values"),
        ("fn f((one, two): (Flag, Tool))", "two.¦", "Tool.flag"),
        ("fn f(go: impl Fn() -> Flag)", "let it = go();\n    it.¦", "Flag.long"),
        (
            "fn f(go: &dyn Fn(u8) -> Option<Flag>)",
            "let it = go(3).unwrap();\n    it.¦",
            "Flag.long",
        ),
        ("fn f<'a>(it: &'a mut Flag)", "it.¦", "Flag.set_hidden"),
        (
            "fn f(self: Box<Self>, it: std::sync::Arc<std::sync::Mutex<Flag>>)",
            "let mut it = it.lock().unwrap();\n    it.¦",
            "Flag.set_hidden",
        ),
    ],
)
def test_parameters_are_read_by_their_types(header: str, body: str, name: str):
    assert name in members(at(body, uses=FACADE, header=header))[:6]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("self.map.lookup(k).unwrap().¦", "Flag.long"),
        ("self.map.first_value().¦", "Flag.long"),
        ("for (key, it) in self.map.entries() {\n        it.¦", "Flag.long"),
        ("let holder: Holder = x;\n    holder.¦", "Id.resolved"),
        ("self.go().¦", "Flag.long"),
        ("Self::CONSTANT.¦", "Flag.long"),
        ("let Self { map, .. } = self;\n    map.¦", "FlatMap.lookup"),
        ("let x = Self::made();\n    x.map.¦", "FlatMap.lookup"),
        ("let it: Self::Made = x;\n    it.¦", "Flag.long"),
        ("self.source.pull().¦", "Id.resolved"),
        ("self.pair.1.¦", "Tool.flag"),
        ("(self.make)().¦", "Tool.flag"),
        ("self.0.¦", "Tool.flag"),
    ],
)
def test_types_with_arguments_and_members_that_are_types(body: str, name: str):
    text = (
        "use crate::builder::{Flag, Tool};\nuse crate::parse::Source;\n"
        "use crate::util::id::{Holder, Id};\nuse crate::util::FlatMap;\n\n"
        "pub struct Job {\n    map: FlatMap<Id, Flag>,\n    source: Own,\n    pair: (Flag, Tool),\n"
        "    make: Box<dyn Fn() -> Tool>,\n}\n\n"
        "pub struct Own;\n\nimpl Source for Own {\n    type Item = Id;\n"
        "    fn pull(&self) -> Self::Item { todo!() }\n}\n\n"
        "pub struct Wrap(Tool);\n\nimpl Job {\n    const CONSTANT: Flag = todo!();\n"
        "    type Made = Flag;\n"
        "    fn made() -> Self { todo!() }\n    fn go(&self) -> Flag { todo!() }\n}\n\n"
        f"impl {'Wrap' if 'self.0' in body else 'Job'} {{\n"
        f"    fn run(&self) {{\n        {body}\n    }}\n}}\n"
    )
    assert name in members(needed_in({**FILES, "crates/core/src/job.rs": text}))[:6]


def test_a_derived_trait_gives_its_members():
    text = (
        'use command_line::Parser;\n\n#[derive(Debug, Parser)]\n#[command(name = "x")]\n'
        "struct Cli {\n    name: String,\n}\n\nfn main() {\n    let cli = Cli::¦\n}\n"
    )
    found = members(needed_in({**FILES, "examples/demo.rs": text}))
    assert "Parser.parse" in found[:4]
    assert "Parser.try_parse_from" in found[:4]
    assert found.index("Parser.parse") < found.index("Parser")


def test_what_is_implemented_for_all_types_is_offered_where_its_trait_is_imported():
    body = "let name: String = x;\n    name.¦"
    uses = "use crate::util::id::ShortExt;"
    found = members(at(body, uses=uses, path="crates/core/src/job.rs"))
    assert "ShortExt.shorten" in found
    known = at("given.¦", uses=f"{uses}\nuse crate::Flag;", path="crates/core/src/job.rs",
               header="fn f(given: Flag)")  # fmt: skip
    assert "ShortExt.shorten" in members(known)
    assert members(known)[0].startswith("Flag.")


def test_what_is_private_is_seen_from_inside_of_its_module():
    inner = "use super::*;\n\nfn works(flag: Flag) {\n    ¦\n}\n"
    found = members(needed_in({**FILES, "crates/core/src/builder/tests.rs": inner}))
    assert "shared_secret" in found
    inner = "use super::*;\n\nfn works(flag: &Flag) {\n    flag.¦\n}\n"
    found = members(needed_in({**FILES, "crates/core/src/builder/flag/tests.rs": inner}))
    assert "Flag.secret" in found
    found = members(needed_in({**FILES, "crates/core/src/builder/tests.rs": inner}))
    assert "Flag.secret" not in found


def test_names_that_a_parent_imports_are_seen_through_its_glob():
    inner = "use super::*;\n\nfn works() {\n    let it: FlatMap<u8, Action> = x;\n    it.¦\n}\n"
    found = members(needed_in({**FILES, "crates/core/src/builder/flag/tests.rs": inner}))
    assert "FlatMap.lookup" in found


@pytest.mark.parametrize("name", ["flag", "tool", "parse_action", "tl", "flg"])
def test_an_unknown_receiver_is_read_by_its_name(name: str):
    wanted = {"flag": "Flag", "tool": "Tool", "parse_action": "Action", "tl": "Tool", "flg": "Flag"}
    found = members(at(f"{name}.¦", uses=FACADE))
    assert found[0].startswith(f"{wanted[name]}.")


def test_builders_go_on_with_what_gives_them_back():
    found = members(at('Flag::new("a").long("b")\n        .¦', uses=FACADE))
    assert found.index("Flag.long") < found.index("Flag.is_hidden")
    found = members(at("given.¦", uses=FACADE, header="fn f(given: &Flag)"))
    assert found.index("Flag.is_hidden") < found.index("Flag.long")
    assert found.index("Flag.is_hidden") < found.index("Flag.set_hidden")


def test_a_test_uses_the_module_beside_it():
    files = {
        **FILES,
        "tests/it/main.rs": "mod utils;\nmod one;\n",
        "tests/it/utils.rs": "use command_line::Tool;\n\npub fn fixture() -> Tool { todo!() }\n",
    }
    one = "use super::utils;\n\nfn works() {\n    let made = utils::fixture();\n    made.¦\n}\n"
    assert "Tool.flag" in members(needed_in({**files, "tests/it/one.rs": one}))
    one = "use crate::utils::*;\n\nfn works() {\n    ¦\n}\n"
    assert "fixture" in members(needed_in({**files, "tests/it/one.rs": one}))
