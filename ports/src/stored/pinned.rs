//! What is stored of each variant of each enum. A new one goes to the end: where postcard packs it,
//! its place is what is stored, and an old message would be read as another. One that is not listed
//! here does not compile.

use std::fmt::Debug;

use domain::call::{CallKind, CallOutcome};
use domain::conversation::Stage;
use domain::memory::{Importance, MemoryKind, MemorySource, RecalledKind};
use domain::router::{ComplexityType, Discipline, SearchType, Source, UserIntent};
use domain::workout::Feat;
use domain::{Ending, Fault, JobKind, JobState, PartKind, Progress, Timestamp, TurnError};
use serde_json::json;

use super::*;
use crate::Kind;

/// All variants of an enum, each with what is stored of it.
macro_rules! all {
    ($type:ident { $($variant:ident $(($inner:expr))? = $stored:expr),* $(,)? }) => {{
        let _none_is_missing = |value: &$type| match value {
            $($type::$variant { .. } => {})*
        };
        [$(($type::$variant $(($inner))?, $stored)),*]
    }};
}

fn are_packed_as<T: Serialize + DeserializeOwned + PartialEq + Debug, const N: usize>(
    all: [(T, &[u8]); N],
) {
    for (value, stored) in all {
        assert_eq!(pack(&value).unwrap(), stored, "{value:?}");
        assert_eq!(unpack::<T>(stored).unwrap(), value);
    }
}

fn are_told_as<T: Serialize + DeserializeOwned + PartialEq + Debug, const N: usize>(
    all: [(T, &str); N],
) {
    for (value, stored) in all {
        assert_eq!(json(&value).unwrap(), stored, "{value:?}");
        assert_eq!(read_json::<T>(stored.as_bytes()).unwrap(), value);
    }
}

#[test]
fn what_is_packed_by_its_place_keeps_it() {
    are_packed_as(all!(Fault {
        Throttled = &[0],
        Unavailable = &[1],
        TimedOut = &[2],
        Truncated = &[3],
        Rejected = &[4],
        TooLong = &[5],
        Adjusted = &[6],
    }));
    are_packed_as(all!(TurnError {
        Store(Fault::TooLong) = &[0, 5],
        Model(Fault::Throttled) = &[1, 0],
        Deadline = &[2],
        ProducerLost = &[3],
        Internal = &[4],
    }));
    are_packed_as(all!(Ending {
        Finished = &[0],
        Truncated = &[1],
        Filtered = &[2],
        Stopped = &[3],
        Deadline = &[4],
        Failed(TurnError::Model(Fault::TooLong)) = &[5, 1, 5],
    }));
    are_packed_as(all!(PartKind {
        User = &[0],
        Acknowledgment = &[1],
        Contextual = &[2],
        Reply = &[3],
        Confirmation = &[4],
        Care = &[5],
    }));
    are_packed_as(all!(Stage {
        Acknowledgment = &[0],
        InitialGreeting = &[1],
        WorkoutAnalysis = &[2],
        MemoryAnalysis = &[3],
        PatternAnalysis = &[4],
        InsightsBrewing = &[5],
    }));
}

#[test]
fn who_has_said_a_message_is_packed_by_its_place_too() {
    let user = StoredBody::User {
        text: "".into(),
        sent: None,
        zone: None,
    };
    let assistant = StoredBody::Assistant {
        ending: Ending::Finished,
        said: Pieces::default(),
    };
    let place = |body: &StoredBody| match body {
        StoredBody::User { .. } => 0,
        StoredBody::Assistant { .. } => 1,
    };
    for body in [user, assistant] {
        assert_eq!(pack(&body).unwrap().first(), Some(&place(&body)));
    }
}

#[test]
fn what_is_told_by_its_name_keeps_it() {
    are_told_as(all!(Fault {
        Throttled = r#""throttled""#,
        Unavailable = r#""unavailable""#,
        TimedOut = r#""timedOut""#,
        Truncated = r#""truncated""#,
        Rejected = r#""rejected""#,
        TooLong = r#""tooLong""#,
        Adjusted = r#""adjusted""#,
    }));
    are_told_as(all!(TurnError {
        Store(Fault::Rejected) = r#"{"store":"rejected"}"#,
        Model(Fault::Rejected) = r#"{"model":"rejected"}"#,
        Deadline = r#""deadline""#,
        ProducerLost = r#""producerLost""#,
        Internal = r#""internal""#,
    }));
    are_told_as(all!(Ending {
        Finished = r#""finished""#,
        Truncated = r#""truncated""#,
        Filtered = r#""filtered""#,
        Stopped = r#""stopped""#,
        Deadline = r#""deadline""#,
        Failed(TurnError::Internal) = r#"{"failed":"internal"}"#,
    }));
    are_told_as(all!(CallKind {
        Router = r#""router""#,
        Reply = r#""reply""#,
        Extraction = r#""extraction""#,
        Summary = r#""summary""#,
        Embedding = r#""embedding""#,
    }));
    are_told_as(all!(CallOutcome {
        Ok = r#""ok""#,
        Abandoned = r#""abandoned""#,
        Malformed = r#""malformed""#,
        Failed(Fault::TooLong) = r#""tooLong""#,
    }));
    are_told_as(all!(JobState {
        Due(Timestamp(1)) = r#"{"due":"1970-01-01T00:00:00.001Z"}"#,
        Claimed(Timestamp(1)) = r#"{"claimed":"1970-01-01T00:00:00.001Z"}"#,
        Done(json!({ "id": "x" })) = r#"{"done":{"id":"x"}}"#,
        Refused("a plan".to_owned()) = r#"{"refused":"a plan"}"#,
        Dead("gone".to_owned()) = r#"{"dead":"gone"}"#,
    }));
}

