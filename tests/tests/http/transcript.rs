//! A long talk with the rehearsal coach, and what its prompts were made of.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use coach_tests::{Answer, Site, conversation_key, saying};
use futures::stream::BoxStream;
use ports::{Bill, LlmStream, ModelCall, Piece, Result, Search};
use rehearsal::{Pace, Rehearsal};
use serde_json::json;

/// An offline coach whose every prompt is kept.
struct Overheard {
    coach: Rehearsal,
    prompts: Mutex<Vec<(bool, String)>>,
}

impl LlmStream for Overheard {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece>> {
        let is_reply = call.answer == ports::Answer::Prose;
        self.prompts
            .lock()
            .unwrap()
            .push((is_reply, call.prompt.text()));
        self.coach.open(call)
    }
}

/// An athlete's talks with their coaches.
struct Talk {
    site: Site,
    overheard: Arc<Overheard>,
}

impl Talk {
    fn begin() -> Self {
        let mut site = Site::new(|unused| unused);
        let pace = Pace {
            per_word: Duration::from_millis(1),
        };
        let coach = Rehearsal::new(Arc::new(site.clock), pace, Rehearsal::SEED);
        let overheard = Arc::new(Overheard {
            coach,
            prompts: Mutex::default(),
        });
        site.app.ports.llm = overheard.clone();
        Self { site, overheard }
    }

    /// A new conversation with this coach.
    async fn with(&self, coach: &str) -> Conversation<'_> {
        let path = format!("/users/ada/coaches/{coach}/conversations");
        let made = self.site.client().post(&path, &json!({})).await;
        Conversation {
            talk: self,
            path: made.header("location").to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.site.elsewhere().get(path).await
    }

    /// All texts that the index finds for a coach of these conversations.
    async fn indexed(&self, text: &str, conversations: &[&Conversation<'_>]) -> String {
        let mut found = String::new();
        for conversation in conversations {
            let owner = conversation_key(&conversation.path).user;
            let coach = conversation
                .path
                .split('/')
                .nth(4)
                .unwrap()
                .parse()
                .unwrap();
            let search = Search {
                owner,
                coach,
                text: text.to_owned(),
                kinds: Vec::new(),
                limit: 50,
            };
            let hits = self
                .site
                .app
                .ports
                .index
                .search(&search, &Bill::default())
                .await
                .unwrap();
            found.extend(hits.into_iter().map(|hit| hit.text + "\n"));
        }
        found
    }

    /// Fails if index, store or API have it still.
    async fn has_forgotten_the_knee(&self, conversations: &[&Conversation<'_>]) {
        let indexed = self
            .indexed(&format!("{KNEE}, {POUNDS}"), conversations)
            .await;
        assert!(
            indexed.contains(POUNDS) && !indexed.contains("knee"),
            "{indexed}"
        );
        for record in self.site.records.inside().dump() {
            let body = String::from_utf8_lossy(&record.body);
            assert!(
                !body.contains("knee") && !body.contains("lunge"),
                "{:?}: {body}",
                record.at
            );
        }
        let summaries = conversations
            .iter()
            .map(|conversation| format!("{}/summary", conversation.path));
        for path in summaries.chain(["/users/ada/memories?superseded=true".to_owned()]) {
            let told = self.get(&path).await;
            assert!(
                told.status.is_success() && !told.body.contains("knee"),
                "{path}: {}",
                told.body
            );
        }
    }
}

struct Conversation<'a> {
    talk: &'a Talk,
    path: String,
}

impl Conversation<'_> {
    /// Says something a minute after what was said before, and lets the jobs be done.
    async fn say(&self, text: &str) -> Heard {
        let site = &self.talk.site;
        tokio::time::advance(Duration::from_secs(60)).await;
        self.talk.overheard.prompts.lock().unwrap().clear();
        let events = site
            .client()
            .stream(&format!("{}/stream", self.path), &[], &saying(text))
            .await
            .rest()
            .await;
        site.settled().await;
        let prompts = self.talk.overheard.prompts.lock().unwrap().clone();
        let turn = format!("{}/turns/{}", self.path, events[0].text("turnId"));
        Heard {
            answer: coach_tests::told(&events),
            prompts,
            turn,
        }
    }
}

/// What came of something that was said.
struct Heard {
    answer: String,
    /// Whether it was a reply's, and the prompt.
    prompts: Vec<(bool, String)>,
    turn: String,
}

impl Heard {
    /// What the reply was made from.
    fn prompt(&self) -> &str {
        let reply = self.prompts.iter().rev().find(|(is_reply, _)| *is_reply);
        &reply
            .unwrap_or_else(|| panic!("no reply: {}", self.answer))
            .1
    }

