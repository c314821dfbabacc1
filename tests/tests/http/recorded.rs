//! A fixed set of requests, and all that is answered, byte for byte: `golden/recorded` holds it as
//! it was, so that whoever changes how something is made can see that nothing else comes of it.
//!
//! Ids and cursors, which are chance, have numbered names; times are those of the virtual clock.
//! `COACH_RECORD=1` writes the records anew.

mod book;
mod library;
mod refused;
mod talks;

use std::collections::BTreeSet;

use coach_tests::{WallTime, codes_to_come};
use http_adapter::{Code, Content, ROUTES};

use book::Book;

const EVENT: &str = "text/event-stream";
const PROBLEM: &str = "application/problem+json";

#[tokio::test(start_paused = true)]
async fn all_that_a_broad_set_of_requests_is_answered_is_as_it_was_recorded() {
    let _wall = WallTime::of("the recorded requests");
    let books = [
        ("accept", refused::accept().await),
        ("addresses", refused::addresses().await),
        ("state", refused::by_the_state_of_things().await),
        ("failed", refused::failed().await),
        ("pages", refused::pages_of_other_origins().await),
        ("public", library::public().await),
        ("coaches", library::coaches().await),
        ("memories", library::memories().await),
        ("conversations", talks::conversations().await),
        ("turns", talks::turns().await),
        ("resumed", talks::resumed().await),
        ("stopped", talks::stopped().await),
        ("rehearsed", talks::rehearsed().await),
    ];
    let changes: Vec<String> = books
        .iter()
        .filter_map(|(name, book)| book.difference(name))
        .collect();
    assert!(changes.is_empty(), "{}", changes.join("\n"));
    every_answer_is_recorded(&books);
    every_code_is_recorded_in_both_forms(&books);
}

/// Holds that the records lack nothing that the table of routes says.
fn every_answer_is_recorded(books: &[(&str, Book)]) {
    let served: BTreeSet<_> = books.iter().flat_map(|(_, book)| &book.served).collect();
    let missing: Vec<String> = ROUTES
        .iter()
        .flat_map(|route| {
            let answers = route.replies.iter();
            answers.map(move |reply| (route, reply))
        })
        .filter_map(|(route, reply)| {
            let form = match reply.content {
                Content::Json(_) => "application/json",
                Content::Events => EVENT,
            };
            let method = route.method.to_string();
            let answer = (method, route.path, reply.status, form.to_owned());
            (!served.contains(&answer)).then(|| format!("{answer:?}"))
        })
        .collect();
    assert!(missing.is_empty(), "not recorded: {missing:#?}");
}

/// Holds that each code is told as a problem and as an event, but for those that are to come.
fn every_code_is_recorded_in_both_forms(books: &[(&str, Book)]) {
    let told: BTreeSet<_> = books.iter().flat_map(|(_, book)| &book.told).collect();
    let to_come = codes_to_come();
    let codes = Code::ALL.iter().map(|code| code.as_str());
    let codes = codes.filter(|code| !to_come.iter().any(|name| name == code));
    let forms = codes.flat_map(|code| [PROBLEM, EVENT].map(|form| (code, form.to_owned())));
    let missing: Vec<_> = forms.filter(|form| !told.contains(form)).collect();
    assert!(missing.is_empty(), "not recorded: {missing:?}");
}
