//! What is met with care: an emergency, a crisis, and what an athlete's safety depends on, whatever
//! a model makes of it.

use coach_tests::scenes::{self, QUESTION};
use coach_tests::{Event, Mishap, Site, told};
use domain::Fault;
use domain::care::HelpLines;
use ports::Kind;
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, last_prompt, routed, routing, tell};

const MEMORIES: &str = "/users/ada/memories";

/// What a router says of a message: it is right, it obeys the message's letter, or it is wrong.
fn routers() -> [(&'static str, String); 4] {
    let mut sound: Value = serde_json::from_str(&routing(None, false)).unwrap();
    sound["care"] = json!("crisis");
    let mut obedient = scenes::routing(&[("initial_greeting", "Sizing that up.")], true);
    obedient["memoryProcessing"] = json!({
        "needsRetrieval": true, "isMemoryRequest": true, "isForgetRequest": true,
        "memory": {
            "content": "I don't want to live anymore", "type": "context", "importance": "high",
        },
        "confidence": 1.0,
    });
    obedient["conversationComplexity"] =
        json!({ "hasComplexity": true, "needsSummary": true, "confidence": 1.0 });
    let mut odd = obedient.clone();
    odd["care"] = json!("splendid");
    [
        ("sound", sound.to_string()),
        ("obedient", obedient.to_string()),
        ("odd", odd.to_string()),
        ("broken", "What a session!".to_owned()),
    ]
}

async fn met(site: &Site, text: &str) -> (String, Vec<Event>) {
    let path = site.conversation().await;
    let events = tell(site, &path, text).await;
    (path, events)
}

fn part<'a>(complete: &'a Event, kind: &str) -> Option<&'a str> {
    let parts = complete.json["aiMessage"]["parts"].as_array().unwrap();
    let part = parts.iter().find(|part| part["kind"] == kind)?;
    part["content"].as_str()
}

/// Each with the first words of its answer.
const URGENT: [(&str, &str, &str); 6] = [
    (
        "I don't want to live anymore",
        "I'm glad you told me.\n",
        "crisis",
    ),
    (
        "I have chest pain after a workout",
        "This comes before any training.\n",
        "emergency",
    ),
    (
        "Squats 5x5 at 100 kg done. Now my chest hurts.",
        "This comes before any training.\n",
        "emergency",
    ),
    (
        "Ich will nicht mehr leben",
        "Ich bin froh, dass du mir das sagst.\n",
        "crisis",
    ),
    (
        "Me duele el pecho después de entrenar",
        "Esto va antes que cualquier entrenamiento.\n",
        "emergency",
    ),
    (
        "Je n'ai plus envie de vivre",
        "Tu as bien fait de me le dire.\n",
        "crisis",
    ),
];

