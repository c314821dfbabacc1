//! The vectors of an index, and what may be asked of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Refusal;
use super::filter::passes;

const METADATA: usize = 40 * 1024;
const LONGEST_ID: usize = 512;
const BATCH: usize = 1_000;
const PAGE: usize = 100;
const MOST: usize = 10_000;

type Namespace = BTreeMap<String, Vector>;

pub(super) struct Shelf {
    dimension: usize,
    lag: u64,
    /// How many requests there were.
    now: u64,
    seen: BTreeMap<String, Namespace>,
    /// What is not seen yet, and when it will be.
    coming: VecDeque<(u64, String, Write)>,
}

#[derive(Clone)]
enum Write {
    Put(Vec<Vector>),
    Remove(BTreeSet<String>),
    RemoveAll,
}

#[derive(Debug, Clone, Deserialize)]
struct Vector {
    id: String,
    values: Vec<f32>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
struct Upsert {
    #[serde(default)]
    namespace: String,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    #[serde(default)]
    namespace: String,
    top_k: usize,
    vector: Option<Vec<f32>>,
    id: Option<String>,
    filter: Option<Value>,
    #[serde(default)]
    include_values: bool,
    #[serde(default)]
    include_metadata: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delete {
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    delete_all: bool,
    filter: Option<Value>,
}

impl Shelf {
    pub(super) fn new(dimension: usize, lag: u64) -> Self {
        Self {
            dimension,
            lag,
            now: 0,
            seen: BTreeMap::new(),
            coming: VecDeque::new(),
        }
    }

    /// One more request has come.
    pub(super) fn tick(&mut self) {
        self.now += 1;
        while let Some((_, namespace, write)) =
            self.coming.pop_front_if(|(due, ..)| *due <= self.now)
        {
            apply(&mut self.seen, namespace, write);
        }
    }

    pub(super) fn upsert(&mut self, body: &Value) -> Result<Value, Refusal> {
        let Upsert {
            namespace,
            mut vectors,
        } = parsed(body)?;
        if vectors.is_empty() || vectors.len() > BATCH {
            return Err(Refusal::invalid(format!(
                "an upsert has 1 to {BATCH} vectors, not {}",
                vectors.len()
            )));
        }
        for vector in &mut vectors {
            self.fits(&vector.values)?;
            vector.check()?;
            vector.float();
        }
        let upserted = vectors.len();
        self.write(&namespace, Write::Put(vectors));
        Ok(json!({ "upsertedCount": upserted }))
    }

    pub(super) fn query(&self, body: &Value) -> Result<Value, Refusal> {
        let query: Query = parsed(body)?;
        if !(1..=MOST).contains(&query.top_k) {
            return Err(Refusal::invalid(format!(
                "topK is from 1 to {MOST}, not {}",
                query.top_k
            )));
        }
        let empty = Namespace::new();
        let vectors = self.seen.get(named(&query.namespace)).unwrap_or(&empty);
        let wanted = match (&query.vector, &query.id) {
            (Some(vector), None) => vector.clone(),
            (None, Some(id)) => vectors
                .get(id)
                .map(|vector| vector.values.clone())
                .unwrap_or_default(),
            _ => return Err(Refusal::invalid("a query has a vector or an id")),
        };
        if query.vector.is_some() {
            self.fits(&wanted)?;
        }
        let filter = query.filter.clone().unwrap_or_else(|| json!({}));
        passes(&filter, &Map::new())?;
        let mut near = Vec::new();
        for vector in vectors.values() {
            if passes(&filter, &vector.metadata)? {
                near.push((cosine(&vector.values, &wanted), vector));
            }
        }
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.truncate(query.top_k);
        let matches = near.into_iter().map(|(score, vector)| {
            let values = if query.include_values {
                vector.values.as_slice()
            } else {
                &[]
            };
            let told = json!({ "id": vector.id, "score": score, "values": values });
            if query.include_metadata {
                with(told, "metadata", json!(vector.metadata))
            } else {
                told
            }
        });
        let matches: Vec<Value> = matches.collect();
        Ok(json!({ "matches": matches, "namespace": query.namespace, "usage": { "readUnits": 1 } }))
    }

