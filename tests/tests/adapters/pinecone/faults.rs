//! Everything that can go wrong between the adapter and the index.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::Fault;
use domain::memory::RecalledKind;
use peers::{Proxy, Trouble};
use pinecone::Pinecone;
use ports::{Bill, MemoryIndex, PortError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{DIMENSION, KEY, Log, adapter, adapter_with, entry, peer, search, user};

const TEXT: &str = "my-knee-canary hurts";

fn answer(status: u16, body: &str) -> Trouble {
    Trouble::Answer {
        status,
        headers: Vec::new(),
        body: body.to_owned(),
    }
}

/// What the service says quotes what it was given.
fn quoting(status: u16) -> Trouble {
    answer(
        status,
        &format!(r#"{{"code":3,"message":"not valid: {TEXT}, key {KEY}","details":[]}}"#),
    )
}

/// All that an error tells, whoever asks.
fn all_of(error: &PortError) -> String {
    let mut told = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(source) = next {
        told.push_str(&format!(" {source} {source:?}"));
        next = source.source();
    }
    told
}

async fn each(index: &Pinecone) -> [Result<(), PortError>; 4] {
    let (ada, entry) = (user("ada"), entry("m", TEXT));
    [
        index
            .search(&search("ada", TEXT), &Bill::default())
            .await
            .map(drop),
        index.upsert(&ada, &entry, &Bill::default()).await,
        index.delete(&ada, RecalledKind::Memory, "m").await,
        index.share(&[entry], |_| ()).await.map(drop),
    ]
}

#[tokio::test]
async fn every_trouble_is_one_fault_asked_for_once_and_tells_no_content() {
    let table = [
        (quoting(400), Fault::Rejected),
        (quoting(401), Fault::Rejected),
        (quoting(403), Fault::Rejected),
        (quoting(404), Fault::Rejected),
        (quoting(413), Fault::TooLong),
        (quoting(429), Fault::Throttled),
        (quoting(500), Fault::Unavailable),
        (quoting(503), Fault::Unavailable),
        (answer(504, "<html>"), Fault::TimedOut),
        (answer(200, TEXT), Fault::Unavailable),
        (answer(200, &format!(r#"["{TEXT}"]"#)), Fault::Unavailable),
        (answer(200, r#"{"matches":[{"id":""#), Fault::Truncated),
        (answer(200, ""), Fault::Truncated),
        (answer(200, &" ".repeat(9 * 1024 * 1024)), Fault::TooLong),
        (Trouble::Cut, Fault::Unavailable),
        (Trouble::LostAnswer, Fault::Unavailable),
    ];
    let peer = peer(0).await;
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let index = adapter(&proxy.url());
    let log = Log::default();
    let guard = log.listen();
    let calls = table.len() * 4;
    for (trouble, fault) in table {
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, same) = (asked.clone(), trouble.clone());
        proxy.judge(move |path, headers, _| {
            assert_eq!(headers["api-key"], KEY);
            assert_eq!(headers["x-pinecone-api-version"], "2026-07");
            // Both halves of a search are asked at once: one of them is enough to count.
            count.fetch_add(usize::from(path != "/query"), Ordering::SeqCst);
            Some(same.clone())
        });
        for done in each(&index).await {
            let error = done.expect_err(&format!("{trouble:?}"));
            assert_eq!(
                (error.fault, error.adapter),
                (fault, "pinecone"),
                "{trouble:?}"
            );
            let told = all_of(&error);
            assert!(
                !told.contains("canary") && !told.contains("user_") && !told.contains("://"),
                "{told}"
            );
        }
        assert_eq!(asked.load(Ordering::SeqCst), 3, "{trouble:?}");
    }
    proxy.calm();
    assert!(each(&index).await.iter().all(Result::is_ok));
    drop(guard);
    assert!(!log.text().contains("canary"), "{}", log.text());
    println!("{calls} calls went wrong");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_done_again_without_a_trace() {
    let peer = peer(0).await;
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let index = adapter(&proxy.url());
    let ada = user("ada");
    proxy.trouble(Trouble::LostAnswer);
    assert_eq!(
        index
            .upsert(&ada, &entry("m", TEXT), &Bill::default())
            .await
            .unwrap_err()
            .fault,
        Fault::Unavailable
    );
    assert_eq!(peer.count("user_ada"), 1);
    index
        .upsert(&ada, &entry("m", TEXT), &Bill::default())
        .await
        .unwrap();
    assert_eq!(peer.count("user_ada"), 1);
    proxy.trouble(Trouble::LostAnswer);
    assert!(index.delete(&ada, RecalledKind::Memory, "m").await.is_err());
    assert_eq!(peer.count("user_ada"), 0);
    index.delete(&ada, RecalledKind::Memory, "m").await.unwrap();
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_truncated() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let index = adapter(&format!("http://{}", listener.local_addr().unwrap()));
    let half = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 64 * 1024];
        assert!(socket.read(&mut request).await.unwrap() > 0);
        socket
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"upserted")
            .await
            .unwrap();
    };
    let (ada, entry) = (user("ada"), entry("m", TEXT));
    let bill = Bill::default();
    let (written, ()) = tokio::join!(index.upsert(&ada, &entry, &bill), half);
    assert_eq!(written.unwrap_err().fault, Fault::Truncated);
}

#[tokio::test]
async fn an_index_that_is_not_there_is_unavailable() {
    let gone = peer(0).await.url();
    let index = adapter(&gone);
    assert_eq!(
        index
            .search(&search("ada", TEXT), &Bill::default())
            .await
            .unwrap_err()
            .fault,
        Fault::Unavailable
    );
}

#[tokio::test]
async fn silence_is_left_to_whoever_waits() {
    let peer = peer(0).await;
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let index = adapter(&proxy.url());
    proxy.trouble(Trouble::Silence);
    let (ada, entry) = (user("ada"), entry("m", TEXT));
    let dropped = tokio::time::timeout(
        Duration::from_millis(200),
        index.upsert(&ada, &entry, &Bill::default()),
    )
    .await;
    assert!(dropped.is_err());
    index.upsert(&ada, &entry, &Bill::default()).await.unwrap();
    assert_eq!(peer.count("user_ada"), 1);
}

#[tokio::test]
async fn the_key_follows_no_redirect() {
    let (peer, elsewhere) = (peer(0).await, peer(0).await);
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let to = elsewhere.url();
    proxy.judge(move |path, _, _| {
        let headers = vec![("location", format!("{to}{path}"))];
        Some(Trouble::Answer {
            status: 307,
            headers,
            body: String::new(),
        })
    });
    for done in each(&adapter(&proxy.url())).await {
        assert_eq!(done.unwrap_err().fault, Fault::Rejected);
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn what_keeps_an_index_from_being_used_is_said_in_a_sentence() {
    let peer = peer(0).await;
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let index = adapter(&proxy.url());
    assert!(index.check().await.is_empty());
    let others = adapter_with(
        &proxy.url(),
        Arc::new(in_memory::HashingEmbedder::new(DIMENSION / 2)),
    );
    assert!(
        others
            .check()
            .await
            .concat()
            .contains("512 numbers, and the embedder makes 256")
    );
    for (trouble, says) in [
        (quoting(401), "refuses the key"),
        (quoting(403), "refuses the key"),
        (answer(404, ""), "no index at this host"),
        (Trouble::Cut, "cannot be reached"),
        (quoting(503), "503"),
        (answer(200, TEXT), "cannot be read"),
        (
            answer(200, r#"{"metric":"euclidean","dimension":512}"#),
            "metric cosine",
        ),
    ] {
        proxy.trouble(trouble);
        let told = index.check().await;
        assert!(
            told.len() == 1 && told[0].contains(says) && !told[0].contains("canary"),
            "{told:?}"
        );
    }
}
