use domain::router::Discipline;
use domain::workout::{self, Logging, Refusal, Set, Workout};
use domain::{ConversationKey, Timestamp, TurnKey, UserScope, ZoneName};

use super::*;

const WHEN: Timestamp = Timestamp(1_795_200_000_123);

fn logged(text: &str) -> Result<Workout, Refusal> {
    logged_in(None, text)
}

fn logged_in(zone: Option<&ZoneName>, text: &str) -> Result<Workout, Refusal> {
    let conversation = ConversationKey {
        user: UserScope::verified("u".parse().unwrap()),
        coach: "c".parse().unwrap(),
        conversation: "v".parse().unwrap(),
    };
    let turn = TurnKey {
        conversation,
        turn: "t".parse().unwrap(),
    };
    let asked = workout::extraction(text, WHEN, zone);
    let by_command = workout::was_commanded(text);
    workout::check(
        &answer(&asked.prompt),
        &Logging {
            turn: &turn,
            by_command,
            when: WHEN,
            zone,
        },
    )
    .map(|(workout, _)| workout)
}

type Told<'a> = (&'a str, usize, &'a str);

/// One exercise: its name, how many sets, and what each is.
fn told(exercise: &workout::Exercise) -> (&str, usize, String) {
    let Set {
        reps,
        weight,
        distance,
        duration_seconds,
        rpe,
    } = exercise.sets[0].clone();
    let quantity =
        |quantity: Option<workout::Quantity>| quantity.map(|q| format!("{}{}", q.value, q.unit));
    let parts = [
        reps.map(|reps| format!("{reps} reps")),
        quantity(weight),
        quantity(distance),
        duration_seconds.map(|seconds| format!("{seconds}s")),
        rpe.map(|rpe| format!("RPE {rpe}")),
    ];
    assert!(
        exercise.sets.iter().all(|set| *set == exercise.sets[0]),
        "{exercise:?}"
    );
    (
        &exercise.name,
        exercise.sets.len(),
        parts.into_iter().flatten().collect::<Vec<_>>().join(" "),
    )
}

const WORKOUTS: [(&str, Discipline, &[Told]); 17] = [
    (
        "I did 5x5 back squats at 100 kg today",
        Discipline::Strength,
        &[("Back squat", 5, "5 reps 100kg")],
    ),
    (
        "I did back squats, 5 x 5 at 102.5kg.",
        Discipline::Strength,
        &[("Back squat", 5, "5 reps 102.5kg")],
    ),
    (
        "ran 5k in 24:30 this morning",
        Discipline::Cardio,
        &[("Run", 1, "5km 1470s")],
    ),
    (
        "I ran 3.1 miles in 24 minutes yesterday",
        Discipline::Cardio,
        &[("Run", 1, "3.1mi 1440s")],
    ),
    (
        "I ran a mile in 7:05",
        Discipline::Cardio,
        &[("Run", 1, "1mi 425s")],
    ),
    (
        "3 sets of 10 push-ups, then 400m row x 4",
        Discipline::Hybrid,
        &[("Push-up", 3, "10 reps"), ("Row", 4, "400m")],
    ),
    (
        "bench 3x8 @ 60kg RPE 8",
        Discipline::Strength,
        &[("Bench press", 3, "8 reps 60kg RPE 8")],
    ),
    (
        "Bench press 3×8, 60kg, RPE 8",
        Discipline::Strength,
        &[("Bench press", 3, "8 reps 60kg RPE 8")],
    ),
    (
        "45 min yoga",
        Discipline::Flexibility,
        &[("Yoga", 1, "2700s")],
    ),
    ("Fran in 4:12", Discipline::Hybrid, &[("Fran", 1, "252s")]),
    (
        "Deadlifted 315 lbs x 3 today!",
        Discipline::Strength,
        &[("Deadlift", 1, "3 reps 315lb")],
    ),
    (
        "4x400m rowing and 20 burpees",
        Discipline::Hybrid,
        &[("Row", 4, "400m"), ("Burpee", 1, "20 reps")],
    ),
    (
        "I did clean and jerk 3x2 @ 70",
        Discipline::Strength,
        &[("Clean and jerk", 3, "2 reps 70kg")],
    ),
    (
        "I rode 40 km in 1:20:00 yesterday",
        Discipline::Cardio,
        &[("Ride", 1, "40km 4800s")],
    ),
    (
        "We swam 1500 metres in 1 hour 5 min",
        Discipline::Cardio,
        &[("Swim", 1, "1500m 3900s")],
    ),
    (
        "/log-workout will squat 5x3 at 90 kg",
        Discipline::Strength,
        &[("Will squat", 5, "3 reps 90kg")],
    ),
    (
        "got 12 pull-ups",
        Discipline::Strength,
        &[("Pull-up", 1, "12 reps")],
    ),
];

