//! Small things that every turn does, each by itself: `cargo bench -p coach-bench`.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on has nothing to say"
)]

mod given;
mod site;

use divan::Bencher;
use domain::{
    Attempt, Closing, Ending, Finish, Heard, Input, Kept, Limits, Output, Prompt, Report,
    StopReason, Turn, Usage, router,
};
use domain::{Effect, Loaded, Message, Task};
use http_adapter::sse;
use in_memory::{InMemoryMessages, LexicalIndex};
use ports::{Admitted, Bill, Checkpoint, MemoryIndex, MessageStore, Search, Writer, stored};
use serde_json::json;

use given::NOW;
use site::{Site, runtime};

fn main() {
    divan::main();
}

/// A turn of the machine whose reply has 300 tokens, as a driver would feed it.
#[divan::bench]
fn machine_turn_of_300_tokens(bencher: Bencher<'_, '_>) {
    let given = || (given::task(), given::loaded());
    bencher
        .with_inputs(given)
        .bench_values(|(task, loaded)| driven(task, loaded, 300));
}

fn driven(task: Task, loaded: Loaded, tokens: usize) -> Turn {
    let mut turn = Turn::new(task, Limits::default(), NOW);
    perform(&mut turn);
    turn.handle_input(Input::Loaded(Ok(loaded)), NOW);
    perform(&mut turn);
    for said in given::pieces(tokens) {
        let delta = Heard::Delta(said.text.to_string());
        turn.handle_input(Input::Heard(Attempt(1), delta), NOW);
        perform(&mut turn);
    }
    let ended = Heard::Ended(StopReason::Complete, Usage::default());
    turn.handle_input(Input::Heard(Attempt(1), ended), NOW);
    perform(&mut turn);
    assert!(turn.is_done(), "the turn goes on");
    turn
}

/// Takes all outputs of a turn; every write is done at once.
fn perform(turn: &mut Turn) {
    while let Some(output) = turn.poll_output() {
        match output {
            Output::Perform(Effect::Checkpoint(..)) => {
                let kept = Kept { stop_asked: false };
                turn.handle_input(Input::Checkpointed(Ok(kept)), NOW);
            }
            Output::Perform(Effect::Finish(_)) => {
                turn.handle_input(Input::Finished(Ok(())), NOW);
            }
            Output::Perform(_) | Output::Tell(_) => {}
        }
    }
}

/// The prompt of a reply behind the longest history.
#[divan::bench]
fn prompt_of_a_reply_behind_60_messages(bencher: Bencher<'_, '_>) {
    let (task, loaded) = (given::task(), given::loaded());
    let decision = router::fallback("How do I squat deeper?");
    bencher.bench(|| Prompt::reply(&task.coach, &loaded, None, &decision, &task.opening));
}

/// The frame of one event, with its id and its data.
#[divan::bench]
fn frame_of_an_event(bencher: Bencher<'_, '_>) {
    let data = json!({ "type": "chunk", "content": "between ", "seq": 117 });
    bencher
        .with_inputs(|| String::with_capacity(256))
        .bench_values(|mut out| {
            sse::frame(
                &mut out,
                Some("01a204cde5bb7642a66ce27b7502e5a5.117"),
                &data,
            );
            out
        });
}

/// A whole turn of 300 tokens: from the request to the last byte, through routes, turn service and
/// stores in memory, with a model that has all of it ready.
#[divan::bench]
fn http_turn_of_300_tokens(bencher: Bencher<'_, '_>) {
    let site = Site::new(300);
    bencher
        .with_inputs(|| site.conversation())
        .bench_values(|path| site.turn(&path));
}

/// Admission, two checkpoints and the ending of a turn of 300 tokens, in memory.
#[divan::bench]
fn in_memory_writes_of_a_turn(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let given = || {
        let store = InMemoryMessages::default();
        runtime
            .block_on(store.create_conversation(&given::empty()))
            .unwrap();
        store
    };
    bencher
        .with_inputs(given)
        .bench_values(|store| runtime.block_on(written(store)));
}

async fn written(store: InMemoryMessages) -> InMemoryMessages {
    let (admission, events) = (given::admission(1), given::events(300));
    let Ok(Admitted::New(begun)) = store.admit(&admission).await else {
        panic!("the turn does not begin");
    };
    for (from, through) in [(0, 100), (100, 200)] {
        let checkpoint = Checkpoint {
            turn: admission.turn.clone(),
            fence: begun.fence,
            from,
            events: events[from..through].to_vec(),
            lease_until: admission.lease_until,
        };
        store.checkpoint(&checkpoint).await.unwrap();
    }
    let closing = Closing {
        ending: Ending::Finished,
        at: NOW,
        jobs: Vec::new(),
        report: Report::default(),
    };
    let place = admission.opening(begun.number).place();
    let finish = Finish::of(place, closing, events, None);
    store
        .finish(&admission.turn, Writer::Holder(begun.fence), &finish)
        .await
        .unwrap();
    store
}

/// A message of 300 pieces as stores keep it that keep bytes, such as DynamoDB's.
#[divan::bench]
fn stored_message_of_300_pieces(bencher: Bencher<'_, '_>) {
    let message: Message = given::reply(2, 300);
    bencher.bench(|| stored::message(&message).unwrap());
}

/// The same, read back.
#[divan::bench]
fn stored_message_of_300_pieces_read_back(bencher: Bencher<'_, '_>) {
    let bytes = stored::message(&given::reply(2, 300)).unwrap();
    bencher.bench(|| stored::read_message(given::conversation(), &bytes).unwrap());
}

/// A search among 600 pieces of a methodology.
#[divan::bench]
fn lexical_search_among_600_pieces(bencher: Bencher<'_, '_>) {
    let index = LexicalIndex::default().with_shared(given::methodology(600));
    let search = Search {
        owner: given::athlete(),
        coach: given::conversation().coach,
        text: "How do I squat deeper without my knees caving in?".to_owned(),
        kinds: Vec::new(),
        limit: 8,
    };
    let runtime = runtime();
    bencher.bench(|| {
        let found = runtime
            .block_on(index.search(&search, &Bill::default()))
            .unwrap();
        assert!(!found.is_empty(), "nothing is found");
        found
    });
}
