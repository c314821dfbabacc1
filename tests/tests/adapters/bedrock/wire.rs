//! What the adapter makes of what comes over the wire, alone.

use std::time::Duration;

use bedrock::{Bedrock, Settings};
use coach_tests::scenes::{AWKWARD, Outcome};
use domain::{Delivery, Fault, StopReason, Usage};
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use peers::bedrock::{EXCEPTIONS, Operation, Script, Step};
use ports::{LlmStream, Piece};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use super::rows::{MEANINGS, Row, WORDS, rows};
use super::{adapter, answered, config, form, playing, prose};

#[tokio::test]
async fn whatever_comes_ends_as_its_row_says_word_by_word_and_at_once() {
    let rows = rows();
    join_all(rows.iter().map(|row| ends(row, Delivery::Streamed))).await;
    join_all(rows.iter().map(|row| ends(row, Delivery::Whole))).await;
    eprintln!("{} rows, each of them streamed and whole", rows.len());
}

async fn ends(row: &Row, delivery: Delivery) {
    let Some(expected) = row.end else { return };
    let peer = playing(row.script.clone()).await;
    let (text, end) = answered(&adapter(&peer), prose(delivery)).await;
    assert_eq!(end, expected, "{} {delivery:?}", row.name);
    assert_eq!(
        peer.requests().len(),
        1,
        "{}: nothing is tried again",
        row.name
    );
    let told = match (row.outcome, delivery) {
        (Outcome::Complete(_), _) | (Outcome::Error(_, true), Delivery::Streamed) => WORDS,
        (Outcome::Error(..), _) => "",
    };
    assert_eq!(text.trim(), told, "{} {delivery:?}", row.name);
}

#[test]
fn every_exception_and_every_stop_reason_of_the_adapter_has_its_row() {
    let names: Vec<_> = rows().into_iter().map(|row| row.name).collect();
    for (exception, fault) in bedrock::EXCEPTIONS {
        // Only InvokeModel has it.
        if exception != "ServiceQuotaExceededException" {
            assert!(
                MEANINGS
                    .iter()
                    .any(|(name, means, _)| (*name, *means) == (exception, fault)),
                "{exception}"
            );
        }
    }
    for (reason, _) in bedrock::STOP_REASONS {
        for when in ["at once", "after words"] {
            assert!(
                names.contains(&format!("{reason} {when}")),
                "{reason} {when}"
            );
        }
    }
}

fn documented() -> Vec<Vec<&'static str>> {
    let page = include_str!("../../../../docs/models.md");
    let cells = |line: &'static str| {
        let cells = line.split('|').map(str::trim);
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(cells).collect()
}

#[test]
fn the_documentation_has_every_row_as_it_is() {
    let documented = documented();
    let row = |name: &str| {
        documented
            .iter()
            .find(|row| row[0] == format!("`{name}`"))
            .unwrap_or_else(|| panic!("no {name}"))
    };
    for (exception, fault) in bedrock::EXCEPTIONS {
        assert_eq!(row(exception)[1], fault.to_string(), "{exception}");
    }
    for (name, _, code) in MEANINGS {
        let within = EXCEPTIONS
            .iter()
            .any(|(kind, _, within)| *kind == name && *within);
        let at_once = matches!(code, "MODEL_REFUSED");
        let seen = format!(
            "`{code}` {}",
            if at_once {
                "at once"
            } else {
                "after three attempts"
            }
        );
        assert_eq!(
            row(name)[2..],
            [if within { "yes" } else { "no" }, &seen],
            "{name}"
        );
    }
    let rows = rows();
    let outcome = |name: String| rows.iter().find(|row| row.name == name).unwrap().outcome;
    for (reason, _) in bedrock::STOP_REASONS {
        let [_, worded, wordless] = row(reason)[..] else {
            panic!("{reason}")
        };
        for (told, when) in [(worded, "after words"), (wordless, "at once")] {
            let word = match outcome(format!("{reason} {when}")) {
                Outcome::Complete(status) => format!("complete, `{status}`"),
                Outcome::Error("MODEL_REFUSED", _) if reason.starts_with("model_context") => {
                    "as too long".to_owned()
                }
                Outcome::Error(code, _) => format!("`{code}`"),
            };
            assert!(
                told.starts_with(&word),
                "{reason} {when}: {told}, but {word}"
            );
        }
    }
    assert_eq!(
        documented.len(),
        bedrock::EXCEPTIONS.len() + bedrock::STOP_REASONS.len()
    );
}

