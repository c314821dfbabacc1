//! Careless adapters: the sound ones, each with one break. The contracts must find every break, and
//! none in what is sound.

mod lasting;

use std::cell::Cell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// Defines the breaks of a port, each with the sentence that it is known by.
macro_rules! breaks {
    ($($name:ident = $sentence:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Break { $($name,)* }

        impl Break {
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            pub(super) fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }
        }
    };
}

/// Names the clauses of a contract that do not hold for what `$make` gives.
macro_rules! failing {
    ($module:path, $make:expr; $($clause:ident)*) => {{
        use $module as clauses;
        let mut failing: Vec<&'static str> = Vec::new();
        $(
            let store = $make.await;
            let clause = AssertUnwindSafe(clauses::$clause(&store)).catch_unwind();
            if clause.await.is_err() {
                failing.push(stringify!($clause));
            }
        )*
        failing
    }};
}

pub(crate) use lasting::{Disk, WayBack};
pub(crate) use {breaks, failing};

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Has this thread say nothing of its panics from now on: thousands are expected.
pub(crate) fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
            if !IS_QUIET.get() {
                told(panic);
            }
        }));
    });
    IS_QUIET.set(true);
}

/// What was found of each break: prints it, and fails if there is one that nobody has found.
pub(crate) fn judge(port: &str, found: &[(&'static str, Vec<&'static str>)]) {
    let mut unfound = Vec::new();
    for (sentence, clauses) in found {
        let (first, more) = match clauses.as_slice() {
            [] => {
                unfound.push(sentence);
                continue;
            }
            [first, more @ ..] => (first, more.len()),
        };
        println!("{port}: {sentence}\n    -> {first} (and {more} more)");
    }
    println!(
        "{port}: {} of {} found",
        found.len() - unfound.len(),
        found.len()
    );
    assert!(unfound.is_empty(), "{port}: nobody finds that {unfound:#?}");
}
