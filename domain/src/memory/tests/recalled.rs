//! Which memories are told, and which one is meant.

use super::*;

#[test]
fn a_use_is_counted_once_a_day_and_saying_it_again_always() {
    let memory = known("m", "x");
    let used = memory.used(days_ago(1)).unwrap();
    assert_eq!((used.times_used, used.last_used_at), (1, Some(days_ago(1))));
    assert_eq!(used.used(Timestamp(NOW.0 - 1)), None);
    assert_eq!(used.used(NOW).unwrap().times_used, 2);
    let again = used.reinforced(Importance::High, SAID_AT).unwrap();
    assert_eq!(
        (again.times_used, again.importance, again.last_said_at),
        (2, Importance::High, Some(SAID_AT))
    );
    assert_eq!(
        again.last_used_at, used.last_used_at,
        "to be said is not to be used"
    );
    assert_eq!(
        again.reinforced(Importance::Low, SAID_AT),
        None,
        "once for each time"
    );
    assert_eq!(
        again.reinforced(Importance::Low, NOW).unwrap().importance,
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
fn that_is_the_memory_saved_last_of_those_made_here() {
    let at = |id: &str, days| Memory {
        created_at: days_ago(days),
        ..known(id, id)
    };
    let memories = [at("a", 3), at("b", 1), at("c", 0)];
    let last = last_saved(&memories[..2]);
    assert_eq!(last.map(MemoryId::as_str), Some("b"));
    assert_eq!(last_saved(&memories[..0]), None);
    for request in [
        "forget that",
        "Forget it!",
        "/forget",
        "/forget that",
        "please forget about it",
        "",
        "Delete this, please.",
    ] {
        assert_eq!(
            forgettable(request, &memories, last).as_ref(),
            last,
            "{request}"
        );
        assert_eq!(forgettable(request, &memories, None), None, "{request}");
    }
    assert_eq!(forgettable("forget that", &memories[..1], last), None);
}

#[test]
fn what_is_named_is_found_by_its_words() {
    let memories = [
        known("knee", "My left knee dislikes deep lunges"),
        known("food", "I don't eat meat or fish"),
        known("old", "I train in the morning").superseded(&"time".parse().unwrap()),
        known("time", "I train in the evening"),
        Memory {
            created_at: days_ago(9),
            ..known("older", "Goal: run a marathon")
        },
        known("newer", "Goal: run a half marathon"),
    ];
    for (request, expected) in [
        ("forget about my knee", Some("knee")),
        ("/forget the lunges", Some("knee")),
        ("Please forget what I told you about meat", Some("food")),
        ("forget that I train", Some("time")),
        ("forget that I train in the morning", Some("old")),
        ("forget mornings", Some("old")),
        ("forget my marathon goal", Some("older")),
        ("forget my half marathon", Some("newer")),
        ("forget my dog", None),
        ("forget the red bike in the cellar, and my knee", None),
    ] {
        let found = forgettable(request, &memories, Some(&"food".parse().unwrap()));
        assert_eq!(found.as_ref().map(MemoryId::as_str), expected, "{request}");
    }
    let near = known("near", "I eat fish").superseded(&"holds".parse().unwrap());
    let found = forgettable(
        "forget the fish",
        &[near, known("holds", "I eat fish and rice")],
        None,
    );
    assert_eq!(found.as_ref().map(MemoryId::as_str), Some("holds"));
}