    pub(super) fn delete(&mut self, body: &Value) -> Result<Value, Refusal> {
        let Delete {
            namespace,
            ids,
            delete_all,
            filter,
        } = parsed(body)?;
        let is_known = self.seen.contains_key(named(&namespace))
            || self
                .coming
                .iter()
                .any(|(_, coming, _)| coming == named(&namespace));
        if !is_known {
            return Err(Refusal(
                StatusCode::NOT_FOUND,
                5,
                "Namespace not found".to_owned(),
            ));
        }
        let write = match (delete_all, filter, ids.len()) {
            (true, None, 0) => Write::RemoveAll,
            (false, None, 1..=BATCH) => Write::Remove(ids.into_iter().collect()),
            (false, Some(filter), 0) => {
                let vectors = self
                    .seen
                    .get(named(&namespace))
                    .into_iter()
                    .flat_map(BTreeMap::values);
                let passing =
                    vectors.filter_map(|vector| match passes(&filter, &vector.metadata) {
                        Ok(passed) => passed.then(|| Ok(vector.id.clone())),
                        Err(refusal) => Some(Err(refusal)),
                    });
                Write::Remove(passing.collect::<Result<_, _>>()?)
            }
            _ => {
                return Err(Refusal::invalid(format!(
                    "a deletion has 1 to {BATCH} ids, or a filter, or deleteAll"
                )));
            }
        };
        self.write(&namespace, write);
        Ok(json!({}))
    }

    pub(super) fn fetch(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let ids: Vec<&str> = values(query, "ids").collect();
        if ids.is_empty() || ids.len() > BATCH {
            return Err(Refusal::invalid(format!("a fetch has 1 to {BATCH} ids")));
        }
        let namespace = values(query, "namespace").next().unwrap_or_default();
        let vectors = self.seen.get(named(namespace));
        let found = ids.iter().filter_map(|id| vectors?.get(*id)).map(|vector| {
            let told =
                json!({ "id": vector.id, "values": vector.values, "metadata": vector.metadata });
            (vector.id.clone(), told)
        });
        let found: Map<String, Value> = found.collect();
        Ok(json!({ "vectors": found, "namespace": namespace, "usage": { "readUnits": 1 } }))
    }

    pub(super) fn list(&self, query: &[(String, String)]) -> Result<Value, Refusal> {
        let one = |name| values(query, name).next();
        let (namespace, prefix) = (
            one("namespace").unwrap_or_default(),
            one("prefix").unwrap_or_default(),
        );
        let limit = one("limit").map_or(Some(PAGE), |limit| limit.parse().ok());
        let limit = limit.filter(|limit| (1..=PAGE).contains(limit));
        let limit = limit.ok_or_else(|| Refusal::invalid(format!("a page has 1 to {PAGE} ids")))?;
        let after = one("paginationToken").unwrap_or_default();
        let vectors = self
            .seen
            .get(named(namespace))
            .into_iter()
            .flat_map(BTreeMap::keys);
        let mut ids = vectors.filter(|id| id.starts_with(prefix) && id.as_str() > after);
        let page: Vec<&String> = ids.by_ref().take(limit).collect();
        let told = json!({
            "vectors": page.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
            "namespace": namespace,
            "usage": { "readUnits": 1 },
        });
        Ok(match (page.last(), ids.next()) {
            (Some(last), Some(_)) => with(told, "pagination", json!({ "next": last })),
            _ => told,
        })
    }

