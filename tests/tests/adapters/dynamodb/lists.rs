//! Lists and deletions of a table, as clients see them.

use std::sync::Arc;

use coach_tests::{ADA, Site, conversation_key, takes_only_cursors_that_it_gave};
use domain::UserScope;
use futures::future::try_join_all;
use in_memory::InMemoryRecords;
use peers::Trouble;
use ports::{Expect, Kind, RecordKey, RecordStore, Records, records};
use rehearsal::Scene;
use serde_json::{Value, json};

use super::parallel::ports;
use super::setup::{behind_proxy, fresh, operation};

#[tokio::test]
async fn a_list_of_a_table_takes_only_cursors_that_it_gave() {
    let table = fresh().await;
    let mut site = Site::new(|model| model.reply(Scene::saying("You are welcome.")));
    site.app.ports.messages = Arc::new(table.messages());
    site.app.ports.records = Records::new(Arc::new(table.records()));
    takes_only_cursors_that_it_gave(&site).await;
}

#[tokio::test]
async fn a_deletion_of_which_the_first_answer_was_lost_is_a_deletion() {
    let (proxy, table) = behind_proxy().await;
    let mut site = Site::new(|model| model.reply(Scene::saying("You are welcome.")));
    site.app.ports.messages = Arc::new(table.messages());
    site.app.ports.records = Records::new(Arc::new(table.records()));
    let client = site.client();
    let made = client
        .put("/users/ada/coaches/mine", &json!({ "name": "Mine" }))
        .await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.body);
    let owner = conversation_key("v").user;
    let at = RecordKey {
        owner,
        kind: Kind::Workout,
        id: "w".parse().unwrap(),
    };
    table
        .records()
        .put(&at, b"{}", None, Expect::Absent)
        .await
        .unwrap();

    for path in ["/users/ada/coaches/mine", "/users/ada/workouts/w"] {
        let mut is_first = true;
        proxy.judge(move |_, headers, _| {
            let is_deletion = operation(headers) == "DeleteItem";
            (is_deletion && std::mem::take(&mut is_first)).then_some(Trouble::LostAnswer)
        });
        let deleted = client.delete(path).await;
        assert_eq!(
            (deleted.status.as_u16(), deleted.json()),
            (200, json!({})),
            "{path}"
        );
        proxy.calm();
        assert_eq!(client.delete(path).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn all_of_a_kind_is_read_however_much_it_is_and_what_cannot_be_read_is_told() {
    let mut ports = ports(&fresh().await);
    let in_memory = Records::new(Arc::new(InMemoryRecords::default()));
    for store in [ports.records.clone(), in_memory] {
        ports.records = store;
        let at = |number: usize| RecordKey {
            owner: UserScope::stored(ADA.parse().unwrap()),
            kind: Kind::Safety,
            id: format!("f-{number:04}").parse().unwrap(),
        };
        let body = |number: usize| match number {
            700 => br#"{"secret-canary": "#.to_vec(),
            _ => json!({ "number": number, "text": "x".repeat(2_000) })
                .to_string()
                .into_bytes(),
        };
        let (store, bodies) = (&ports.records, (0..1_050).map(body).collect::<Vec<_>>());
        let all: Vec<usize> = (0..bodies.len()).collect();
        for some in all.chunks(50) {
            let put = async |number: usize| {
                store
                    .put(&at(number), &bodies[number], None, Expect::Absent)
                    .await
            };
            let taken = try_join_all(some.iter().map(|number| put(*number)))
                .await
                .unwrap();
            assert!(taken.into_iter().all(|is_taken| is_taken));
        }
        let found = records::all::<Value>(&ports, &at(0).owner, Kind::Safety)
            .await
            .unwrap();
        assert_eq!(found.len(), bodies.len());
        for (read, number) in found.into_iter().zip(all.into_iter().rev()) {
            match read {
                Ok(fact) => assert_eq!(fact["number"], number),
                Err(error) => {
                    let told = format!("{error:?}");
                    assert!(
                        number == 700 && told.contains("ada/safety/f-0700"),
                        "{told}"
                    );
                    assert!(!told.contains("canary"), "{told}");
                }
            }
        }
    }
}
