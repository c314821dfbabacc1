//! Between the port and the index's JSON. Pure.

use domain::memory::RecalledKind;
use domain::{CoachId, Recalled, UserScope};
use ports::{IndexEntry, Search};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Stands for everybody and for every coach: no id has this character.
const ALL: &str = "*";
/// How many bytes of JSON a vector's metadata may have, a little below the 40 KB that the index
/// takes.
const METADATA: usize = 40_000;
/// The most that the index can be asked for.
const MOST: usize = 1_000;

/// Whose entries.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Realm<'a> {
    User(&'a UserScope),
    Everybody,
}

impl Realm<'_> {
    pub(crate) const SHARED: &'static str = "methodology";

    pub(crate) fn namespace(self) -> String {
        match self {
            Self::User(owner) => format!("user_{owner}"),
            Self::Everybody => Self::SHARED.to_owned(),
        }
    }

    fn owner(self) -> String {
        self.scope()
            .map_or_else(|| ALL.to_owned(), |owner| owner.to_string())
    }

    fn scope(self) -> Option<UserScope> {
        match self {
            Self::User(owner) => Some(owner.clone()),
            Self::Everybody => None,
        }
    }
}

/// A record is one vector, however often it is written.
pub(crate) fn vector_id(kind: RecalledKind, id: &str) -> String {
    format!("{}#{id}", word(kind))
}

fn word(kind: RecalledKind) -> &'static str {
    match kind {
        RecalledKind::Memory => "memory",
        RecalledKind::Workout => "workout",
        RecalledKind::Summary => "summary",
        RecalledKind::Methodology => "methodology",
    }
}

/// Returns what an entry's vector is made of.
pub(crate) fn embedded(entry: &IndexEntry) -> String {
    format!("{} {}", entry.text, entry.tags.join(" "))
        .trim()
        .to_owned()
}

/// Returns the nearest of this realm that this search may see: the index looks at nothing else.
pub(crate) fn query(realm: Realm<'_>, search: &Search, vector: &[f32]) -> Value {
    let mut rules = vec![
        json!({ "owner": { "$eq": realm.owner() } }),
        json!({ "$or": [
            { "coach": { "$eq": search.coach.as_str() } },
            { "coach": { "$eq": ALL } },
        ] }),
    ];
    if !search.kinds.is_empty() {
        let kinds: Vec<&str> = search.kinds.iter().map(|kind| word(*kind)).collect();
        rules.push(json!({ "kind": { "$in": kinds } }));
    }
    json!({
        "namespace": realm.namespace(),
        "vector": vector,
        "topK": search.limit.min(MOST),
        "filter": { "$and": rules },
        "includeMetadata": true,
        "includeValues": false,
    })
}

pub(crate) fn upsert(realm: Realm<'_>, entries: &[&IndexEntry], vectors: &[Vec<f32>]) -> Value {
    let vectors = entries.iter().zip(vectors).map(|(entry, values)| {
        let metadata = Metadata::of(realm, entry);
        json!({ "id": vector_id(entry.kind, &entry.id), "values": values, "metadata": metadata })
    });
    json!({ "namespace": realm.namespace(), "vectors": vectors.collect::<Vec<_>>() })
}

#[derive(Serialize)]
struct Metadata {
    #[serde(flatten)]
    judged: Judged,
    created: u64,
}

/// What a hit is judged by. Numbers are not: Pinecone keeps them as floating point, and tells them
/// so.
#[derive(Serialize, Deserialize)]
struct Judged {
    owner: String,
    coach: String,
    kind: RecalledKind,
    text: String,
}

impl Metadata {
    /// A text that is too long is cut: its vector is of the whole.
    fn of(realm: Realm<'_>, entry: &IndexEntry) -> Self {
        let coach = entry.coach.as_ref().map_or(ALL, CoachId::as_str).to_owned();
        let (kind, created) = (entry.kind, entry.created.0);
        let judged = Judged {
            owner: realm.owner(),
            coach,
            kind,
            text: String::new(),
        };
        let mut metadata = Self { judged, created };
        let room = METADATA.saturating_sub(json!(metadata).to_string().len());
        metadata.judged.text = fitting(&entry.text, room).to_owned();
        metadata
    }
}

/// As much of a text, from its beginning, as has this many bytes in JSON without its quotes.
fn fitting(text: &str, room: usize) -> &str {
    let mut size = 0;
    let end = text.char_indices().find_map(|(at, letter)| {
        size += match letter {
            '"' | '\\' => 2,
            control if control < ' ' => 6,
            other => other.len_utf8(),
        };
        (size > room).then_some(at)
    });
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

#[derive(Deserialize)]
pub(crate) struct Upserted {
    #[serde(rename = "upsertedCount")]
    pub(crate) upserted_count: usize,
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) matches: Vec<Hit>,
}

#[derive(Deserialize)]
pub(crate) struct Hit {
    id: String,
    pub(crate) score: f32,
    #[serde(default)]
    metadata: Value,
}

/// Why a hit is not one that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign(pub(crate) &'static str);

impl Hit {
    /// Judged again, as if the index had never heard of the filter.
    pub(crate) fn recalled(self, realm: Realm<'_>, search: &Search) -> Result<Recalled, Foreign> {
        let judged =
            serde_json::from_value(self.metadata).map_err(|_| Foreign("it says not what it is"))?;
        let Judged {
            owner,
            coach,
            kind,
            text,
        } = judged;
        if owner != realm.owner() {
            return Err(Foreign("it is another user's"));
        }
        if coach != ALL && coach != search.coach.as_str() {
            return Err(Foreign("it is for another coach"));
        }
        if !search.kinds.is_empty() && !search.kinds.contains(&kind) {
            return Err(Foreign("it is of another kind"));
        }
        let id = self
            .id
            .strip_prefix(word(kind))
            .and_then(|rest| rest.strip_prefix('#'));
        let id = id.ok_or(Foreign("its id is of another kind"))?.to_owned();
        Ok(Recalled {
            kind,
            id,
            owner: realm.scope(),
            text,
            score: self.score,
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Stats {
    dimension: Option<usize>,
    metric: Option<String>,
}

impl Stats {
    /// Returns what keeps vectors of this length out, each in a sentence.
    pub(crate) fn unfit(&self, dimensions: usize) -> Vec<String> {
        let mut unfit = Vec::new();
        match self.dimension {
            Some(dimension) if dimension == dimensions => {}
            Some(dimension) => unfit.push(format!(
                "the index is for vectors of {dimension} numbers, and the embedder makes \
                 {dimensions}: make an index of dimension {dimensions}, or choose another embedder"
            )),
            None => unfit.push(format!(
                "the index is not for dense vectors: make one of dimension {dimensions}"
            )),
        }
        if let Some(metric @ ("euclidean" | "hamming")) = self.metric.as_deref() {
            unfit.push(format!(
                "the index compares by {metric} distance: make one with the metric cosine"
            ));
        }
        unfit
    }
}

#[cfg(test)]
mod tests;
