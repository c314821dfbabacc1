use domain::Timestamp;
use domain::memory::RecalledKind::{Memory, Methodology, Summary, Workout};

use super::*;

fn user(id: &str) -> UserScope {
    UserScope::stored(id.parse().unwrap())
}

fn search(kinds: &[RecalledKind]) -> Search {
    let (owner, coach) = (user("ada"), "strength".parse().unwrap());
    Search {
        owner,
        coach,
        text: "my knee".to_owned(),
        kinds: kinds.to_vec(),
        limit: 6,
    }
}

fn entry(text: &str) -> IndexEntry {
    IndexEntry {
        kind: Memory,
        id: "m1".to_owned(),
        coach: None,
        text: text.to_owned(),
        created: Timestamp(7),
        tags: vec!["injury".to_owned(), "knee".to_owned()],
    }
}

fn hit(id: &str, metadata: Value) -> Hit {
    Hit {
        id: id.to_owned(),
        score: 0.5,
        metadata,
    }
}

fn about(owner: &str, coach: &str, kind: &str) -> Value {
    json!({ "owner": owner, "coach": coach, "kind": kind, "created": 1.0, "text": "bad knee" })
}

#[test]
fn no_users_namespace_is_the_shared_one_or_another_users() {
    assert_eq!(Realm::User(&user("ada")).namespace(), "user_ada");
    for id in ["methodology", "user_ada", "ada", "-", "_"] {
        assert_ne!(
            Realm::User(&user(id)).namespace(),
            Realm::Everybody.namespace()
        );
    }
}

#[test]
fn a_query_asks_for_what_this_coach_of_this_user_may_see() {
    let owner = user("ada");
    let body = query(
        Realm::User(&owner),
        &search(&[Memory, Workout]),
        &[0.5, 0.5],
    );
    assert_eq!(
        body,
        json!({
            "namespace": "user_ada",
            "vector": [0.5, 0.5],
            "topK": 6,
            "filter": { "$and": [
                { "owner": { "$eq": "ada" } },
                { "$or": [{ "coach": { "$eq": "strength" } }, { "coach": { "$eq": "*" } }] },
                { "kind": { "$in": ["memory", "workout"] } },
            ] },
            "includeMetadata": true,
            "includeValues": false,
        })
    );
    let shared = query(Realm::Everybody, &search(&[]), &[1.0]);
    assert_eq!(shared["namespace"], "methodology");
    assert_eq!(
        shared["filter"]["$and"][0],
        json!({ "owner": { "$eq": "*" } })
    );
    assert_eq!(shared["filter"]["$and"].as_array().unwrap().len(), 2);
}

#[test]
fn an_entry_is_one_vector_with_all_that_a_hit_must_tell() {
    let owner = user("ada");
    let body = upsert(Realm::User(&owner), &[&entry("bad knee")], &[vec![1.0]]);
    let metadata =
        json!({ "owner": "ada", "coach": "*", "kind": "memory", "created": 7, "text": "bad knee" });
    let vector = json!({ "id": "memory#m1", "values": [1.0], "metadata": metadata });
    assert_eq!(
        body,
        json!({ "namespace": "user_ada", "vectors": [vector] })
    );
    assert_eq!(embedded(&entry("bad knee")), "bad knee injury knee");
}

#[test]
fn every_kind_has_one_word_in_ids_filters_and_metadata() {
    for kind in [Memory, Workout, Summary, Methodology] {
        assert_eq!(json!(kind), word(kind));
    }
}

#[test]
fn metadata_never_grows_beyond_what_the_index_takes() {
    let owner = user("ada");
    let texts =
        ["a", "ü", "\"", "\u{1}", "\n", "🏋", "a\\🏋\u{7f}\""].map(|part| part.repeat(60_000));
    for text in &texts {
        let body = upsert(Realm::User(&owner), &[&entry(text)], &[vec![1.0]]);
        let metadata = &body["vectors"][0]["metadata"];
        let size = metadata.to_string().len();
        assert!(
            (METADATA - 10..=METADATA).contains(&size) || text.starts_with('\n'),
            "{size}"
        );
        assert!(size <= METADATA && text.starts_with(metadata["text"].as_str().unwrap()));
    }
    assert_eq!(fitting("short", 5), "short");
    assert_eq!(fitting("short", 4), "shor");
    assert_eq!(fitting("ü", 1), "");
}

#[test]
fn a_hit_that_was_asked_for_is_recalled() {
    let owner = user("ada");
    let own = hit("memory#m#1", about("ada", "strength", "memory"))
        .recalled(Realm::User(&owner), &search(&[Memory]));
    let expected = Recalled {
        kind: Memory,
        id: "m#1".to_owned(),
        owner: Some(owner),
        text: "bad knee".to_owned(),
        score: 0.5,
    };
    assert_eq!(own, Ok(expected));
    let shared = hit("methodology#x", about("*", "*", "methodology"))
        .recalled(Realm::Everybody, &search(&[]));
    assert_eq!(shared.unwrap().owner, None);
}

#[test]
fn a_hit_that_is_not_the_callers_is_foreign_whatever_the_index_says() {
    let owner = user("ada");
    let table = [
        (
            hit("memory#m", about("bob", "*", "memory")),
            "it is another user's",
        ),
        (
            hit("memory#m", about("*", "*", "memory")),
            "it is another user's",
        ),
        (
            hit("memory#m", about("ada", "running", "memory")),
            "it is for another coach",
        ),
        (
            hit("summary#m", about("ada", "*", "summary")),
            "it is of another kind",
        ),
        (
            hit("workout#m", about("ada", "*", "memory")),
            "its id is of another kind",
        ),
        (
            hit("memory", about("ada", "*", "memory")),
            "its id is of another kind",
        ),
        (
            hit("memory#m", about("ada", "*", "wish")),
            "it says not what it is",
        ),
        (
            hit("memory#m", json!({ "text": "x" })),
            "it says not what it is",
        ),
        (hit("memory#m", Value::Null), "it says not what it is"),
    ];
    for (hit, why) in table {
        let judged = hit.recalled(Realm::User(&owner), &search(&[Memory, Workout]));
        assert_eq!(judged, Err(Foreign(why)));
    }
    let own_in_shared =
        hit("memory#m", about("ada", "*", "memory")).recalled(Realm::Everybody, &search(&[]));
    assert_eq!(own_in_shared, Err(Foreign("it is another user's")));
}

#[test]
fn an_index_for_other_vectors_is_unfit() {
    let unfit = |dimension: Option<usize>, metric: &str| {
        Stats {
            dimension,
            metric: Some(metric.to_owned()),
        }
        .unfit(512)
        .join("; ")
    };
    assert_eq!(unfit(Some(512), "cosine"), "");
    assert_eq!(unfit(Some(512), "dotproduct"), "");
    assert!(unfit(Some(1024), "cosine").contains("1024 numbers, and the embedder makes 512"));
    assert!(unfit(None, "cosine").contains("not for dense vectors"));
    assert!(unfit(Some(512), "euclidean").contains("metric cosine"));
}
