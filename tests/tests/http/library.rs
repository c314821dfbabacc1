//! What is there besides turns: coaches, conversations, workouts.

use coach_tests::scenes::{self, QUESTION, after};
use coach_tests::{ADA, BOB, Client, Site, conversation_key, saying};
use domain::RecordId;
use ports::{Expect, Kind, RecordKey, RecordStore};
use rehearsal::Scene;
use serde_json::{Value, json};

use crate::{asked, replying};

fn site() -> Site {
    replying(after(100, Scene::saying("Sit.")))
}

fn texts<'a>(list: &'a Value, name: &str, field: &str) -> Vec<&'a str> {
    list[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[field].as_str().unwrap())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn everybody_has_the_shipped_coaches_and_an_own_one_stands_before_its_namesake() {
    let site = site();
    let path = site.conversation().await;
    let owner = conversation_key(&path).user;
    let at = RecordKey {
        owner,
        kind: Kind::Coach,
        id: "strength".parse::<RecordId>().unwrap(),
    };
    let own = json!({ "coachId": "strength", "name": "Mine", "acknowledgments": ["Ahoy."] });
    site.records
        .put(&at, own.to_string().as_bytes(), None, Expect::Anything)
        .await
        .unwrap();

    let bobs = site
        .client()
        .showing(Some(BOB))
        .get("/users/bob/coaches")
        .await
        .json();
    assert_eq!(
        texts(&bobs, "coaches", "coachId"),
        ["strength", "endurance", "mobility"]
    );
    assert_eq!(bobs["coaches"][0]["name"], "Rhea Stone");
    let adas = site.client().get("/users/ada/coaches").await.json();
    assert_eq!(texts(&adas, "coaches", "name")[0], "Mine");
    assert_eq!(adas["coaches"].as_array().unwrap().len(), 3);
    assert_eq!(
        site.client()
            .get("/users/ada/coaches/strength")
            .await
            .json(),
        adas["coaches"][0]
    );
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    assert_eq!(events[1].text("content"), "Ahoy.\n");
}

#[tokio::test(start_paused = true)]
async fn conversations_are_listed_a_page_at_a_time_and_to_their_owner_only() {
    let site = site();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(asked(&site, QUESTION).await.0);
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
    }
    made.reverse();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for items in [2, 2, 1] {
        let page = site
            .client()
            .get(&format!(
                "/users/ada/coaches/strength/conversations?limit=2{cursor}"
            ))
            .await
            .json();
        let ids = texts(&page, "conversations", "conversationId");
        assert_eq!(ids.len(), items);
        found.extend(
            ids.iter()
                .map(|id| format!("/users/ada/coaches/strength/conversations/{id}")),
        );
        let next = page["nextCursor"].as_str();
        assert_eq!(next.is_none(), items == 1);
        cursor = next
            .map(|next| format!("&cursor={next}"))
            .unwrap_or_default();
    }
    assert_eq!(found, made, "the last active first");
    for (client, path) in [
        (site.client(), "/users/ada/coaches/mobility/conversations"),
        (
            site.client().showing(Some(BOB)),
            "/users/bob/coaches/strength/conversations",
        ),
    ] {
        assert_eq!(
            client.get(path).await.json(),
            json!({ "conversations": [], "nextCursor": null })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_conversation_is_as_it_was_made() {
    let site = site();
    let conversations = "/users/ada/coaches/endurance/conversations";
    let made = site
        .client()
        .post(conversations, &json!({ "title": "  Berlin \n" }))
        .await;
    assert_eq!(
        (made.status.as_u16(), made.json()["title"].as_str()),
        (201, Some("Berlin"))
    );
    assert_eq!(
        made.header("location"),
        format!(
            "{conversations}/{}",
            made.json()["conversationId"].as_str().unwrap()
        )
    );
    assert_eq!(
        site.client().get(made.header("location")).await.json(),
        made.json()
    );
    let events = site
        .client()
        .stream(
            &format!("{}/stream", made.header("location")),
            &[],
            &saying(QUESTION),
        )
        .await;
    assert_eq!(
        site.client().get(made.header("location")).await.json()["activeTurnId"],
        events.header("x-turn-id")
    );
}

#[tokio::test(start_paused = true)]
async fn workouts_are_listed_by_when_they_were_done() {
    let site = Site::new(|model| {
        model
            .route(scenes::workout_route())
            .reply(Scene::saying("Strong."))
            .extract(scenes::workout())
    });
    let (_, events) = asked(&site, "I did 5x5 back squats at 100 kg.").await;
    let count = async |client: Client, query: &str| {
        client
            .get(&format!("/users/ada/workouts?{query}"))
            .await
            .json()["workouts"]
            .as_array()
            .unwrap()
            .len()
    };
    for (query, expected) in [
        ("from=2026-11-20T00:00:00Z", 1),
        ("from=2026-11-21T00:00:00Z", 0),
        ("to=2026-11-20T00:00:00%2B00:00", 0),
        (
            "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z&limit=1",
            1,
        ),
    ] {
        assert_eq!(
            count(site.client().showing(Some(ADA)), query).await,
            expected,
            "{query}"
        );
    }
    let turn = events[0].text("turnId");
    let workout = site
        .client()
        .get(&format!("/users/ada/workouts/{turn}"))
        .await
        .json();
    assert_eq!(
        (
            workout["workoutId"].as_str(),
            workout["discipline"].as_str()
        ),
        (Some(turn), Some("strength"))
    );
    let foreign = site
        .client()
        .showing(Some(BOB))
        .get(&format!("/users/bob/workouts/{turn}"))
        .await;
    assert_eq!(
        (foreign.status.as_u16(), foreign.json()["code"].as_str()),
        (404, Some("RECORD_NOT_FOUND"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_keeps_when_its_sender_sent_it() {
    let site = site();
    let path = site.conversation().await;
    let body = json!({
        "userResponse": QUESTION,
        "messageTimestamp": "2026-11-20T19:39:00+01:00",
        "timezone": "Europe/Berlin",
    });
    site.client()
        .post(&format!("{path}/send-message"), &body)
        .await;
    let message =
        site.client().get(&format!("{path}/messages")).await.json()["messages"][0].clone();
    assert_eq!(
        (message["sentAt"].as_str(), message["createdAt"].as_str()),
        (
            Some("2026-11-20T18:39:00.000Z"),
            Some("2026-11-20T18:40:00.000Z")
        )
    );
    let asked = site.model.inside().calls().last().unwrap().prompt.clone();
    assert!(
        format!("{asked:?}").contains("19:39 (Europe/Berlin)"),
        "{asked:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn health_tells_how_many_turns_run_here() {
    let site = site();
    let path = site.conversation().await;
    let sse = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(QUESTION))
        .await;
    assert_eq!(
        site.client().showing(None).get("/health").await.json(),
        json!({ "status": "ok", "runningTurns": 1 })
    );
    assert_eq!(
        site.elsewhere().get("/health").await.json()["runningTurns"],
        0
    );
    drop(sse);
    site.settled().await;
    assert_eq!(site.client().get("/health").await.json()["runningTurns"], 0);
}