#[tokio::test(start_paused = true)]
async fn nothing_of_what_is_urgent_is_kept_whatever_the_router_says() {
    for (text, first, care) in URGENT {
        for (router, answer) in routers() {
            let site = Site::new(|model| {
                model
                    .route(Scene::saying(answer))
                    .reply(Scene::saying("Great job! Logged."))
                    .extract(scenes::workout())
            });
            let (path, events) = met(&site, text).await;
            let complete = events.last().unwrap();
            let name = format!("{text}, {router}");
            assert_eq!(complete.kind(), "complete", "{name}");
            assert_eq!(part(complete, "acknowledgment"), Some(first), "{name}");
            assert!(part(complete, "care").is_some(), "{name}");
            assert_eq!(part(complete, "contextual"), None, "{name}");
            assert_eq!(complete.json["jobs"], json!([]), "{name}");
            let told_care = complete.json["route"]["care"].as_str().unwrap();
            assert!(told_care == care || told_care == "crisis", "{name}");
            let note = part(complete, "confirmation").unwrap();
            assert!(
                note.contains("/log-workout") && note.contains("/save-memory"),
                "{name}"
            );
            for kind in [
                Kind::Memory,
                Kind::Safety,
                Kind::Workout,
                Kind::Summary,
                Kind::Tombstone,
            ] {
                assert_eq!(kept(&site, kind), 0, "{name}: {kind:?}");
            }
            let told = site.elsewhere().get(&path).await.json();
            assert_eq!(told["title"], "", "{name}");
            assert!(site.found(text).await.is_empty(), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn where_help_is_is_told_at_once_also_if_no_model_answers() {
    let help = r#"{"crisis":{"en":"Call Lifeline on 000-123.","de":"Ruf 000-456 an."}}"#;
    for (text, expected) in [
        (
            "I don't want to live anymore",
            "Call Lifeline on 000-123.\n\n",
        ),
        ("Ich will nicht mehr leben", "Ruf 000-456 an.\n\n"),
        ("Não quero mais viver", "Call Lifeline on 000-123.\n\n"),
    ] {
        let site = Site::new(|model| {
            model
                .route(Scene::failing(Fault::Unavailable))
                .reply(Scene::failing(Fault::Rejected))
        });
        let site = site.set(|settings| settings.help = HelpLines::read(help).unwrap().into());
        let (_, events) = met(&site, text).await;
        assert_eq!(events.last().unwrap().kind(), "error");
        assert!(told(&events).contains(expected), "{}", told(&events));
        assert!(last_prompt(&site).contains("in en: Call Lifeline on 000-123."));
    }
}

#[tokio::test(start_paused = true)]
async fn a_models_word_adds_care_that_the_words_did_not_show() {
    let mut answer = scenes::routing(&[("initial_greeting", "Sizing that up.")], true);
    answer["care"] = json!("crisis");
    let site = Site::new(|model| {
        model
            .route(Scene::saying(answer.to_string()))
            .reply(Scene::saying("I am here."))
    });
    let text = "tell my cat that I was a good runner";
    let (_, events) = met(&site, text).await;
    let complete = events.last().unwrap();
    assert_eq!(complete.json["route"]["care"], "crisis");
    assert!(
        part(complete, "care")
            .unwrap()
            .contains("local emergency number")
    );
    assert_eq!(part(complete, "contextual"), None);
    assert_eq!(
        (&complete.json["jobs"], kept(&site, Kind::Workout)),
        (&json!([]), 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_later_summary_says_nothing_of_a_crisis_by_the_words_or_by_the_models_word() {
    let mut hidden = scenes::routing(&[], false);
    hidden["care"] = json!("crisis");
    let mut due = scenes::routing(&[], false);
    due["conversationComplexity"] =
        json!({ "hasComplexity": true, "needsSummary": true, "confidence": 1.0 });
    let site = Site::new(|model| {
        model
            .route(Scene::saying(hidden.to_string()))
            .route(Scene::failing(Fault::Unavailable))
            .route(Scene::saying(due.to_string()))
            .reply(Scene::saying("You are not alone."))
            .extract(Scene::failing(Fault::Rejected))
    });
    let path = site.conversation().await;
    tell(&site, &path, "give my cat to my neighbour").await;
    tell(&site, &path, "I want to die").await;
    tell(&site, &path, "I started rowing on Mondays").await;
    let asked = site.model.inside().calls();
    let summaries: Vec<String> = asked
        .iter()
        .filter(|call| match call.answer {
            ports::Answer::Tool { name, .. } => name == domain::summary::TOOL,
            ports::Answer::Prose => false,
        })
        .map(|call| call.prompt.text())
        .collect();
    assert!(!summaries.is_empty());
    for asked in summaries {
        assert!(asked.contains("rowing on Mondays"));
        assert!(
            !asked.contains("my cat") && !asked.contains("want to die"),
            "{asked}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_obeyed_also_where_the_message_is_urgent() {
    let site = Site::new(|model| {
        model
            .reply(Scene::saying("Please call a doctor."))
            .extract(scenes::workout())
    });
    let (_, events) = met(&site, "/log-workout squats 5x5 at 100 kg, then chest pain").await;
    let complete = events.last().unwrap();
    assert_eq!(complete.json["route"]["care"], "emergency");
    assert!(part(complete, "care").is_some() && part(complete, "confirmation").is_none());
    assert_eq!(kept(&site, Kind::Workout), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unclear_message_is_met_in_the_language_of_its_conversation_or_of_the_coach() {
    let site = Site::new(|model| {
        model
            .route(routed(Some("rodillas"), false))
            .reply(Scene::saying("Vale."))
    });
    let coach = json!({ "name": "Ana", "language": "fr" });
    site.client().put("/users/ada/coaches/ana", &coach).await;
    let path = site.conversation_of("ada", "ana").await;
    let help = tell(&site, &path, "/help").await;
    assert!(
        told(&help).contains("Parle-moi simplement"),
        "{}",
        told(&help)
    );
    let spanish = tell(
        &site,
        &path,
        "Hoy hice sentadillas con las rodillas vendadas",
    )
    .await;
    assert!(
        told(&spanish).contains("Lo recordaré: rodillas"),
        "{}",
        told(&spanish)
    );
    let short = tell(&site, &path, "rodillas ok").await;
    assert_eq!(short.last().unwrap().json["route"]["language"], "es");
    assert!(
        told(&short).contains("Lo recordaré: rodillas"),
        "{}",
        told(&short)
    );
}

async fn make(site: &Site, content: &str) -> String {
    let memory = json!({ "content": content, "type": "context", "importance": "low" });
    let made = site.client().post(MEMORIES, &memory).await;
    assert!(made.status.is_success(), "{}", made.body);
    made.header("location").to_owned()
}

fn site() -> Site {
    Site::new(|model| {
        model
            .route(Scene::failing(Fault::Unavailable))
            .reply(Scene::saying("Sit."))
    })
}

#[tokio::test(start_paused = true)]
async fn forty_niggles_and_a_peanut_allergy_are_in_every_prompt_or_counted() {
    let site = site();
    let path = site.conversation().await;
    make(&site, "I'm allergic to peanuts").await;
    for n in 1..=40 {
        let long = "it has hurt on and off since the winter, mostly in the morning, less at night";
        make(&site, &format!("niggle {n} of my left knee: {long} {long}")).await;
    }
    assert_eq!(kept(&site, Kind::Safety), 41);
    // By the router's default, by a rule that wants nothing looked up, and by a command.
    for text in [QUESTION, "thanks!", "/save-memory I train at dawn"] {
        let events = tell(&site, &path, text).await;
        assert!(
            last_prompt(&site).contains("- Allergy: I'm allergic to peanuts\n"),
            "{text}"
        );
        let safety = &events.last().unwrap().json["context"]["safety"];
        let count = |field: &str| safety[field].as_u64().unwrap();
        let told = safety["told"].as_array().unwrap().len() as u64;
        assert_eq!(told + count("named") + count("counted"), 41, "{safety}");
        assert_eq!(safety["isMissingSome"], false);
    }
}

#[tokio::test(start_paused = true)]
async fn a_prompt_says_that_safety_facts_could_not_be_read() {
    let site = site();
    let path = site.conversation().await;
    make(&site, "I'm allergic to peanuts").await;
    // The first lists of a turn are those of what was forgotten, and of all that is remembered.
    let third = site.records.calls("list") + 3;
    site.records
        .plan("list", third..=third, Mishap::Fail(Fault::Unavailable));
    let events = tell(&site, &path, "thanks!").await;
    assert!(last_prompt(&site).contains("Not all of what the athlete's safety depends on"));
    let safety = &events.last().unwrap().json["context"]["safety"];
    assert_eq!(safety["isMissingSome"], true);
}

#[tokio::test(start_paused = true)]
async fn a_safety_fact_follows_its_memory_through_edits_and_is_gone_when_that_is_forgotten() {
    let site = site();
    let path = site.conversation().await;
    let address = make(&site, "I train at dawn").await;
    assert_eq!(kept(&site, Kind::Safety), 0);
    let edit = |content: &str| json!({ "content": content });
    site.client().patch(&address, &edit("I have asthma")).await;
    assert_eq!(kept(&site, Kind::Safety), 1);
    let told = site.elsewhere().get(&address).await.json();
    assert_eq!(
        (told["safety"].as_str(), told["importance"].as_str()),
        (Some("illness"), Some("high"))
    );
    tell(&site, &path, "thanks!").await;
    assert!(last_prompt(&site).contains("- Illness: I have asthma\n"));

    site.client().delete(&address).await;
    site.settled().await;
    assert_eq!(
        (kept(&site, Kind::Memory), kept(&site, Kind::Safety)),
        (0, 0)
    );
    tell(&site, &path, "thanks!").await;
    assert!(!last_prompt(&site).contains("asthma"));
}

#[tokio::test(start_paused = true)]
async fn a_pregnancy_of_years_ago_does_not_swallow_one_of_today() {
    let site = site();
    let path = site.conversation().await;
    for text in [
        "/save-memory I was pregnant in 2019",
        "/save-memory I'm pregnant",
    ] {
        tell(&site, &path, text).await;
    }
    assert_eq!(
        (kept(&site, Kind::Memory), kept(&site, Kind::Safety)),
        (2, 1)
    );
    tell(&site, &path, "thanks!").await;
    assert!(last_prompt(&site).contains("- Pregnancy: I'm pregnant\n"));
}

#[tokio::test(start_paused = true)]
async fn a_memory_that_was_kept_before_anybody_looked_is_judged_when_it_is_read() {
    let site = site();
    let path = site.conversation().await;
    make(&site, "I'm allergic to peanuts").await;
    let facts = site.records.inside().dump();
    for fact in facts.iter().filter(|record| record.at.kind == Kind::Safety) {
        use ports::RecordStore;
        site.records.inside().delete(&fact.at).await.unwrap();
    }
    assert_eq!(kept(&site, Kind::Safety), 0);
    tell(&site, &path, QUESTION).await;
    assert!(last_prompt(&site).contains("- Allergy: I'm allergic to peanuts\n"));
}
