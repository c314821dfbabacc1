//! What must not be asked, and what is asked once, before what. A port without an expectation
//! panics when it is asked anything.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Method;
use coach_tests::scenes::QUESTION;
use coach_tests::{ADA, BOB, EVENTS, JSON, Site, conversation_key, saying, told};
use domain::UserScope;
use futures::FutureExt;
use http_adapter::ROUTES;
use mockall::Sequence;
use mockall::predicate::eq;
use ports::{
    Account, Answer, Identity, Kind, LlmStream, MessageStore, MockLlmStream, MockMemoryIndex,
    MockMessageStore, MockRecordStore, MockTokenVerifier, ModelCall, Ports, Records, Result,
    TokenRefusal,
};
use rehearsal::{Line, Scene};

use crate::{kinds, replying};

/// A world in which nothing may be asked.
fn nothing(site: &Site) -> Ports {
    Ports {
        llm: Arc::new(MockLlmStream::new()),
        messages: Arc::new(MockMessageStore::new()),
        records: Records::new(Arc::new(MockRecordStore::new())),
        index: Arc::new(MockMemoryIndex::new()),
        clock: Arc::new(site.clock),
    }
}

/// What the stores in memory answer, which never wait.
fn at_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    work.now_or_never().unwrap()
}

/// What a running turn keeps and ends by goes to the site's own store.
fn keeps_its_turns(store: &mut MockMessageStore, site: &Site) {
    let inside = site.messages.clone();
    store
        .expect_checkpoint()
        .returning(move |checkpoint| at_once(inside.checkpoint(checkpoint)));
    let inside = site.messages.clone();
    store
        .expect_finish()
        .times(1)
        .returning(move |turn, writer, finish| at_once(inside.finish(turn, writer, finish)));
    let inside = site.messages.clone();
    store
        .expect_claim_jobs()
        .returning(move |of, now, until, limit| at_once(inside.claim_jobs(of, now, until, limit)));
    let inside = site.messages.clone();
    store
        .expect_jobs()
        .returning(move |of| at_once(inside.jobs(of)));
}

fn is_prose(call: &ModelCall) -> bool {
    call.answer == Answer::Prose
}

