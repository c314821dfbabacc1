//! What turns reserve of their user's allowance.

use domain::{Ending, Timestamp};

use super::{NOW, SECOND, admission, begun, conversation, empty, finish, key, words};
use crate::conformance::somebody;
use crate::{Admission, Admitted, Begun, Hold, MessageStore, Writer};

pub async fn a_hold_beyond_the_limit_is_refused_and_changes_nothing(store: &dyn MessageStore) {
    let user = somebody();
    let hold = Some(Hold {
        amount: 2,
        limit: 3,
        until: NOW + 60 * SECOND,
    });
    for name in ["v1", "v2"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    begun(
        store,
        &Admission {
            hold,
            ..admission(&key(&user, "v1"), "t1")
        },
    )
    .await;
    let second = Admission {
        hold,
        ..admission(&key(&user, "v2"), "t2")
    };
    assert_eq!(store.admit(&second).await.unwrap(), Admitted::OverLimit);
    assert_eq!(
        store
            .conversation(&key(&user, "v2"))
            .await
            .unwrap()
            .unwrap()
            .messages,
        0
    );
    let small = Admission {
        hold: Some(Hold {
            amount: 1,
            limit: 3,
            until: NOW + 60 * SECOND,
        }),
        ..second
    };
    assert!(matches!(
        store.admit(&small).await.unwrap(),
        Admitted::New(_)
    ));
}

pub async fn a_hold_that_has_run_out_does_not_count(store: &dyn MessageStore) {
    let user = somebody();
    let until = NOW + 60 * SECOND;
    let hold = Some(Hold {
        amount: 1,
        limit: 1,
        until,
    });
    for name in ["v1", "v2"] {
        store
            .create_conversation(&empty(key(&user, name), NOW))
            .await
            .unwrap();
    }
    begun(
        store,
        &Admission {
            hold,
            ..admission(&key(&user, "v1"), "t1")
        },
    )
    .await;
    let second = |now| Admission {
        hold,
        now,
        ..admission(&key(&user, "v2"), "t2")
    };
    assert_eq!(
        store.admit(&second(Timestamp(until.0 - 1))).await.unwrap(),
        Admitted::OverLimit
    );
    assert!(matches!(
        store.admit(&second(until)).await.unwrap(),
        Admitted::New(_)
    ));
}

pub async fn a_finished_turn_gives_back_what_it_held(store: &dyn MessageStore) {
    let key = conversation(store).await;
    let hold = Some(Hold {
        amount: 3,
        limit: 3,
        until: NOW + 60 * SECOND,
    });
    for turn in ["t1", "t2"] {
        let a = Admission {
            hold,
            ..admission(&key, turn)
        };
        let Begun { fence, number } = begun(store, &a).await;
        store
            .finish(
                &a.turn,
                Writer::Holder(fence),
                &finish(&a, number, Ending::Finished, words(&["x"]), vec![]),
            )
            .await
            .unwrap();
    }
}
