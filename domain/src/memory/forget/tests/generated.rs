//! Requests that are made of the memories themselves, with one word exchanged: what differs in what
//! counts is never erased.

use super::*;

/// Each with what may stand in its place.
const FACTS: [(&str, &[&str]); 20] = [
    ("my left knee hurts on stairs", &["right"]),
    ("my right shoulder clicks on presses", &["left"]),
    ("I train with Anna on Mondays", &["Tom", "Tuesdays"]),
    ("I swim with Ben on Fridays", &["Carla", "Sundays"]),
    ("I love rowing", &["hate"]),
    ("I hate burpees", &["love"]),
    ("I am allergic to peanuts", &["shellfish", "latex"]),
    ("I run 10 km before breakfast", &["12", "after"]),
    ("I squat 140 kg for 5 reps", &["150", "3"]),
    ("my daughter Ella plays tennis", &["son", "Emma", "chess"]),
    ("I work nights at the hospital", &["airport"]),
    ("I own two 16 kg kettlebells", &["24"]),
    ("my marathon is on 12 April", &["14", "May"]),
    ("I take ibuprofen after races", &["aspirin"]),
    ("I eat eggs every morning", &["evening", "oats"]),
    ("I prefer short answers", &["long"]),
    ("my coach is called Mark", &["Luke"]),
    ("I bike to work in winter", &["summer"]),
    ("I drink coffee before lifting", &["tea"]),
    ("my ankle was sprained in 2021", &["2019", "wrist"]),
];

#[rustfmt::skip]
const ASKING: [&str; 30] = [
    "forget that {}", "Forget that {}, please", "please forget that {}", "/forget that {}",
    "/forget {}", "you can forget that {}", "can you forget that {}?", "delete that {}",
    "please remove that {}", "Hey coach, forget that {}", "forget what I said, that {}",
    "I want you to forget that {}", "erase from your memory that {}", "forget the fact that {}",
    "ok then, forget that {}", "could you please delete that {}?", "stop remembering that {}",
    "don't remember that {}", "thanks! forget that {}", "sorry, forget that {}",
    "FORGET THAT {}", "forget, please, that {}", "coach, please forget that {}",
    "just forget that {}", "forget again that {}", "forget about the thing that {}",
    "I'd like you to forget that {}", "no need to remember that {}", "remove the note that {}",
    "forget what you know: {}",
];

#[test]
fn of_two_thousand_requests_none_erases_what_was_not_meant() {
    let facts = FACTS.iter().enumerate();
    let store: Vec<Memory> = facts
        .map(|(n, (fact, _))| Memory::given(&format!("m{n}"), fact))
        .collect();
    let (mut asked, mut plain, mut wrong, mut not_obeyed) = (0, 0, Vec::new(), Vec::new());
    for (known, (fact, others)) in store.iter().zip(FACTS) {
        for asking in ASKING {
            plain += 1;
            let request = asking.replace("{}", fact);
            let forget = meant(&request, &store, None).forget;
            if forget.iter().any(|id| *id != known.id) {
                wrong.push(request);
            } else if forget.is_empty() {
                not_obeyed.push(request);
            }
            for changed in others.iter().flat_map(|other| exchanged(fact, other)) {
                asked += 1;
                let request = asking.replace("{}", &changed);
                if !meant(&request, &store, None).forget.is_empty() {
                    wrong.push(request);
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    assert!(asked + plain >= 2_000, "{asked}");
    assert!(
        not_obeyed.len() * 20 <= plain,
        "{} of {plain}",
        not_obeyed.len()
    );
}

/// Returns the fact with the other word in place of each of its words.
fn exchanged(fact: &str, other: &str) -> Vec<String> {
    let words: Vec<&str> = fact.split(' ').collect();
    let with_other = |place: usize| {
        let mut changed = words.clone();
        changed[place] = other;
        changed.join(" ")
    };
    (0..words.len()).map(with_other).collect()
}
