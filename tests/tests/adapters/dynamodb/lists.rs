//! Lists and deletions of a table, as clients see them.

use std::sync::Arc;

use coach_tests::{Site, conversation_key, takes_only_cursors_that_it_gave};
use in_memory::Scene;
use peers::Trouble;
use ports::{Expect, Kind, RecordKey, RecordStore};
use serde_json::json;

use super::setup::{behind_proxy, fresh, operation};

#[tokio::test]
async fn a_list_of_a_table_takes_only_cursors_that_it_gave() {
    let table = fresh().await;
    let mut site = Site::new(|model| model.reply(Scene::saying("You are welcome.")));
    site.app.ports.messages = Arc::new(table.messages());
    site.app.ports.records = Arc::new(table.records());
    takes_only_cursors_that_it_gave(&site).await;
}

#[tokio::test]
async fn a_deletion_of_which_the_first_answer_was_lost_is_a_deletion() {
    let (proxy, table) = behind_proxy().await;
    let mut site = Site::new(|model| model.reply(Scene::saying("You are welcome.")));
    site.app.ports.messages = Arc::new(table.messages());
    site.app.ports.records = Arc::new(table.records());
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
