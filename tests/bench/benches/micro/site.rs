//! A server in this process, without a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use bytes::Bytes;
use domain::{StopReason, coach};
use http_adapter::{App, Settings, router};
use http_body_util::BodyExt;
use in_memory::{InMemoryMessages, InMemoryRecords, KnownTokens, LexicalIndex, ManualClock};
use ports::{Feeds, Ports, Records};
use rehearsal::{Line, Scene, Scripted};
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::given::{self, NOW};

/// A runtime of one thread, so that nothing but the work is measured.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) struct Site {
    runtime: Runtime,
    router: Router,
    tasks: TaskTracker,
}

impl Site {
    /// A server whose model says so many tokens, all of which are there at once.
    pub(crate) fn new(tokens: usize) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let said = given::pieces(tokens)
            .into_iter()
            .map(|said| Line::Say(said.text.to_string()));
        let scene = said.chain([Line::End(StopReason::Complete)]).collect();
        let ports = Ports {
            llm: Arc::new(Scripted::new(clock.clone()).reply(Scene(scene))),
            messages: Arc::new(InMemoryMessages::default()),
            records: Records::new(Arc::new(InMemoryRecords::default())),
            index: Arc::new(LexicalIndex::default()),
            clock,
        };
        let coaches = coach::shipped().into_iter().map(Arc::new).collect();
        let tasks = TaskTracker::new();
        let app = App {
            ports,
            tokens: Arc::new(KnownTokens::default().with("ada", "ada".parse().unwrap())),
            feeds: Arc::new(Feeds::default()),
            tasks: tasks.clone(),
            watch: Arc::new(()),
            settings: Arc::new(Settings {
                coaches,
                ..Settings::default()
            }),
        };
        Self {
            runtime: runtime(),
            router: router(app),
            tasks,
        }
    }

    /// Makes a conversation; its address.
    pub(crate) fn conversation(&self) -> String {
        let made = self.runtime.block_on(async {
            let answer = self
                .ask("/users/ada/coaches/strength/conversations", "{}")
                .await;
            answer.headers()[header::LOCATION]
                .to_str()
                .unwrap()
                .to_owned()
        });
        made + "/stream"
    }

    /// Has a turn there to its end: all that was streamed.
    pub(crate) fn turn(&self, path: &str) -> Bytes {
        self.runtime.block_on(async {
            let answer = self.ask(path, r#"{"userResponse":"thanks!"}"#).await;
            let told = answer.into_body().collect().await.unwrap().to_bytes();
            assert!(
                told.windows(10).any(|ten| ten == b"\"complete\""),
                "{told:?}"
            );
            // What follows a turn is part of it.
            while !self.tasks.is_empty() {
                tokio::task::yield_now().await;
            }
            told
        })
    }

    async fn ask(&self, path: &str, body: &'static str) -> axum::response::Response {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, "Bearer ada")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }
}
