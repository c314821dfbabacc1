//! Breaks in conversations, their lists and their messages.

use std::sync::Arc;

use domain::{Body, Ending, PartKind, Said};
use ports::page;

use super::Break as B;
use super::*;

impl Careless {
    pub(super) fn before_creating(&self, new: &Conversation) -> Conversation {
        let (key, mut new) = (&new.key, new.clone());
        self.tables(|t| match self.how {
            B::MadeForTheErased => _ = t.erased.remove(&key.user),
            B::MadeTwiceIsEmptied => {
                if let Some(user) = t.users.get_mut(&key.user) {
                    user.take(key);
                }
            }
            B::MadeAfterDeletion => {
                if let Some(user) = t.users.get_mut(&key.user) {
                    user.deleted.remove(&short(key));
                }
            }
            _ => {}
        });
        match self.how {
            B::CreatedIsActivity => new.created = new.last_activity,
            B::TagsAreNotMade => new.tags.clear(),
            B::TitleEndsAtNul => new.title = until_nul(&new.title),
            _ => {}
        }
        new
    }

    pub(super) fn read_conversation(
        &self,
        key: &ConversationKey,
        found: Option<Conversation>,
    ) -> Option<Conversation> {
        match (self.how, found) {
            (B::DeletedIsRead, None) => {
                let kept = self.kept();
                let mut rows = kept.rows.iter();
                Some(rows.find(|row| row.head.key == *key)?.head.clone())
            }
            (B::AnybodyReads, None) => self.tables(|t| {
                let mut users = t.users.values();
                let row = users.find_map(|user| user.conversations.get(&short(key)))?;
                Some(row.head.clone())
            }),
            (B::MadeBusy, Some(found)) => Some(Conversation {
                active: None,
                ..found
            }),
            (_, found) => found,
        }
    }

    pub(super) fn before_editing(&self, key: &ConversationKey, edit: &Edit) -> Edit {
        let mut edit = edit.clone();
        match self.how {
            B::EditClearsTags => edit.tags = edit.tags.or(Some(Vec::new())),
            B::EditClearsTitle => edit.title = edit.title.or(Some(String::new())),
            B::TitleEndsAtNul => edit.title = edit.title.map(|title| until_nul(&title)),
            B::EmptyTitleStays => {
                let mut kept = self.kept();
                kept.untitled.retain(|known| known != key);
                if edit.title.as_deref() == Some("") {
                    kept.untitled.push(key.clone());
                }
            }
            _ => {}
        }
        edit
    }

    pub(super) fn after_editing(&self, key: &ConversationKey, done: bool) -> bool {
        match self.how {
            B::EditOfNothing => true,
            B::DeletedIsEdited if !done => {
                let kept = self.kept();
                kept.rows.iter().any(|row| row.head.key == *key)
            }
            B::EditIsActivity if done => self.tables(|t| {
                let at = t.row(key).unwrap().head.last_activity;
                let later = Timestamp(at.0 + 1);
                t.users.get_mut(&key.user).unwrap().touch(key, later);
                done
            }),
            _ => done,
        }
    }

