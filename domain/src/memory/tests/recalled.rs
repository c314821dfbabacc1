//! Which memories are told, and which one is meant.

use super::*;

#[test]
fn a_use_is_counted_once_a_day_and_saying_it_again_always() {
    let memory = known("m", "x");
    let used = memory.used(days_ago(1)).unwrap();
    assert_eq!((used.times_used, used.last_used_at), (1, Some(days_ago(1))));
    assert_eq!(used.used(Timestamp(NOW.0 - 1)), None);
    assert_eq!(used.used(NOW).unwrap().times_used, 2);
    let again = used
        .reinforced(Importance::High, None, SAID_AT, None)
        .unwrap();
    assert_eq!(
        (again.times_used, again.importance, again.last_said_at),
        (2, Importance::High, Some(SAID_AT))
    );
    assert_eq!(
        again.last_used_at, used.last_used_at,
        "to be said is not to be used"
    );
    assert_eq!(
        again.reinforced(Importance::Low, None, SAID_AT, None),
        None,
        "once for each time"
    );
    assert_eq!(
        again
            .reinforced(Importance::Low, None, NOW, None)
            .unwrap()
            .importance,
        Importance::High
    );
}

#[test]
fn a_memory_holds_for_its_coach_until_it_is_superseded() {
    let (c, d) = ("c".parse().unwrap(), "d".parse().unwrap());
    let own = Memory {
        coach: Some("c".parse().unwrap()),
        ..known("m", "x")
    };
    assert!(own.holds_for(&c) && !own.holds_for(&d) && known("m", "x").holds_for(&d));
    assert!(!own.superseded(&"n".parse().unwrap()).holds_for(&c));
}

#[test]
fn memories_are_ranked_by_importance_then_age_and_use() {
    let memory = |id: &str, importance, days, times_used| Memory {
        importance,
        created_at: days_ago(days),
        times_used,
        ..known(id, "content")
    };
    let memories = [
        memory("low-new", Importance::Low, 0, 10),
        memory("high-old", Importance::High, 400, 0),
        memory("medium-used", Importance::Medium, 40, 10),
        memory("medium-overused", Importance::Medium, 41, 500),
        memory("medium-new", Importance::Medium, 5, 0),
        memory("medium-equal", Importance::Medium, 9, 2),
        memory("high-old", Importance::High, 0, 0),
        Memory {
            superseded_by: Some("x".parse().unwrap()),
            ..memory("gone", Importance::High, 0, 0)
        },
    ];
    let ids: Vec<_> = ranked(&memories, NOW, 1_000)
        .iter()
        .map(|memory| memory.id.as_str())
        .collect();
    assert_eq!(
        ids,
        [
            "high-old",
            "medium-new",
            "medium-equal",
            "medium-used",
            "medium-overused",
            "low-new"
        ]
    );
}

#[test]
fn a_budget_is_kept_and_a_shorter_memory_takes_the_place_of_one_too_long() {
    let memory = |id: &str, length, importance| Memory {
        importance,
        ..known(id, &"x".repeat(length))
    };
    let memories = [
        memory("first", 100, Importance::High),
        memory("long", 1_000, Importance::Medium),
        memory("short", 20, Importance::Low),
    ];
    let ids = |budget| -> Vec<&str> {
        ranked(&memories, NOW, budget)
            .iter()
            .map(|memory| memory.id.as_str())
            .collect()
    };
    // Each costs a quarter of its length, and five for its wrapping.
    assert_eq!(ids(1_000), ["first", "long", "short"]);
    assert_eq!(ids(100), ["first", "short"]);
    assert_eq!(ids(30), ["first"]);
    assert_eq!(ids(29), ["short"]);
    assert_eq!(ids(9), Vec::<&str>::new());
}

#[test]
fn what_held_once_is_meant_only_where_nothing_that_holds_is() {
    let memories = [
        known("food", "I don't eat meat or fish"),
        known("old", "I train in the morning").superseded(&"time".parse().unwrap()),
        known("time", "I train in the evening"),
        known("older", "Goal: run a marathon"),
        known("newer", "Goal: run a half marathon"),
    ];
    for (request, expected) in [
        ("Please forget what I told you about meat", &["food"][..]),
        ("forget that I train", &["time"]),
        ("forget that I train in the morning", &["old"]),
        ("forget mornings", &["old"]),
        ("forget my half marathon", &["newer"]),
        ("forget my dog", &[]),
        ("forget my marathon goal", &[]),
    ] {
        let found = meant(request, &memories, Some(&"food".parse().unwrap())).forget;
        let found: Vec<&str> = found.iter().map(MemoryId::as_str).collect();
        assert_eq!(found, expected, "{request}");
    }
    let near = known("near", "I eat fish").superseded(&"holds".parse().unwrap());
    let found = meant(
        "forget the fish",
        &[near, known("holds", "I eat fish and rice")],
        None,
    );
    assert_eq!(found.forget, ["holds".parse().unwrap()]);
}

#[test]
fn that_means_what_was_saved_last_and_nothing_if_that_is_gone() {
    let memories = [known("a", "a"), known("b", "b")];
    let last: MemoryId = "b".parse().unwrap();
    for request in [
        "forget that",
        "Forget it!",
        "/forget",
        "/forget that",
        "please forget about it",
        "",
        "Delete this, please.",
        "Vergiss das",
        "olvida eso",
    ] {
        let found = |last| meant(request, &memories, last).forget;
        assert_eq!(found(Some(&last)), std::slice::from_ref(&last), "{request}");
        assert_eq!(found(None), [], "{request}");
    }
    assert_eq!(meant("forget that", &memories[..1], Some(&last)).forget, []);
}
