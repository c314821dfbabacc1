//! What the log tells of turns.

use domain::{Ending, TurnEvent};
use futures::future::BoxFuture;
use ports::{Feed, Tasks, Watch};
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::code::Code;
use crate::shapes;

/// Tasks on the tracker of an app, which waits for them.
pub(crate) struct Tracked(pub(crate) TaskTracker);

impl Tasks for Tracked {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }
}

/// The log.
pub(crate) struct Log;

impl Watch for Log {
    fn ended(&self, feed: &Feed) {
        log(feed);
    }
}

/// Returns by which words clients know an ending: its status and, if it failed, its code.
pub fn words(ending: Ending) -> (&'static str, Option<&'static str>) {
    let code = if let Ending::Failed(error) = ending {
        Some(Code::from(error).as_str())
    } else {
        None
    };
    (shapes::status(ending), code)
}

/// One line for each turn, under its request: ids, times and outcome, and nothing that anybody
/// said.
fn log(feed: &Feed) {
    let turn = &feed.opening().turn;
    let events = feed.events();
    let conversation = &turn.conversation.conversation;
    let Some(TurnEvent::Ended(closing)) = events.last() else {
        warn!(turn = %turn.turn, %conversation, "a turn was taken from this process");
        return;
    };
    let report = &closing.report;
    let (outcome, code) = words(closing.ending);
    let route = report.route.as_ref();
    let route = route.map(|route| route.router_metadata.source.name());
    info!(
        turn = %turn.turn,
        %conversation,
        outcome,
        code,
        route,
        calls = report.calls.len(),
        events = events.len(),
        start_ms = report.timings.start,
        load_ms = report.timings.load,
        route_ms = report.timings.route,
        first_token_ms = report.timings.first_token,
        finish_ms = report.timings.finish,
        "turn"
    );
}