/// Returns the words that the protocol's page lists for `jobs` after this one.
fn documented(what: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/protocol.md");
    let jobs = page
        .lines()
        .find(|line| line.starts_with("- `jobs`: "))
        .unwrap();
    let (_, listed) = jobs.split_once(&format!("; {what} ")).unwrap();
    let (listed, _) = listed.split_once([';', '.', '(']).unwrap();
    listed.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_kinds_and_states_of_jobs_have_the_names_that_are_documented() {
    let kinds = documented("kind");
    assert_eq!(
        JobKind::ALL
            .iter()
            .map(|kind| kind.name())
            .collect::<Vec<_>>(),
        kinds
    );
    for (kind, name) in JobKind::ALL.iter().zip(kinds) {
        are_told_as([(*kind, format!("\"{name}\"").as_str())]);
    }
    let states = Progress::ALL.iter().map(|progress| progress.name());
    assert_eq!(states.collect::<Vec<_>>(), documented("state"));
}

#[test]
fn what_a_decision_says_by_name_keeps_it() {
    are_told_as(all!(Stage {
        Acknowledgment = r#""acknowledgment""#,
        InitialGreeting = r#""initial_greeting""#,
        WorkoutAnalysis = r#""workout_analysis""#,
        MemoryAnalysis = r#""memory_analysis""#,
        PatternAnalysis = r#""pattern_analysis""#,
        InsightsBrewing = r#""insights_brewing""#,
    }));
    are_told_as(all!(UserIntent {
        WorkoutLogging = r#""workout_logging""#,
        MemoryRequest = r#""memory_request""#,
        ForgetRequest = r#""forget_request""#,
        Question = r#""question""#,
        ProgressCheck = r#""progress_check""#,
        Acknowledgment = r#""acknowledgment""#,
        General = r#""general""#,
    }));
    are_told_as(all!(Discipline {
        Strength = r#""strength""#,
        Cardio = r#""cardio""#,
        Flexibility = r#""flexibility""#,
        Skill = r#""skill""#,
        Competition = r#""competition""#,
        Recovery = r#""recovery""#,
        Hybrid = r#""hybrid""#,
    }));
    are_told_as(all!(SearchType {
        Methodology = r#""methodology""#,
        Workouts = r#""workouts""#,
        Progress = r#""progress""#,
        Techniques = r#""techniques""#,
    }));
    are_told_as(all!(ComplexityType {
        Emotional = r#""emotional""#,
        Goal = r#""goal""#,
        Achievement = r#""achievement""#,
        Setback = r#""setback""#,
        Relationship = r#""relationship""#,
        Lifestyle = r#""lifestyle""#,
        Learning = r#""learning""#,
        Health = r#""health""#,
        Program = r#""program""#,
        Motivation = r#""motivation""#,
        Social = r#""social""#,
        Competition = r#""competition""#,
        Nutrition = r#""nutrition""#,
    }));
    are_told_as(all!(Source {
        Rule = r#""rule""#,
        Model = r#""model""#,
        Default = r#""default""#,
    }));
}

#[test]
fn what_records_say_by_name_keeps_it() {
    are_told_as(all!(MemoryKind {
        Preference = r#""preference""#,
        Goal = r#""goal""#,
        Constraint = r#""constraint""#,
        Instruction = r#""instruction""#,
        Context = r#""context""#,
    }));
    are_told_as(all!(MemorySource {
        Conversation = r#""conversation""#,
        ExplicitRequest = r#""explicitRequest""#,
    }));
    are_told_as(all!(Importance {
        Low = r#""low""#,
        Medium = r#""medium""#,
        High = r#""high""#,
    }));
    are_told_as(all!(RecalledKind {
        Memory = r#""memory""#,
        Workout = r#""workout""#,
        Summary = r#""summary""#,
        Methodology = r#""methodology""#,
    }));
    are_told_as(all!(Feat {
        HeaviestSet = r#""heaviestSet""#,
        EstimatedOneRepMax = r#""estimatedOneRepMax""#,
        BestTime = r#""bestTime""#,
        LongestDistance = r#""longestDistance""#,
    }));
}

#[test]
fn the_kinds_of_record_keep_their_names_in_keys() {
    let all = all!(Kind {
        Coach = "coach",
        Memory = "memory",
        Tombstone = "tombstone",
        Workout = "workout",
        PersonalRecord = "personal-record",
        Summary = "summary",
        Usage = "usage",
        Safety = "safety",
    });
    assert_eq!(all.len(), Kind::ALL.len());
    assert_eq!(Kind::named("nap"), None);
    for (kind, name) in all {
        assert_eq!(kind.name(), name);
        assert_eq!(Kind::named(name), Some(kind));
    }
}
