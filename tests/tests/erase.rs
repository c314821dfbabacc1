//! Erasing a user through the application, over stores that go wrong, and telling them first all
//! that is kept of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use coach_tests::{Faulty, Mishap, VirtualClock};
use domain::conversation::{PartKind, Said};
use domain::memory::RecalledKind;
use domain::usage::UsageDay;
use domain::{
    Body, Closing, Conversation, ConversationKey, Ending, Fault, Fence, Finish, JobKind, Report,
    Timestamp, TurnEvent, TurnKey, UserScope,
};
use futures::TryStreamExt;
use in_memory::{InMemoryMessages, InMemoryRecords, LexicalIndex};
use ports::{
    Account, Admission, Admitted, Bill, Binding, Checkpoint, Clock, Expect, Exported, IndexEntry,
    Kind, Known, MemoryIndex, MessageStore, Ports, Progress, RecordKey, RecordStore, Records,
    Search, Unreadable, Writer, Written, export,
};
use rehearsal::Scripted;
use serde_json::{Value, json};

const NOW: Timestamp = VirtualClock::BEGAN;

/// Stores that several processes use, and that can go wrong.
struct World {
    messages: Arc<Faulty<InMemoryMessages>>,
    records: Arc<Faulty<InMemoryRecords>>,
    index: Arc<Faulty<LexicalIndex>>,
    clock: Arc<VirtualClock>,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(VirtualClock::start());
        Self {
            messages: Arc::new(Faulty::new(InMemoryMessages::default(), clock.clone())),
            records: Arc::new(Faulty::new(InMemoryRecords::default(), clock.clone())),
            index: Arc::new(Faulty::new(LexicalIndex::default(), clock.clone())),
            clock,
        }
    }

    /// The ports of a process.
    fn ports(&self) -> Ports {
        Ports {
            llm: Arc::new(Scripted::new(self.clock.clone())),
            messages: self.messages.clone(),
            records: Records::new(self.records.clone()),
            index: self.index.clone(),
            clock: self.clock.clone(),
        }
    }

    fn plan(&self, port: usize, method: &'static str, call: usize, mishap: Mishap) {
        match port {
            0 => self.messages.plan(method, call..=call, mishap),
            1 => self.records.plan(method, call..=call, mishap),
            _ => self.index.plan(method, call..=call, mishap),
        }
    }

    /// How often somebody is named in each of the stores.
    fn mentions(&self, user: &UserScope) -> [usize; 3] {
        let name = user.to_string();
        let all = [
            format!("{:?}", self.messages.inside()),
            format!("{:?}", self.records.inside()),
            format!("{:?}", self.index.inside()),
        ];
        all.map(|all| all.matches(&name).count())
    }

    /// Gives a user two conversations with two coaches, a turn that has ended and one that runs,
    /// jobs, records of every kind, an account and an entry of the index. The running turn.
    async fn fill(&self, user: &UserScope, turns: usize, records: usize) -> (TurnKey, Fence) {
        let done = conversation(user, "a", "done");
        let open = conversation(user, "b", "open");
        let gone = conversation(user, "b", "gone");
        for key in [&done, &open, &gone] {
            let new = Conversation::new(key.clone(), String::new(), NOW);
            self.messages.create_conversation(&new).await.unwrap();
        }
        assert!(self.messages.delete_conversation(&gone).await.unwrap());
        for turn in 0..turns {
            let (a, fence) = self.begin(&done, &format!("t{turn:03}")).await;
            let number = 2 * u64::try_from(turn).unwrap() + 1;
            let end = finish(&a, number);
            let holder = Writer::Holder(fence);
            self.messages.finish(&a.turn, holder, &end).await.unwrap();
        }
        for kind in Kind::ALL {
            for number in 0..records {
                let at = at(user, kind, number);
                let body = body(kind, number).to_string();
                let put = self.records.put(&at, body.as_bytes(), None, Expect::Absent);
                assert!(put.await.unwrap());
            }
        }
        let account = Account {
            issuer: "https://issuer.example".to_owned(),
            subject: format!("subject of {user}"),
        };
        let bound = self.records.bind(&account, user).await.unwrap();
        assert_eq!(bound, Binding::Bound);
        self.index(user).await;
        let (a, fence) = self.begin(&open, "running").await;
        (a.turn, fence)
    }

    async fn begin(&self, key: &ConversationKey, turn: &str) -> (Admission, Fence) {
        let a = admission(key, turn);
        let Admitted::New(begun) = self.messages.admit(&a).await.unwrap() else {
            panic!("not admitted")
        };
        (a, begun.fence)
    }

    async fn index(&self, user: &UserScope) {
        let entry = IndexEntry {
            kind: RecalledKind::Memory,
            id: "m1".to_owned(),
            coach: None,
            text: "allergic to peanuts".to_owned(),
            created: NOW,
            tags: Vec::new(),
        };
        let bill = Bill::default();
        self.index.upsert(user, &entry, &bill).await.unwrap();
    }

    async fn is_found(&self, user: &UserScope) -> bool {
        let search = Search {
            owner: user.clone(),
            coach: "a".parse().unwrap(),
            text: "allergic to peanuts".to_owned(),
            kinds: Vec::new(),
            limit: 5,
        };
        let bill = Bill::default();
        !self.index.search(&search, &bill).await.unwrap().is_empty()
    }

    /// All that is kept of a user, in the words of the export.
    async fn everything(&self, user: &UserScope) -> Vec<Exported> {
        export(&self.ports(), user).try_collect().await.unwrap()
    }
}