    pub(super) async fn list(
        &self,
        owner: &UserScope,
        coach: &CoachId,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Conversation>> {
        let is_given = |cursor: &Cursor| cursor.len() > 17 && cursor.as_bytes()[16] == b'.';
        if self.is(B::ForeignCursorFails) && !after.as_ref().is_none_or(is_given) {
            return Err(PortError::new("careless", Fault::Rejected));
        }
        let is_first = after.is_none();
        let after = after.filter(|_| !self.is(B::CursorIsIgnored));
        let wanted = limit + usize::from(self.is(B::PagesAreTooLong));
        let mut page = self
            .sound
            .conversations(owner, coach, after, wanted)
            .await?;
        match self.how {
            B::OldestFirst => page.items.reverse(),
            B::CursorSkips if !is_first && !page.items.is_empty() => drop(page.items.remove(0)),
            B::NextBeforeNothing if page.items.len() == limit => {
                page.next = page.items.last().map(Self::place_of);
            }
            B::OtherCoachesAreListed if is_first => {
                let all = self.sound.all_conversations(owner, None, limit).await?;
                page.items = all.items.into_iter().flatten().collect();
            }
            B::EverybodysAreListed if is_first => {
                page.items = self.tables(|t| {
                    let users = t.users.values();
                    let rows = users.flat_map(|user| user.conversations.values());
                    let with = rows.filter(|row| row.head.key.coach == *coach);
                    with.take(limit).map(|row| row.head.clone()).collect()
                })
            }
            B::DeletedIsListed if is_first => {
                let kept = self.kept();
                let gone = kept.rows.iter().map(|row| row.head.clone());
                page.items
                    .extend(gone.filter(|gone| gone.key.user == *owner));
            }
            _ => {}
        }
        Ok(page)
    }

    pub(super) async fn list_all(
        &self,
        owner: &UserScope,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Result<Conversation, ConversationKey>>> {
        let is_given = |cursor: &Cursor| cursor.split('.').count() == 2;
        if self.is(B::AllForeignCursorFails) && !after.as_ref().is_none_or(is_given) {
            return Err(PortError::new("careless", Fault::Rejected));
        }
        let is_first = after.is_none();
        let mut page = self.sound.all_conversations(owner, after, limit).await?;
        match self.how {
            B::AllOfOneCoach => {
                let of = page
                    .items
                    .iter()
                    .flatten()
                    .map(|one| one.key.coach.clone())
                    .min();
                let is_of = |one: &Conversation| Some(&one.key.coach) == of.as_ref();
                page.items.retain(|found| found.as_ref().is_ok_and(is_of));
            }
            B::AllOfEverybody if is_first => {
                page.items = self.tables(|t| {
                    let users = t.users.values();
                    let rows = users.flat_map(|user| user.conversations.values());
                    rows.take(limit).map(|row| Ok(row.head.clone())).collect()
                })
            }
            B::AllNextBeforeNothing if page.items.len() == limit => {
                let last = page.items.last().and_then(|last| last.as_ref().ok());
                let place =
                    |one: &Conversation| format!("{}.{}", one.key.coach, one.key.conversation);
                page.next = last.map(place);
            }
            B::AllSkips if !is_first && !page.items.is_empty() => drop(page.items.remove(0)),
            B::DeletedIsListedInAll if is_first => {
                let kept = self.kept();
                let gone = kept.rows.iter().map(|row| row.head.clone());
                page.items
                    .extend(gone.filter(|gone| gone.key.user == *owner).map(Ok));
            }
            _ => {}
        }
        Ok(page)
    }

    pub(super) async fn read_messages(
        &self,
        key: &ConversationKey,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<Message>> {
        let limit = match self.how {
            B::NoneIsOneMessage => limit.max(1),
            B::MessagesAreFifty => limit.min(50),
            B::HugeLimitFails if i64::try_from(limit).is_err() => {
                return Err(PortError::new("careless", Fault::Rejected));
            }
            _ => limit,
        };
        let wanted = limit.saturating_add(usize::from(self.is(B::TooManyMessages)));
        let before = match (self.how, before) {
            (B::BeforeIsIncluded, Some(before)) => Some(before.saturating_add(1)),
            (B::LargestIsNone, Some(u64::MAX)) => Some(0),
            (_, before) => before,
        };
        if self.is(B::PagesHaveNoEnd) {
            return Ok(self.tables(|t| {
                let all = t
                    .row(key)
                    .map(|row| row.messages.clone())
                    .unwrap_or_default();
                let older = all.into_iter().rev();
                let older = older.filter(|one| before.is_none_or(|before| one.number < before));
                older.take(limit).collect()
            }));
        }
        let mut found = self.sound.messages(key, before, wanted).await?;
        if self.is(B::OldestMessagesFirst) {
            found.reverse();
        }
        if self.is(B::MessagesOutlive) && found.is_empty() {
            let kept = self.kept();
            let gone = kept.rows.iter().find(|row| row.head.key == *key);
            found = page(gone.map(|row| row.messages.clone()).unwrap_or_default());
        }
        Ok(found
            .into_iter()
            .map(|message| self.altered(message))
            .collect())
    }

    /// What a careless store gives back of a message.
    fn altered(&self, mut message: Message) -> Message {
        match (&mut message.body, self.how) {
            (Body::User { sent, .. }, B::SentIsLost) => *sent = None,
            (Body::User { zone, .. }, B::ZoneIsLost) => *zone = None,
            (Body::User { text, .. }, _) => *text = self.altered_text(text),
            (Body::Assistant { ending, .. }, B::EndingsAreGood) => *ending = Ending::Finished,
            (Body::Assistant { said, .. }, _) => *said = self.altered_pieces(said).into(),
            (Body::Unreadable, _) => {}
        }
        if self.is(B::CreatedIsLost) {
            message.created = Timestamp(0);
        }
        message
    }

    fn altered_text(&self, text: &Arc<str>) -> Arc<str> {
        match self.how {
            B::TextEndsAtNul => until_nul(text).into(),
            B::TextIsComposed => text.replace("e\u{301}", "\u{e9}").into(),
            B::TextIsOfTwoBytes => {
                let short = |letter: char| match letter {
                    '\u{10000}'.. => '\u{fffd}',
                    letter => letter,
                };
                text.chars().map(short).collect::<String>().into()
            }
            B::TextIsTrimmed => text.trim().into(),
            B::TextIsCut => text.get(..text.len().min(65_536)).unwrap_or(text).into(),
            _ => text.clone(),
        }
    }

    pub(super) fn altered_pieces(&self, said: &[Said]) -> Vec<Said> {
        let mut all: Vec<Said> = Vec::new();
        for piece in said {
            let mut piece = piece.clone();
            match self.how {
                B::StagesAreLost => piece.stage = None,
                B::CareIsReply if piece.kind == PartKind::Care => piece.kind = PartKind::Reply,
                B::EmptyPiecesAreLost if piece.text.is_empty() => continue,
                B::PiecesAreJoined => {
                    if let Some(last) = all.last_mut()
                        && (last.kind, last.stage) == (piece.kind, piece.stage)
                    {
                        last.text = format!("{}{}", last.text, piece.text).into();
                        continue;
                    }
                }
                _ => {}
            }
            all.push(piece);
        }
        all
    }
}

fn until_nul(text: &str) -> String {
    text.split('\0').next().unwrap_or_default().to_owned()
}
