//! The router as a client sees it: in process, over the adapters in memory, in virtual time.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests may panic"
)]

mod between;
mod caching;
mod calls;
mod care;
mod coaches;
mod cors;
mod counters;
mod decided;
mod deletions;
mod disconnect;
mod edits;
mod errors;
mod foreign;
mod forgetting;
mod frames;
mod framing;
mod garbage;
mod growth;
mod headers;
mod jobs;
mod journeys;
mod labelled;
mod latency;
mod library;
mod lists;
mod measured;
mod memories;
mod mind;
mod openapi;
mod order;
mod pages;
mod poison;
mod prefixes;
mod recorded;
mod refusals;
mod remembering;
mod resume;
mod saved;
mod send_message;
mod settling;
mod stop;
mod stores;
mod sweep;
mod thinking;
mod transcript;
mod unreadable;
mod untouched;
mod usage;
mod warnings;
mod within;

use coach_tests::{Event, Site, saying, scenes};
use rehearsal::Scene;

/// A site whose router tells one update, and whose reply is this.
fn replying(scene: Scene) -> Site {
    Site::new(|model| model.route(route()).reply(scene))
}

fn route() -> Scene {
    scenes::route(&[
        ("pattern_analysis", "Scouting your squats."),
        ("insights_brewing", "Brewing up a plan."),
    ])
}

/// One message of a new conversation, and all that is answered; the conversation's address.
async fn asked(site: &Site, text: &str) -> (String, Vec<Event>) {
    let path = site.conversation().await;
    let events = site
        .client()
        .stream(&format!("{path}/stream"), &[], &saying(text))
        .await
        .rest()
        .await;
    site.settled().await;
    (path, events)
}

fn kinds(events: &[Event]) -> Vec<&str> {
    events.iter().map(Event::kind).collect()
}
