//! A methodology: a folder of Markdown files, in pieces that an index can hold and a prompt can
//! quote.

mod map;

use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use domain::Timestamp;
use ports::IndexEntry;
use walkdir::WalkDir;

pub use map::pieces;

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{} cannot be read", path.display())]
    Path { path: PathBuf, source: io::Error },
    /// Somebody who loads it by mistake would otherwise empty the index.
    #[error("there is no Markdown file (*.md) in {}", folder.display())]
    Empty { folder: PathBuf },
}

/// Returns the pieces of every `*.md` below a folder, in the order of the files' names.
///
/// A piece is named after its file's place in the folder and its own text: the same text in the
/// same place is the same piece, and any change makes another.
pub fn read(folder: &Path) -> Result<Vec<IndexEntry>, Unreadable> {
    let unreadable = |path: &Path, source| Unreadable::Path {
        path: path.to_owned(),
        source,
    };
    let mut entries = Vec::new();
    for file in WalkDir::new(folder).sort_by_file_name() {
        let file = file.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            unreadable(
                &path,
                error
                    .into_io_error()
                    .unwrap_or_else(|| io::Error::other("it leads back to itself")),
            )
        })?;
        let path = file.path();
        if file.file_type().is_dir() || path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(path).map_err(|source| unreadable(path, source))?;
        let place = path.strip_prefix(folder).unwrap_or(path);
        let place: Vec<_> = place
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        entries.extend(pieces(&place.join("/"), &text, changed(path)));
    }
    if entries.is_empty() {
        Err(Unreadable::Empty {
            folder: folder.to_owned(),
        })
    } else {
        Ok(entries)
    }
}

/// Returns when a file was last changed; the beginning of time where nobody knows.
fn changed(path: &Path) -> Timestamp {
    let at = std::fs::metadata(path)
        .and_then(|about| about.modified())
        .ok();
    let since = at
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_markdown_file_below_a_folder_is_read_in_the_order_of_names() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("strength")).unwrap();
        std::fs::write(folder.path().join("strength/squat.md"), "# Squat\n\nBrace.").unwrap();
        std::fs::write(folder.path().join("rest.md"), "Sleep.").unwrap();
        std::fs::write(folder.path().join("notes.txt"), "Not this.").unwrap();
        let entries = read(folder.path()).unwrap();
        assert_eq!(
            entries
                .iter()
                .map(|entry| entry.text.as_str())
                .collect::<Vec<_>>(),
            ["Sleep.", "# Squat\n\nBrace."]
        );
        assert_eq!(entries[1].tags, ["strength/squat.md"]);
        assert!(entries[0].created > Timestamp(1_600_000_000_000));
    }

    #[test]
    fn a_folder_that_holds_nothing_or_is_not_there_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("empty.md"), " \n").unwrap();
        assert!(matches!(read(folder.path()), Err(Unreadable::Empty { .. })));
        assert!(matches!(
            read(&folder.path().join("none")),
            Err(Unreadable::Path { .. })
        ));
        std::fs::write(folder.path().join("binary.md"), [0xff, 0xfe, 0]).unwrap();
        let error = read(folder.path()).unwrap_err();
        assert!(
            error.to_string().ends_with("binary.md cannot be read"),
            "{error}"
        );
    }
}
