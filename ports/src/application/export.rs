//! Everything that is kept of a user, for them to take with them.

use std::collections::VecDeque;

use domain::memory::Tombstone;
use domain::usage::UsageDay;
use domain::{
    Coach, Conversation, ConversationKey, Job, Memory, MemoryId, Message, Summary, Timestamp,
    UserScope, Workout,
};
use futures::stream::{Stream, try_unfold};
use serde_json::Value;

use crate::application::{own, records};
use crate::{Cursor, JobsOf, Kind, Ports, Record, RecordKey, Result};

/// How many conversations, messages or records are read at once.
const PAGE: usize = 100;

/// One thing that is kept of a user.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one is made at a time, and handed on"
)]
pub enum Exported {
    /// A conversation; its messages and jobs follow.
    Conversation(Conversation),
    /// A message of the last conversation, the newest first. One that cannot be read is
    /// [`Body::Unreadable`](domain::Body::Unreadable).
    Message(Message),
    /// A job of the last conversation, with what came of it.
    Job(Job),
    /// A record.
    Record {
        /// Where it is kept.
        at: RecordKey,
        /// When it ends, if it does.
        until: Option<Timestamp>,
        /// What it says.
        known: Known,
    },
    /// Something is there that cannot be read.
    Unreadable(Unreadable),
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Known {
    Coach(Coach),
    Memory(Memory),
    Workout(Workout),
    Summary(Summary),
    Usage(UsageDay),
    /// Which memory was forgotten, and when; of what it said, nothing is told.
    Forgotten {
        memory: MemoryId,
        at: Timestamp,
    },
    /// What has no type of its own: safety facts and personal records.
    Other(Value),
}

/// What cannot be read, by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    Conversation(ConversationKey),
    Record(RecordKey),
}

/// Tells everything that is kept of a user, each thing once: the conversations with all coaches,
/// each followed by its messages and jobs, then the records of every kind. It is read in pages, as
/// the stream is read. What is there from the beginning to the end is told; what cannot be read is
/// told by its key. A read that fails ends the stream.
pub fn export<'a>(
    ports: &'a Ports,
    owner: &'a UserScope,
) -> impl Stream<Item = Result<Exported>> + Send + 'a {
    let kinds = Kind::ALL.into_iter().map(|kind| Next::Records(kind, None));
    let next = [Next::Conversations(None)].into_iter().chain(kinds);
    let begin = Exporting {
        ports,
        owner,
        read: VecDeque::new(),
        next: next.collect(),
    };
    try_unfold(begin, async |mut exporting: Exporting<'a>| {
        while exporting.read.is_empty() {
            let Some(next) = exporting.next.pop_front() else {
                return Ok(None);
            };
            exporting.read(next).await?;
        }
        Ok(exporting.read.pop_front().map(|read| (read, exporting)))
    })
}

/// A page that is yet to be read.
enum Next {
    Conversations(Option<Cursor>),
    Told(Box<Exported>),
    Messages(ConversationKey, Option<u64>),
    Jobs(ConversationKey),
    Records(Kind, Option<Cursor>),
}

struct Exporting<'a> {
    ports: &'a Ports,
    owner: &'a UserScope,
    read: VecDeque<Exported>,
    next: VecDeque<Next>,
}

impl Exporting<'_> {
    async fn read(&mut self, next: Next) -> Result<()> {
        match next {
            Next::Conversations(after) => self.conversations(after).await,
            Next::Told(told) => {
                self.read.push_back(*told);
                Ok(())
            }
            Next::Messages(of, before) => self.messages(of, before).await,
            Next::Jobs(of) => self.jobs(of).await,
            Next::Records(kind, after) => self.records(kind, after).await,
        }
    }

    /// Puts what belongs to each conversation of a page behind it, and the next page behind all.
    async fn conversations(&mut self, after: Option<Cursor>) -> Result<()> {
        let messages = &*self.ports.messages;
        let found = own::all_conversations(messages, self.owner, after, PAGE);
        let page = self.ports.clock.answered(found).await?;
        let mut next = VecDeque::new();
        for found in page.items {
            match found {
                Ok(conversation) => {
                    let key = conversation.key.clone();
                    next.push_back(Next::Told(Box::new(Exported::Conversation(conversation))));
                    next.push_back(Next::Messages(key.clone(), None));
                    next.push_back(Next::Jobs(key));
                }
                Err(key) => {
                    let unreadable = Exported::Unreadable(Unreadable::Conversation(key));
                    next.push_back(Next::Told(Box::new(unreadable)));
                }
            }
        }
        next.extend(page.next.map(|after| Next::Conversations(Some(after))));
        next.append(&mut self.next);
        self.next = next;
        Ok(())
    }

    async fn messages(&mut self, of: ConversationKey, before: Option<u64>) -> Result<()> {
        let found = own::messages(&*self.ports.messages, &of, before, PAGE);
        let page = self.ports.clock.answered(found).await?;
        let oldest = page.last().map(|oldest| oldest.number);
        self.read.extend(page.into_iter().map(Exported::Message));
        if let Some(oldest) = oldest.filter(|oldest| *oldest > 1) {
            self.next.push_front(Next::Messages(of, Some(oldest)));
        }
        Ok(())
    }

    async fn jobs(&mut self, of: ConversationKey) -> Result<()> {
        let of = JobsOf::Conversation(of);
        let found = own::jobs(&*self.ports.messages, &of);
        let jobs = self.ports.clock.answered(found).await?;
        self.read.extend(jobs.into_iter().map(Exported::Job));
        Ok(())
    }

    async fn records(&mut self, kind: Kind, after: Option<Cursor>) -> Result<()> {
        let list = self.ports.records.list(self.owner, kind, None, after, PAGE);
        let page = self.ports.clock.answered(list).await?;
        self.read.extend(page.items.into_iter().map(record));
        if let Some(after) = page.next {
            self.next.push_front(Next::Records(kind, Some(after)));
        }
        Ok(())
    }
}

fn record(record: Record) -> Exported {
    match known(&record) {
        Ok(known) => Exported::Record {
            at: record.at,
            until: record.until,
            known,
        },
        Err(_) => Exported::Unreadable(Unreadable::Record(record.at)),
    }
}

fn known(record: &Record) -> Result<Known> {
    Ok(match record.at.kind {
        Kind::Coach => Known::Coach(records::read(record)?),
        Kind::Memory => Known::Memory(records::read(record)?),
        Kind::Workout => Known::Workout(records::read(record)?),
        Kind::Summary => Known::Summary(records::read(record)?),
        Kind::Usage => Known::Usage(records::read(record)?),
        Kind::Tombstone => {
            let Tombstone {
                memory_id,
                forgotten_at,
                ..
            } = records::read(record)?;
            Known::Forgotten {
                memory: memory_id,
                at: forgotten_at,
            }
        }
        Kind::Safety | Kind::PersonalRecord => Known::Other(records::read(record)?),
    })
}
