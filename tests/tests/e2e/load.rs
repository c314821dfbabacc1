//! Many streams at once on one server, a client that does not read, and a server that must end.

use std::time::{Duration, Instant};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use futures::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

const STREAMS: usize = 500;
const QUESTION: &str = r#"{"userResponse":"How should I warm up for squats?"}"#;

/// A conversation of its own, with somebody who may talk in it.
async fn conversation(client: &Client, server: &Server, token: &str) -> String {
    let all = format!(
        "{}/users/athlete/coaches/strength/conversations",
        server.base
    );
    let made = client.post(&all).bearer_auth(token).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let made: Value = serde_json::from_slice(&made.bytes().await.unwrap()).unwrap();
    format!("{all}/{}", made["conversationId"].as_str().unwrap())
}

/// Says something, and reads the answer to its end: how many events came, each in its place.
async fn whole_stream(client: Client, conversation: String, token: String) -> usize {
    let request = client
        .post(format!("{conversation}/stream"))
        .bearer_auth(token);
    let response = request
        .header("content-type", "application/json")
        .body(QUESTION)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let turn = response.headers()["x-turn-id"].to_str().unwrap().to_owned();
    let mut events = response.bytes_stream().eventsource();
    let (mut seen, mut told, mut last) = (0, String::new(), Value::Null);
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        assert_eq!(event.id, format!("{turn}.{seen}"));
        last = serde_json::from_str(&event.data).unwrap();
        told.push_str(last["content"].as_str().unwrap_or_default());
        seen += 1;
    }
    assert_eq!(
        (&last["type"], &last["aiMessage"]["content"]),
        (&json!("complete"), &json!(told))
    );
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_streams_at_once_are_each_whole_while_one_client_reads_nothing() {
    let server = Server::start(&[
        "--turns-per-user",
        "1000",
        "--pace-ms",
        "20",
        "--log",
        "warn",
    ]);
    let (client, token) = (Client::new(), server.token("athlete"));
    let conversations =
        join_all((0..=STREAMS).map(|_| conversation(&client, &server, &token))).await;
    let (idle, busy) = conversations.split_first().unwrap();

    let address = server.base.trim_start_matches("http://").to_owned();
    let path = idle.trim_start_matches(&server.base);
    let mut reads_nothing = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST {path}/stream HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n\
         connection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{QUESTION}",
        QUESTION.len()
    );
    reads_nothing.write_all(request.as_bytes()).await.unwrap();

    let began = Instant::now();
    let streams = busy.iter().map(|conversation| {
        tokio::spawn(whole_stream(
            client.clone(),
            conversation.clone(),
            token.clone(),
        ))
    });
    let counts: Vec<usize> = join_all(streams.collect::<Vec<_>>())
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    println!(
        "{STREAMS} streams, {} events, {:?}",
        counts.iter().sum::<usize>(),
        began.elapsed()
    );
    tokio::time::sleep(Duration::from_secs(10).saturating_sub(began.elapsed())).await;

    let mut late = Vec::new();
    reads_nothing.read_to_end(&mut late).await.unwrap();
    let late = String::from_utf8(late).unwrap();
    assert!(
        late.contains("\"type\":\"complete\""),
        "the client that read late gets everything: {late:.300}"
    );
}

#[tokio::test]
async fn a_turn_that_would_outlive_the_server_is_saved_as_far_as_it_got() {
    let server = Server::start(&["--pace-ms", "400", "--drain-s", "2"]);
    let (client, token) = (Client::new(), server.token("athlete"));
    let request = client
        .post(format!("{}/stream", server.conversation()))
        .bearer_auth(&token);
    let response = request
        .header("content-type", "application/json")
        .body(QUESTION)
        .send()
        .await
        .unwrap();
    let mut events = response.bytes_stream().eventsource();
    let (mut told, mut last, mut ending, mut server) =
        (String::new(), Value::Null, None, Some(server));
    while let Some(event) = events.next().await {
        last = serde_json::from_str(&event.unwrap().data).unwrap();
        told.push_str(last["content"].as_str().unwrap_or_default());
        if let Some(mut server) = server.take_if(|_| last["type"] == "chunk") {
            ending = Some(tokio::task::spawn_blocking(move || {
                (server.terminate(), server)
            }));
        }
    }
    let (code, server) = ending.expect("a first chunk").await.unwrap();
    assert_eq!(
        (&last["status"], &last["aiMessage"]["status"]),
        (&json!("deadline"), &json!("deadline")),
        "{last}"
    );
    assert_eq!(last["aiMessage"]["content"], json!(told));
    assert_eq!(code, Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_turn_can_be_stopped_and_keeps_what_was_told() {
    let server = Server::start(&["--pace-ms", "100"]);
    let (client, token) = (Client::new(), server.token("athlete"));
    let request = client
        .post(format!("{}/stream", server.conversation()))
        .bearer_auth(&token);
    let response = request
        .header("content-type", "application/json")
        .body(QUESTION)
        .send()
        .await
        .unwrap();
    let stop = format!(
        "{}/turns/{}/stop",
        server.conversation(),
        response.headers()["x-turn-id"].to_str().unwrap()
    );
    let mut events = response.bytes_stream().eventsource();
    let (mut told, mut last, mut asked) = (String::new(), Value::Null, None);
    while let Some(event) = events.next().await {
        last = serde_json::from_str(&event.unwrap().data).unwrap();
        told.push_str(last["content"].as_str().unwrap_or_default());
        if last["type"] == "chunk" && asked.is_none() {
            asked = Some(tokio::spawn(client.post(&stop).bearer_auth(&token).send()));
        }
    }
    let answer = asked.expect("a first chunk").await.unwrap().unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.text().await.unwrap().as_str()
        ),
        (200, r#"{"status":"stopped"}"#)
    );
    assert_eq!(
        (&last["type"], &last["status"]),
        (&json!("complete"), &json!("stopped"))
    );
    assert_eq!(last["aiMessage"]["content"], json!(told));
    let again = client.post(&stop).bearer_auth(&token).send().await.unwrap();
    assert_eq!(
        again.text().await.unwrap(),
        r#"{"status":"alreadyFinished"}"#
    );
}
