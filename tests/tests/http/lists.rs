//! Lists, read a page at a time.

use coach_tests::takes_only_cursors_that_it_gave;
use rehearsal::Scene;

use crate::replying;

#[tokio::test(start_paused = true)]
async fn a_list_takes_only_cursors_that_it_gave() {
    takes_only_cursors_that_it_gave(&replying(Scene::saying("You are welcome."))).await;
}
