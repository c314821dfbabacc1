#![expect(clippy::unwrap_used, reason = "a fixture of tests may panic")]

use std::sync::Arc;
use std::time::Duration;

use domain::memory::RecalledKind;
use domain::{Coach, CoachId, ConversationKey, Summary, UserId, UserScope, coach};
use http_adapter::{App, Settings, Within, router};
use in_memory::{InMemoryRecords, KnownTokens, LexicalIndex};
use ports::{
    Bill, Clock, Expect, Feeds, IndexEntry, LlmStream, Ports, RecordKey, RecordStore, Records,
    Search, Watch, records,
};
use rehearsal::{Pace, Rehearsal, Scripted};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::masks::{named, without_numbers};
use crate::{Client, Counted, Faulty, Promising, VirtualClock};

/// A whole server in memory, in virtual time, with everything about it within a test's reach.
#[derive(Clone)]
pub struct Site {
    pub clock: VirtualClock,
    pub model: Arc<Counted<Scripted>>,
    pub messages: Arc<Faulty<Promising>>,
    pub records: Arc<Faulty<InMemoryRecords>>,
    pub memories: Arc<Faulty<LexicalIndex>>,
    pub app: App,
    /// What encloses every request, if anything does.
    pub within: Option<Within>,
}

/// Who asks, unless a test says otherwise.
pub const ADA: &str = "ada";
/// Somebody else.
pub const BOB: &str = "bob";
/// And another.
pub const CLEO: &str = "cleo";

impl Site {
    /// A site whose model plays what `script` gives it.
    pub fn new(script: impl FnOnce(Scripted) -> Scripted) -> Self {
        let clock = VirtualClock::start();
        let model = Arc::new(Counted::new(script(Scripted::new(Arc::new(clock)))));
        let records = Arc::new(Faulty::new(InMemoryRecords::default(), Arc::new(clock)));
        let promising = Promising::new(records.kept());
        let messages = Arc::new(Faulty::new(promising, Arc::new(clock)));
        let memories = Arc::new(Faulty::new(LexicalIndex::default(), Arc::new(clock)));
        let ports = Ports {
            llm: model.clone(),
            messages: messages.clone(),
            records: Records::new(records.clone()),
            index: memories.clone(),
            clock: Arc::new(clock),
        };
        let tokens = [ADA, BOB, CLEO]
            .into_iter()
            .fold(KnownTokens::default(), |tokens, user| {
                tokens.with(user, user_id(user))
            });
        let settings = Settings {
            coaches: coach::shipped().into_iter().map(one_phrase).collect(),
            ..Settings::default()
        };
        let app = App {
            ports,
            tokens: Arc::new(tokens),
            feeds: Arc::new(Feeds::default()),
            tasks: TaskTracker::new(),
            watch: Arc::new(()),
            settings: Arc::new(settings),
        };
        Self {
            clock,
            model,
            messages,
            records,
            memories,
            app,
            within: None,
        }
    }

