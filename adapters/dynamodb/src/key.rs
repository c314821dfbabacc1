//! The keys of items. Ids hold no `#`, so no two keys of different things are alike.

use std::fmt;
use std::str::{FromStr, Split};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{
    CoachId, ConversationKey, Fence, IdempotencyKey, Job, JobKind, RecordId, Timestamp, TurnKey,
    UserScope,
};
use ports::{Account, Kind, RecordKey, Result};
use sha2::{Digest, Sha256};

use crate::item::{Item, unreadable};

/// The attributes that hold keys: the table's own; those of the index by time, which has the
/// table's partitions; that of the index of what is due.
pub(crate) const PK: &str = "pk";
pub(crate) const SK: &str = "sk";
pub(crate) const TIME: &str = "time";
pub(crate) const SHARD: &str = "shard";

/// Sorts after all that can follow it in a key.
pub(crate) const LAST: &str = "~";

/// Over how many partitions is spread what is due of one sort.
pub(crate) const SHARDS: u32 = 8;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

impl Key {
    fn of(user: &UserScope, sk: String) -> Self {
        Self {
            pk: partition(user),
            sk,
        }
    }

    pub(crate) fn conversation(key: &ConversationKey) -> Self {
        Self::of(&key.user, format!("C#{}", within(key)))
    }

    pub(crate) fn message(key: &ConversationKey, number: u64) -> Self {
        Self::of(&key.user, format!("{}{number:016x}", all("M", key)))
    }

    pub(crate) fn request(key: &ConversationKey, request: &IdempotencyKey) -> Self {
        Self::of(&key.user, format!("{}{request}", all("K", key)))
    }

    pub(crate) fn turn(turn: &TurnKey) -> Self {
        Self::of(
            &turn.conversation.user,
            format!("{}{}", all("T", &turn.conversation), turn.turn),
        )
    }

    /// Returns where a turn's events `from` until before `through` are, as the holder of a fence
    /// kept them. They sort by where they end, so that one query finds all with something from a
    /// place on.
    pub(crate) fn segment(turn: &TurnKey, fence: Fence, from: usize, through: usize) -> Self {
        Self::of(
            &turn.conversation.user,
            format!(
                "{}{from:08x}-{:x}",
                segments_through(turn, through),
                fence.0
            ),
        )
    }

    pub(crate) fn job(turn: &TurnKey, kind: JobKind) -> Self {
        Self::of(
            &turn.conversation.user,
            format!("{}{}", jobs_of_turn(turn), kind.name()),
        )
    }

    /// Returns what a user's running turns hold of their allowance.
    pub(crate) fn allowance(user: &UserScope) -> Self {
        Self::of(user, "A#holds".to_owned())
    }

    /// The mark of a user who was erased.
    pub(crate) fn erased(user: &UserScope) -> Self {
        Self::of(user, "X#erased".to_owned())
    }

    pub(crate) fn record(at: &RecordKey) -> Self {
        Self::of(&at.owner, format!("{}{}", records_of(at.kind), at.id))
    }

    /// Returns whose account this is. It has a partition of its own: who asks knows no user yet.
    pub(crate) fn account(account: &Account) -> Self {
        Self::account_named(&account_name(account))
    }

    /// The same by what stands for the account.
    pub(crate) fn account_named(name: &str) -> Self {
        let pk = format!("I#{name}");
        Self {
            pk,
            sk: "I#user".to_owned(),
        }
    }

    /// Returns which account a user has.
    pub(crate) fn account_of(user: &UserScope) -> Self {
        Self::of(user, "I#account".to_owned())
    }

    pub(crate) fn item(&self) -> Item {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Item::from([
            (PK.to_owned(), text(&self.pk)),
            (SK.to_owned(), text(&self.sk)),
        ])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pk, self.sk)
    }
}

pub(crate) fn partition(user: &UserScope) -> String {
    format!("U#{user}")
}