    pub(super) fn stats(&self) -> Value {
        let counts = self
            .seen
            .iter()
            .map(|(name, vectors)| (name.clone(), json!({ "vectorCount": vectors.len() })));
        let counts: Map<String, Value> = counts.collect();
        json!({
            "dimension": self.dimension,
            "indexFullness": 0,
            "metric": "cosine",
            "namespaces": counts,
            "totalVectorCount": self.seen.values().map(BTreeMap::len).sum::<usize>(),
            "vectorType": "dense",
        })
    }

    pub(super) fn count(&self, namespace: &str) -> usize {
        let mut all = self.seen.clone();
        for (_, coming, write) in &self.coming {
            apply(&mut all, coming.clone(), write.clone());
        }
        all.get(named(namespace)).map_or(0, Namespace::len)
    }

    fn write(&mut self, namespace: &str, write: Write) {
        if self.lag == 0 {
            apply(&mut self.seen, named(namespace).to_owned(), write);
        } else {
            self.coming
                .push_back((self.now + self.lag + 1, named(namespace).to_owned(), write));
        }
    }

    fn fits(&self, values: &[f32]) -> Result<(), Refusal> {
        if values.len() != self.dimension {
            let (found, wanted) = (values.len(), self.dimension);
            return Err(Refusal::invalid(format!(
                "Vector dimension {found} does not match the dimension of the index {wanted}"
            )));
        }
        let is_something = values.iter().any(|value| *value != 0.0);
        is_something
            .then_some(())
            .ok_or_else(|| Refusal::invalid("a dense vector has a value that is not zero"))
    }
}

impl Vector {
    /// The service keeps every number as floating point, and tells 7 as 7.0.
    fn float(&mut self) {
        for value in self.metadata.values_mut() {
            if let Some(number) = value.as_f64() {
                *value = json!(number);
            }
        }
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.id.is_empty()
            || self.id.len() > LONGEST_ID
            || !self.id.is_ascii()
            || self.id.contains('\0')
        {
            return Err(Refusal::invalid(format!(
                "an id is 1 to {LONGEST_ID} ASCII characters"
            )));
        }
        let size = serde_json::to_string(&self.metadata).map_or(usize::MAX, |text| text.len());
        if size > METADATA {
            let found = format!(
                "Metadata size is {size} bytes, which exceeds the limit of {METADATA} bytes per \
                vector"
            );
            return Err(Refusal::invalid(found));
        }
        let is_plain = |value: &Value| match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
            Value::Array(values) => values.iter().all(Value::is_string),
            Value::Null | Value::Object(_) => false,
        };
        let plain = self.metadata.values().all(is_plain);
        plain.then_some(()).ok_or_else(|| {
            Refusal::invalid("Metadata value must be a string, number, boolean or list of strings")
        })
    }
}

/// Removing all that is in a namespace removes the namespace, too.
fn apply(all: &mut BTreeMap<String, Namespace>, namespace: String, write: Write) {
    match write {
        Write::Put(new) => {
            let new = new.into_iter().map(|vector| (vector.id.clone(), vector));
            all.entry(namespace).or_default().extend(new);
        }
        Write::Remove(ids) => {
            if let Some(vectors) = all.get_mut(&namespace) {
                vectors.retain(|id, _| !ids.contains(id));
            }
        }
        Write::RemoveAll => drop(all.remove(&namespace)),
    }
}

fn parsed<T: for<'a> Deserialize<'a>>(body: &Value) -> Result<T, Refusal> {
    T::deserialize(body).map_err(|error| Refusal::invalid(error.to_string()))
}

fn named(namespace: &str) -> &str {
    if namespace.is_empty() {
        "__default__"
    } else {
        namespace
    }
}

fn values<'a>(query: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    query
        .iter()
        .filter(move |(field, _)| field == name)
        .map(|(_, value)| value.as_str())
}

fn with(mut told: Value, name: &str, more: Value) -> Value {
    if let Value::Object(told) = &mut told {
        told.insert(name.to_owned(), more);
    }
    told
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    let length = (dot(a, a) * dot(b, b)).sqrt();
    if length > 0.0 {
        dot(a, b) / length
    } else {
        0.0
    }
}
