use super::*;
use crate::Timestamp;
use crate::router::Discipline;

/// A workout of exercises, each with its sets as "reps weight distance seconds", `-` for none.
fn workout(id: &str, exercises: &[(&str, &[&str])]) -> Workout {
    let exercises = exercises.iter().map(|(name, sets)| Exercise {
        name: (*name).to_owned(),
        sets: sets.iter().map(|set| told(set)).collect(),
        notes: None,
    });
    Workout {
        id: id.parse().unwrap(),
        coach_id: "c".parse().unwrap(),
        conversation_id: "v".parse().unwrap(),
        turn_id: "t".parse().unwrap(),
        discipline: Discipline::Hybrid,
        name: "Session".to_owned(),
        performed_at: Timestamp(0),
        duration_seconds: None,
        exercises: exercises.collect(),
        score: None,
        perceived_exertion: None,
        notes: None,
        confidence: 1.0,
        records: vec![],
    }
}

fn told(set: &str) -> Set {
    let parts: Vec<Option<&str>> = set
        .split(' ')
        .map(|part| (part != "-").then_some(part))
        .collect();
    let quantity = |text: &str| {
        let (value, unit) = text.split_at(text.find(char::is_alphabetic).unwrap());
        Quantity {
            value: value.parse().unwrap(),
            unit: unit.to_owned(),
        }
    };
    Set {
        reps: parts[0].map(|reps| reps.parse().unwrap()),
        weight: parts[1].map(quantity),
        distance: parts[2].map(quantity),
        duration_seconds: parts[3].map(|seconds| seconds.parse().unwrap()),
        rpe: None,
    }
}

fn found(now: &[(&str, &[&str])], before: &[&[(&str, &[&str])]]) -> Vec<String> {
    let history: Vec<Workout> = before
        .iter()
        .enumerate()
        .map(|(n, exercises)| workout(&format!("w{n}"), exercises))
        .collect();
    records(&workout("now", now), &history)
        .iter()
        .map(PersonalRecord::in_words)
        .collect()
}

fn scored(id: &str, name: &str, score: &str) -> Workout {
    Workout {
        name: name.to_owned(),
        score: Some(score.to_owned()),
        ..workout(id, &[("Thruster", &["21 43kg - -"])])
    }
}

#[test]
fn what_was_never_done_before_is_no_record() {
    assert!(
        found(
            &[("Squat", &["5 100kg - -"]), ("Run", &["- - 5km 1500"])],
            &[]
        )
        .is_empty()
    );
    assert!(
        found(
            &[("Squat", &["5 100kg - -"])],
            &[&[("Deadlift", &["5 60kg - -"])]]
        )
        .is_empty()
    );
    assert!(
        found(
            &[("Squat", &["5 100kg - -"])],
            &[&[("Squat", &["5 - - -"])]]
        )
        .is_empty()
    );
}

#[test]
fn the_heaviest_set_and_the_estimated_maximum_are_told_apart() {
    let before: &[&[(&str, &[&str])]] = &[
        &[("Squat", &["5 100kg - -", "5 90kg - -"])],
        &[("Squat", &["8 80kg - -"])],
    ];
    assert_eq!(
        found(&[("Squat", &["5 100kg - -", "5 102.5kg - -"])], before),
        [
            "Squat: heaviest set 102.5 kg (before: 100 kg)",
            "Squat: estimated one-repetition maximum 119.58 kg (before: 116.67 kg)"
        ]
    );
    assert_eq!(
        found(&[("Squat", &["1 105kg - -"])], before),
        ["Squat: heaviest set 105 kg (before: 100 kg)"]
    );
    assert_eq!(
        found(&[("Squat", &["8 95kg - -"])], before),
        ["Squat: estimated one-repetition maximum 120.33 kg (before: 116.67 kg)"]
    );
    assert!(found(&[("Squat", &["5 100kg - -"])], before).is_empty());
}