fn user(name: &str) -> UserScope {
    UserScope::stored(name.parse().unwrap())
}

fn conversation(user: &UserScope, coach: &str, name: &str) -> ConversationKey {
    ConversationKey {
        user: user.clone(),
        coach: coach.parse().unwrap(),
        conversation: name.parse().unwrap(),
    }
}

fn at(user: &UserScope, kind: Kind, number: usize) -> RecordKey {
    RecordKey {
        owner: user.clone(),
        kind,
        id: format!("r-{number:03}").parse().unwrap(),
    }
}

/// What a record of this kind says; of some kinds here, one that cannot be read.
fn body(kind: Kind, number: usize) -> Value {
    let id = format!("m-{number}");
    match kind {
        Kind::Coach => json!({ "coachId": id }),
        Kind::Usage => serde_json::to_value(UsageDay::new(NOW)).unwrap(),
        Kind::Tombstone => json!({
            "memoryId": id,
            "trace": domain::memory::Trace::of("a secret"),
            "forgottenAt": NOW,
        }),
        Kind::Safety | Kind::PersonalRecord => json!({ "says": number }),
        Kind::Memory | Kind::Workout | Kind::Summary => json!({ "cannot": "be read" }),
    }
}

fn admission(key: &ConversationKey, turn: &str) -> Admission {
    let lasting = std::time::Duration::from_secs(90_000);
    Admission {
        turn: TurnKey {
            conversation: key.clone(),
            turn: turn.parse().unwrap(),
        },
        key: format!("key-{turn}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: format!("message of {turn}").into(),
        sent: None,
        zone: None,
        now: NOW,
        lease_until: NOW + lasting,
        over_by: NOW + lasting,
        kept_until: NOW + lasting,
        holds: Vec::new(),
    }
}

fn finish(a: &Admission, number: u64) -> Finish {
    let said = TurnEvent::Said(Said {
        kind: PartKind::Reply,
        stage: None,
        text: "well done".into(),
    });
    let closing = Closing {
        ending: Ending::Finished,
        at: NOW,
        jobs: vec![JobKind::Workout],
        report: Report::default(),
    };
    let events = vec![TurnEvent::Started, said];
    Finish::of(a.opening(number).place(), closing, events, None)
}

/// Erases as far as it goes, and says how far that was.
async fn erase(ports: &Ports, user: &UserScope) -> ports::Result<Progress> {
    let told: Vec<Progress> = ports::erase(ports, user, ports.clock.now())
        .try_collect()
        .await?;
    let grows = |pair: &[Progress]| matches!(pair, [a, b] if a.removed <= b.removed);
    assert!(told.windows(2).all(grows));
    let (last, before) = told.split_last().unwrap();
    assert!(before.iter().all(|progress| !progress.is_complete));
    Ok(*last)
}

#[tokio::test(start_paused = true)]
async fn an_athlete_with_everything_is_gone_but_for_the_mark_and_another_is_unchanged() {
    let (world, ann, bob) = (World::new(), user("ann-0"), user("bob-0"));
    let (turn, fence) = world.fill(&ann, 3, 130).await;
    world.fill(&bob, 3, 130).await;
    let before = world.everything(&bob).await;
    assert!(world.mentions(&ann).iter().all(|mentions| *mentions > 0));
    let done = erase(&world.ports(), &ann).await.unwrap();
    assert!(done.is_complete && done.removed > 1_000);
    assert_eq!(world.mentions(&ann), [1, 1, 0]);
    assert!(world.everything(&ann).await.is_empty());
    assert_eq!(world.everything(&bob).await, before);
    assert!(world.is_found(&bob).await);
    // Whoever held the turn, and was frozen meanwhile, is told so.
    let late = Checkpoint {
        turn,
        fence,
        from: 0,
        events: vec![TurnEvent::Started],
        lease_until: NOW,
    };
    let answer = world.messages.checkpoint(&late).await.unwrap();
    assert_eq!(answer, Written::LeaseLost);
    assert_eq!(world.mentions(&ann), [1, 1, 0]);
    let again = erase(&world.ports(), &ann).await.unwrap();
    assert_eq!((again.removed, again.since), (0, done.since));
}

#[tokio::test(start_paused = true)]
async fn a_fault_at_any_call_delays_an_erasing_and_no_more() {
    let faults = [
        Mishap::Fail(Fault::Unavailable),
        Mishap::LoseAnswer(Fault::TimedOut),
        Mishap::Hang,
    ];
    for mishap in faults {
        for port in 0..3 {
            for call in 1..=4 {
                let (world, ann) = (World::new(), user("ann-0"));
                world.fill(&ann, 2, 20).await;
                world.plan(port, "erase", call, mishap);
                let done = erase(&world.ports(), &ann).await.unwrap();
                assert!(done.is_complete, "{mishap:?} {port} {call}");
                assert_eq!(world.mentions(&ann), [1, 1, 0]);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_erasing_that_was_killed_anywhere_is_ended_by_another_process() {
    let mut steps = 0;
    loop {
        let (world, ann) = (World::new(), user("ann-0"));
        world.fill(&ann, 2, 20).await;
        let ports = world.ports();
        let mut killed = Box::pin(ports::erase(&ports, &ann, NOW));
        let mut last = None;
        for _ in 0..steps {
            last = killed.try_next().await.unwrap();
        }
        drop(killed);
        world.clock.sleep_until(world.clock.now() + SECOND).await;
        let done = erase(&world.ports(), &ann).await.unwrap();
        assert!(done.is_complete);
        assert!(steps == 0 || done.since == NOW, "the mark is the first");
        assert_eq!(world.mentions(&ann), [1, 1, 0], "after {steps}");
        if last.is_some_and(|progress| progress.is_complete) {
            break;
        }
        steps += 1;
    }
    assert!(steps > 8);
}

const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_refusal_that_stays_ends_an_erasing_at_once_and_what_was_removed_stays_so() {
    let (world, ann) = (World::new(), user("ann-0"));
    world.fill(&ann, 2, 20).await;
    world.plan(1, "erase", 2, Mishap::Fail(Fault::Rejected));
    let error = erase(&world.ports(), &ann).await.unwrap_err();
    assert_eq!((error.fault, world.clock.ms()), (Fault::Rejected, 0));
    assert_eq!(world.mentions(&ann)[0], 1);
    assert!(erase(&world.ports(), &ann).await.unwrap().is_complete);
    assert_eq!(world.mentions(&ann), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_job_puts_into_the_index_while_records_go_is_removed_too() {
    let (world, ann) = (World::new(), user("ann-0"));
    world.fill(&ann, 2, 20).await;
    let ports = world.ports();
    let mut erasing = Box::pin(ports::erase(&ports, &ann, NOW));
    let mut progress = erasing.try_next().await.unwrap();
    while let Some(told) = progress {
        if !told.is_complete {
            world.index(&ann).await;
        }
        progress = erasing.try_next().await.unwrap();
    }
    assert!(!world.is_found(&ann).await);
}

#[tokio::test(start_paused = true)]
async fn all_that_is_kept_of_a_user_is_told_once_and_nothing_of_another() {
    let (world, ann, bob) = (World::new(), user("ann-0"), user("bob-0"));
    for number in 0..120 {
        let key = conversation(&ann, "c", &format!("v-{number:03}"));
        let new = Conversation::new(key, String::new(), NOW);
        world.messages.create_conversation(&new).await.unwrap();
    }
    world.fill(&ann, 70, 130).await;
    world.fill(&bob, 1, 1).await;
    let told = world.everything(&ann).await;
    assert!(!format!("{told:?}").contains("bob-0"));
    assert!(!format!("{told:?}").contains("trace"));
    let count = |is: fn(&Exported) -> bool| told.iter().filter(|one| is(one)).count();
    assert_eq!(count(|one| matches!(one, Exported::Conversation(_))), 122);
    assert_eq!(count(|one| matches!(one, Exported::Message(_))), 141);
    assert_eq!(count(|one| matches!(one, Exported::Job(_))), 70);
    let records = 130 * Kind::ALL.len();
    let (mut seen, mut unreadable) = (Vec::new(), 0);
    for one in &told {
        match one {
            Exported::Record { at, known, .. } => {
                match known {
                    Known::Coach(coach) => assert_eq!(at.kind, Kind::Coach, "{}", coach.id),
                    Known::Usage(_) => assert_eq!(at.kind, Kind::Usage),
                    Known::Forgotten { at: forgotten, .. } => assert_eq!(*forgotten, NOW),
                    Known::Other(says) => assert!(says.get("says").is_some()),
                    Known::Memory(_) | Known::Workout(_) | Known::Summary(_) => panic!("{at}"),
                }
                seen.push(at);
            }
            Exported::Unreadable(Unreadable::Record(at)) => {
                unreadable += 1;
                seen.push(at);
            }
            Exported::Unreadable(Unreadable::Conversation(key)) => panic!("{key:?}"),
            Exported::Message(message) => assert_ne!(message.body, Body::Unreadable),
            Exported::Conversation(_) | Exported::Job(_) => {}
        }
    }
    assert_eq!(unreadable, 3 * 130);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), records, "each once");
    // A conversation's messages and jobs come right behind it.
    let place = |found: &dyn Fn(&Exported) -> bool| told.iter().position(found).unwrap();
    let of_done = |one: &Exported| {
        let Exported::Conversation(found) = one else {
            return false;
        };
        found.key.conversation.as_str() == "done"
    };
    let first_message = place(&|one| matches!(one, Exported::Message(_)));
    assert_eq!(place(&of_done) + 1, first_message);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_ends_an_export_with_its_error() {
    let (world, ann) = (World::new(), user("ann-0"));
    world.fill(&ann, 1, 1).await;
    world.plan(1, "list", 3, Mishap::Fail(Fault::Unavailable));
    let ports = world.ports();
    let told: ports::Result<Vec<Exported>> = export(&ports, &ann).try_collect().await;
    assert_eq!(told.unwrap_err().fault, Fault::Unavailable);
}
