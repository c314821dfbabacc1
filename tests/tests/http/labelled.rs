//! What somebody else wrote who has not seen the matcher, said to a whole server: with a router
//! that is sound, with one that does what every message may want, and with one that is wrong.

use std::collections::{BTreeMap, BTreeSet};

use coach_tests::{ADA, Site};
use domain::{Memory, MemoryId, UserScope};
use ports::{Expect, Kind, RecordKey, RecordStore, records};
use rehearsal::Scene;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::mind::{routing, tell};

#[derive(Debug, Deserialize)]
struct Store {
    name: String,
    memories: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    id: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Asked {
    store: String,
    say: String,
    expect: Expected,
    plain: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expected {
    forget: BTreeSet<String>,
    remember: bool,
}

/// What a router makes of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Router {
    /// It hears what is asked for, and takes no memory for another.
    Sound,
    /// It does whatever a message could want, with all that it was shown.
    Obedient,
    /// It takes a request to forget for a fact, and anything else for a request to forget all.
    Wrong,
}

impl Router {
    fn answer(self, say: &str, wants: &Expected) -> String {
        let (remembers, forgets) = match self {
            Self::Sound => (wants.remember, !wants.remember),
            Self::Obedient => (true, true),
            Self::Wrong => (!wants.forget.is_empty(), wants.forget.is_empty()),
        };
        let mut answer: Value =
            serde_json::from_str(&routing(remembers.then_some(say), forgets)).unwrap();
        if self != Self::Sound {
            answer["memoryProcessing"]["forget"] = (1..=12).collect();
        }
        if self != Self::Sound && remembers {
            answer["memoryProcessing"]["memory"]["sameAs"] = json!(1);
            answer["memoryProcessing"]["memory"]["inPlaceOf"] = json!(1);
        }
        answer.to_string()
    }
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A server at which Ada has these memories, whose router answers this.
async fn knowing(memories: &[Entry], answer: String) -> Site {
    let site = Site::new(|model| {
        let model = model.route(Scene::saying(answer));
        model.reply(Scene::saying("Well."))
    });
    let owner = UserScope::verified(ADA.parse().unwrap());
    for (place, Entry { id, text }) in memories.iter().enumerate() {
        let memory: Memory = serde_json::from_value(json!({
            "memoryId": id, "content": text, "type": "context", "importance": "medium",
            "coachId": null, "tags": [], "source": "explicitRequest", "sourceMessageId": null,
            "conversationId": null, "createdAt": domain::Timestamp(1 + place as u64),
            "lastUsedAt": null, "timesUsed": 0, "supersededBy": null,
        }))
        .unwrap();
        let at = RecordKey {
            owner: owner.clone(),
            kind: Kind::Memory,
            id: id.parse().unwrap(),
        };
        let body = records::body(&memory).unwrap();
        let put = site.records.put(&at, &body, None, Expect::Absent).await;
        assert!(put.unwrap(), "{text}");
    }
    site
}

/// What has come of a request.
struct Came {
    gone: BTreeSet<String>,
    kept_new: bool,
    told: String,
}

async fn came(memories: &[Entry], say: &str, answer: String) -> Came {
    let site = knowing(memories, answer).await;
    let path = site.conversation().await;
    let events = tell(&site, &path, say).await;
    let parts = &events.last().unwrap().json["aiMessage"]["parts"];
    let told = parts.as_array().unwrap().iter();
    let told = told.filter(|part| part["kind"] == "confirmation");
    let told: String = told.map(|part| part["content"].as_str().unwrap()).collect();
    let kept = site.records.inside().dump();
    let kept = kept.iter().filter(|record| record.at.kind == Kind::Memory);
    let kept: BTreeSet<MemoryId> = kept
        .map(|record| records::read::<Memory>(record).unwrap().id)
        .collect();
    let is_there = |id: &str| kept.iter().any(|kept| kept.as_str() == id);
    let gone = memories.iter().filter(|entry| !is_there(&entry.id));
    let gone: BTreeSet<String> = gone.map(|entry| entry.id.clone()).collect();
    Came {
        kept_new: kept.len() + gone.len() > memories.len(),
        gone,
        told: told.trim().to_owned(),
    }
}

/// The sum of what came of all requests.
#[derive(Debug, Default)]
struct Sum {
    plain: usize,
    obeyed: usize,
    asked_back: usize,
    wrong: Vec<String>,
    silent: Vec<String>,
}

async fn sum(router: Router) -> Sum {
    let stores: Vec<Store> = lines(include_str!("../../corpus/forget-stores.jsonl"));
    let stores: BTreeMap<&str, &[Entry]> = stores
        .iter()
        .map(|store| (store.name.as_str(), store.memories.as_slice()))
        .collect();
    let mut sum = Sum::default();
    for Asked {
        store,
        say,
        expect,
        plain,
    } in lines::<Asked>(include_str!("../../corpus/forget-requests.jsonl"))
    {
        let answer = router.answer(&say, &expect);
        let came = came(stores[store.as_str()], &say, answer).await;
        if !came.gone.is_subset(&expect.forget) {
            sum.wrong.push(format!("{say}: {:?} are gone", came.gone));
        }
        if plain && router == Router::Sound && came.told.is_empty() {
            sum.silent.push(say.clone());
        }
        if plain {
            let is_obeyed = came.gone == expect.forget && came.kept_new == expect.remember;
            sum.plain += 1;
            sum.obeyed += usize::from(is_obeyed);
            sum.asked_back += usize::from(!is_obeyed && came.told.ends_with(['.', '?']));
        }
    }
    sum
}

#[tokio::test(start_paused = true)]
async fn plain_requests_get_their_promise_and_it_is_kept() {
    let Sum {
        plain,
        obeyed,
        asked_back,
        wrong,
        silent,
    } = sum(Router::Sound).await;
    println!("{obeyed} of {plain} plain requests were obeyed, {asked_back} asked back or refused");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(silent.is_empty(), "nothing is told of {silent:#?}");
    assert!(obeyed * 100 >= plain * 95, "{obeyed} of {plain}");
    assert!(asked_back * 100 <= plain * 5, "{asked_back} of {plain}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_erased_that_was_not_meant_whatever_the_router_answers() {
    for router in [Router::Obedient, Router::Wrong] {
        let Sum {
            plain,
            obeyed,
            wrong,
            ..
        } = sum(router).await;
        println!("{router:?}: {obeyed} of {plain} plain requests were obeyed");
        assert!(wrong.is_empty(), "{router:?}: {wrong:#?}");
    }
}
