use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{ConversationKey, UserScope};

const WHEN: Timestamp = Timestamp(1_795_200_000_123);

fn checked(answer: &str, by_command: bool) -> Result<Workout, Refusal> {
    checked_in(None, answer, by_command)
}

fn checked_in(zone: Option<&ZoneName>, answer: &str, by_command: bool) -> Result<Workout, Refusal> {
    salvaged(zone, answer, by_command).map(|(workout, _)| workout)
}

fn salvaged(
    zone: Option<&ZoneName>,
    answer: &str,
    by_command: bool,
) -> Result<(Workout, Vec<String>), Refusal> {
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

#[test]
fn an_answer_of_which_nothing_is_left_is_unusable() {
    let text = full().to_string();
    let mut odd = full();
    odd["durationSeconds"] = json!(-1);
    odd["exercises"] = json!("Squat");
    let twice = text.replacen('{', "{\"score\": null,", 1);
    for (answer, expected) in [
        (String::new(), "the answer breaks off"),
        ("[]".to_owned(), "the answer does not follow its schema"),
        ("a workout".to_owned(), "the answer is not JSON"),
        (format!("{text} ok"), "the answer is not JSON"),
        (text.replace("0.9", "NaN"), "the answer is not JSON"),
        (twice, "the answer does not follow its schema"),
        ("{}".to_owned(), "nothing is left without confidence"),
        (
            odd.to_string(),
            "nothing is left without durationSeconds, exercises",
        ),
    ] {
        match checked(&answer, false) {
            Err(Refusal::Malformed(reason)) => {
                assert!(reason.starts_with(expected), "{reason}: {answer}");
            }
            other => panic!("{other:?}: {answer}"),
        }
    }
}

#[rustfmt::skip]
#[test]
fn what_cannot_be_right_costs_only_itself() {
    let set = |field: &str| format!("/exercises/0/sets/0/{field}");
    let cases = [
        ("/discipline".to_owned(), json!("chess"), "discipline"),
        ("/discipline".to_owned(), json!(null), "discipline"),
        ("/refusal".to_owned(), json!("boring"), "refusal"),
        ("/name".to_owned(), json!(7), "name"),
        ("/performedAt".to_owned(), json!("yesterday"), "performedAt"),
        ("/performedAt".to_owned(), json!("08:00"), "performedAt"),
        ("/performedAt".to_owned(), json!(1_795_200_000), "performedAt"),
        ("/durationSeconds".to_owned(), json!(-1), "durationSeconds"),
        ("/durationSeconds".to_owned(), json!(1.5), "durationSeconds"),
        ("/durationSeconds".to_owned(), json!("1 h"), "durationSeconds"),
        ("/durationSeconds".to_owned(), json!(LONGEST_WORKOUT + 1), "durationSeconds"),
        ("/exercises".to_owned(), json!(null), "exercises"),
        ("/exercises".to_owned(), json!(["Squat"]), "exercises.0"),
        ("/exercises".to_owned(), json!([["Squat", []]]), "exercises.0"),
        ("/exercises/0/name".to_owned(), json!(" "), "exercises.0.name"),
        ("/exercises/0/sets".to_owned(), json!(5), "exercises.0.sets"),
        (set("reps"), json!(5.5), "exercises.0.sets.0.reps"),
        (set("reps"), json!(1e12), "exercises.0.sets.0.reps"),
        (set("reps"), json!("five"), "exercises.0.sets.0.reps"),
        (set("reps"), json!(MOST_REPS + 1), "exercises.0.sets.0.reps"),
        (set("weight/value"), json!(-100), "exercises.0.sets.0.weight"),
        (set("weight/value"), json!(1_501), "exercises.0.sets.0.weight"),
        (set("weight/value"), json!("100"), "exercises.0.sets.0.weight"),
        (set("weight/unit"), json!("stone"), "exercises.0.sets.0.weight"),
        (set("weight/unit"), json!("km"), "exercises.0.sets.0.weight"),
        (set("distance"), json!({ "value": 5, "unit": "kg" }), "exercises.0.sets.0.distance"),
        (set("distance"), json!({ "value": 5000, "unit": "km" }), "exercises.0.sets.0.distance"),
        (set("distance"), json!(5), "exercises.0.sets.0.distance"),
        (set("rpe"), json!(11), "exercises.0.sets.0.rpe"),
        (set("rpe"), json!(0.5), "exercises.0.sets.0.rpe"),
        ("/score".to_owned(), json!([1]), "score"),
        ("/perceivedExertion".to_owned(), json!(70), "perceivedExertion"),
        ("/notes".to_owned(), json!({}), "notes"),
        ("/confidence".to_owned(), json!("high"), "confidence"),
    ];
    let (whole, dropped) = salvaged(None, &full().to_string(), false).unwrap();
    assert_eq!(dropped, [""; 0]);
    for (path, value, expected) in cases {
        let answer = with(&path, value).to_string();
        let (workout, dropped) = salvaged(None, &answer, false).unwrap();
        assert_eq!(dropped, [expected], "{answer}");
        // Everything else is as it was.
        let (mut told, mut rest) = (json!(workout), json!(whole));
        let field = expected.split('.').next().unwrap();
        for answer in [&mut told, &mut rest] {
            answer.as_object_mut().unwrap().remove(field);
        }
        assert_eq!(told, rest, "{answer}");
    }
}

#[test]
fn of_too_many_the_first_are_kept() {
    let exercise = json!({ "name": "Squat", "sets": [{ "reps": 5 }] });
    let answer = with("/exercises", json!(vec![exercise; MOST_EXERCISES + 1]));
    let (workout, dropped) = salvaged(None, &answer.to_string(), false).unwrap();
    assert_eq!(
        (workout.exercises.len(), dropped),
        (50, vec!["exercises".to_owned()])
    );
    let sets = json!(vec![json!({ "reps": 1 }); MOST_SETS + 1]);
    let answer = with("/exercises/0/sets", sets).to_string();
    let (workout, dropped) = salvaged(None, &answer, false).unwrap();
    assert_eq!(workout.exercises[0].sets.len(), 100);
    assert_eq!(dropped, ["exercises.0.sets"]);
}

proptest! {
    /// Whatever stands in one place, all the others are taken as they are, and none is made up.
    #[test]
    fn one_odd_value_costs_at_most_itself(place in 0_usize..10, odd in any_value()) {
        const FIELDS: [&str; 10] = [
            "refusal", "discipline", "name", "performedAt", "durationSeconds", "exercises",
            "score", "perceivedExertion", "notes", "confidence",
        ];
        let (whole, _) = salvaged(None, &full().to_string(), true).unwrap();
        let mut answer = full();
        answer[FIELDS[place]] = odd;
        let (workout, dropped) = salvaged(None, &answer.to_string(), true).unwrap();
        let is_its = |name: &String| name.split('.').next() == Some(FIELDS[place]);
        prop_assert!(dropped.iter().all(is_its), "{:?}", dropped);
        let (mut told, mut rest) = (json!(workout), json!(whole));
        for answer in [&mut told, &mut rest] {
            answer.as_object_mut().unwrap().remove(FIELDS[place]);
        }
        prop_assert_eq!(told, rest);
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[a-z0-9: -]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("name|sets|reps|weight|value|unit|rpe", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
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
