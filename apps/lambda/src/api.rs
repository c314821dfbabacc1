//! Answering HTTP requests, each an invocation.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use domain::Timestamp;
use http_adapter::{App, Code, Within, refusing, router};
use lambda_http::request::LambdaRequest;
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use metrics::Metrics;
use ports::{Clock, Feeds, Watches};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use tower::util::ThenLayer;
use tracing::{error, info};

use crate::Broken;
use crate::config::{Config, Responses};
use crate::event::{self, Manner};
use crate::reply::{self, Reply};
use crate::wake::Wake;

/// How long before its deadline an invocation is over in any case.
const END: Duration = Duration::from_secs(1);

/// How long turns have to be saved when the process is told to end.
const SAVE: Duration = Duration::from_secs(10);

/// How often Lambda is asked for invocations again when it gave none.
const TRIES: u32 = 3;

/// How long Lambda is left alone before it is asked again, or the process ends.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers invocations until the process is told to end.
pub async fn serve(mut app: App, metrics: Arc<Metrics>, config: &Config) -> Result<(), Broken> {
    let wake = Arc::new(Wake::new(config.sweep_function.clone()).await);
    app.watch = Arc::new(Watches(vec![metrics, wake.clone()]));
    let (feeds, clock) = (app.feeds.clone(), app.ports.clock.clone());
    let api = Api {
        router: router(app),
        responses: config.responses,
        running: TaskTracker::new(),
        clock: clock.clone(),
        wake,
        is_shared: std::env::var_os("AWS_LAMBDA_MAX_CONCURRENCY").is_some_and(|most| most != "1"),
        taken: Arc::default(),
    };
    let mut answering = pin!(api.clone().answer_all());
    tokio::select! {
        ended = &mut answering => return ended,
        () = told_to_stop() => {}
    }
    // What is on its way to Lambda goes on meanwhile.
    tokio::select! {
        ended = answering => ended,
        () = api.end(&feeds) => Ok(()),
    }
}

#[derive(Clone)]
struct Api {
    router: Router,
    responses: Responses,
    /// All that runs, of whatever invocation, and the answers that are on their way.
    running: TaskTracker,
    clock: Arc<dyn Clock>,
    wake: Arc<Wake>,
    /// Whether several invocations are answered at once.
    is_shared: bool,
    /// How many invocations there were.
    taken: Arc<AtomicU64>,
}

impl Api {
    /// Takes invocations until Lambda gives none any more. If it is not there for once, what runs
    /// is seen to its end, and it is asked again.
    async fn answer_all(self) -> Result<(), Broken> {
        let mut in_vain = 0;
        loop {
            let before = self.taken.load(Ordering::Relaxed);
            let (api, after) = (self.clone(), self.clone());
            let service = service_fn(move |event| api.clone().answer(event));
            let runtime = Runtime::new(service)
                .layer(ThenLayer::new(move |sent| after.clone().answered(sent)))
                .layer(TracingLayer::new());
            let Err(source) = runtime.run_concurrent().await else {
                return Ok(());
            };
            error!(error = &*source, "no invocations are taken for the moment");
            self.is_idle().await;
            let has_taken = self.taken.load(Ordering::Relaxed) > before;
            in_vain = if has_taken { 0 } else { in_vain + 1 };
            if in_vain == TRIES {
                return Err(Broken::Lambda(source));
            }
            self.clock.sleep_until(self.clock.now() + PAUSE).await;
        }
    }

    /// Goes on when an answer has not reached Lambda: the runtime would take no more invocations.
    /// What runs is seen to its end before the next one is asked for, since nothing is certain to
    /// run after that; where others are answered in the same process, that is their care.
    async fn answered(self, sent: Result<(), Error>) -> Result<(), Error> {
        if let Err(error) = sent {
            error!(error = &*error, "an answer has not reached Lambda");
            if !self.is_shared {
                self.is_idle().await;
            }
        }
        Ok(())
    }

    /// Waits until nothing runs.
    async fn is_idle(&self) {
        self.running.close();
        self.running.wait().await;
    }

    async fn answer(self, event: LambdaEvent<LambdaRequest>) -> Result<Reply, Infallible> {
        self.taken.fetch_add(1, Ordering::Relaxed);
        let LambdaEvent { payload, context } = event;
        let (mut request, manner) = event::read(payload, &context, self.responses);
        let (tasks, until) = (
            TaskTracker::new(),
            event::deadline(&context, self.clock.now()),
        );
        let within = Within {
            tasks: tasks.clone(),
            until,
            streams: manner == Manner::Streamed,
        };
        request.extensions_mut().insert(within);
        let late = self.clock.sleep_until(until.before(END));
        let response = tokio::select! {
            Ok(response) = self.router.clone().oneshot(request) => response,
            () = late => too_late().await,
        };
        // What the request has begun is known now; it may still begin more.
        tasks.close();
        let (clock, over) = (self.clock.clone(), self.seen_to(tasks, until));
        if manner == Manner::Streamed {
            let late = async move { clock.sleep_until(until.before(END)).await };
            return Ok(reply::streamed(response, late, over));
        }
        let whole = reply::whole(response, manner).await;
        over.await;
        Ok(whole)
    }

    /// Waits until all that a request has begun is over, and has somebody else do what it leaves.
    fn seen_to(self, tasks: TaskTracker, until: Timestamp) -> impl Future<Output = ()> + use<> {
        let own = self.running.spawn(async move { tasks.wait().await });
        // An answer that is on its way counts, too.
        let on_its_way = self.running.token();
        async move {
            let late = self.clock.sleep_until(until.before(END));
            tokio::select! {
                _ = own => {}
                () = late => error!("an invocation is over before its work"),
            }
            self.wake.if_work_was_left().await;
            drop(on_its_way);
        }
    }

    /// Lets what runs be saved as far as it got, and told.
    async fn end(&self, feeds: &Feeds) {
        info!(turns = feeds.len(), "told to end: turns are saved");
        feeds.hurry_up(self.clock.now());
        if tokio::time::timeout(SAVE, self.is_idle()).await.is_err() {
            error!(turns = feeds.len(), "something was still running");
        }
        // Lambda has yet to take the last bytes.
        self.clock.sleep_until(self.clock.now() + PAUSE).await;
    }
}

/// What is said when there is no time left to answer.
async fn too_late() -> Response {
    let Ok(refusal) = refusing(Code::StoreUnavailable)
        .oneshot(Request::new(Body::empty()))
        .await;
    refusal
}

/// A process that several invocations share is told with SIGTERM that it ends; another is ended
/// while nothing runs, and not told.
async fn told_to_stop() {
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => _ = terminated.recv().await,
        Err(_) => std::future::pending().await,
    }
}
