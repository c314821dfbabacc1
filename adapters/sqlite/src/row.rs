//! Values as columns hold them, and back.

use std::str::FromStr;

use domain::{ConversationKey, Timestamp, TurnKey, UserScope};
use ports::stored;
use rusqlite::Row;
use serde::de::DeserializeOwned;

use crate::fault::{Result, unreadable};

/// A number as a column holds it. One that is larger than SQLite's largest is that.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A time as a column holds it, in milliseconds since 1970.
pub(crate) fn at(time: Timestamp) -> i64 {
    number(time.0)
}

/// A count as a column holds it, or how many are asked for.
pub(crate) fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An amount as a column holds it: exact also where it is larger than SQLite's largest number, so
/// that sums come out as they would anywhere. Such an amount looks negative.
pub(crate) fn amount(amount: u64) -> i64 {
    amount.cast_signed()
}

/// The columns of a row, by their names.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'a>(pub(crate) &'a Row<'a>);

impl<'a> Columns<'a> {
    pub(crate) fn text(self, name: &'static str) -> Result<&'a str> {
        self.opt_text(name)?.ok_or_else(|| unreadable(name).into())
    }

    pub(crate) fn opt_text(self, name: &'static str) -> Result<Option<&'a str>> {
        let text = self.0.get_ref(name)?.as_str_or_null();
        text.map_err(|_| unreadable(name).into())
    }

    /// The bytes of a text or of a blob.
    pub(crate) fn bytes(self, name: &'static str) -> Result<&'a [u8]> {
        let bytes = self.0.get_ref(name)?.as_bytes();
        bytes.map_err(|_| unreadable(name).into())
    }

    pub(crate) fn parsed<T: FromStr>(self, name: &'static str) -> Result<T> {
        let parsed = self.text(name)?.parse();
        parsed.map_err(|_| unreadable(name).into())
    }

    pub(crate) fn opt_parsed<T: FromStr>(self, name: &'static str) -> Result<Option<T>> {
        let Some(text) = self.opt_text(name)? else {
            return Ok(None);
        };
        let parsed = text.parse().map_err(|_| unreadable(name))?;
        Ok(Some(parsed))
    }

    pub(crate) fn json<T: DeserializeOwned>(self, name: &'static str) -> Result<T> {
        Ok(stored::read_json(self.text(name)?.as_bytes())?)
    }

    pub(crate) fn number(self, name: &'static str) -> Result<u64> {
        self.opt_number(name)?
            .ok_or_else(|| unreadable(name).into())
    }

    pub(crate) fn opt_number(self, name: &'static str) -> Result<Option<u64>> {
        let number: Option<i64> = self.0.get(name)?;
        let Some(number) = number else {
            return Ok(None);
        };
        let number = u64::try_from(number).map_err(|_| unreadable(name))?;
        Ok(Some(number))
    }

    pub(crate) fn amount(self, name: &'static str) -> Result<u64> {
        let amount: i64 = self.0.get(name)?;
        Ok(amount.cast_unsigned())
    }

    pub(crate) fn count(self, name: &'static str) -> Result<usize> {
        Ok(usize::try_from(self.number(name)?).unwrap_or(usize::MAX))
    }

    pub(crate) fn time(self, name: &'static str) -> Result<Timestamp> {
        Ok(Timestamp(self.number(name)?))
    }

    pub(crate) fn opt_time(self, name: &'static str) -> Result<Option<Timestamp>> {
        Ok(self.opt_number(name)?.map(Timestamp))
    }

    pub(crate) fn is_set(self, name: &'static str) -> Result<bool> {
        Ok(self.number(name)? != 0)
    }

    pub(crate) fn owner(self) -> Result<UserScope> {
        Ok(UserScope::stored(self.parsed("user")?))
    }

    pub(crate) fn conversation(self) -> Result<ConversationKey> {
        Ok(ConversationKey {
            user: self.owner()?,
            coach: self.parsed("coach")?,
            conversation: self.parsed("conversation")?,
        })
    }

    pub(crate) fn turn(self) -> Result<TurnKey> {
        Ok(TurnKey {
            conversation: self.conversation()?,
            turn: self.parsed("turn")?,
        })
    }

    /// What the log knows a row of a conversation by.
    pub(crate) fn place(self) -> String {
        let part = |name| self.opt_text(name).ok().flatten().unwrap_or("?");
        let [user, coach, conversation] = ["user", "coach", "conversation"].map(part);
        format!("{user}/{coach}/{conversation}")
    }
}

/// The three columns that a conversation is known by, in their order.
pub(crate) fn of(key: &ConversationKey) -> [&str; 3] {
    [
        key.user.user().as_str(),
        key.coach.as_str(),
        key.conversation.as_str(),
    ]
}

/// The four columns that a turn is known by, in their order.
pub(crate) fn of_turn(key: &TurnKey) -> [&str; 4] {
    let [user, coach, conversation] = of(&key.conversation);
    [user, coach, conversation, key.turn.as_str()]
}
