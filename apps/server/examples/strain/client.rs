//! One user's calls.

use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use super::Result;
use super::server::Server;

/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A user with a token.
#[derive(Clone)]
pub(crate) struct User {
    client: Client,
    token: String,
    home: String,
}

impl User {
    pub(crate) fn new(server: &Server, name: &str) -> Result<Self> {
        let client = Client::builder().timeout(PATIENCE).build()?;
        let home = format!("http://{}/users/{name}", server.address);
        Ok(Self {
            client,
            token: server.token(name)?,
            home,
        })
    }

    /// Begins a conversation; its path below the user's.
    pub(crate) async fn conversation(&self) -> Result<String> {
        let made = self
            .post("/coaches/strength/conversations", &json!({}))
            .send()
            .await?;
        let made: Value = serde_json::from_slice(&well(made)?.bytes().await?)?;
        let id = made
            .get("conversationId")
            .and_then(Value::as_str)
            .ok_or("no conversation was made")?;
        Ok(format!("/coaches/strength/conversations/{id}"))
    }

    /// Says something and hears the answer out; how long it took to begin.
    pub(crate) async fn say(&self, conversation: &str, text: &str) -> Result<Duration> {
        let asked = Instant::now();
        let said = self.post(
            &format!("{conversation}/stream"),
            &json!({ "userResponse": text }),
        );
        let mut answer = well(said.send().await?)?;
        let mut told = answer.chunk().await?.ok_or("a turn told nothing")?.to_vec();
        let begun = asked.elapsed();
        while let Some(more) = answer.chunk().await? {
            told.extend_from_slice(&more);
        }
        let ended = String::from_utf8_lossy(&told).contains(r#"data: {"type":"complete""#);
        if ended {
            Ok(begun)
        } else {
            Err("a turn did not complete".into())
        }
    }

    pub(crate) async fn remember(&self, content: &str) -> Result<()> {
        let memory = json!({ "content": content, "type": "context", "importance": "high" });
        well(self.post("/memories", &memory).send().await?)?;
        Ok(())
    }

    /// Has the memory forgotten that was made last.
    pub(crate) async fn forget_last(&self) -> Result<()> {
        let listed = self
            .client
            .get(format!("{}/memories?limit=1", self.home))
            .bearer_auth(&self.token);
        let listed: Value = serde_json::from_slice(&well(listed.send().await?)?.bytes().await?)?;
        let id = listed
            .pointer("/memories/0/memoryId")
            .and_then(Value::as_str)
            .ok_or("no memory")?;
        let delete = self.client.delete(format!("{}/memories/{id}", self.home));
        well(delete.bearer_auth(&self.token).send().await?)?;
        Ok(())
    }

    /// What a client sends who reads messages, as bytes.
    pub(crate) fn reading(&self, conversation: &str) -> Result<String> {
        let path = format!("{}{conversation}/messages?limit=200", self.home);
        let (host, path) = path
            .trim_start_matches("http://")
            .split_once('/')
            .ok_or("no path")?;
        Ok(format!(
            "GET /{path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\n\r\n",
            self.token
        ))
    }

    /// How many bytes the largest page of messages has, and how many messages are on it.
    pub(crate) async fn page(&self, conversation: &str) -> Result<(usize, usize)> {
        let page = self
            .client
            .get(format!("{}{conversation}/messages?limit=200", self.home));
        let page = well(page.bearer_auth(&self.token).send().await?)?
            .bytes()
            .await?;
        let read: Value = serde_json::from_slice(&page)?;
        let messages = read
            .get("messages")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        Ok((page.len(), messages))
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self
            .client
            .post(format!("{}{path}", self.home))
            .bearer_auth(&self.token);
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    }
}

/// Asks whether the server is up; how long the answer took.
pub(crate) async fn health(client: &Client, server: &str) -> Result<Duration> {
    let asked = Instant::now();
    well(client.get(format!("http://{server}/health")).send().await?)?
        .bytes()
        .await?;
    Ok(asked.elapsed())
}

fn well(response: Response) -> Result<Response> {
    let status = response.status();
    if status.is_success() {
        Ok(response)
    } else {
        Err(format!("an answer was {status}").into())
    }
}
