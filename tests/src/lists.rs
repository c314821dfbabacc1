#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a scene of tests may panic"
)]

use domain::{CoachId, RecordId, UserScope};
use ports::{Expect, Kind, RecordKey};
use serde_json::{Value, json};

use crate::{ADA, BOB, Client, Site, saying};

/// A list: where it is, what it holds, and who may read it.
type List = (String, &'static str, &'static str);

const MADE_UP: [&str; 13] = [
    "",
    "x",
    "0",
    "1",
    "-1",
    "%2B2",
    "~",
    "zzzz",
    "99999999",
    "18446744073709551616",
    "%FF",
    "%00",
    "a.b",
];

/// Fills every list of a site, reads each one item at a time, and tries it with cursors that it has
/// not given: made up, cut off, or those of another list.
pub async fn takes_only_cursors_that_it_gave(site: &Site) {
    let lists = fill(site).await;
    let mut given: Vec<(usize, String)> = Vec::new();
    for (at, list) in lists.iter().enumerate() {
        given.extend(
            cursors(site, list)
                .await
                .into_iter()
                .map(|cursor| (at, cursor)),
        );
        assert!(
            given.iter().filter(|(of, _)| *of == at).count() >= 2,
            "{list:?} is one page"
        );
    }
    for (at, list) in lists.iter().enumerate() {
        let (own, foreign): (Vec<_>, Vec<_>) = given.iter().partition(|(of, _)| *of == at);
        // The places of messages are their numbers, and these are in every long conversation.
        let foreign = foreign
            .iter()
            .filter(|(_, cursor)| list.1 != "messages" || cursor.len() > 1);
        let mut wrong: Vec<String> = foreign.map(|(_, cursor)| cursor.clone()).collect();
        for (_, cursor) in own {
            let whole = [
                format!("{cursor}x"),
                format!("x{cursor}"),
                format!("{cursor}."),
                format!("%20{cursor}"),
            ];
            wrong.extend(whole);
            wrong.extend(cursor.rsplit_once('.').map(|(place, _)| place.to_owned()));
            wrong.extend(cursor.get(1..).map(str::to_owned));
            wrong.push(format!("00{cursor}"));
        }
        wrong.extend(MADE_UP.map(str::to_owned));
        for cursor in wrong {
            let answer = get(site, list, &format!("cursor={cursor}")).await;
            let told = (answer.status.as_u16(), answer.json()["code"].clone());
            assert_eq!(
                told,
                (400, json!("INVALID_FIELD")),
                "{list:?} takes {cursor:?}: {}",
                answer.body
            );
        }
    }
}

async fn get(site: &Site, (path, _, user): &List, query: &str) -> crate::Answer {
    let client: Client = site.client().showing(Some(user));
    client.get(&format!("{path}?limit=1&{query}")).await
}

/// Reads a list to its end, one item at a time; the cursors that it gave.
async fn cursors(site: &Site, list: &List) -> Vec<String> {
    let (mut given, mut seen, mut query) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = get(site, list, &query).await.json();
        let items = page[list.1]
            .as_array()
            .unwrap_or_else(|| panic!("{list:?} {query}: {page}"));
        assert!(
            items.iter().all(|item| !seen.contains(item)),
            "{list:?} tells something twice"
        );
        seen.extend(items.iter().cloned());
        let Some(next) = page["nextCursor"].as_str() else {
            return given;
        };
        given.push(next.to_owned());
        query = format!("cursor={next}");
    }
}

/// Three and more of everything that is listed.
async fn fill(site: &Site) -> Vec<List> {
    let client = site.client();
    for coach in ["strength", "endurance"] {
        for _ in 0..3 {
            site.conversation_of(ADA, coach).await;
        }
    }
    let conversation = site.conversation_of(ADA, "mobility").await;
    for text in ["thanks!", "thank you!"] {
        let said = client
            .post(&format!("{conversation}/send-message"), &saying(text))
            .await;
        assert!(said.status.is_success(), "{}", said.body);
    }
    for user in [ADA, BOB] {
        for content in ["I hate burpees", "I love rowing", "I train at noon"] {
            let memory = json!({ "content": content, "type": "preference" });
            let made = client
                .showing(Some(user))
                .post(&format!("/users/{user}/memories"), &memory)
                .await;
            assert_eq!(made.status.as_u16(), 201, "{}", made.body);
        }
        workouts(site, user).await;
    }
    let list = |path: &str, name, user| (path.to_owned(), name, user);
    vec![
        list(
            "/users/ada/coaches/strength/conversations",
            "conversations",
            ADA,
        ),
        list(
            "/users/ada/coaches/endurance/conversations",
            "conversations",
            ADA,
        ),
        list("/users/ada/memories", "memories", ADA),
        list("/users/bob/memories", "memories", BOB),
        list("/users/ada/workouts", "workouts", ADA),
        list("/users/bob/workouts", "workouts", BOB),
        list(&format!("{conversation}/messages"), "messages", ADA),
    ]
}

async fn workouts(site: &Site, user: &str) {
    for name in ["one", "two", "three"] {
        let id: RecordId = name.parse().unwrap();
        let owner = UserScope::verified(user.parse().unwrap());
        let workout: Value = json!({
            "workoutId": id, "coachId": "c".parse::<CoachId>().unwrap(), "conversationId": "v",
            "turnId": name, "discipline": "strength", "name": name,
            "performedAt": "2026-11-20T18:00:00Z", "durationSeconds": null, "exercises": [],
            "score": null, "perceivedExertion": null,
            "notes": null, "confidence": 1.0,
        });
        let at = RecordKey {
            owner,
            kind: Kind::Workout,
            id,
        };
        let put = site
            .app
            .ports
            .records
            .put(&at, workout.to_string().as_bytes(), None, Expect::Absent)
            .await;
        assert!(put.unwrap());
    }
}
