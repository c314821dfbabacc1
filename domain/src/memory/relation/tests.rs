use super::*;

#[test]
fn one_holds_in_place_of_another_only_where_the_message_says_so() {
    let old = Memory::given("old", "I train on Mondays");
    for (message, expected) in [
        ("I now train on Tuesdays", true),
        ("I train on Tuesdays instead of Mondays", true),
        ("Ich trainiere jetzt dienstags: I train on Tuesdays", true),
        ("I train on Tuesdays", false),
        ("I now train on Tuesdays too", false),
        ("Now I also train on Tuesdays", false),
        ("From now on I train on Tuesdays as well", false),
    ] {
        let new = Memory::given("new", "I train on Tuesdays");
        assert_eq!(new.may_replace(&old, message), expected, "{message}");
    }
    for (new, old) in [
        ("My right knee hurts now", "My left knee hurts"),
        ("I'm pregnant now", "I was pregnant in 2019"),
        ("I run with Anna now", "I run with Tom"),
        ("I now live in Berlin", "I hate burpees"),
        ("I train on Mondays now", "I am allergic to training mats"),
        (
            "My wife now trains on Tuesdays instead",
            "I train on Mondays",
        ),
        ("I now eat no meat", "My son eats no meat"),
        ("My daughter is now called Anna", "My wife is called Anna"),
        ("My 10k PB is now 46:00", "5k PB is 22:30"),
        ("I now train on Tuesdays aswell", "I train on Mondays"),
        ("Ahora entreno tb los martes", "Entreno los lunes"),
    ] {
        let (fresh, known) = (Memory::given("new", new), Memory::given("old", old));
        assert!(!fresh.may_replace(&known, new), "{new} / {old}");
    }
    assert!(!old.may_replace(&old, "now"), "nothing replaces itself");
}

#[test]
fn the_nearest_by_words_are_looked_at_and_not_more_than_twelve() {
    let mut memories = vec![
        Memory::given("knee", "My left knee hurts"),
        Memory::given("lunges", "Left knee dislikes deep lunges"),
        Memory::given("food", "I eat no meat"),
        Memory {
            superseded_by: Some("knee".parse().unwrap()),
            ..Memory::given("past", "My left knee hurts in lunges")
        },
    ];
    let near = candidates("forget the lunges of my left knee", &memories);
    let ids: Vec<&str> = near.iter().map(|memory| memory.id.as_str()).collect();
    assert_eq!(ids, ["lunges", "knee"]);
    memories.extend((0..20).map(|n| Memory::given(&format!("m{n}"), "knee")));
    assert_eq!(candidates("knee", &memories).len(), CANDIDATES);
}

const WHO: [&str; 6] = [
    "I",
    "My wife",
    "My brother",
    "My coach",
    "My son",
    "My friend Tom",
];
const DOES: [&str; 6] = ["like", "hate", "run", "skip", "did", "need"];
const WHAT: [&str; 8] = [
    "burpees",
    "5 km",
    "6 km",
    "squats with the left leg",
    "squats with the right leg",
    "rowing before lunch",
    "rowing after lunch",
    "no sugar",
];
const WHEN: [&str; 4] = ["on Mondays", "on Tuesdays", "every day", "in 2019"];

/// Facts that have all but one word, number, side, day, negation or place in common.
fn nearly_equal() -> Vec<(String, String)> {
    let said = |[who, does, what, when]: [&str; 4]| format!("{who} {does} {what} {when}");
    let mut pairs = Vec::new();
    let lists: [&[&'static str]; 4] = [&WHO, &DOES, &WHAT, &WHEN];
    for who in WHO {
        for does in DOES {
            for what in WHAT {
                for when in WHEN {
                    let one = [who, does, what, when];
                    for (place, list) in lists.iter().enumerate() {
                        let at = list.iter().position(|word| *word == one[place]).unwrap();
                        let mut other = one;
                        other[place] = list[(at + 1) % list.len()];
                        pairs.push((said(one), said(other)));
                    }
                    pairs.push((said(one), format!("{who} never {does} {what} {when}")));
                    pairs.push((said(one), said([when, does, what, who])));
                }
            }
        }
    }
    pairs
}

#[test]
fn of_facts_that_are_nearly_equal_none_is_swallowed_and_none_is_replaced() {
    let pairs = nearly_equal();
    assert!(pairs.len() >= 2_000, "{}", pairs.len());
    let (mut swallowed, mut replaced) = (Vec::new(), Vec::new());
    for (one, other) in &pairs {
        if Fact::of(one).is_same(&Fact::of(other), false) {
            swallowed.push((one, other));
        }
        let (old, new) = (Memory::given("old", one), Memory::given("new", other));
        if new.may_replace(&old, other) {
            replaced.push((one, other));
        }
    }
    assert!(swallowed.is_empty(), "{swallowed:#?}");
    assert!(replaced.is_empty(), "{replaced:#?}");
}