#[tokio::test]
async fn silence_is_never_ended_by_the_adapter() {
    for row in rows().into_iter().filter(|row| row.end.is_none()) {
        for delivery in [Delivery::Streamed, Delivery::Whole] {
            let peer = playing(row.script.clone()).await;
            let waited = tokio::time::timeout(
                Duration::from_millis(300),
                answered(&adapter(&peer), prose(delivery)),
            )
            .await;
            assert!(waited.is_err(), "{}: {waited:?}", row.name);
        }
    }
}

#[tokio::test]
async fn a_reply_is_told_as_it_comes_to_the_byte_and_with_what_it_cost() {
    let texts = [AWKWARD, "Überkopf ", "💪", "\n\n", " "];
    let steps = texts
        .map(Step::text)
        .into_iter()
        .chain([Step::Stop("end_turn"), Step::Usage([10, 5, 4, 3])])
        .collect();
    let peer = playing(Script::Play(steps)).await;
    let usage = Usage {
        model: Some("global.anthropic.claude-sonnet-4-6".into()),
        input_tokens: 10,
        output_tokens: 5,
        cache_read_tokens: 4,
        cache_write_tokens: 3,
        reasoning_tokens: 0,
        estimated: false,
    };
    let end = Piece::End {
        reason: StopReason::Complete,
        usage,
    };
    let model = adapter(&peer);
    let streamed: Vec<_> = model
        .open(prose(Delivery::Streamed))
        .map(Result::unwrap)
        .collect()
        .await;
    let told = texts.map(|text| Piece::Text(text.to_owned()));
    assert_eq!(streamed, [&told[..], std::slice::from_ref(&end)].concat());
    let whole: Vec<_> = model
        .open(prose(Delivery::Whole))
        .map(Result::unwrap)
        .collect()
        .await;
    assert_eq!(whole, [Piece::Text(texts.concat()), end]);
    let operations: Vec<_> = peer
        .requests()
        .iter()
        .map(|request| request.operation)
        .collect();
    assert_eq!(operations, [Operation::Stream, Operation::Whole]);
}

#[tokio::test]
async fn a_form_comes_back_as_it_was_filled_in() {
    let filled = json!({ "a": [1, -2, 0.5, null, true], "b": { "c": "naïve \" \\ \n 💪" } });
    let peer = playing(Script::calling(domain::router::TOOL, filled.clone())).await;
    for delivery in [Delivery::Streamed, Delivery::Whole] {
        let (text, end) = answered(&adapter(&peer), form(delivery)).await;
        assert_eq!(end, Ok(StopReason::Complete));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&text).unwrap(),
            filled,
            "{delivery:?}"
        );
    }
    let talking = playing(Script::saying("I would rather talk.")).await;
    for delivery in [Delivery::Streamed, Delivery::Whole] {
        let refused = answered(&adapter(&talking), form(delivery)).await;
        assert_eq!(
            refused,
            (String::new(), Err(Fault::Truncated)),
            "{delivery:?}"
        );
    }
}

