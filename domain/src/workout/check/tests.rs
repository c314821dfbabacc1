use serde_json::json;

use super::*;
use crate::{ConversationKey, UserScope};

const WHEN: Timestamp = Timestamp(1_795_200_000_123);

fn checked(answer: &str, by_command: bool) -> Result<Workout, Refusal> {
    checked_in(None, answer, by_command)
}

fn checked_in(zone: Option<&ZoneName>, answer: &str, by_command: bool) -> Result<Workout, Refusal> {
    let conversation = ConversationKey {
        user: UserScope::verified("u".parse().unwrap()),
        coach: "c".parse().unwrap(),
        conversation: "v".parse().unwrap(),
    };
    let turn = TurnKey {
        conversation,
        turn: "t".parse().unwrap(),
    };
    check(
        answer,
        &Logging {
            turn: &turn,
            by_command,
            when: WHEN,
            zone,
        },
    )
}

fn full() -> Value {
    json!({
        "refusal": null,
        "discipline": "strength",
        "name": "Leg day",
        "performedAt": "2026-11-20T08:00:00+01:00",
        "durationSeconds": 3600,
        "exercises": [{
            "name": "Back squat",
            "sets": [{
                "reps": 5, "weight": { "value": 100, "unit": "kg" }, "distance": null,
                "durationSeconds": null, "rpe": 8.5,
            }],
            "notes": "belt",
        }],
        "score": null,
        "perceivedExertion": 7,
        "notes": null,
        "confidence": 0.9,
    })
}

fn with(path: &str, value: Value) -> Value {
    let mut answer = full();
    *answer
        .pointer_mut(path)
        .unwrap_or_else(|| panic!("no {path}")) = value;
    answer
}

#[test]
fn a_complete_answer_is_taken_as_it_is() {
    let workout = checked(&full().to_string(), false).unwrap();
    let mut expected = full();
    expected.as_object_mut().unwrap().remove("refusal");
    for (field, id) in [
        ("workoutId", "t"),
        ("turnId", "t"),
        ("coachId", "c"),
        ("conversationId", "v"),
    ] {
        expected[field] = json!(id);
    }
    expected["records"] = json!([]);
    expected["performedAt"] = json!("2026-11-20T07:00:00.000Z");
    expected["exercises"][0]["sets"][0]["weight"]["value"] = json!(100.0);
    expected["perceivedExertion"] = json!(7.0);
    assert_eq!(serde_json::to_value(workout).unwrap(), expected);
}

#[rustfmt::skip]
#[test]
fn what_cannot_be_right_makes_the_answer_unusable() {
    let text = full().to_string();
    let exercise = json!({ "name": "Squat", "sets": [] });
    let many_sets = json!(vec![json!({ "reps": 1 }); MOST_SETS + 1]);
    let mut unsure = full();
    unsure.as_object_mut().unwrap().remove("confidence");
    let set = |field: &str| format!("/exercises/0/sets/0/{field}");
    let cases = [
        (String::new(), "the answer breaks off"),
        ("{}".to_owned(), "the answer does not follow its schema"),
        ("[]".to_owned(), "the answer does not follow its schema"),
        ("a workout".to_owned(), "the answer is not JSON"),
        (format!("{text} ok"), "the answer is not JSON"),
        (text.replace("0.9", "NaN"), "the answer is not JSON"),
        (unsure.to_string(), "the answer does not follow its schema"),
        (with("/discipline", json!("chess")).to_string(), "the answer does not follow its schema"),
        (with("/discipline", json!(null)).to_string(), "a workout without a discipline"),
        (with("/refusal", json!("boring")).to_string(), "the answer does not follow its schema"),
        (with("/performedAt", json!("yesterday")).to_string(), "a time that is none"),
        (with("/performedAt", json!("08:00")).to_string(), "a time that is none"),
        (with("/performedAt", json!(1_795_200_000)).to_string(), "the answer does not follow its \
            schema"),
        (with("/durationSeconds", json!(-1)).to_string(), "the answer does not follow its schema"),
        (with("/durationSeconds", json!(1.5)).to_string(), "the answer does not follow its schema"),
        (with("/durationSeconds", json!("1 h")).to_string(), "the answer does not follow its \
            schema"),
        (with("/durationSeconds", json!(LONGEST_WORKOUT + 1)).to_string(), "a duration that \
            cannot be right"),
        (with("/exercises", json!(null)).to_string(), "the answer does not follow its schema"),
        (with("/exercises", json!(["Squat"])).to_string(), "the answer does not follow its schema"),
        (with("/exercises", json!([["Squat", []]])).to_string(), "the answer has a list"),
        (with("/exercises", json!(vec![exercise; MOST_EXERCISES + 1])).to_string(), "more than 50 \
            exercises"),
        (with("/exercises/0/name", json!(" ")).to_string(), "an exercise without a name"),
        (with("/exercises/0/sets", many_sets).to_string(), "more than 100 sets"),
        (with(&set("reps"), json!(5.5)).to_string(), "the answer does not follow its schema"),
        (with(&set("reps"), json!(1e12)).to_string(), "the answer does not follow its schema"),
        (with(&set("reps"), json!(MOST_REPS + 1)).to_string(), "a number of repetitions that \
            cannot be right"),
        (with(&set("weight/value"), json!(-100)).to_string(), "a weight that cannot be right"),
        (with(&set("weight/value"), json!(1_501)).to_string(), "a weight that cannot be right"),
        (with(&set("weight/value"), json!("100")).to_string(), "the answer does not follow its \
            schema"),
        (with(&set("weight/unit"), json!("stone")).to_string(), "a weight in an unknown unit"),
        (with(&set("weight/unit"), json!("km")).to_string(), "a weight in an unknown unit"),
        (with(&set("distance"), json!({ "value": 5, "unit": "kg" })).to_string(), "a distance in \
            an unknown unit"),
        (with(&set("distance"), json!({ "value": 5000, "unit": "km" })).to_string(), "a distance \
            that cannot be right"),
        (with(&set("distance"), json!(5)).to_string(), "the answer does not follow its schema"),
        (with(&set("rpe"), json!(11)).to_string(), "an exertion that is not from 1 to 10"),
        (with(&set("rpe"), json!(0.5)).to_string(), "an exertion that is not from 1 to 10"),
        (with("/perceivedExertion", json!(70)).to_string(), "an exertion that is not from 1 to 10"),
    ];
    for (answer, expected) in cases {
        match checked(&answer, false) {
            Err(Refusal::Malformed(reason)) => assert!(reason.starts_with(expected), "{reason}: \
                {answer}"),
            other => panic!("{other:?}: {answer}"),
        }
    }
}

