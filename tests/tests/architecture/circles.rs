//! Files of a crate that use each other in a circle.
//!
//! A file uses another if it imports something that is defined there, or names it in its code:
//! whatever stands between, such as `pub use` in a parent, is followed to the file that defines it.
//! What is built for tests alone does not count, and neither does a parent that declares a child or
//! passes on its names. Method calls name no file and are not seen.

#![expect(
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking; of the kinds of items only some define a name"
)]

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Ident, Item, UseTree, Visibility};

/// Returns every circle of files below a crate's `src`, as a line each: the files, and what each
/// uses of the next.
pub(crate) fn circles(sources: &Path) -> Vec<String> {
    let mut found = Crate {
        sources: sources.to_owned(),
        modules: Vec::new(),
    };
    found.read(PathBuf::from("lib.rs"), PathBuf::new(), None);
    Uses(found.uses()).circles()
}

/// What a crate consists of.
struct Crate {
    sources: PathBuf,
    modules: Vec<Module>,
}

/// A module, in a file of its own or within one.
#[derive(Default)]
struct Module {
    file: PathBuf,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    defined: BTreeSet<String>,
    imports: Vec<Import>,
    /// What its code names, import lines apart.
    named: BTreeSet<Vec<String>>,
}

/// One name of a `use`; `*` stands for all of them.
struct Import {
    name: String,
    path: Vec<String>,
    passes_on: bool,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    DefinedIn(usize),
}

impl Crate {
    /// Reads a file, and those of the modules that it declares, which are in `folder`.
    fn read(&mut self, file: PathBuf, folder: PathBuf, parent: Option<usize>) -> usize {
        let text = std::fs::read_to_string(self.sources.join(&file))
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed =
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.add(parsed.items, file, folder, parent)
    }

    fn add(
        &mut self,
        items: Vec<Item>,
        file: PathBuf,
        folder: PathBuf,
        parent: Option<usize>,
    ) -> usize {
        let at = self.modules.len();
        self.modules.push(Module {
            file: file.clone(),
            parent,
            ..Module::default()
        });
        for item in items {
            match item {
                Item::Mod(module) if !is_for_tests(&module.attrs) => {
                    let name = module.ident.to_string();
                    let below = folder.join(&name);
                    let child = match module.content {
                        Some((_, items)) => self.add(items, file.clone(), below, Some(at)),
                        None => self.read(self.file_of(&below), below, Some(at)),
                    };
                    self.modules[at].children.insert(name, child);
                }
                Item::Use(import) if !is_for_tests(&import.attrs) => {
                    let passes_on = !matches!(import.vis, Visibility::Inherited);
                    let imports = &mut self.modules[at].imports;
                    each_import(&import.tree, &[], &mut |path, name| {
                        imports.push(Import {
                            name,
                            path,
                            passes_on,
                        });
                    });
                }
                Item::Mod(_) | Item::Use(_) => {}
                other => self.modules[at].take(&other),
            }
        }
        at
    }

    /// The file of a module that is declared: `x.rs`, or `x/mod.rs`.
    fn file_of(&self, module: &Path) -> PathBuf {
        let own = module.with_extension("rs");
        if self.sources.join(&own).exists() {
            own
        } else {
            module.join("mod.rs")
        }
    }

    /// Returns which files use which others, and what of them.
    fn uses(&self) -> BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>> {
        let mut uses: BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>> = BTreeMap::new();
        for (at, module) in self.modules.iter().enumerate() {
            let imported = module
                .imports
                .iter()
                .map(|import| (&import.path, import.passes_on));
            let named = module.named.iter().map(|path| (path, false));
            for (path, passes_on) in imported.chain(named) {
                let Some(Target::DefinedIn(definer)) = self.resolve(at, path, 0) else {
                    continue;
                };
                let file = &self.modules[definer].file;
                if *file == module.file || passes_on && self.is_below(definer, at) {
                    continue;
                }
                let of = uses.entry(module.file.clone()).or_default();
                let names = of.entry(file.clone()).or_default();
                names.insert(path.last().unwrap().clone());
            }
        }
        uses
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let parents = std::iter::successors(Some(module), |at| self.modules[*at].parent);
        parents.skip(1).any(|at| at == ancestor)
    }