#[test]
fn the_estimate_takes_one_to_twelve_repetitions() {
    let cases = [
        (None, None),
        (Some(0), None),
        (Some(1), Some(90.0)),
        (Some(12), Some(126.0)),
        (Some(13), None),
    ];
    for (reps, expected) in cases {
        assert_eq!(one_rep_max(90.0, reps).map(rounded), expected, "{reps:?}");
    }
}

#[test]
fn units_are_converted_and_their_rounding_makes_no_record() {
    let before: &[&[(&str, &[&str])]] = &[&[("Bench press", &["3 100kg - -"])]];
    assert!(found(&[("Bench press", &["3 220lb - -"])], before).is_empty());
    assert!(found(&[("Bench press", &["3 220.5lb - -"])], before).is_empty());
    assert_eq!(
        found(&[("Bench press", &["3 225lb - -"])], before),
        [
            "Bench press: heaviest set 225 lb (before: 220.46 lb)",
            "Bench press: estimated one-repetition maximum 247.5 lb (before: 242.51 lb)"
        ]
    );
    let run: &[&[(&str, &[&str])]] = &[&[("Run", &["- - 5km 1500"])]];
    assert_eq!(
        found(&[("Run", &["- - 3.1mi 1440"])], run),
        ["Run: best time over 3.1 mi 24:00 (before: 25:00)"]
    );
    assert_eq!(
        found(&[("Run", &["- - 4mi 2000"])], run),
        ["Run: longest distance 4 mi (before: 3.11 mi)"]
    );
    for unit in ["5.01km", "5010m", "5479yd", "16437ft", "3.113mi"] {
        assert!(
            found(&[("Run", &[&format!("- - {unit} 1500")])], run).is_empty(),
            "{unit}"
        );
    }
}

#[test]
fn a_time_counts_over_an_equal_distance_only() {
    let before: &[&[(&str, &[&str])]] = &[&[("Row", &["- - 2km 480", "- - 500m 105"])]];
    assert_eq!(
        found(&[("Row", &["- - 500m 100"])], before),
        ["Row: best time over 500 m 1:40 (before: 1:45)"]
    );
    assert!(found(&[("Row", &["- - 1km 200"])], before).is_empty());
    assert!(found(&[("Row", &["- - 500m 105", "- - 500m 110"])], before).is_empty());
    assert_eq!(
        found(
            &[("Row", &["- - 500m 103", "- - 500m 99", "- - 2000m 470"])],
            before
        ),
        [
            "Row: best time over 500 m 1:39 (before: 1:45)",
            "Row: best time over 2000 m 7:50 (before: 8:00)"
        ]
    );
}

#[test]
fn longer_is_no_better_for_a_time_and_a_load_makes_distance_another_thing() {
    assert!(found(&[("Plank", &["- - - 60"])], &[&[("Plank", &["- - - 120"])]]).is_empty());
    assert!(
        found(
            &[("Carry", &["- 24kg 100m 60"])],
            &[&[("Carry", &["- 32kg 50m 90"])]]
        )
        .is_empty()
    );
    assert!(found(&[("Run", &["4 - 800m -"])], &[&[("Run", &["- - 400m -"])]]).is_empty());
}

#[test]
fn an_exercise_is_the_same_under_each_of_its_names() {
    for (one, other) in [
        ("Back squats", "back squat"),
        ("Pull-ups", "pullup"),
        ("PUSH UP", "Push-ups"),
        ("Bench", "bench press"),
        ("OHP", "Overhead Press"),
        ("Running", "run"),
        ("Bench Press", "bench-press"),
    ] {
        assert_eq!(same_name(one), same_name(other));
    }
    for (one, other) in [
        ("Back squat", "Front squat"),
        ("Press", "Bench press"),
        ("Row", "Run"),
        ("Press", "Pres"),
    ] {
        assert_ne!(same_name(one), same_name(other));
    }
    let before: &[&[(&str, &[&str])]] = &[&[("back squats", &["5 100kg - -"])]];
    assert_eq!(
        found(&[("Back Squat", &["20 110kg - -"])], before),
        ["Back Squat: heaviest set 110 kg (before: 100 kg)"]
    );
}

