//! What an app says that is built without a reader of methodologies.

use std::path::Path;

use ports::IndexEntry;

#[derive(Debug, thiserror::Error)]
#[error(
    "this program is built without --methodology (COACH_METHODOLOGY): use an index of Pinecone"
)]
pub struct Unreadable;

pub(crate) fn read(_: &Path) -> Result<Vec<IndexEntry>, Unreadable> {
    Err(Unreadable)
}