#[test]
fn workouts_are_read_with_the_right_numbers() {
    for (text, discipline, expected) in WORKOUTS {
        let workout = logged(text).unwrap_or_else(|refusal| panic!("{text:?}: {refusal}"));
        let exercises: Vec<_> = workout.exercises.iter().map(told).collect();
        let exercises: Vec<_> = exercises
            .iter()
            .map(|(name, sets, set)| (*name, *sets, set.as_str()))
            .collect();
        assert_eq!(
            (workout.discipline, exercises.as_slice()),
            (discipline, expected),
            "{text:?}"
        );
    }
}

#[test]
fn sets_of_different_weights_stay_apart() {
    let workout = logged("I benched 60kg x 8, 65 kg x 6 and 70 kg x 4").unwrap();
    let sets: Vec<_> = workout.exercises[0]
        .sets
        .iter()
        .map(|set| (set.weight.clone().unwrap().value, set.reps))
        .collect();
    assert_eq!(sets, [(60.0, Some(8)), (65.0, Some(6)), (70.0, Some(4))]);
    assert_eq!(workout.exercises.len(), 1);
}

#[test]
fn the_whole_is_read_too() {
    let fran = logged("Fran in 4:12").unwrap();
    assert_eq!(
        (
            fran.name.as_str(),
            fran.score.as_deref(),
            fran.duration_seconds
        ),
        ("Fran", Some("4:12"), Some(252))
    );
    let bench = logged("bench 3x8 @ 60kg RPE 8").unwrap();
    assert_eq!(
        (bench.perceived_exertion, bench.duration_seconds),
        (Some(8.0), None)
    );
}

#[test]
fn a_workout_is_dated_by_what_the_athlete_says() {
    for (text, zone, at) in [
        (
            "I ran 5k in 24:30 yesterday",
            None,
            "2026-11-19T12:00:00.000Z",
        ),
        (
            "I ran 5k in 24:30 yesterday morning",
            None,
            "2026-11-19T08:00:00.000Z",
        ),
        (
            "ran 5k in 24:30 last night",
            Some("America/New_York"),
            "2026-11-20T03:00:00.000Z",
        ),
        (
            "ran 5k in 24:30 this morning",
            None,
            "2026-11-20T08:00:00.000Z",
        ),
        (
            "ran 5k in 24:30 this morning",
            Some("America/New_York"),
            "2026-11-20T13:00:00.000Z",
        ),
        // It is 03:40 there: the morning is not over.
        (
            "ran 5k in 24:30 this morning",
            Some("Asia/Tokyo"),
            "2026-11-20T18:40:00.123Z",
        ),
        (
            "ran 5k in 24:30 yesterday",
            Some("Asia/Tokyo"),
            "2026-11-20T03:00:00.000Z",
        ),
        (
            "just ran 5k in 24:30",
            Some("Asia/Tokyo"),
            "2026-11-20T18:40:00.123Z",
        ),
    ] {
        let zone: Option<ZoneName> = zone.map(|zone| zone.parse().unwrap());
        let workout = logged_in(zone.as_ref(), text).unwrap();
        assert_eq!(workout.performed_at.to_string(), at, "{text:?} in {zone:?}");
    }
    let form: Value = serde_json::from_str(&answer(
        &workout::extraction("Fran in 4:12", WHEN, None).prompt,
    ))
    .unwrap();
    assert_eq!(form["performedAt"], Value::Null);
}

#[test]
fn what_is_no_finished_workout_is_refused_with_its_reason() {
    for (text, reason) in [
        ("Tomorrow I will do 5x5 squats at 100 kg", "plan"),
        ("I want to run 10k in 50 minutes", "plan"),
        ("Should I do 5x5 squats?", "question"),
        ("Give me a plan for 10k", "question"),
        ("You should try 3x8 instead", "advice"),
        ("My legs are dead", "nothing measurable"),
        ("I have 3 kids and 2 dogs", "nothing measurable"),
        ("I trained hard today", "nothing measurable"),
    ] {
        assert_eq!(
            read(text, false).map(|found| found.exercises).unwrap_err(),
            Refused(reason),
            "{text:?}"
        );
        assert!(matches!(logged(text), Err(Refusal::Refused(_))), "{text:?}");
    }
    assert!(matches!(
        logged("/log-workout it was fun"),
        Err(Refusal::Refused(_) | Refusal::Malformed(_))
    ));
}

#[test]
fn odd_texts_are_refused_and_nothing_worse() {
    for text in [
        "",
        "x",
        "5 x",
        "@ 5",
        "rpe",
        "1:2:3:4:5:6:7 run",
        "99999x99999 squats, 71582788:00 run, 99999 x 71582788:00 row, 99999 h swim 99999 min",
        "ran 🏃 5\u{a0}k … in 24:99:",
        "0x0 squats at 0 kg",
        "9e99 kg 1.. .5 5..5",
    ] {
        for text in [text.to_owned(), format!("/log-workout {text}")] {
            if let Ok(workout) = logged(&text) {
                assert!(
                    workout
                        .exercises
                        .iter()
                        .all(|exercise| exercise.sets.len() <= 100),
                    "{text:?}"
                );
            }
        }
    }
}
