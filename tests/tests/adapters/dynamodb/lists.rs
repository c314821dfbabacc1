//! Lists of a table, as clients read them.

use std::sync::Arc;

use coach_tests::{Site, takes_only_cursors_that_it_gave};
use in_memory::Scene;

use super::setup::fresh;

#[tokio::test]
async fn a_list_of_a_table_takes_only_cursors_that_it_gave() {
    let table = fresh().await;
    let mut site = Site::new(|model| model.reply(Scene::saying("You are welcome.")));
    site.app.ports.messages = Arc::new(table.messages());
    site.app.ports.records = Arc::new(table.records());
    takes_only_cursors_that_it_gave(&site).await;
}
