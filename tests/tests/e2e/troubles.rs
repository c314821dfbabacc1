//! What a healthy server cannot be brought to: the same router over real connections, on a store
//! and a verifier that have troubles.

use std::sync::Arc;
use std::time::Duration;

use coach_tests::{ADA, Closed, Faulty, Mishap, Site, conversation_key};
use domain::{Closing, Ending, Fault, Finish, Report, TurnEvent, TurnKey};
use http_adapter::{App, Code, router};
use in_memory::InMemoryMessages;
use ports::{Admission, Admitted, Clock, MessageStore, Ports, TokenRefusal, Writer};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::codes::Tried;

const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn troubles(tried: &mut Tried) {
    let runtime = Runtime::new().unwrap();
    let site = Site::new(|script| script);
    let conversation = runtime.block_on(site.conversation());
    runtime.block_on(plant_a_lost_turn(&site, &conversation));
    let expired = runtime.block_on(site.conversation());
    runtime.block_on(plant_an_expired_turn(&site, &expired));

    let down = Arc::new(Faulty::new(
        InMemoryMessages::default(),
        Arc::new(site.clock),
    ));
    down.plan("conversations", 1.., Mishap::Fail(Fault::Unavailable));
    let messages: Arc<dyn MessageStore> = down;
    let without_store = App {
        ports: Ports {
            messages,
            ..site.app.ports.clone()
        },
        ..site.app.clone()
    };
    let nobody = App {
        tokens: Arc::new(Closed(|| TokenRefusal::MissingUserId)),
        ..site.app.clone()
    };
    let [base, without_store, nobody] =
        [site.app.clone(), without_store, nobody].map(|app| serve(&runtime, app));

    let bearer = format!("authorization: Bearer {ADA}");
    let list = "/users/ada/coaches/strength/conversations";
    for (code, address) in [
        (
            Code::ProducerLost,
            format!("{base}{conversation}/stream?turnId=lost"),
        ),
        (
            Code::TurnExpired,
            format!("{base}{expired}/stream?turnId=expired"),
        ),
        (Code::StoreUnavailable, format!("{without_store}{list}")),
        (Code::MissingCustomUserId, format!("{nobody}{list}")),
    ] {
        tried.expect(code, &["-H", &bearer, &address]);
    }
}

/// Serves on a free port, as long as the runtime lives; the address.
fn serve(runtime: &Runtime, app: App) -> String {
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, router(app)).await });
    format!("http://{address}")
}

/// A turn whose process has not been heard of for a minute.
async fn plant_a_lost_turn(site: &Site, conversation: &str) {
    let mut admission = admission(site, conversation, "lost");
    admission.lease_until = admission.now;
    assert!(matches!(
        site.messages.admit(&admission).await.unwrap(),
        Admitted::New(_)
    ));
}

/// A turn that has ended, and of which no more is kept than its messages.
async fn plant_an_expired_turn(site: &Site, conversation: &str) {
    let mut admission = admission(site, conversation, "expired");
    admission.kept_until = admission.now;
    let Admitted::New(begun) = site.messages.admit(&admission).await.unwrap() else {
        panic!("a new turn")
    };
    let closing = Closing {
        ending: Ending::Finished,
        at: admission.now,
        jobs: Vec::new(),
        report: Report::default(),
    };
    let place = admission.opening(begun.number).place();
    let finish = Finish::of(place, closing, vec![TurnEvent::Started], None);
    site.messages
        .finish(&admission.turn, Writer::Holder(begun.fence), &finish)
        .await
        .unwrap();
}

fn admission(site: &Site, conversation: &str, turn: &str) -> Admission {
    let now = domain::Timestamp(site.clock.now().0 - u64::try_from(MINUTE.as_millis()).unwrap());
    let conversation = conversation_key(conversation);
    Admission {
        turn: TurnKey {
            conversation,
            turn: turn.parse().unwrap(),
        },
        key: turn.parse().unwrap(),
        body: [0; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: "hello".into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + MINUTE * 10,
        over_by: now + MINUTE * 10,
        kept_until: now + MINUTE * 10,
        holds: Vec::new(),
    }
}