#[test]
fn an_exercise_told_twice_is_judged_once() {
    let before: &[&[(&str, &[&str])]] = &[&[("Squat", &["20 100kg - -"])]];
    let now: &[(&str, &[&str])] = &[("Squat", &["20 110kg - -"]), ("Squats", &["20 120kg - -"])];
    assert_eq!(
        found(now, before),
        ["Squat: heaviest set 120 kg (before: 100 kg)"]
    );
}

#[test]
fn a_benchmark_is_known_by_its_name_and_its_time() {
    let history = [
        scored("a", "Fran", "4:12"),
        scored("b", "FRAN", "4:30"),
        scored("c", "Grace", "2:00"),
    ];
    let told = |name: &str, score: &str| {
        let best = records(&scored("now", name, score), &history);
        best.iter()
            .map(PersonalRecord::in_words)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told("Fran", "3:58"),
        ["Fran: best time 3:58 (before: 4:12)"]
    );
    for (name, score) in [
        ("Fran", "4:12"),
        ("Fran", "5 rounds"),
        ("Cindy", "1:00"),
        ("Fran", "0:00"),
        ("Fran", "3"),
    ] {
        assert!(told(name, score).is_empty(), "{name} {score}");
    }
    let run = |id, distance: &str, score| Workout {
        exercises: workout("x", &[("Run", &[distance])]).exercises,
        ..scored(id, "Morning run", score)
    };
    assert!(
        records(
            &run("now", "- - 3km 900", "15:00"),
            &[run("a", "- - 5km 1500", "25:00")]
        )
        .is_empty()
    );
}

#[test]
fn a_score_is_a_time_only_if_it_looks_like_one() {
    let cases = [
        ("4:12", Some(252)),
        ("1:02:30", Some(3750)),
        (" 75:00 ", Some(4500)),
        ("4:60", None),
        ("252", None),
    ];
    let odd = [
        ("4:1e", None),
        (":12", None),
        ("1:2:3:4", None),
        ("5+3", None),
        ("-4:12", None),
        ("", None),
    ];
    for (score, expected) in cases
        .into_iter()
        .chain(odd)
        .chain([("9999:00", None), ("+4:12", None)])
    {
        assert_eq!(seconds(score), expected, "{score:?}");
    }
}

#[test]
fn a_workout_does_not_beat_itself_and_the_order_of_days_does_not_matter() {
    let now = workout("now", &[("Squat", &["5 100kg - -"])]);
    let mut earlier_self = workout("now", &[("Squat", &["5 90kg - -"])]);
    assert!(records(&now, std::slice::from_ref(&earlier_self)).is_empty());
    earlier_self.id = "other".parse().unwrap();
    earlier_self.performed_at = Timestamp(1);
    assert_eq!(records(&now, &[earlier_self]).len(), 2);
}

#[test]
fn a_record_reads_the_same_on_the_wire_and_in_words() {
    let history = [workout(
        "a",
        &[("Run", &["- - 5km 1500"]), ("Squat", &["20 100kg - -"])],
    )];
    let now = workout(
        "now",
        &[("Run", &["- - 5km 1470"]), ("Squat", &["20 105kg - -"])],
    );
    let found = records(&now, &history);
    let wire = serde_json::json!([
        { "exercise": "Run", "kind": "bestTime", "value": 1470.0, "unit": "s",
          "over": { "value": 5.0, "unit": "km" }, "previous": 1500.0 },
        {
            "exercise": "Squat", "kind": "heaviestSet", "value": 105.0, "unit": "kg",
            "previous": 100.0,
        },
    ]);
    assert_eq!(serde_json::to_value(&found).unwrap(), wire);
    assert_eq!(
        serde_json::from_value::<Vec<PersonalRecord>>(wire).unwrap(),
        found
    );
}
