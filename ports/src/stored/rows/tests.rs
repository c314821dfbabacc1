use domain::call::{CallKind, CallOutcome};
use domain::{Ending, Report, Usage};
use serde_json::json as value;

use super::*;

fn conversation_key() -> ConversationKey {
    ConversationKey {
        user: domain::UserScope::stored("ann".parse().unwrap()),
        coach: "c".parse().unwrap(),
        conversation: "v".parse().unwrap(),
    }
}

fn turn_key() -> TurnKey {
    TurnKey {
        conversation: conversation_key(),
        turn: "t1".parse().unwrap(),
    }
}

fn begun() -> Begun {
    let (fence, number) = (Fence(3), 5);
    Begun { fence, number }
}

fn admission() -> Admission {
    let mut body = [7; 32];
    body[0] = 0xf0;
    Admission {
        turn: turn_key(),
        key: "key".parse().unwrap(),
        body,
        user_message: "u1".parse().unwrap(),
        assistant_message: "a1".parse().unwrap(),
        text: "Hi".into(),
        sent: None,
        zone: None,
        now: Timestamp(1),
        lease_until: Timestamp(2),
        over_by: Timestamp(3),
        kept_until: Timestamp(u64::MAX),
        holds: Vec::new(),
    }
}

fn conversation_row() -> ConversationRow {
    let conversation = Conversation {
        title: "Squats\0 \u{1f44d}".into(),
        tags: vec!["legs".into(), String::new()],
        last_activity: Timestamp(2),
        messages: 5,
        active: Some("t1".parse().unwrap()),
        ..Conversation::new(conversation_key(), String::new(), Timestamp(1))
    };
    let fence = Fence(3);
    ConversationRow {
        conversation,
        fence,
    }
}

fn ended() -> TurnRow {
    let mut row = TurnRow::of(&admission(), begun());
    let closing = Closing {
        ending: Ending::Stopped,
        at: Timestamp(4),
        jobs: vec![JobKind::Workout],
        report: Report::default(),
    };
    row.record.state = TurnState::Ended(closing.into());
    row.record.kept = 2;
    row.stop = Stop::Asked;
    row
}

fn job_row() -> Job {
    let call = CallRecord {
        kind: CallKind::Extraction,
        usage: Usage::default(),
        ms: 9_007_199_254_740_993,
        attempts: 1,
        outcome: CallOutcome::Ok,
    };
    Job {
        turn: turn_key(),
        kind: JobKind::Workout,
        attempts: 2,
        state: JobState::Done(value!({ "id": "x" })),
        calls: vec![call],
    }
}

const CONVERSATION: &str = concat!(
    r#"{"v":1,"title":"Squats\u0000 👍","tags":["legs",""],"created":1,"lastActivity":2,"#,
    r#""messages":5,"active":"t1","fence":3}"#,
);

const REQUEST: &str = concat!(
    r#"{"v":1,"turn":"t1","#,
    r#""body":"f007070707070707070707070707070707070707070707070707070707070707","#,
    r#""until":18446744073709551615,"fence":3,"number":5}"#,
);

const RUNNING: &str = concat!(
    r#"{"v":1,"number":5,"assistantMessage":"a1","created":1,"#,
    r#""keptUntil":18446744073709551615,"overBy":3,"kept":0,"stop":false,"fence":3,"#,
    r#""leaseUntil":2,"closing":null}"#,
);

const ENDED: &str = concat!(
    r#"{"v":1,"number":5,"assistantMessage":"a1","created":1,"#,
    r#""keptUntil":18446744073709551615,"overBy":3,"kept":2,"stop":true,"fence":3,"#,
    r#""leaseUntil":null,"closing":{"ending":"stopped","at":"1970-01-01T00:00:00.004Z","#,
    r#""jobs":["workout"],"report":{"route":null,"context":null,"calls":[],"#,
    r#""timings":{"admit":null,"start":null,"load":null,"route":null,"gather":null,"#,
    r#""firstToken":null,"lastToken":null,"finish":null}}}}"#,
);

const JOB: &str = concat!(
    r#"{"v":1,"attempts":2,"state":{"done":{"id":"x"}},"calls":[{"kind":"extraction","#,
    r#""model":null,"inputTokens":0,"outputTokens":0,"cacheReadTokens":0,"#,
    r#""cacheWriteTokens":0,"estimated":false,"ms":9007199254740993,"attempts":1,"#,
    r#""outcome":"ok"}]}"#,
);

#[test]
fn the_stored_form_of_each_row_stays_as_it_is_and_is_read_back() {
    let key = conversation_key;
    assert_eq!(conversation(&conversation_row()).unwrap(), CONVERSATION);
    let read = read_conversation(key(), CONVERSATION.as_bytes());
    assert_eq!(read.unwrap(), conversation_row());

    let row = RequestRow::of(&admission(), begun());
    assert_eq!(request(&row).unwrap(), REQUEST);
    assert_eq!(read_request(REQUEST.as_bytes()).unwrap(), row);

    let running = TurnRow::of(&admission(), begun());
    for (row, text) in [(running, RUNNING), (ended(), ENDED)] {
        assert_eq!(turn(&row).unwrap(), text);
        assert_eq!(read_turn(turn_key(), text.as_bytes()).unwrap(), row);
    }

    assert_eq!(job(&job_row()).unwrap(), JOB);
    let read = read_job(turn_key(), JobKind::Workout, JOB.as_bytes());
    assert_eq!(read.unwrap(), job_row());
}

#[test]
fn a_row_of_another_form_or_of_none_cannot_be_read() {
    for form in ["2", "0", "null", "\"1\""] {
        let other = |row: &str| {
            row.replacen("\"v\":1", &format!("\"v\":{form}"), 1)
                .into_bytes()
        };
        assert!(read_conversation(conversation_key(), &other(CONVERSATION)).is_err());
        assert!(read_request(&other(REQUEST)).is_err());
        assert!(read_turn(turn_key(), &other(RUNNING)).is_err());
        assert!(read_turn(turn_key(), &other(ENDED)).is_err());
        assert!(read_job(turn_key(), JobKind::Workout, &other(JOB)).is_err());
    }
    let formless = JOB.replacen("\"v\":1,", "", 1);
    assert!(read_job(turn_key(), JobKind::Workout, formless.as_bytes()).is_err());
}

#[test]
fn a_row_that_is_damaged_is_an_error_without_its_content() {
    for length in 0..CONVERSATION.len() {
        let row = &CONVERSATION.as_bytes()[..length];
        let error = read_conversation(conversation_key(), row).unwrap_err();
        assert!(!format!("{error:?}").contains("Squats"), "{error:?}");
    }
    let stateless = RUNNING.replace("\"leaseUntil\":2", "\"leaseUntil\":null");
    assert!(read_turn(turn_key(), stateless.as_bytes()).is_err());
    for hash in ["", "f0", "g0"] {
        let other = REQUEST.replace("f00707", hash);
        assert!(read_request(other.as_bytes()).is_err(), "{hash}");
    }
}

#[test]
fn the_numbers_of_a_result_are_read_back_to_the_last_one() {
    let numbers = value!([
        0,
        9_007_199_254_740_993_u64,
        u64::MAX,
        i64::MIN,
        0.1,
        1e300,
        -1.5e-300,
        82.5,
        102.058_283_25
    ]);
    let done = Job {
        state: JobState::Done(numbers),
        ..job_row()
    };
    let row = job(&done).unwrap();
    let read = read_job(turn_key(), JobKind::Workout, row.as_bytes());
    assert_eq!(read.unwrap(), done);
}