/// Returns what stands for an account in keys, however long its parts are. The length of the first
/// tells where the second begins, so that no two accounts are alike.
pub(crate) fn account_name(account: &Account) -> String {
    let Account { issuer, subject } = account;
    let mut hash = Sha256::new();
    hash.update((issuer.len() as u64).to_be_bytes());
    hash.update(issuer);
    hash.update(subject);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

fn within(key: &ConversationKey) -> String {
    format!("{}#{}", key.coach, key.conversation)
}

/// Returns what all keys of one sort begin with that belong to a conversation.
pub(crate) fn all(sort: &str, key: &ConversationKey) -> String {
    format!("{sort}#{}#", within(key))
}

/// Returns what the keys of a turn's segments begin with that end at `through`.
pub(crate) fn segments_through(turn: &TurnKey, through: usize) -> String {
    format!(
        "{}{:08x}-",
        segments_of(turn),
        u32::try_from(through).unwrap_or(u32::MAX)
    )
}

pub(crate) fn segments_of(turn: &TurnKey) -> String {
    format!("{}{}#", all("E", &turn.conversation), turn.turn)
}

pub(crate) fn jobs_of_turn(turn: &TurnKey) -> String {
    format!("{}{}#", all("J", &turn.conversation), turn.turn)
}

pub(crate) fn records_of(kind: Kind) -> String {
    format!("R#{}#", kind.name())
}

/// Returns where a conversation stands among those with its coach, and what all of these begin
/// with.
pub(crate) fn conversation_time(key: &ConversationKey, activity: Timestamp) -> String {
    format!("{}{}", conversations_with(&key.coach), place(key, activity))
}

pub(crate) fn conversations_with(coach: &CoachId) -> String {
    format!("C#{coach}#")
}

/// Returns the same as text that a client may keep.
pub(crate) fn place(key: &ConversationKey, activity: Timestamp) -> String {
    format!("{:016x}.{}", activity.0, key.conversation)
}

/// Returns where an open job stands among those that are due.
pub(crate) fn job_time(job: &Job, due: u64) -> String {
    let Job { turn, kind, .. } = job;
    format!(
        "{}#{}#{}#{}",
        due_by(due),
        within(&turn.conversation),
        turn.turn,
        *kind as u8
    )
}

pub(crate) fn due_by(due: u64) -> String {
    format!("J#{due:016x}")
}

/// What stands in the index of what is due: open jobs, and conversations in which a turn runs.
pub(crate) const JOBS: &str = "J";
pub(crate) const RUNNING: &str = "T";

pub(crate) fn shard(of: &str, number: u32) -> String {
    format!("{of}#{number}")
}

/// Returns the partition of what is due of a turn.
pub(crate) fn shard_of(of: &str, turn: &TurnKey) -> String {
    let sum = turn.turn.as_str().bytes().fold(0_u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(byte.into())
    });
    shard(of, sum % SHARDS)
}

/// Returns whose job this is, and which, by its own key.
pub(crate) fn read_job(key: &Key) -> Result<(TurnKey, JobKind)> {
    let (turn, rest) = key.turn_and_rest()?;
    let kind = rest.and_then(JobKind::named);
    Ok((turn, kind.ok_or_else(|| unreadable(SK))?))
}

impl Key {
    /// Returns the conversation whose item this is, as its own key says.
    pub(crate) fn of_conversation(&self) -> Result<ConversationKey> {
        let (conversation, _) = self.conversation_and_rest()?;
        Ok(conversation)
    }

    /// Returns the turn whose item this is, as its own key says.
    pub(crate) fn of_turn(&self) -> Result<TurnKey> {
        let (turn, _) = self.turn_and_rest()?;
        Ok(turn)
    }

    fn conversation_and_rest(&self) -> Result<(ConversationKey, Split<'_, char>)> {
        let mut parts = self.sk.split('#');
        let _sort = parts.next();
        let user = self.pk.strip_prefix("U#");
        let conversation = ConversationKey {
            user: UserScope::stored(id(user, PK)?),
            coach: id(parts.next(), SK)?,
            conversation: id(parts.next(), SK)?,
        };
        Ok((conversation, parts))
    }

    fn turn_and_rest(&self) -> Result<(TurnKey, Option<&str>)> {
        let (conversation, mut parts) = self.conversation_and_rest()?;
        let turn = id(parts.next(), SK)?;
        Ok((TurnKey { conversation, turn }, parts.next()))
    }
}

pub(crate) fn id<T: FromStr>(text: Option<&str>, attribute: &str) -> Result<T> {
    let read = text.and_then(|text| text.parse().ok());
    read.ok_or_else(|| unreadable(attribute))
}

