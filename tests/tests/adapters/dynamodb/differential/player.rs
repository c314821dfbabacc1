//! One world: a few users, who do everything that a store can be asked to.

/// Asks DynamoDB until there is an answer, as a driver does; whether it had to be asked again.
macro_rules! settled {
    ($ask:expr) => {{
        let mut tries = 0;
        loop {
            match $ask.await {
                Ok(answer) => break (answer, tries > 0),
                Err(_) if tries < 60 => tries += 1,
                Err(error) => panic!("no answer in sixty tries: {error:?}"),
            }
        }
    }};
}

/// Asks both the same, and compares.
macro_rules! both {
    ($self:ident . $store:tt . $method:ident ( $($argument:expr),* )) => {{
        let expected = $self.memory.$store.$method($($argument),*).await.unwrap();
        let dynamo = &$self.dynamo.$store;
        let (found, again) = settled!(dynamo.$method($($argument),*));
        if again {
            $self.census.count("asked again after an error");
        }
        assert_eq!(found, expected, concat!(stringify!($method), " at {:?}"), $self.now);
        expected
    }};
}

mod conversations;
mod jobs;
mod records;
mod turns;

use std::fmt::Debug;

use coach_tests::world::Chance;
use domain::{ConversationKey, Fence, Finish, Job, Timestamp, TurnKey, UserScope};
use dynamodb::{DynamoMessages, DynamoRecords, Table};
use in_memory::{InMemoryMessages, InMemoryRecords};
use ports::{Admission, JobsOf, Kind, MessageStore, Page, RecordStore, Writer};

use super::census::Census;

const USERS: [&str; 2] = ["ada", "bob"];
const COACHES: [&str; 2] = ["c", "c-1"];

const BEGINNING: Timestamp = Timestamp(2_000_000_000_000);

/// Enough to claim all that there is.
const ALL: usize = 10_000;

pub(super) struct Player {
    chance: Chance,
    now: Timestamp,
    made: u64,
    memory: (InMemoryMessages, InMemoryRecords),
    dynamo: (DynamoMessages, DynamoRecords),
    begun: Vec<Begun>,
    finishes: Vec<(TurnKey, Writer, Finish)>,
    claimed: Vec<Job>,
    census: Census,
}

#[derive(Clone)]
struct Begun {
    admission: Admission,
    fence: Fence,
}

impl Player {
    pub(super) fn new(seed: u64, table: &Table) -> Self {
        Self {
            chance: Chance::new(seed),
            // Later than today, for what has expired is thrown away by the peer, too.
            now: BEGINNING,
            made: 0,
            memory: (InMemoryMessages::default(), InMemoryRecords::default()),
            dynamo: (table.messages(), table.records()),
            begun: Vec::new(),
            finishes: Vec::new(),
            claimed: Vec::new(),
            census: Census::default(),
        }
    }

    pub(super) fn into_census(self) -> Census {
        self.census
    }

    /// Does one thing.
    pub(super) async fn play(&mut self) {
        self.census.count("operation");
        let step = if self.chance.percent(1) {
            3_600_000
        } else {
            20_000
        };
        self.now.0 += 1 + self.chance.below(step);
        match self.chance.below(100) {
            0..7 => self.create().await,
            7..9 => self.conversation().await,
            9..12 => self.conversations().await,
            12..16 => self.edit().await,
            16..17 => self.delete().await,
            17..21 => self.messages().await,
            21..38 => self.admit().await,
            38..53 => self.checkpoint().await,
            53..61 => self.finish().await,
            61..64 => self.settle_hold().await,
            64..66 => self.ask_stop().await,
            66..67 => self.overdue().await,
            67..73 => self.turn().await,
            73..79 => self.claim().await,
            79..83 => self.settle().await,
            83..85 => self.jobs().await,
            85..91 => self.put().await,
            91..94 => self.record().await,
            94..97 => self.records().await,
            97..99 => self.delete_record().await,
            _ => self.bind().await,
        }
    }

    fn user(&mut self) -> UserScope {
        UserScope::stored(self.chance.pick(USERS[0], &USERS[1..]).parse().unwrap())
    }

    fn conversation_key(&mut self) -> ConversationKey {
        let generation = self.census.of("operation") / 300;
        let (user, coach) = (
            self.user(),
            self.chance.pick(COACHES[0], &COACHES[1..]).parse().unwrap(),
        );
        let conversation = format!("v{}-{}", generation, self.chance.below(3))
            .parse()
            .unwrap();
        ConversationKey {
            user,
            coach,
            conversation,
        }
    }

    /// A turn that was begun, most often one of the last.
    fn some_turn(&mut self) -> Option<Begun> {
        let lately = if self.chance.percent(80) { 6 } else { 60 };
        let back = 1 + self.chance.index() % lately;
        self.begun
            .len()
            .checked_sub(back)
            .map(|at| self.begun[at].clone())
    }

    /// One that the store in memory has not forgotten: stores may forget what has expired, or not
    /// yet.
    async fn known_turn(&mut self) -> Option<Begun> {
        let begun = self.some_turn()?;
        let turn = &begun.admission.turn;
        let is_there = self
            .memory
            .0
            .conversation(&turn.conversation)
            .await
            .unwrap()
            .is_some();
        if is_there && self.memory.0.turn(turn, 0).await.unwrap().is_none() {
            self.begun.retain(|known| known.admission.turn != *turn);
            self.finishes.retain(|(known, ..)| known != turn);
            return None;
        }
        Some(begun)
    }

    /// All that can be read, once nothing goes wrong any more.
    pub(super) async fn compare_everything(&mut self) {
        for user in USERS.map(|user| UserScope::stored(user.parse().unwrap())) {
            for coach in COACHES.map(|coach| coach.parse().unwrap()) {
                let page = both!(self.0.conversations(&user, &coach, None, ALL));
                for head in page.items {
                    both!(self.0.conversation(&head.key));
                    both!(self.0.messages(&head.key, None, ALL));
                }
            }
            both!(self.0.jobs(&JobsOf::User(user.clone())));
            for kind in [
                Kind::Memory,
                Kind::Workout,
                Kind::PersonalRecord,
                Kind::Summary,
            ] {
                both!(self.1.list(&user, kind, None, None, ALL));
            }
        }
        both!(self.0.jobs(&JobsOf::Anyone));
        for Begun { admission, .. } in self.begun.clone() {
            if self
                .memory
                .0
                .turn(&admission.turn, 0)
                .await
                .unwrap()
                .is_some()
            {
                both!(self.0.turn(&admission.turn, 0));
            }
        }
    }
}

fn some<T>(found: &Option<T>) -> &'static str {
    if found.is_some() { "Some" } else { "None" }
}

fn any<T: Debug>(found: &[T]) -> &'static str {
    if found.is_empty() { "none" } else { "some" }
}

fn more<T>(page: &Page<T>) -> &'static str {
    if page.next.is_some() {
        "more"
    } else {
        "last page"
    }
}
