//! The parts that a server is put together from, by its settings.

use std::process::{Command, Output};
use std::time::Duration;

use peers::pinecone::{Index, Pinecone as Peer};
use tokio::runtime::Runtime;

use crate::server::{Server, binary};

const KEY: &str = "pcsk_canary";

/// An index on this machine; it answers as long as its runtime lives.
fn index() -> (Runtime, Peer) {
    let runtime = Runtime::new().unwrap();
    let peer = runtime
        .block_on(Peer::start(Index {
            dimension: 512,
            key: KEY.to_owned(),
            lag: 0,
        }))
        .unwrap();
    (runtime, peer)
}

fn coach_server(options: &[&str], key: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(binary());
    command
        .args(options)
        .env("COACH_PINECONE_KEY", key)
        .env("COACH_DATA", folder.path());
    command.output().unwrap()
}

pub(crate) fn said(output: &Output) -> (String, String) {
    let [out, err] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(!format!("{out}{err}").contains(KEY), "{out}{err}");
    (out, err)
}

#[test]
fn a_server_whose_settings_are_wrong_ends_with_one_sentence() {
    for (options, sentence) in [
        (&["--index", "pinecone"][..], "needs the host of the index"),
        (
            &["--llm", "bedrock"],
            "needs AWS, and this coach-server is built without it",
        ),
        (
            &["table", "create", "--store", "dynamodb"],
            "needs AWS, and this coach-server is built without it",
        ),
        (
            &["table", "create"],
            "`table create` is for --store dynamodb",
        ),
        (
            &["index", "methodology", "docs"],
            "--index lexical (COACH_INDEX) does not last",
        ),
    ] {
        let output = coach_server(options, KEY);
        let (out, err) = said(&output);
        assert_eq!(
            (output.status.code(), out.as_str(), err.lines().count()),
            (Some(1), "", 1),
            "{options:?}: {err}"
        );
        assert!(
            err.starts_with("coach-server: ") && err.contains(sentence),
            "{options:?}: {err}"
        );
    }
}

#[test]
fn the_doctor_says_of_each_part_whether_it_is_well() {
    let (_runtime, peer) = index();
    let url = peer.url();
    let here = ["doctor"];
    let elsewhere = ["doctor", "--index", "pinecone", "--pinecone-host", &url];
    let smaller = [
        "doctor",
        "--index",
        "pinecone",
        "--pinecone-host",
        &url,
        "--embedding-dimensions",
        "256",
    ];
    let nobody = [
        "doctor",
        "--issuer",
        "i",
        "--audience",
        "a",
        "--jwks-url",
        "http://127.0.0.1:1/jwks.json",
    ];
    let table: [(&[&str], &str, i32, &str); 6] = [
        (&here, KEY, 0, "ok    index   lexical"),
        (
            &elsewhere,
            KEY,
            0,
            "ok    index   pinecone: http://127.0.0.1",
        ),
        (&elsewhere, "another", 1, "the index refuses the key"),
        (&elsewhere, "", 1, "COACH_PINECONE_KEY cannot be used"),
        (
            &smaller,
            KEY,
            1,
            "the index is for vectors of 512 numbers, and the embedder makes 256",
        ),
        (
            &nobody,
            KEY,
            1,
            "http://127.0.0.1:1/jwks.json (--jwks-url, COACH_JWKS_URL) cannot be read",
        ),
    ];
    for (options, key, code, sentence) in table {
        let output = coach_server(options, key);
        let (out, err) = said(&output);
        assert_eq!(output.status.code(), Some(code), "{options:?}: {out}{err}");
        assert!(
            out.contains(sentence) && out.contains("ok    model   rehearsal"),
            "{options:?}: {out}{err}"
        );
        assert_eq!(out.contains("wrong "), code == 1, "{out}");
    }
}

/// Says something to a coach, and waits until the index has what is to be remembered of it.
fn told_and_remembered(
    server: &Server,
    http: &reqwest::Client,
    peer: &Peer,
    words: &str,
) -> String {
    Runtime::new().unwrap().block_on(async {
        let post = http
            .post(format!("{}/stream", server.conversation()))
            .header("content-type", "application/json");
        let body = serde_json::json!({ "userResponse": words }).to_string();
        let told = post.body(body).send().await.unwrap().text().await.unwrap();
        let remembered = async {
            while peer.count("user_athlete") == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), remembered)
            .await
            .unwrap();
        told
    })
}

#[test]
fn a_methodology_is_loaded_once_and_found_by_a_server_on_the_same_index() {
    let (_runtime, peer) = index();
    let url = peer.url();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("deload.md"),
        "# Deload\n\nEvery fourth week is light.",
    )
    .unwrap();
    let load = [
        "index",
        "methodology",
        folder.path().to_str().unwrap(),
        "--index",
        "pinecone",
        "--pinecone-host",
        &url,
    ];
    let (out, err) = said(&coach_server(&load, KEY));
    assert_eq!(
        out, "1 pieces are shared: 1 new, 0 as before; 0 were removed\n",
        "{err}"
    );
    let (out, _) = said(&coach_server(&load, KEY));
    assert_eq!(
        out,
        "1 pieces are shared: 0 new, 1 as before; 0 were removed\n"
    );
    assert_eq!(peer.count("methodology"), 1);

    let mut options = vec!["--pace-ms", "1", "--log", "debug"];
    options.extend(&load[3..]);
    let server = Server::start_with(&options, &[("COACH_PINECONE_KEY", KEY)]);
    let token = server.token("athlete");
    let http = reqwest_of(&token);
    let words = "Please remember that my left knee hurts when I squat deep";
    let told = told_and_remembered(&server, &http, &peer, words);
    assert!(told.contains("\"type\":\"complete\""), "{told}");
    let asked = peer.asked();
    let queries: Vec<_> = asked
        .iter()
        .filter(|asked| asked.path == "/query")
        .collect();
    let namespaces: Vec<_> = queries
        .iter()
        .map(|query| query.body["namespace"].as_str().unwrap())
        .collect();
    assert!(
        namespaces.contains(&"user_athlete") && namespaces.contains(&"methodology"),
        "{namespaces:?}"
    );
    let log = server.log();
    assert!(
        !log.contains(KEY) && !log.contains("knee") && !log.contains(&token),
        "{log}"
    );
}

pub(crate) fn reqwest_of(token: &str) -> reqwest::Client {
    let bearer = format!("Bearer {token}").parse().unwrap();
    let headers = [(reqwest::header::AUTHORIZATION, bearer)]
        .into_iter()
        .collect();
    reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .build()
        .unwrap()
}
