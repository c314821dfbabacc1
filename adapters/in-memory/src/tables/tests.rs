use std::time::Duration;

use domain::{Ending, Report};
use ports::Hold;

use super::*;

const NOW: Timestamp = Timestamp(2_000_000_000_000);
const HOUR: Duration = Duration::from_secs(3_600);

fn conversation(user: &str, name: &str) -> ConversationKey {
    let user = UserScope::stored(user.parse().unwrap());
    ConversationKey {
        user,
        coach: "c".parse().unwrap(),
        conversation: name.parse().unwrap(),
    }
}

fn admission(key: &ConversationKey, turn: &str, now: Timestamp) -> Admission {
    Admission {
        turn: TurnKey {
            conversation: key.clone(),
            turn: turn.parse().unwrap(),
        },
        key: format!("key-{turn}").parse().unwrap(),
        body: [7; 32],
        user_message: format!("user-{turn}").parse().unwrap(),
        assistant_message: format!("assistant-{turn}").parse().unwrap(),
        text: "Hi".into(),
        sent: None,
        zone: None,
        now,
        lease_until: now + HOUR,
        over_by: now + HOUR,
        kept_until: now + 25 * HOUR,
        holds: vec![Hold {
            of: Allowance::Turns,
            amount: 1,
            limit: 100,
            until: now + HOUR,
        }],
    }
}

fn begin(tables: &mut Tables, admission: &Admission) -> Fence {
    tables.create(&Conversation::new(
        admission.turn.conversation.clone(),
        String::new(),
        NOW,
    ));
    let answer = tables.admit(admission);
    let Admitted::New(begun) = answer else {
        panic!("{answer:?}")
    };
    begun.fence
}

fn end(tables: &mut Tables, admission: &Admission, fence: Fence) {
    let jobs = vec![JobKind::Workout];
    let closing = Closing {
        ending: Ending::Finished,
        at: admission.now,
        jobs,
        report: Report::default(),
    };
    let place = admission.opening(1).place();
    let finish = Finish::of(place, closing, vec![TurnEvent::Started], None);
    let ended = tables.finish(&admission.turn, Writer::Holder(fence), &finish);
    assert_eq!(ended, Written::Done(()));
}

/// How many keys and turns there are, of everybody.
fn kept(tables: &Tables) -> (usize, usize) {
    let rows = || {
        tables
            .users
            .values()
            .flat_map(|user| user.conversations.values())
    };
    (
        rows().map(|row| row.keys.len()).sum(),
        rows().map(|row| row.turns.len()).sum(),
    )
}

#[test]
fn what_has_expired_is_swept_a_little_at_a_time_by_whoever_admits_something() {
    let mut tables = Tables::default();
    for number in 0..20 {
        let a = admission(
            &conversation(&format!("u{number}"), "v"),
            &format!("t{number}"),
            NOW,
        );
        let fence = begin(&mut tables, &a);
        end(&mut tables, &a, fence);
    }
    assert_eq!(kept(&tables), (20, 20));
    let mut last = 40;
    for number in 0..5 {
        let at = NOW + 26 * HOUR;
        let a = admission(
            &conversation("other", &format!("v{number}")),
            &format!("late{number}"),
            at,
        );
        let fence = begin(&mut tables, &a);
        end(&mut tables, &a, fence);
        let (keys, turns) = kept(&tables);
        assert_eq!(
            last + 2 - (keys + turns),
            SWEPT,
            "{last} and then {keys} + {turns}"
        );
        last = keys + turns;
    }
    assert_eq!(kept(&tables), (5, 5), "what has not expired");
}

#[test]
fn a_turn_that_runs_and_a_key_that_was_given_anew_are_not_swept() {
    let mut tables = Tables::default();
    let (one, other) = (conversation("u", "one"), conversation("u", "other"));
    let (running, first) = (admission(&one, "t1", NOW), admission(&other, "t2", NOW));
    let lasting = begin(&mut tables, &running);
    let fence = begin(&mut tables, &first);
    end(&mut tables, &first, fence);
    let late = NOW + 26 * HOUR;
    let again = Admission {
        key: first.key.clone(),
        body: [8; 32],
        ..admission(&other, "t3", late)
    };
    let fence = begin(&mut tables, &again);
    end(&mut tables, &again, fence);
    for number in 0..3 {
        let a = admission(&conversation("v", "v"), &format!("x{number}"), late);
        let fence = begin(&mut tables, &a);
        end(&mut tables, &a, fence);
    }
    assert!(tables.turn(&first.turn).is_none());
    assert_eq!(
        tables.admit(&again),
        Admitted::New(tables.turn(&again.turn).unwrap().begun())
    );
    end(&mut tables, &running, lasting);
    assert!(tables.turn(&running.turn).is_some());
}

#[test]
fn nothing_is_left_of_a_conversation_that_was_deleted_but_its_mark() {
    let mut tables = Tables::default();
    let key = conversation("u", "v");
    let a = admission(&key, "t1", NOW);
    let fence = begin(&mut tables, &a);
    end(&mut tables, &a, fence);
    begin(&mut tables, &admission(&key, "t2", NOW));
    assert!(tables.delete(&key));
    let user = &tables.users[&key.user];
    assert_eq!(
        (
            user.allowances.len(),
            user.open.len(),
            user.conversations.len()
        ),
        (0, 0, 0)
    );
    assert!(user.listed.values().all(|listed| listed.0.is_empty()));
    let late = admission(&conversation("other", "v"), "t9", NOW + 26 * HOUR);
    begin(&mut tables, &late);
    assert_eq!(tables.expiring.len(), 1, "only what was admitted last");
}

#[test]
fn what_turns_have_spent_grows_with_their_ends_and_not_with_the_turns() {
    let mut tables = Tables::default();
    let key = conversation("u", "v");
    for (hour, sums) in [(0, 2), (1, 3), (2, 4), (30, 2)] {
        let now = NOW + hour * HOUR;
        for number in 0..100 {
            let until = if number % 2 == 0 {
                NOW + 50 * HOUR
            } else {
                now + HOUR
            };
            let tokens = Hold {
                of: Allowance::Tokens,
                amount: 10,
                limit: 10_000,
                until,
            };
            let mut a = admission(&key, &format!("t{hour}-{number}"), now);
            a.holds.push(tokens);
            let fence = begin(&mut tables, &a);
            end(&mut tables, &a, fence);
            tables.settle_hold(&a.turn, &[(Allowance::Tokens, 3)]);
        }
        assert_eq!(
            tables.users[&key.user].allowances.len(),
            sums,
            "after {hour} hours"
        );
    }
}