    /// The same site, set up otherwise.
    #[must_use]
    pub fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.app.settings));
        self
    }

    /// The same site in processes that may be frozen so long from now.
    #[must_use]
    pub fn frozen_after(mut self, left: Duration) -> Self {
        self.within = Some(Within {
            tasks: self.app.tasks.clone(),
            until: self.clock.now() + left,
            streams: true,
        });
        self
    }

    /// The same site in processes that try each job once.
    #[must_use]
    pub fn trying_once(self) -> Self {
        self.frozen_after(Duration::from_hours(24))
    }

    /// The same site with another model, of which its own knows nothing.
    #[must_use]
    pub fn asking(mut self, model: Arc<dyn LlmStream>) -> Self {
        self.app.ports.llm = model;
        self
    }

    /// The same site, of whose turns also this one hears.
    #[must_use]
    pub fn watched(mut self, watch: Arc<dyn Watch>) -> Self {
        self.app.watch = watch;
        self
    }

    /// A site whose model is the rehearsal.
    pub fn rehearsing() -> (Self, Arc<Counted<Rehearsal>>) {
        let site = Self::new(|model| model);
        let rehearsal = Rehearsal::new(Arc::new(site.clock), Pace::default(), Rehearsal::SEED);
        let model = Arc::new(Counted::new(rehearsal));
        (site.asking(model.clone()), model)
    }

    /// Ada, at this server.
    pub fn client(&self) -> Client {
        self.client_of(self.app.clone())
    }

    fn client_of(&self, app: App) -> Client {
        Client::new(router(app), Some(ADA), self.clock).within(self.within.clone())
    }

    /// Ada, at another server of the same store, which knows nothing of the turns that run here.
    pub fn elsewhere(&self) -> Client {
        let app = App {
            feeds: Arc::new(Feeds::default()),
            ..self.app.clone()
        };
        self.client_of(app)
    }

    /// Ada, at this server and at the other one.
    pub fn both(&self) -> [Client; 2] {
        [self.client(), self.elsewhere()]
    }

    /// Makes a conversation of Ada's; its address.
    pub async fn conversation(&self) -> String {
        self.conversation_of(ADA, "strength").await
    }

    /// Makes a conversation of somebody's with a coach; its address.
    pub async fn conversation_of(&self, user: &str, coach: &str) -> String {
        let conversations = format!("/users/{user}/coaches/{coach}/conversations");
        let made = self
            .client()
            .showing(Some(user))
            .post(&conversations, &json!({}))
            .await;
        made.header("location").to_owned()
    }

    /// Keeps a summary of a conversation of Ada's, and has the index hold it.
    pub async fn summarize(&self, path: &str, narrative: &str) {
        let key = conversation_key(path);
        let summary = Summary {
            narrative: narrative.to_owned(),
            from: 1,
            through: 2,
            ..Summary::default()
        };
        let at = RecordKey::summary_of(&key);
        self.records
            .put(
                &at,
                &records::body(&summary).unwrap(),
                None,
                Expect::Anything,
            )
            .await
            .unwrap();
        self.index(RecalledKind::Summary, at.id.as_str(), narrative)
            .await;
    }

    /// Has the index hold a text of Ada's.
    pub async fn index(&self, kind: RecalledKind, id: &str, text: &str) {
        let (id, text, created) = (id.to_owned(), text.to_owned(), self.clock.now());
        let entry = IndexEntry {
            kind,
            id,
            coach: None,
            text,
            created,
            tags: Vec::new(),
        };
        self.app
            .ports
            .index
            .upsert(&UserScope::verified(user_id(ADA)), &entry, &Bill::default())
            .await
            .unwrap();
    }

    /// The ids of what the index finds of Ada's.
    pub async fn found(&self, text: &str) -> Vec<String> {
        let (owner, coach) = (UserScope::verified(user_id(ADA)), coach_id("strength"));
        let search = Search {
            owner,
            coach,
            text: text.to_owned(),
            kinds: Vec::new(),
            limit: 10,
        };
        let found = self
            .app
            .ports
            .index
            .search(&search, &Bill::default())
            .await
            .unwrap();
        found.into_iter().map(|recalled| recalled.id).collect()
    }

    /// Returns once all turns and their jobs are over.
    pub async fn settled(&self) {
        self.app.tasks.close();
        self.app.tasks.wait().await;
        self.app.tasks.reopen();
    }

    /// All that is stored, with ids by place and without times, one word a line.
    pub fn dump(&self) -> String {
        let records = self.records.inside().dump();
        let records = records.iter().map(|record| {
            format!(
                "{:?} {}\n",
                record.at,
                String::from_utf8_lossy(&record.body)
            )
        });
        let all = format!(
            "{:?}\n{}",
            self.messages.inside(),
            records.collect::<String>()
        );
        let masked = ["Timestamp(", "Some(", "ms: "]
            .iter()
            .fold(named(&all), |text, before| without_numbers(&text, before));
        masked.replace(", ", ",\n")
    }
}

/// The store's key of a conversation of Ada's, from its address; an id alone is one with the coach
/// `strength`.
pub fn conversation_key(path: &str) -> ConversationKey {
    let coach = path
        .split('/')
        .skip_while(|part| *part != "coaches")
        .nth(1)
        .unwrap_or("strength");
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let user = UserScope::verified(user_id(ADA));
    ConversationKey {
        user,
        coach: coach_id(coach),
        conversation: id,
    }
}

/// What a client says.
pub fn saying(text: &str) -> Value {
    json!({ "userResponse": text })
}

/// A shipped coach that begins every answer alike.
fn one_phrase(coach: Coach) -> Arc<Coach> {
    Arc::new(Coach {
        acknowledgments: vec!["On it.".to_owned()],
        ..coach
    })
}

fn user_id(user: &str) -> UserId {
    user.parse().unwrap()
}

fn coach_id(coach: &str) -> CoachId {
    coach.parse().unwrap()
}
