//! One world: a few users, who do everything that a store can be asked to.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use coach_tests::world::Chance;
use domain::conversation::{PartKind, Said};
use domain::{
    Closing, ConversationKey, Ending, Fault, Fence, Finish, Job, JobKind, Report, Timestamp,
    TurnError, TurnEvent, TurnKey, UserScope,
};
use dynamodb::{DynamoMessages, DynamoRecords, Table};
use in_memory::{InMemoryMessages, InMemoryRecords};
use ports::{
    Admission, Admitted, Checkpoint, Hold, JobsOf, Kind, MessageStore, Page, RecordStore, Stop,
    TurnState, Writer, Written,
};

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
            53..64 => self.finish().await,
            64..67 => self.ask_stop().await,
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

    fn new_admission(&mut self) -> Admission {
        self.made += 1;
        let (id, now) = (self.made, self.now);
        let lasting = if self.chance.percent(80) {
            90_000_000
        } else {
            30_000 + self.chance.below(300_000)
        };
        let hold = self.chance.percent(60).then(|| Hold {
            amount: 1 + self.chance.below(2),
            limit: 2,
            until: now + Duration::from_millis(10_000 + self.chance.below(1_000_000)),
        });
        Admission {
            turn: TurnKey {
                conversation: self.conversation_key(),
                turn: format!("t{id}").parse().unwrap(),
            },
            key: format!("k{id}").parse().unwrap(),
            body: [u8::try_from(id % 7).unwrap(); 32],
            user_message: format!("u{id}").parse().unwrap(),
            assistant_message: format!("a{id}").parse().unwrap(),
            text: format!("message {id} — {}", "x".repeat(self.chance.index() % 3_000)).into(),
            sent: self.chance.percent(50).then_some(now),
            zone: self
                .chance
                .percent(50)
                .then(|| "Europe/Berlin".parse().unwrap()),
            now,
            lease_until: now + Duration::from_secs(15),
            kept_until: Timestamp(now.0 + lasting),
            hold,
        }
    }

    async fn admit(&mut self) {
        let new = self.new_admission();
        let known = if self.chance.percent(30) {
            self.some_turn()
        } else {
            None
        };
        let known = known.filter(|known| known.admission.kept_until > self.now);
        let is_known = known.is_some();
        let admission = match (known, self.chance.below(3)) {
            (None, _) => new,
            (Some(known), 0) => known.admission,
            (Some(known), other) => {
                let Admission {
                    key,
                    mut body,
                    turn,
                    ..
                } = known.admission;
                body[0] = body[0].wrapping_add(u8::from(other == 1));
                Admission {
                    key,
                    body,
                    turn: TurnKey {
                        turn: new.turn.turn,
                        ..turn
                    },
                    ..new
                }
            }
        };
        let answer = both!(self.0.admit(&admission));
        let name = match &answer {
            Admitted::New(_) if is_known => "New again",
            Admitted::New(_) => "New",
            Admitted::Existing(_) => "Existing",
            Admitted::Mismatch => "Mismatch",
            Admitted::Busy(_) => "Busy",
            Admitted::OverLimit => "OverLimit",
            Admitted::Unknown => "Unknown",
        };
        self.census.count(&format!("admit: {name}"));
        if let Admitted::New(begun) = answer
            && self
                .begun
                .iter()
                .all(|known| known.admission.turn != admission.turn)
        {
            self.begun.push(Begun {
                admission,
                fence: begun.fence,
            });
        }
    }

    async fn checkpoint(&mut self) {
        let Some(Begun { admission, fence }) = self.known_turn().await else {
            return;
        };
        let kept = self
            .memory
            .0
            .turn(&admission.turn, 0)
            .await
            .unwrap()
            .map_or(0, |(record, _)| record.kept);
        let from = if self.chance.percent(70) {
            kept
        } else {
            self.chance.index() % (kept + 1)
        };
        let through = from + self.chance.index() % 5;
        let events = script(&admission.turn, through).split_off(from);
        let stale = u64::from(self.chance.percent(10));
        let late = self.chance.percent(20);
        let lease_until = if late {
            admission.lease_until
        } else {
            self.now + Duration::from_secs(15)
        };
        let fence = Fence(fence.0.saturating_sub(stale));
        let checkpoint = Checkpoint {
            turn: admission.turn,
            fence,
            from,
            events,
            lease_until,
        };
        if self.chance.percent(5) {
            let from = kept + 1 + self.chance.index() % 3;
            let events = script(&checkpoint.turn, from + 2).split_off(from);
            return self
                .leave_a_gap(Checkpoint {
                    from,
                    events,
                    ..checkpoint
                })
                .await;
        }
        let answer = both!(self.0.checkpoint(&checkpoint));
        self.census.count(match answer {
            Written::Done(Stop::Asked) => "checkpoint: Done, asked to stop",
            Written::Done(Stop::NotAsked) => "checkpoint: Done",
            Written::LeaseLost => "checkpoint: LeaseLost",
        });
    }

    /// A checkpoint that nobody may make: both refuse it in the same way.
    async fn leave_a_gap(&mut self, checkpoint: Checkpoint) {
        let fault = |error: ports::PortError| error.fault;
        let expected = self.memory.0.checkpoint(&checkpoint).await.map_err(fault);
        let found = loop {
            match self.dynamo.0.checkpoint(&checkpoint).await.map_err(fault) {
                Err(Fault::Throttled | Fault::Unavailable | Fault::TimedOut) => {}
                answer => break answer,
            }
        };
        assert_eq!(found, expected, "{checkpoint:?}");
        if expected == Err(Fault::Rejected) {
            self.census.count("checkpoint: a gap");
        }
    }

    async fn finish(&mut self) {
        if self.chance.percent(15) && !self.finishes.is_empty() {
            let at = self.chance.index() % self.finishes.len();
            let (turn, writer, finish) = self.finishes[at].clone();
            let is_there = self
                .memory
                .0
                .conversation(&turn.conversation)
                .await
                .unwrap()
                .is_some();
            if !is_there || self.memory.0.turn(&turn, 0).await.unwrap().is_some() {
                both!(self.0.finish(&turn, writer, &finish));
            }
            return;
        }
        let Some(Begun { admission, fence }) = self.known_turn().await else {
            return;
        };
        let record = self
            .memory
            .0
            .turn(&admission.turn, 0)
            .await
            .unwrap()
            .map(|(record, _)| record);
        let stale = u64::from(self.chance.percent(20));
        let lease = match record.as_ref().map(|record| &record.state) {
            Some(TurnState::Running { lease_until, .. }) => *lease_until,
            Some(TurnState::Ended(_)) | None => admission.lease_until,
        };
        let writer = match self.chance.percent(70) {
            true => Writer::Holder(Fence(fence.0 - stale)),
            false => Writer::Reaper {
                fence,
                lease_until: Timestamp(lease.0 - stale),
            },
        };
        let kept = record.map_or(0, |record| record.kept);
        let events = script(&admission.turn, kept + self.chance.index() % 4);
        let all = [
            JobKind::Workout,
            JobKind::Memory,
            JobKind::Forget,
            JobKind::Summary,
        ];
        let jobs = all
            .into_iter()
            .filter(|_| self.chance.percent(30))
            .collect();
        let failed = Ending::Failed(TurnError::ProducerLost);
        let ending = self.chance.pick(
            Ending::Finished,
            &[Ending::Stopped, Ending::Truncated, failed],
        );
        let report = Report {
            route: Some(domain::router::fallback("squats")),
            ..Report::default()
        };
        let title = self
            .chance
            .percent(50)
            .then(|| self.chance.pick("", &["Titled"]).to_owned());
        let finish = Finish {
            closing: Arc::new(Closing {
                ending,
                at: self.now,
                jobs,
                report,
            }),
            events,
            title,
        };
        let answer = both!(self.0.finish(&admission.turn, writer, &finish));
        let by = if matches!(writer, Writer::Holder(_)) {
            "Holder"
        } else {
            "Reaper"
        };
        let how = if answer == Written::LeaseLost {
            "LeaseLost"
        } else {
            "Done"
        };
        self.census.count(&format!("finish: {by}, {how}"));
        self.finishes.push((admission.turn, writer, finish));
    }

    async fn ask_stop(&mut self) {
        let Some(Begun { admission, .. }) = self.known_turn().await else {
            return;
        };
        let state = both!(self.0.ask_stop(&admission.turn));
        self.census
            .count(&format!("ask_stop: {}", name(state.as_ref())));
    }

    async fn turn(&mut self) {
        let Some(Begun { admission, .. }) = self.known_turn().await else {
            return;
        };
        let from = self.chance.pick(0, &[0, 1, 2, 5, usize::MAX]);
        let found = both!(self.0.turn(&admission.turn, from));
        self.census.count(&format!(
            "turn: {}",
            name(found.as_ref().map(|(record, _)| &record.state))
        ));
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
                Kind::Safety,
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

/// The first `count` events of a turn: always the same.
fn script(turn: &TurnKey, count: usize) -> Vec<TurnEvent> {
    let said = (1..).map(|place: usize| {
        let kind = if place == 1 {
            PartKind::Acknowledgment
        } else {
            PartKind::Reply
        };
        let text = format!("{} says {place}. ", turn.turn).repeat(1 + place % 3);
        TurnEvent::Said(Said {
            kind,
            stage: None,
            text: text.into(),
        })
    });
    [TurnEvent::Started]
        .into_iter()
        .chain(said)
        .take(count)
        .collect()
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

fn name(state: Option<&TurnState>) -> &'static str {
    match state {
        Some(TurnState::Running { .. }) => "Running",
        Some(TurnState::Ended(_)) => "Ended",
        None => "None",
    }
}