#[test]
fn what_was_not_told_is_left_out() {
    let set =
        json!({ "reps": 0, "weight": { "value": 0, "unit": "" }, "durationSeconds": 0, "rpe": 0 });
    let mut answer = full();
    answer["exercises"][0]["sets"] = json!([set, {}, { "rpe": 9 }, { "reps": 5.0 }]);
    answer["durationSeconds"] = json!(0);
    answer["perceivedExertion"] = json!(0);
    for (field, value) in [
        ("score", " "),
        ("notes", ""),
        ("name", "\n"),
        ("performedAt", ""),
    ] {
        answer[field] = json!(value);
    }
    answer["mood"] = json!("sunny");
    let workout = checked(&answer.to_string(), false).unwrap();
    assert_eq!(
        workout.exercises[0].sets,
        [Set {
            reps: Some(5),
            ..Set::default()
        }]
    );
    assert_eq!(
        (workout.duration_seconds, workout.perceived_exertion),
        (None, None)
    );
    assert_eq!(
        (workout.score, workout.notes, workout.performed_at),
        (None, None, WHEN)
    );
    assert_eq!(workout.name, "Back squat");
}

#[test]
fn a_time_that_cannot_be_right_is_taken_for_the_time_of_telling() {
    let told = WHEN.to_string();
    for (at, expected) in [
        (json!(null), told.as_str()),
        (json!("2026-11-20T18:40:00.123Z"), told.as_str()),
        (json!("2026-11-20T18:40:00.124Z"), told.as_str()),
        (json!("2026-11-20T19:00:00"), told.as_str()),
        (
            json!("2026-11-19T20:00:00-05:00"),
            "2026-11-20T01:00:00.000Z",
        ),
        (json!("2022-01-01T00:00:00Z"), "2022-01-01T00:00:00.000Z"),
        (json!("2021-11-01T00:00:00Z"), told.as_str()),
        (json!("2062-11-20T00:00:00Z"), told.as_str()),
        (json!("1970-01-01T00:00:00Z"), told.as_str()),
    ] {
        let workout = checked(&with("/performedAt", at.clone()).to_string(), false).unwrap();
        assert_eq!(workout.performed_at.to_string(), expected, "{at}");
    }
}

#[test]
fn a_time_without_an_offset_is_the_athletes_own() {
    // 13:40 in New York, 03:40 of the next day in Tokyo.
    for (zone, at, expected) in [
        (
            "America/New_York",
            "2026-11-20T07:30",
            "2026-11-20T12:30:00.000Z",
        ),
        ("America/New_York", "2026-11-19", "2026-11-19T17:00:00.000Z"),
        (
            "America/New_York",
            "2026-07-01T07:30:00",
            "2026-07-01T11:30:00.000Z",
        ),
        ("Asia/Tokyo", "2026-11-21T03:00", "2026-11-20T18:00:00.000Z"),
        ("Asia/Tokyo", "2026-11-20", "2026-11-20T03:00:00.000Z"),
        ("Asia/Tokyo", "2026-11-21T07:30", "2026-11-20T18:40:00.123Z"),
        (
            "Asia/Tokyo",
            "2026-11-20T08:00:00+01:00",
            "2026-11-20T07:00:00.000Z",
        ),
    ] {
        let answer = with("/performedAt", json!(at)).to_string();
        let workout = checked_in(Some(&zone.parse().unwrap()), &answer, false).unwrap();
        assert_eq!(workout.performed_at.to_string(), expected, "{at} in {zone}");
    }
}

