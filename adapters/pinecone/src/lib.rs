//! What is worth recalling, in a Pinecone index.
//!
//! Every user has a namespace. What all share is in one more, which only [`Pinecone::share`] writes
//! to. A search asks both side by side, and trusts neither: whatever is not the caller's or
//! everybody's is dropped.

mod client;
mod failure;
mod map;
mod settings;
mod share;

use std::sync::Arc;

use async_trait::async_trait;
use domain::memory::RecalledKind;
use domain::{Recalled, UserScope};
use futures::try_join;
use ports::{Bill, Embedder, IndexEntry, MemoryIndex, Result, Search};
use serde_json::{Map, Value, json};

use client::Client;
use failure::Failure;
use map::{Answer, Realm, Stats, Upserted};

pub use settings::{ApiKey, Settings, SettingsError};
pub use share::{Progress, Shared};

/// An index of dense vectors, with somebody who makes them.
pub struct Pinecone {
    client: Client,
    embedder: Arc<dyn Embedder>,
    threshold: f32,
}

impl Pinecone {
    /// Nothing is asked yet; [`check`](Self::check) says whether the index can be used.
    pub fn new(settings: &Settings, embedder: Arc<dyn Embedder>) -> Result<Self, SettingsError> {
        Ok(Self {
            client: Client::new(settings)?,
            embedder,
            threshold: settings.threshold,
        })
    }

    /// Returns what keeps the index from being used, each in a sentence; nothing if nothing does.
    pub async fn check(&self) -> Vec<String> {
        match self
            .client
            .post::<Stats>("describe_index_stats", &json!({}))
            .await
        {
            Ok(stats) => stats.unfit(self.embedder.dimensions()),
            Err(failure) => vec![failure.advice()],
        }
    }

    /// Opens the connection that the first search would have to wait for, by asking for what no
    /// user can have. What is answered is of no interest.
    pub async fn connect(&self) {
        let nothing = [("namespace", "."), ("ids", "-")];
        _ = self.client.get::<Value>("vectors/fetch", &nothing).await;
    }

    async fn within(
        &self,
        realm: Realm<'_>,
        search: &Search,
        vector: &[f32],
    ) -> Result<Vec<Recalled>> {
        let query = map::query(realm, search, vector);
        let answer: Answer = match self.client.post("query", &query).await {
            Err(failure) if failure.is_of_nothing() => return Ok(Vec::new()),
            answer => answer?,
        };
        let mut own = Vec::new();
        for hit in answer.matches {
            let is_near = hit.score >= self.threshold;
            if !is_near {
                continue;
            }
            match hit.recalled(realm, search) {
                Ok(recalled) => own.push(recalled),
                Err(foreign) => tracing::error!(
                    alarm = "foreign_hit",
                    owner = %search.owner,
                    why = foreign.0,
                    "a hit was dropped"
                ),
            }
        }
        Ok(own)
    }

    async fn vector(&self, text: String, bill: &Bill) -> Result<Vec<f32>> {
        let mut vectors = self.vectors(&[text], bill).await?;
        Ok(vectors.pop().ok_or(Failure::Vectors)?)
    }

    async fn vectors(&self, texts: &[String], bill: &Bill) -> Result<Vec<Vec<f32>>> {
        let vectors = self.embedder.embed(texts, bill).await?;
        let dimensions = self.embedder.dimensions();
        let fit = vectors.iter().all(|vector| vector.len() == dimensions);
        if fit && vectors.len() == texts.len() {
            Ok(vectors)
        } else {
            Err(Failure::Vectors.into())
        }
    }

    async fn put(&self, realm: Realm<'_>, entries: &[&IndexEntry], bill: &Bill) -> Result<()> {
        let texts: Vec<String> = entries.iter().map(|entry| map::embedded(entry)).collect();
        let vectors = self.vectors(&texts, bill).await?;
        let body = map::upsert(realm, entries, &vectors);
        let Upserted { upserted_count } = self.client.post("vectors/upsert", &body).await?;
        if upserted_count == entries.len() {
            Ok(())
        } else {
            Err(Failure::Count.into())
        }
    }

    async fn remove(&self, realm: Realm<'_>, ids: &[String]) -> Result<()> {
        let body = json!({ "ids": ids, "namespace": realm.namespace() });
        self.send_removal(&body).await
    }

    /// A namespace that is not there holds nothing that could be removed.
    async fn send_removal(&self, body: &Value) -> Result<()> {
        match self
            .client
            .post::<Map<String, Value>>("vectors/delete", body)
            .await
        {
            Err(failure) if !failure.is_of_nothing() => Err(failure.into()),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl MemoryIndex for Pinecone {
    async fn search(&self, search: &Search, bill: &Bill) -> Result<Vec<Recalled>> {
        if search.limit == 0 || search.text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let vector = self.vector(search.text.clone(), bill).await?;
        let own = self.within(Realm::User(&search.owner), search, &vector);
        let shared = async {
            let wanted =
                search.kinds.is_empty() || search.kinds.contains(&RecalledKind::Methodology);
            if wanted {
                self.within(Realm::Everybody, search, &vector).await
            } else {
                Ok(Vec::new())
            }
        };
        let (mut hits, shared) = try_join!(own, shared)?;
        hits.extend(shared);
        hits.sort_by(|a, b| b.score.total_cmp(&a.score));
        hits.truncate(search.limit);
        Ok(hits)
    }

    async fn upsert(&self, owner: &UserScope, entry: &IndexEntry, bill: &Bill) -> Result<()> {
        self.put(Realm::User(owner), &[entry], bill).await
    }

    async fn delete(&self, owner: &UserScope, kind: RecalledKind, id: &str) -> Result<()> {
        self.remove(Realm::User(owner), &[map::vector_id(kind, id)])
            .await
    }

    async fn erase(&self, owner: &UserScope) -> Result<()> {
        let namespace = Realm::User(owner).namespace();
        let body = json!({ "deleteAll": true, "namespace": namespace });
        self.send_removal(&body).await
    }
}