#[tokio::test(start_paused = true)]
async fn no_model_is_asked_before_its_message_is_admitted_and_then_each_one_once() {
    let mut site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let (mut order, mut store, mut model) = (
        Sequence::new(),
        MockMessageStore::new(),
        MockLlmStream::new(),
    );
    let inside = site.messages.clone();
    store
        .expect_admit()
        .times(1)
        .in_sequence(&mut order)
        .returning(move |admission| at_once(inside.admit(admission)));
    let inside = site.messages.clone();
    store
        .expect_messages()
        .times(1)
        .in_sequence(&mut order)
        .returning(move |key, before, limit| at_once(inside.messages(key, before, limit)));
    keeps_its_turns(&mut store, &site);
    let router = site.model.clone();
    model
        .expect_open()
        .withf(|call| !is_prose(call))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |call| router.open(call));
    let coach = site.model.clone();
    model
        .expect_open()
        .withf(is_prose)
        .times(1)
        .in_sequence(&mut order)
        .returning(move |call| coach.open(call));
    (site.app.ports.messages, site.app.ports.llm) = (Arc::new(store), Arc::new(model));

    let stream = format!("{path}/stream");
    let events = site
        .client()
        .stream(&stream, &[], &saying(QUESTION))
        .await
        .rest()
        .await;
    site.settled().await;
    assert_eq!(kinds(&events).last(), Some(&"complete"));
    assert!(told(&events).ends_with("Sit."));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_asks_no_model() {
    let site = replying(Scene(vec![Line::Hang])).set(|settings| settings.turns_per_user = 1);
    let (busy, other) = (site.conversation().await, site.conversation().await);
    let key = [("idempotency-key", "k1")];
    site.client()
        .stream(&format!("{busy}/stream"), &key, &saying(QUESTION))
        .await;

    let mute = site.clone().asking(Arc::new(MockLlmStream::new()));
    let unknown = busy.replace(conversation_key(&busy).conversation.as_str(), "nobodys");
    for (path, headers, status) in [
        (&busy, &[][..], 409),
        (&busy, &key[..], 409),
        (&other, &[][..], 429),
        (&unknown, &[][..], 404),
    ] {
        for call in ["stream", "send-message"] {
            let headers: Vec<_> = headers.iter().copied().chain([JSON, EVENTS]).collect();
            let body = Body::from(saying("And now?").to_string());
            let path = format!("{path}/{call}");
            let refused = mute.client().ask(Method::POST, &path, &headers, body).await;
            assert_eq!(refused.status, status, "{path}: {}", refused.body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_looked_up_before_the_token_is_verified() {
    let mut site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    site.app.ports = nothing(&site);
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/users/"))
    {
        let mut verifier = MockTokenVerifier::new();
        verifier
            .expect_verify()
            .with(eq(BOB))
            .times(1)
            .returning(|_| Err(TokenRefusal::Invalid("a test says so")));
        site.app.tokens = Arc::new(verifier);
        let path = route.path.replace(['{', '}'], "");
        let bob = site.client().showing(Some(BOB));
        let body = Body::from(saying(QUESTION).to_string());
        let refused = bob.ask(route.method.clone(), &path, &[JSON], body).await;
        assert_eq!(refused.status, 401, "{path}: {}", refused.body);
    }

    let (mut order, mut verifier, mut store) = (
        Sequence::new(),
        MockTokenVerifier::new(),
        MockMessageStore::new(),
    );
    let scope = conversation_key(&path).user;
    verifier
        .expect_verify()
        .with(eq(ADA))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_| Ok(identity(&scope)));
    let inside = site.messages.clone();
    store
        .expect_conversation()
        .with(eq(conversation_key(&path)))
        .times(1)
        .in_sequence(&mut order)
        .returning(move |key| at_once(inside.conversation(key)));
    (site.app.tokens, site.app.ports.messages) = (Arc::new(verifier), Arc::new(store));
    assert_eq!(site.client().get(&path).await.status, 200);
}

fn identity(scope: &UserScope) -> Identity {
    Identity {
        account: Account {
            issuer: "issuer".to_owned(),
            subject: "subject".to_owned(),
        },
        scope: scope.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn where_a_rule_answers_no_history_is_read_and_no_model_asked() {
    let mut site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let (mut store, mut records) = (MockMessageStore::new(), MockRecordStore::new());
    let inside = site.messages.clone();
    store
        .expect_admit()
        .times(1)
        .returning(move |admission| at_once(inside.admit(admission)));
    keeps_its_turns(&mut store, &site);
    records
        .expect_get()
        .withf(|at| at.kind == Kind::Coach)
        .times(1)
        .returning(|_| Ok(None));
    site.app.ports = Ports {
        messages: Arc::new(store),
        records: Records::new(Arc::new(records)),
        ..nothing(&site)
    };

    let stream = format!("{path}/stream");
    let events = site
        .client()
        .stream(&stream, &[], &saying("/help"))
        .await
        .rest()
        .await;
    site.settled().await;
    assert_eq!(kinds(&events).last(), Some(&"complete"));
    assert!(told(&events).contains("/save-memory"), "{}", told(&events));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_repeated_asks_no_model_and_looks_nothing_up() {
    let site = replying(Scene::saying("Sit."));
    let path = site.conversation().await;
    let (stream, key) = (format!("{path}/stream"), [("idempotency-key", "same")]);
    let once = site
        .client()
        .stream(&stream, &key, &saying(QUESTION))
        .await
        .rest()
        .await;
    site.settled().await;

    let mut again = site.clone();
    let mut records = MockRecordStore::new();
    records
        .expect_get()
        .withf(|at| at.kind == Kind::Coach)
        .returning(|_| Ok(None));
    again.app.ports = Ports {
        messages: site.app.ports.messages.clone(),
        records: Records::new(Arc::new(records)),
        ..nothing(&site)
    };
    for client in again.both() {
        let replayed = client
            .stream(&stream, &key, &saying(QUESTION))
            .await
            .rest()
            .await;
        assert_eq!(told(&replayed), told(&once));
        assert_eq!(kinds(&replayed).last(), Some(&"complete"));
    }
}