/// Returns whose record of a kind this is, and which, by its own key.
pub(crate) fn read_record(kind: Kind, Key { pk, sk }: &Key) -> Option<RecordKey> {
    Some(RecordKey {
        owner: UserScope::stored(pk.strip_prefix("U#")?.parse().ok()?),
        kind,
        id: RecordId::stored(sk.strip_prefix(&records_of(kind))?)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn conversation(user: &str, coach: &str, conversation: &str) -> ConversationKey {
        let user = UserScope::stored(user.parse().unwrap());
        ConversationKey {
            user,
            coach: coach.parse().unwrap(),
            conversation: conversation.parse().unwrap(),
        }
    }

    #[test]
    fn keys_of_different_things_are_different() {
        let ids = ["a", "a-a", "a_a", "A", "-", "aa"];
        let mut keys = Vec::new();
        for (user, coach, id) in ids
            .iter()
            .flat_map(|u| ids.iter().flat_map(move |c| ids.map(|v| (*u, *c, v))))
        {
            let key = conversation(user, coach, id);
            keys.extend([
                Key::conversation(&key),
                Key::message(&key, 1),
                Key::message(&key, 16),
            ]);
            for other in ids {
                let turn = TurnKey {
                    conversation: key.clone(),
                    turn: other.parse().unwrap(),
                };
                keys.extend([
                    Key::turn(&turn),
                    Key::segment(&turn, Fence(1), 0, 1),
                    Key::segment(&turn, Fence(1), 1, 1),
                ]);
                keys.extend([
                    Key::job(&turn, JobKind::Workout),
                    Key::job(&turn, JobKind::Forget),
                ]);
                keys.push(Key::request(&key, &other.parse().unwrap()));
            }
        }
        let different: HashSet<&Key> = keys.iter().collect();
        assert_eq!(different.len(), keys.len());
    }

    #[test]
    fn no_conversation_is_among_the_items_of_another() {
        let (short, long) = (conversation("u", "a", "a"), conversation("u", "a", "a-1"));
        assert!(Key::message(&short, 1).sk.starts_with(&all("M", &short)));
        assert!(!Key::message(&long, 1).sk.starts_with(&all("M", &short)));
    }

    #[test]
    fn a_job_is_read_back_from_its_key() {
        let turn = TurnKey {
            conversation: conversation("u", "c", "v"),
            turn: "t".parse().unwrap(),
        };
        for kind in JobKind::ALL {
            let read = read_job(&Key::job(&turn, *kind)).unwrap();
            assert_eq!(read, (turn.clone(), *kind));
        }
        let mut unknown = Key::job(&turn, JobKind::Forget);
        unknown.sk = "J#c#v#t#nap".to_owned();
        assert!(read_job(&unknown).is_err());
    }

    #[test]
    fn a_record_is_read_back_from_its_key_and_from_no_other() {
        let summary = RecordKey::summary_of(&conversation("u", "c", "v"));
        let key = Key::record(&summary);
        assert_eq!(read_record(Kind::Summary, &key), Some(summary));
        assert_eq!(read_record(Kind::Memory, &key), None);
        for (pk, sk) in [
            ("I#u", "R#summary#v.c"),
            ("U#u", "R#summary#v.c.d"),
            ("U#u", "M#c#v#1"),
        ] {
            let (pk, sk) = (pk.to_owned(), sk.to_owned());
            assert_eq!(read_record(Kind::Summary, &Key { pk, sk }), None);
        }
    }

    #[test]
    fn the_names_and_places_of_kinds_of_job_in_keys_stay_as_they_are() {
        let turn = TurnKey {
            conversation: conversation("u", "c", "v"),
            turn: "t".parse().unwrap(),
        };
        for (kind, place, name) in [
            (JobKind::Workout, 0, "workout"),
            (JobKind::Memory, 1, "memory"),
            (JobKind::Forget, 2, "forget"),
            (JobKind::Summary, 3, "summary"),
        ] {
            assert_eq!(Key::job(&turn, kind).sk, format!("J#c#v#t#{name}"));
            let state = domain::JobState::Due(Timestamp(255));
            let job = Job {
                turn: turn.clone(),
                kind,
                attempts: 0,
                state,
                calls: Vec::new(),
            };
            assert_eq!(
                job_time(&job, 255),
                format!("J#00000000000000ff#c#v#t#{place}")
            );
        }
    }

    #[test]
    fn the_names_of_accounts_in_keys_stay_as_they_are_and_no_two_are_alike() {
        let of = |issuer: &str, subject: &str| {
            let account = Account {
                issuer: issuer.to_owned(),
                subject: subject.to_owned(),
            };
            Key::account(&account).pk
        };
        assert_eq!(
            of("https://issuer.example", "ann"),
            "I#n-8mOgdrJYlJ8UkJa9_sHTdkbgVi9X5Dv_nUShllMhg"
        );
        let parts = ["", "a", "aa", "a#", "#a", "\0"];
        let pairs = parts
            .iter()
            .flat_map(|issuer| parts.map(|subject| of(issuer, subject)));
        assert_eq!(
            pairs.collect::<HashSet<_>>().len(),
            parts.len() * parts.len()
        );
    }

    #[test]
    fn the_longest_key_is_within_the_limit() {
        let long = "x".repeat(64);
        let turn = TurnKey {
            conversation: conversation(&long, &long, &long),
            turn: long.parse().unwrap(),
        };
        let Key { pk, sk } = Key::segment(&turn, Fence(u64::MAX), usize::MAX, usize::MAX);
        assert!(pk.len() < 2_048 && sk.len() < 1_024);
    }
}