    /// Follows a path from a module to what it leads to; what is in no file of this crate is none.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let mut target = match first.as_str() {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.modules[from].parent?),
            name => self.look_up(from, name, depth)?,
        };
        for name in rest {
            let Target::Module(at) = target else { break };
            target = match name.as_str() {
                "super" => Target::Module(self.modules[at].parent?),
                // What is not to be seen there was made there by a macro.
                name => self
                    .look_up(at, name, depth)
                    .unwrap_or(Target::DefinedIn(at)),
            };
        }
        Some(target)
    }

    fn look_up(&self, at: usize, name: &str, depth: usize) -> Option<Target> {
        let module = &self.modules[at];
        if let Some(child) = module.children.get(name) {
            return Some(Target::Module(*child));
        }
        if module.defined.contains(name) {
            return Some(Target::DefinedIn(at));
        }
        if depth > 16 {
            return None;
        }
        let by_name = module.imports.iter().find(|import| import.name == name);
        if let Some(import) = by_name {
            return self.resolve(at, &import.path, depth + 1);
        }
        let mut globs = module.imports.iter().filter(|import| import.name == "*");
        globs.find_map(|glob| {
            let Some(Target::Module(all)) = self.resolve(at, &glob.path, depth + 1) else {
                return None;
            };
            self.look_up(all, name, depth + 1)
        })
    }
}

impl Module {
    /// Takes in what an item defines and names.
    fn take(&mut self, item: &Item) {
        let (attributes, name) = defined(item);
        if is_for_tests(attributes) {
            return;
        }
        self.defined.extend(name.map(Ident::to_string));
        names_in(item.to_token_stream(), &[], &mut self.named);
    }
}

/// The attributes of an item, and the name that it defines.
fn defined(item: &Item) -> (&[Attribute], Option<&Ident>) {
    match item {
        Item::Const(item) => (&item.attrs, Some(&item.ident)),
        Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        Item::Impl(item) => (&item.attrs, None),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        Item::Static(item) => (&item.attrs, Some(&item.ident)),
        Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        Item::Type(item) => (&item.attrs, Some(&item.ident)),
        Item::Union(item) => (&item.attrs, Some(&item.ident)),
        _ => (&[], None),
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    let mut conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.any(|cfg| cfg.parse_args::<Ident>().is_ok_and(|on| on == "test"))
}

fn each_import(tree: &UseTree, before: &[String], add: &mut impl FnMut(Vec<String>, String)) {
    let with = |name: &Ident| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => each_import(&path.tree, &with(&path.ident), add),
        UseTree::Name(name) if name.ident == "self" => {
            add(before.to_vec(), before.last().unwrap().clone());
        }
        UseTree::Name(name) => add(with(&name.ident), name.ident.to_string()),
        UseTree::Rename(renamed) => add(with(&renamed.ident), renamed.rename.to_string()),
        UseTree::Glob(_) => add(before.to_vec(), "*".to_owned()),
        UseTree::Group(group) => {
            for tree in &group.items {
                each_import(tree, before, add);
            }
        }
    }
}

/// Adds every path in code, macros and attributes included. Names after a dot and before a colon
/// are fields and methods, and no paths.
fn names_in(code: TokenStream, before: &[String], found: &mut BTreeSet<Vec<String>>) {
    let trees: Vec<TokenTree> = code.into_iter().collect();
    let is = |at: usize, c: char| match trees.get(at) {
        Some(TokenTree::Punct(punct)) => punct.as_char() == c,
        _ => false,
    };
    let is_separator = |at: usize| {
        let joined = matches!(trees.get(at), Some(TokenTree::Punct(punct))
            if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
        joined && is(at + 1, ':')
    };
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Group(group) => names_in(group.stream(), &[], found),
            TokenTree::Ident(first) => {
                let is_member = at > 0 && is(at - 1, '.') && !(at > 1 && is(at - 2, '.'));
                let mut path = before.to_vec();
                path.push(first.to_string());
                while is_separator(at + 1) {
                    match trees.get(at + 3) {
                        Some(TokenTree::Ident(next)) => {
                            path.push(next.to_string());
                            at += 3;
                        }
                        // A `use` within a function.
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                            names_in(group.stream(), &path, found);
                            at += 3;
                        }
                        _ => break,
                    }
                }
                let is_field = is(at + 1, ':') && !is_separator(at + 1);
                if !is_member && !is_field {
                    found.insert(path);
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        at += 1;
    }
}

/// Which files use which others, and what of them.
struct Uses(BTreeMap<PathBuf, BTreeMap<PathBuf, BTreeSet<String>>>);

impl Uses {
    /// Returns one shortest circle for each group of files that use each other.
    fn circles(&self) -> Vec<String> {
        let mut told: BTreeSet<&PathBuf> = BTreeSet::new();
        let mut circles = Vec::new();
        for file in self.0.keys() {
            if told.contains(file) {
                continue;
            }
            let Some(circle) = self.way(file, file) else {
                continue;
            };
            let others = self.0.keys().filter(|other| *other != file);
            let group = others
                .filter(|other| self.way(file, other).is_some() && self.way(other, file).is_some());
            let group: Vec<&PathBuf> = group.collect();
            circles.push(format!("{} files: {}", group.len() + 1, self.line(&circle)));
            told.extend(group);
        }
        circles
    }

    /// Returns a shortest way by uses from one file to another, both included.
    fn way<'a>(&'a self, from: &'a PathBuf, to: &'a PathBuf) -> Option<Vec<&'a PathBuf>> {
        let mut before: BTreeMap<&PathBuf, &PathBuf> = BTreeMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(next) = open.pop_front() {
            for used in self.0.get(next).into_iter().flat_map(BTreeMap::keys) {
                if before.contains_key(used) {
                    continue;
                }
                before.insert(used, next);
                open.push_back(used);
            }
        }
        let mut way = vec![to];
        loop {
            let last = *before.get(way.last()?)?;
            way.push(last);
            if last == from {
                break;
            }
        }
        way.reverse();
        Some(way)
    }

    fn line(&self, circle: &[&PathBuf]) -> String {
        let mut line = circle[0].display().to_string();
        for pair in circle.windows(2) {
            let names: Vec<&str> = self.0[pair[0]][pair[1]]
                .iter()
                .map(String::as_str)
                .collect();
            line += &format!(" -> {} ({})", pair[1].display(), names.join(", "));
        }
        line
    }
}