    /// What the reply's prompt brought of what is remembered.
    fn remembered(&self) -> Vec<&str> {
        let told = |tag: &str| {
            let (begins, ends) = (format!("<{tag}>\n"), format!("\n</{tag}>"));
            let parts: Vec<&str> = self.prompt().split(&begins).skip(1).collect();
            parts
                .into_iter()
                .map(|part| part.split_once(&ends).unwrap().0)
                .collect::<Vec<_>>()
        };
        let facts = told("safety").into_iter().flat_map(str::lines);
        let facts = facts.filter_map(|line| line.split_once(": ").map(|(_, fact)| fact));
        facts.chain(told("memory")).collect()
    }
}

const KNEE: &str = "my left knee hurts in deep lunges";
const POUNDS: &str = "Always name the loads in pounds";

#[tokio::test(start_paused = true)]
async fn what_the_athlete_tells_a_coach_is_remembered_where_it_belongs_and_forgotten_everywhere() {
    let talk = Talk::begin();
    let rhea = talk.with("strength").await;

    let first = rhea
        .say("Remember that my left knee hurts in deep lunges")
        .await;
    assert!(
        first
            .answer
            .ends_with(&format!("I'll remember that: {KNEE}")),
        "{}",
        first.answer
    );
    remembers_the_knee(&talk, &rhea).await;

    let rhea_again = talk.with("strength").await;
    assert!(rhea_again.say(POUNDS).await.answer.ends_with(POUNDS));
    let plan = rhea_again.say("Which loads should I lift on Monday?").await;
    assert_eq!(
        plan.remembered(),
        [KNEE, POUNDS],
        "another conversation with the same coach knows both"
    );
    let sam = talk.with("mobility").await;
    let flow = sam.say("Which loads should I lift on Monday?").await;
    assert_eq!(
        flow.remembered(),
        [KNEE],
        "what was said to one coach only is not another's"
    );
    assert!(!flow.prompt().contains("pounds"));

    let forget = rhea.say("Forget that, please").await;
    let jobs = talk.get(&forget.turn).await.json()["jobs"].clone();
    assert_eq!(
        (&jobs[0]["kind"], &jobs[0]["state"]),
        (&json!("forget"), &json!("done")),
        "{jobs}"
    );
    talk.has_forgotten_the_knee(&[&rhea, &rhea_again, &sam])
        .await;

    speaks_of_it_no_more(&rhea, &rhea_again, &sam).await;
    assert_eq!(
        rhea_again
            .say("Which loads should I press?")
            .await
            .remembered(),
        [POUNDS],
        "nothing else is gone"
    );
    talk.has_forgotten_the_knee(&[&rhea, &rhea_again, &sam])
        .await;
    let saved = talk.get(&first.turn).await.json();
    assert!(
        !saved["jobs"].to_string().contains("knee"),
        "{}",
        saved["jobs"]
    );
    let log = talk.get(&format!("{}/messages", rhea.path)).await;
    assert!(log.body.contains(KNEE), "the athlete's own log stays");
}

async fn remembers_the_knee(talk: &Talk, rhea: &Conversation<'_>) {
    rhea.say("How should I warm up for squats?").await;
    rhea.say("I did 5x5 back squats at 100 kg today").await;
    let fourth = rhea
        .say("So what about my left knee, if it hurts in deep lunges?")
        .await;
    assert!(
        fourth.answer.contains(KNEE),
        "the coach talks about it: {}",
        fourth.answer
    );
    rhea.say("Thanks!").await;
    rhea.say("How am I doing with my squat?").await;
    rhea.say("Tomorrow I will sleep in").await;
    rhea.say("What is a good grip for the bench press?").await;
    rhea.say("I slept well").await;
    let tenth = rhea.say("Give me a plan for stronger legs").await;
    assert_eq!(
        tenth.remembered(),
        [KNEE],
        "told in message one, it shapes message ten"
    );
    assert!(tenth.answer.contains(KNEE), "{}", tenth.answer);
    let summary = talk.get(&format!("{}/summary", rhea.path)).await;
    assert!(
        summary.body.contains(KNEE),
        "the summary has it: {}",
        summary.body
    );
    let indexed = talk.indexed(KNEE, &[rhea]).await;
    assert_eq!(
        indexed.lines().filter(|text| text.contains(KNEE)).count(),
        2,
        "the index has it twice: {indexed}"
    );
}

async fn speaks_of_it_no_more(
    rhea: &Conversation<'_>,
    rhea_again: &Conversation<'_>,
    sam: &Conversation<'_>,
) {
    for (conversation, text) in [
        (rhea, "What should I do for my legs?"),
        (rhea, "How am I doing?"),
        (rhea, "And how is my progress?"),
        (rhea_again, "What should I do for my legs?"),
        (sam, "Which stretch is good for my hips?"),
    ] {
        let heard = conversation.say(text).await;
        for (_, prompt) in &heard.prompts {
            for word in ["left knee", "lunge"] {
                assert!(!prompt.contains(word), "{text}: {prompt}");
            }
        }
        assert!(
            heard
                .prompt()
                .contains("the athlete wanted this to be forgotten")
                || conversation.path != rhea.path
        );
    }
}
