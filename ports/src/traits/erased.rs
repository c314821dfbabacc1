use domain::Timestamp;

/// How far a store is with erasing a user.
///
/// Erasing leaves one mark: the user and a time. From the first answer on, nothing is made of that
/// user out of nothing. What stands on something that is still there, such as a turn on its
/// conversation, may be written until that is removed, and is removed with it. So once it is
/// [complete](Self::is_complete), nothing of the user is there or can be written: only the mark.
///
/// A removal is the exception to *repeatable*: asked again, it goes on where the last call came to,
/// also from another process, and says what it has removed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// When the mark was left, by whoever asked first.
    pub since: Timestamp,
    /// How many items this call has removed, as the store counts them.
    pub removed: u64,
    /// Whether nothing is left but the mark.
    pub is_complete: bool,
}