#[test]
fn units_are_stored_under_one_name() {
    for (place, told, expected) in [
        ("weight", "KG", "kg"),
        ("weight", "kilos", "kg"),
        ("weight", "lbs", "lb"),
        ("weight", " pounds ", "lb"),
        ("distance", "metres", "m"),
        ("distance", "K", "km"),
        ("distance", "miles", "mi"),
        ("distance", "yards", "yd"),
        ("distance", "feet", "ft"),
    ] {
        let answer = with(
            &format!("/exercises/0/sets/0/{place}"),
            json!({ "value": 10, "unit": told }),
        );
        let set = checked(&answer.to_string(), false)
            .unwrap()
            .exercises
            .remove(0)
            .sets
            .remove(0);
        let quantity = if place == "weight" {
            set.weight
        } else {
            set.distance
        };
        assert_eq!(
            quantity,
            Some(Quantity {
                value: 10.0,
                unit: expected.to_owned()
            }),
            "{told}"
        );
    }
}

#[test]
fn plans_questions_advice_and_talk_are_refused_unless_ordered() {
    let nothing = json!({ "exercises": [], "durationSeconds": null, "score": null });
    let named =
        json!({ "exercises": [{ "name": "Squat" }], "durationSeconds": null, "score": null });
    let scored = json!({ "exercises": [], "durationSeconds": null, "score": "12:34" });
    let timed = json!({ "exercises": [], "durationSeconds": 60, "score": null });
    // The model's refusal, what there is, and whether it is logged: of its own accord, and by
    // command.
    let cases = [
        (json!("plan"), &json!({}), false, true),
        (json!("question"), &json!({}), false, true),
        (json!("advice"), &json!({}), false, true),
        (json!("nothing measurable"), &json!({}), false, true),
        (json!("plan"), &nothing, false, false),
        (json!("nothing measurable"), &nothing, false, false),
        (json!("nothing measurable"), &named, false, true),
        (json!(null), &json!({}), true, true),
        (json!(null), &nothing, false, false),
        (json!(null), &named, false, true),
        (json!(null), &scored, true, true),
        (json!(null), &timed, true, true),
    ];
    for (refusal, what, alone, ordered) in cases {
        let mut answer = with("/refusal", refusal.clone());
        for (field, value) in what.as_object().unwrap() {
            answer[field] = value.clone();
        }
        for (by_command, logged) in [(false, alone), (true, ordered)] {
            match checked(&answer.to_string(), by_command) {
                Ok(_) => assert!(logged, "{refusal} {what} {by_command}"),
                Err(Refusal::Refused(_)) => assert!(!logged, "{refusal} {what} {by_command}"),
                Err(Refusal::Malformed(reason)) => panic!("{reason}: {refusal} {what}"),
            }
        }
    }
}

#[test]
fn a_refusal_needs_nothing_else_and_says_why() {
    let reasons = ["plan", "question", "advice", "nothing measurable"].map(|reason| {
        let answer = json!({ "refusal": reason, "confidence": 1 });
        match checked(&answer.to_string(), false) {
            Err(Refusal::Refused(said)) => said,
            other => panic!("{reason}: {other:?}"),
        }
    });
    assert_eq!(
        reasons
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        4
    );
    assert!(reasons[0].contains("plan") && reasons[3].contains("measurable"));
}

#[test]
fn texts_are_cut_and_put_on_one_line() {
    let mut answer = full();
    answer["name"] = json!(format!("Leg\n day {}", "é".repeat(LONGEST_NAME)));
    answer["notes"] = json!("n".repeat(LONGEST_NOTES + 1));
    answer["confidence"] = json!(90);
    let workout = checked(&answer.to_string(), false).unwrap();
    assert!(workout.name.starts_with("Leg day é") && workout.name.chars().count() == LONGEST_NAME);
    assert_eq!(
        (workout.notes.unwrap().len(), workout.confidence),
        (LONGEST_NOTES, 1.0)
    );
}

#[test]
fn the_schema_refers_to_nothing_and_names_every_unit() {
    let schema = schema();
    assert!(!schema.to_string().contains("$ref"));
    let sets = &schema["properties"]["exercises"]["items"]["properties"]["sets"];
    let units = &sets["items"]["properties"]["weight"];
    let named = units.to_string();
    for (unit, _, _) in WEIGHTS.iter().chain(&DISTANCES) {
        assert!(named.contains(&format!("\"{unit}\"")), "{unit}: {named}");
    }
}
