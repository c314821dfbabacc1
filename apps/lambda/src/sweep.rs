//! Doing what others have left behind.

use std::sync::Arc;
use std::time::Duration;

use http_adapter::App;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use metrics::Metrics;
use ports::{Swept, sweep};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::Broken;
use crate::event;

/// How long before its deadline a sweep is over.
const END: Duration = Duration::from_secs(2);

/// Sweeps at each invocation, until the process is ended.
pub(crate) async fn serve(app: App, metrics: Arc<Metrics>) -> Result<(), Broken> {
    let service = service_fn(move |event: LambdaEvent<IgnoredAny>| {
        let (app, metrics) = (app.clone(), metrics.clone());
        async move {
            let now = app.ports.clock.now();
            let until = event::deadline(&event.context, now).before(END);
            let swept = sweep(&app.ports, &app.settings.prices, &*metrics, until).await;
            metrics.swept(&swept);
            Ok::<_, Error>(told(&swept))
        }
    });
    lambda_runtime::run(service).await.map_err(Broken::Lambda)
}

/// Says what was done, to whoever has woken it and waits for it.
fn told(swept: &Swept) -> Value {
    json!({
        "turns": swept.turns,
        "jobs": {
            "done": swept.done,
            "refused": swept.refused,
            "again": swept.again,
            "dead": swept.dead,
        },
        "troubles": swept.troubles,
    })
}