/// The circles of a crate that consists of these files.
fn made_of(files: &[(&str, &str)]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    circles(folder.path())
}

#[test]
fn a_circle_is_seen_whatever_its_files_call_each_other() {
    let two = "2 files: a.rs -> b.rs (B) -> a.rs (A)";
    let b = "use crate::a::A; pub struct B(A);";
    for a in [
        "use crate::b::B; pub struct A(Box<B>);",
        "use super::b::B; pub struct A(Box<B>);",
        "use crate::B; pub struct A(Box<B>);",
        "use crate::*; pub struct A(Box<B>);",
        "use crate::b; pub struct A(Box<b::B>);",
        "use crate::{b as other}; pub struct A(Box<other::B>);",
        "pub struct A(Box<crate::b::B>);",
        "pub struct A; fn f() { use crate::{b::{B}}; }",
        "pub struct A; fn f() { made!(crate::b::B); }",
        "pub struct A; mod inner { use crate::b::B; struct C(B); }",
    ] {
        let lib = "mod a; mod b; pub use b::B;";
        assert_eq!(
            made_of(&[("lib.rs", lib), ("a.rs", a), ("b.rs", b)]),
            [two],
            "{a}"
        );
    }
    let made = [
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::b; pub fn a() { b() }"),
        ("b.rs", "use crate::c::c; pub fn b() { c() }"),
        ("c.rs", "use crate::a::a; pub fn c() { a() }"),
    ];
    assert_eq!(
        made_of(&made),
        ["3 files: a.rs -> b.rs (b) -> c.rs (c) -> a.rs (a)"]
    );
}

#[test]
fn a_parent_and_its_child_are_a_circle_only_if_each_uses_the_others_code() {
    let child = ("a/b.rs", "use super::A; pub struct B(A);");
    let with = |a| made_of(&[("lib.rs", "mod a;"), ("a.rs", a), child]);
    for a in [
        "mod b; pub use b::B; pub struct A { B: u8 }",
        "mod b; pub(crate) use b::*; pub struct A;",
        "pub mod b; pub struct A; impl A { fn f(&self) { self.B() } }",
        "mod b; pub struct A; #[cfg(test)] mod tests { use super::b::B; fn f(_: B) {} }",
        "mod b; pub struct A; #[cfg(test)] fn f(_: b::B) {}",
    ] {
        assert!(with(a).is_empty(), "{a}: {:?}", with(a));
    }
    for a in [
        "mod b; use b::B; pub struct A(Box<B>);",
        "mod b; pub use b::B; pub struct A(Box<B>);",
        "mod b; pub use b::*; pub struct A(Box<B>);",
        "mod b; pub struct A(Box<b::B>);",
        "mod b; pub struct A(Box<self::b::B>);",
    ] {
        assert_eq!(
            with(a),
            ["2 files: a/b.rs -> a.rs (A) -> a/b.rs (B)"],
            "{a}"
        );
    }
}
