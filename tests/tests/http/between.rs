//! What happens to memories between what is said of them and what is done, and to those that belong
//! together.

use std::time::Duration;

use coach_tests::{Event, Mishap, Site, saying};
use domain::Fault;
use ports::Kind;
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::mind::{kept, last_prompt, routed, tell};
use crate::remembering::{MEMORIES, all, forgetting, knowing, related, said, shown, site};

/// The id of the memory with this content.
async fn id_of(site: &Site, content: &str) -> String {
    let listed = site
        .client()
        .get(&format!("{MEMORIES}?superseded=true"))
        .await
        .json();
    let memories = listed["memories"].as_array().unwrap().iter();
    let mut found = memories.filter(|memory| memory["content"] == content);
    found.next().unwrap()["memoryId"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn edit(site: &Site, content: &str, edit: Value) {
    let path = format!("{MEMORIES}/{}", id_of(site, content).await);
    let edited = site.client().patch(&path, &edit).await;
    assert_eq!(edited.status.as_u16(), 200, "{}", edited.body);
}

fn care(events: &[Event]) -> &Value {
    &events.last().unwrap().json["route"]["care"]
}

#[tokio::test(start_paused = true)]
async fn where_it_is_urgent_nothing_is_chosen_whatever_was_asked() {
    for cry in ["I want to die", "please let me die", "i wanna die"] {
        for many in [1, 2] {
            let known = &["My left knee hurts", "My right knee hurts"][..many];
            let site = site(vec![forgetting(json!([1, 2]))]);
            knowing(&site, known).await;
            let path = site.conversation().await;
            let asked = said(&site, &path, "forget my knee surgery").await;
            assert!(asked.contains("hurts"), "{asked}");
            let events = tell(&site, &path, cry).await;
            assert_eq!(care(&events), "crisis", "{cry}");
            assert_eq!(all(&site).await, known, "{cry}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_word_answers_what_was_asked() {
    for (answer, left) in [("ok", 0), ("yes", 0), ("no", 1), ("thanks!", 1)] {
        let site = site(vec![forgetting(json!([1]))]);
        knowing(&site, &["My left knee hurts"]).await;
        let path = site.conversation().await;
        let asked = said(&site, &path, "forget my knee surgery").await;
        assert!(asked.starts_with("Shall I forget this:"), "{asked}");
        said(&site, &path, answer).await;
        assert_eq!(all(&site).await.len(), left, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_put_into_other_words_stands_by_itself() {
    let (first, other) = ("I'm vegetarian", "vegetarian, that's me");
    for (edited, words) in [(other, "I only have dumbbells"), (first, "I train at dawn")] {
        let site = site(vec![related(other, "sameAs", json!(1))]);
        knowing(&site, &[first]).await;
        let path = site.conversation().await;
        said(&site, &path, other).await;
        assert_eq!(shown(&site, "").await, [first]);
        edit(&site, edited, json!({ "content": words })).await;
        assert_eq!(shown(&site, "").await.len(), 2, "{edited}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_says_the_same_is_replaced_with_it() {
    let (old, twin) = ("I train in the morning", "mornings are when I train");
    let new = "I train in the evening now";
    let site = site(vec![
        related(twin, "sameAs", json!(1)),
        related(new, "inPlaceOf", json!(1)),
    ]);
    knowing(&site, &[old]).await;
    let path = site.conversation().await;
    said(&site, &path, twin).await;
    said(&site, &path, new).await;
    assert_eq!(shown(&site, "").await, [new]);
    assert_eq!(all(&site).await.len(), 3, "nothing is lost");
}

#[tokio::test(start_paused = true)]
async fn a_safety_fact_that_holds_again_is_told_again() {
    let (old, new) = ("I train in the morning", "I train in the evening now");
    let site = site(vec![related(new, "inPlaceOf", json!(1))]);
    knowing(&site, &[old]).await;
    let path = site.conversation().await;
    said(&site, &path, new).await;
    let id = id_of(&site, old).await;
    edit(&site, old, json!({ "content": "I'm allergic to peanuts" })).await;
    let restore = format!("{MEMORIES}/{id}/restore");
    let restored = site.client().post(&restore, &json!({})).await;
    assert_eq!(restored.status.as_u16(), 200, "{}", restored.body);
    tell(&site, &path, "thanks!").await;
    assert!(last_prompt(&site).contains("Allergy: I'm allergic to peanuts"));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_safety_fact_any_more_is_told_as_none() {
    let site = site(vec![]);
    knowing(&site, &["I'm allergic to peanuts"]).await;
    edit(
        &site,
        "I'm allergic to peanuts",
        json!({ "content": "I love rowing" }),
    )
    .await;
    assert_eq!(kept(&site, Kind::Safety), 0);
    let path = site.conversation().await;
    tell(&site, &path, "thanks!").await;
    assert!(!last_prompt(&site).contains("<safety>"));
}

#[tokio::test(start_paused = true)]
async fn what_was_put_into_other_words_since_is_not_erased_and_that_is_told() {
    let site = site(vec![forgetting(json!([])), routed(None, false)]);
    knowing(&site, &["My knee hurts"]).await;
    let path = site.conversation().await;
    // The job cannot be done at once.
    let calls = site.messages.calls("jobs");
    site.messages.plan(
        "jobs",
        calls + 1..=calls + 8,
        Mishap::Fail(Fault::Unavailable),
    );
    let ask = saying("forget my knee");
    let stream = format!("{path}/stream");
    let asked = site.client().stream(&stream, &[], &ask).await.rest().await;
    let told = &asked.last().unwrap().json["aiMessage"]["content"];
    assert!(
        told.as_str()
            .unwrap()
            .contains("I'll forget: My knee hurts"),
        "{told}"
    );
    tokio::time::advance(Duration::from_millis(1)).await;
    let penicillin = json!({ "content": "I'm allergic to penicillin" });
    edit(&site, "My knee hurts", penicillin).await;
    site.settled().await;
    assert_eq!(all(&site).await, ["I'm allergic to penicillin"]);
    let told = said(&site, &path, "How should I warm up?").await;
    assert!(told.starts_with("I could not forget"), "{told}");
    assert_eq!(said(&site, &path, "And then?").await, "", "once");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_kept_is_told_however_many_turns_later_and_once() {
    let site = site(vec![]);
    let path = site.conversation().await;
    let puts = site.records.calls("put");
    site.records.plan(
        "put",
        puts + 1..=puts + 400,
        Mishap::Fail(Fault::Unavailable),
    );
    let stream = format!("{path}/stream");
    let saving = saying("/save-memory I train at dawn");
    site.client()
        .stream(&stream, &[], &saving)
        .await
        .rest()
        .await;
    // While its job is still tried, nothing is known.
    for text in ["How should I warm up?", "/help"] {
        let events = site
            .client()
            .stream(&stream, &[], &saying(text))
            .await
            .rest()
            .await;
        let told = events.last().unwrap().json["aiMessage"]["content"].to_string();
        assert!(!told.contains("I could not remember"), "{told}");
    }
    site.settled().await;
    let told = said(&site, &path, "What else?").await;
    assert_eq!(told, "I could not remember what you told me before.");
    assert_eq!(said(&site, &path, "And then?").await, "");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_stopped_says_what_it_does_all_the_same() {
    let site = Site::new(|model| {
        model.route(forgetting(json!([]))).reply(Scene::saying(
            "Well, let me think about that for a very long while.",
        ))
    });
    knowing(&site, &["My knee hurts"]).await;
    let path = site.conversation().await;
    let stream = format!("{path}/stream");
    let mut body = site
        .client()
        .stream(&stream, &[], &saying("forget my knee"))
        .await;
    let turn = body.take(3).await[0].text("turnId").to_owned();
    let stop = format!("{path}/turns/{turn}/stop");
    site.elsewhere().post(&stop, &json!({})).await;
    let told = body.rest().await;
    let ended = &told.last().unwrap().json;
    let content = ended["aiMessage"]["content"].as_str().unwrap();
    assert!(content.ends_with("I'll forget: My knee hurts"), "{content}");
    site.settled().await;
    assert_eq!(kept(&site, Kind::Memory), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_command_has_replaced_is_told_with_the_next_turn() {
    let (old, new) = ("I train in the morning", "I train in the evening now");
    let site = Site::new(|model| {
        model
            .route(routed(None, false))
            .extract(Scene::saying(
                json!({ "sameAs": null, "inPlaceOf": 1 }).to_string(),
            ))
            .reply(Scene::saying("Well."))
    });
    knowing(&site, &[old]).await;
    let path = site.conversation().await;
    said(&site, &path, &format!("/save-memory {new}")).await;
    assert_eq!(shown(&site, "").await, [new]);
    let told = said(&site, &path, "How should I warm up?").await;
    assert!(told.contains(&format!("(in place of: {old})")), "{told}");
    assert_eq!(said(&site, &path, "And then?").await, "", "once");
}