#[tokio::test]
async fn nothing_is_asked_before_the_stream_is_polled() {
    let peer = playing(Script::saying("Sit down.")).await;
    let model = adapter(&peer);
    drop(model.open(prose(Delivery::Streamed)));
    let waiting = model.open(prose(Delivery::Whole));
    tokio::time::timeout(Duration::from_millis(100), std::future::pending::<()>())
        .await
        .unwrap_err();
    assert_eq!((peer.connections(), peer.requests().len()), (0, 0));
    assert_eq!(waiting.count().await, 2);
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn whoever_drops_the_stream_hangs_up() {
    let endless = vec![Step::text(WORDS), Step::Silence];
    for (delivery, script, pieces) in [
        (Delivery::Streamed, Script::Play(endless.clone()), 1),
        (Delivery::Streamed, Script::Play(vec![Step::Silence]), 0),
        (Delivery::Streamed, Script::Silence, 0),
        (Delivery::Whole, Script::Play(endless), 0),
    ] {
        let peer = playing(script.clone()).await;
        let mut stream = adapter(&peer).open(prose(delivery));
        for _ in 0..pieces {
            assert!(matches!(stream.next().await, Some(Ok(Piece::Text(_)))));
        }
        until(|| {
            assert!(stream.next().now_or_never().is_none());
            peer.requests().len() == 1
        })
        .await;
        assert_eq!(peer.hang_ups(), 0);
        drop(stream);
        until(|| peer.hang_ups() == 1).await;
    }
}

#[tokio::test]
async fn a_reply_that_is_over_leaves_its_connection_to_the_next() {
    // The end of the body comes a little after the last event.
    let late = [
        Step::text(WORDS),
        Step::Stop("end_turn"),
        Step::Usage([1; 4]),
        Step::Pause(Duration::from_millis(30)),
    ];
    let peer = playing(Script::Play(late.into())).await;
    let model = adapter(&peer);
    for _ in 0..3 {
        answered(&model, prose(Delivery::Streamed)).await.1.unwrap();
        // The client takes the connection back in a task of its own.
        tokio::time::timeout(Duration::from_millis(50), std::future::pending::<()>())
            .await
            .unwrap_err();
    }
    assert_eq!(
        (peer.requests().len(), peer.connections(), peer.hang_ups()),
        (3, 1, 0)
    );
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_unavailable() {
    let peer = playing(Script::Silence).await;
    let model = adapter(&peer);
    drop(peer);
    tokio::task::yield_now().await;
    assert_eq!(
        answered(&model, prose(Delivery::Streamed)).await,
        (String::new(), Err(Fault::Unavailable))
    );
}

#[tokio::test]
async fn a_peer_that_takes_no_connection_is_given_up() {
    // Whose queue is full: what comes after that hears nothing.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let connect = || tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address));
    let queued = join_all((0..8).map(|_| connect())).await;
    assert!(queued.iter().any(Result::is_err), "the queue is not full");
    let settings = Settings {
        endpoint: Some(format!("http://{address}")),
        ..Settings::default()
    };
    let model = Bedrock::new(&config(), settings);
    assert_eq!(
        answered(&model, prose(Delivery::Streamed)).await,
        (String::new(), Err(Fault::TimedOut))
    );
}

#[tokio::test]
async fn two_hundred_replies_at_once_are_kept_apart() {
    let echo = |request: &peers::bedrock::Request| {
        Script::saying(
            &request.json()["messages"][0]["content"][0]["text"]
                .as_str()
                .unwrap()
                .repeat(3),
        )
    };
    let peer = peers::bedrock::Bedrock::start(echo).await.unwrap();
    let model = adapter(&peer);
    let calls = (0..200).map(|number| {
        let mut call = prose(Delivery::Streamed);
        call.prompt = domain::Prompt::question("Repeat.", format!("word {number} "));
        let model = &model;
        async move {
            assert_eq!(
                answered(model, call).await,
                (
                    format!("word {number} ").repeat(3),
                    Ok(StopReason::Complete)
                )
            );
        }
    });
    join_all(calls).await;
    assert_eq!(peer.requests().len(), 200);
}

pub(super) async fn until(mut is: impl FnMut() -> bool) {
    let waiting = async {
        while !is() {
            tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>())
                .await
                .unwrap_err();
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .expect("it never happens");
}
