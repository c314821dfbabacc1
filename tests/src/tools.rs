use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whether a tool is there. Where everything must be, as in `.ci/run`, a missing one is a failure;
/// elsewhere the test says that it was skipped, also when its output is not shown.
pub fn has(tool: &str, found: bool) -> bool {
    if !found {
        assert!(
            std::env::var_os("COACH_REQUIRE_TOOLS").is_none(),
            "{tool} is missing"
        );
        static SKIPPED: AtomicUsize = AtomicUsize::new(0);
        let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
        _ = writeln!(
            std::io::stderr(),
            "SKIPPED ({count} so far): a test that needs {tool}"
        );
    }
    found
}

/// Whether there is a program of this name.
pub fn on_path(tool: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(tool).is_file())
}

/// A program of the Python environment that `.ci/run` makes of `tests/python`, in the target
/// directory that tests are built in.
pub fn of_python(program: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors()
        .nth(3)
        .unwrap_or(&test)
        .join("python/bin")
        .join(program)
}
