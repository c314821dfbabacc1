use domain::{CoachId, Timestamp};
use futures::FutureExt;
use ports::lexical::THRESHOLD;

use super::*;
use crate::index::reference;

impl LexicalIndex {
    fn entries(&self) -> Vec<(RecalledKind, String)> {
        let shelves = self.shelves();
        let own = shelves.own.values().map(|own| own.shelf().clone());
        let all = [shelves.shared.clone()].into_iter().chain(own);
        let keys = |shelf: Arc<Shelf>| {
            let entries = shelf.entries().iter().flatten();
            entries
                .map(|entry| (entry.told.kind, entry.told.id.clone()))
                .collect::<Vec<_>>()
        };
        all.flat_map(keys).collect()
    }
}

fn owner() -> UserScope {
    UserScope::verified("ada".parse().unwrap())
}

fn coach() -> CoachId {
    "c".parse().unwrap()
}

fn entry(kind: RecalledKind, id: &str, text: &str) -> IndexEntry {
    IndexEntry {
        kind,
        id: id.to_owned(),
        coach: None,
        text: text.to_owned(),
        created: Timestamp(1),
        tags: vec![],
    }
}

fn memory(id: &str, text: &str) -> IndexEntry {
    entry(RecalledKind::Memory, id, text)
}

fn holding(entries: impl IntoIterator<Item = IndexEntry>) -> LexicalIndex {
    let index = LexicalIndex::default();
    for entry in entries {
        index
            .upsert(&owner(), &entry, &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
    }
    index
}

fn asking(text: &str, kinds: &[RecalledKind]) -> Search {
    Search {
        owner: owner(),
        coach: coach(),
        text: text.to_owned(),
        kinds: kinds.to_vec(),
        limit: 6,
    }
}

fn search(index: &LexicalIndex, text: &str, kinds: &[RecalledKind]) -> Vec<Recalled> {
    index
        .search(&asking(text, kinds), &Bill::default())
        .now_or_never()
        .unwrap()
        .unwrap()
}

fn ids(hits: &[Recalled]) -> Vec<&str> {
    hits.iter().map(|hit| hit.id.as_str()).collect()
}

/// 300 things that athletes say, of which `SAID` are the ones looked for.
fn crowd() -> Vec<IndexEntry> {
    let exercises = [
        "squat",
        "deadlift",
        "bench press",
        "row",
        "run",
        "swim",
        "pull-up",
        "overhead press",
        "lunge",
        "clean",
    ];
    let habits = [
        "I did {} for 5 sets of 5 today",
        "{} felt heavy and slow this week",
        "I want to be better at {} before summer",
        "My best {} was two years ago",
        "{} always comes first in my session",
        "I enjoy {} with friends on the weekend",
        "Coach told me to do {} with a pause",
        "{} every Monday and Thursday",
        "I skipped {} because of work",
        "No more than three sets of {} for me",
        "A video of my {} technique helped",
        "{} after a long day at the office",
        "I warm up with light {}",
        "My gym is too small for {}",
        "Ten minutes of {} is enough for me",
        "{} makes me happy",
        "I train {} with my brother",
        "New shoes for {}",
        "The {} contest is in autumn",
        "I sleep better after {}",
        "{} on an empty stomach is fine",
        "Music helps me through {}",
        "I count {} in my head",
        "{} with dumbbells at home",
        "I learnt {} at school",
        "{} was easy last month",
        "A belt for {} from now on",
        "{} in the rain is fun",
    ];
    let common = exercises.iter().flat_map(|exercise| {
        habits
            .iter()
            .map(move |habit| habit.replace("{}", exercise))
    });
    let common = common
        .enumerate()
        .map(|(n, text)| memory(&format!("x{n}"), &text));
    let said = SAID
        .iter()
        .enumerate()
        .map(|(n, (text, _))| memory(&format!("s{n}"), text));
    common.chain(said).collect()
}

/// What was said, and how somebody asks for it.
const SAID: [(&str, &str); 20] = [
    (
        "My left knee hurts when I squat deep",
        "is deep squatting bad for my knees?",
    ),
    (
        "I am allergic to peanuts and shellfish",
        "can I eat a peanut bar, with my allergy",
    ),
    (
        "I prefer training in the early morning",
        "do I like mornings or evenings?",
    ),
    (
        "My goal is a marathon under four hours",
        "what pace for my marathon goal",
    ),
    (
        "I have a herniated disc, no heavy deadlifts",
        "may I pull heavy with the disc hernia",
    ),
    (
        "I only have kettlebells and a jump rope at home",
        "a workout with my kettlebell",
    ),
    ("I am vegetarian", "vegetarian protein sources"),
    (
        "I take blood pressure medication",
        "does my medication matter in sauna",
    ),
    (
        "I work night shifts at the hospital",
        "when to train around a night shift",
    ),
    (
        "I tore my rotator cuff in 2019",
        "exercises for the torn rotator cuff",
    ),
    ("I use pounds, not kilograms", "in pounds please"),
    (
        "Wedding in June, I want to lose 8 kg by then",
        "how many kg until the wedding?",
    ),
    (
        "I compete in weightlifting in the 73 kg class",
        "cutting for my weightlifting class",
    ),
    (
        "I hate burpees more than anything",
        "why did you give me burpees",
    ),
    (
        "My resting heart rate is 48",
        "heart rate zones from resting pulse",
    ),
    (
        "I travel to Norway each February for skiing",
        "ski trip to Norway",
    ),
    (
        "My daughter was born in May and sleep is short",
        "low energy since my daughter was born",
    ),
    (
        "I do not drink coffee or other caffeine",
        "pre-workout without caffeine",
    ),
    (
        "Sprained ankle two weeks ago, still swollen",
        "when can I jump on my sprained ankle",
    ),
    (
        "I can do 12 strict handstand walks",
        "handstand walking drills",
    ),
];

#[test]
fn among_300_entries_the_right_one_is_found_by_other_words() {
    let index = holding(crowd());
    assert_eq!(index.entries().len(), 300);
    let mut first = 0;
    for (n, (said, asked)) in SAID.iter().enumerate() {
        let hits = search(&index, asked, &[]);
        let id = format!("s{n}");
        assert!(
            ids(&hits).contains(&id.as_str()),
            "{asked:?} does not find {said:?}: {hits:#?}"
        );
        assert!(
            hits.iter()
                .all(|hit| (THRESHOLD..=1.0).contains(&hit.score)),
            "{hits:?}"
        );
        first += usize::from(ids(&hits)[0] == id);
    }
    assert!(first >= 18, "{first} of 20 come first");
}

#[test]
fn what_has_nothing_in_common_is_not_found() {
    let index = holding(crowd());
    for text in [
        "",
        "the and of",
        "thanks!",
        "quantum chromodynamics",
        "🙂",
        "zzzz qqqq",
    ] {
        assert!(
            search(&index, text, &[]).is_empty(),
            "{text:?}: {:?}",
            search(&index, text, &[])
        );
    }
    assert!(search(&LexicalIndex::default(), "squats", &[]).is_empty());
}

#[test]
fn the_same_text_scores_one_and_a_part_of_it_less_than_nearly_the_same() {
    let index = holding(crowd());
    let score = |text: &str, id: &str| {
        search(&index, text, &[])
            .iter()
            .find(|hit| hit.id == id)
            .map_or(0.0, |hit| hit.score)
    };
    for (n, (said, _)) in SAID.iter().enumerate() {
        let score = score(said, &format!("s{n}"));
        assert!(score > 0.999, "{said}: {score}");
    }
    assert!(
        (0.3..0.9).contains(&score("shellfish", "s1")),
        "{}",
        score("shellfish", "s1")
    );
    assert!(score("I prefer to train early in the mornings", "s2") > score("early", "s2"));
}

#[test]
fn words_are_found_by_their_parts() {
    let index = holding([memory("m", "squatting"), memory("other", "rowing")]);
    let hits = search(&index, "squats", &[]);
    assert_eq!(ids(&hits), ["m"]);
}

#[test]
fn what_is_written_without_spaces_is_found_by_pairs_of_letters() {
    let index = holding([
        memory("knee", "我的膝盖很疼"),
        memory("run", "毎朝走るのが好きです"),
    ]);
    assert_eq!(ids(&search(&index, "膝盖受伤", &[])), ["knee"]);
    assert_eq!(ids(&search(&index, "朝走", &[])), ["run"]);
}

#[test]
fn a_long_text_must_have_more_to_be_as_good() {
    let long = format!(
        "bad knee {}",
        "and then something else happened on another day ".repeat(5)
    );
    let index = holding([memory("long", &long), memory("short", "bad knee since May")]);
    let hits = search(&index, "bad knee", &[]);
    assert_eq!(ids(&hits), ["short", "long"]);
    assert!(hits[0].score > 1.5 * hits[1].score);
}

#[test]
fn an_entry_is_found_by_its_tags() {
    let tagged = IndexEntry {
        tags: vec!["injury".to_owned()],
        ..memory("m", "left knee")
    };
    let index = holding([tagged, memory("other", "right hand")]);
    assert_eq!(ids(&search(&index, "any injury?", &[])), ["m"]);
}

#[test]
fn what_is_shared_is_found_by_all_and_changed_by_nobody() {
    let method = entry(
        RecalledKind::Methodology,
        "m",
        "linear progression for squats",
    );
    let index = LexicalIndex::default().with_shared([method]);
    let hits = search(&index, "linear progression", &[]);
    assert_eq!((ids(&hits), &hits[0].owner), (vec!["m"], &None));
    index
        .delete(&owner(), RecalledKind::Methodology, "m")
        .now_or_never()
        .unwrap()
        .unwrap();
    let own = entry(RecalledKind::Methodology, "m", "linear thinking");
    index
        .upsert(&owner(), &own, &Bill::default())
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(ids(&search(&index, "linear progression", &[])), ["m", "m"]);
}

#[test]
fn what_is_kept_apart_by_terms_answers_as_if_every_text_was_read_again() {
    let mut entries: Vec<IndexEntry> = crowd();
    let index = holding(entries.clone());
    change_some(&index, &mut entries);
    assert_eq!(index.entries().len(), 300);
    let asked = SAID.iter().flat_map(|(said, asked)| [*said, *asked]);
    for question in asked.chain([
        "tagged",
        "squat squat squats",
        "again and again",
        "Monday 30",
        "",
    ]) {
        let expected = reference::hits(&entries, question);
        let all = Search {
            limit: 300,
            ..asking(question, &[])
        };
        let hits = index
            .search(&all, &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
        assert_eq!(hits.len(), expected.len(), "{question}");
        for (hit, (_, score)) in hits.iter().zip(&expected) {
            assert!(
                (hit.score - score).abs() < 1e-4,
                "{question}: {hit:?} and {score}"
            );
        }
        for hit in hits {
            let (_, score) = expected.iter().find(|(id, _)| *id == hit.id).unwrap();
            assert!(
                (hit.score - score).abs() < 1e-4,
                "{question}: {hit:?} and {score}"
            );
        }
    }
}

/// Removes some and puts others into their places; some say something else.
fn change_some(index: &LexicalIndex, entries: &mut [IndexEntry]) {
    for (n, entry) in entries.iter_mut().enumerate().filter(|(n, _)| n % 3 == 0) {
        index
            .delete(&owner(), entry.kind, &entry.id)
            .now_or_never()
            .unwrap()
            .unwrap();
        let text = if n % 2 == 0 {
            entry.text.clone()
        } else {
            format!("{} and {n} again", entry.text)
        };
        *entry = IndexEntry {
            tags: vec!["tagged".to_owned()],
            ..memory(&format!("y{n}"), &text)
        };
        index
            .upsert(&owner(), entry, &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
    }
    for entry in entries.iter_mut().skip(1).step_by(7) {
        entry.text = format!("now {}", entry.text);
        index
            .upsert(&owner(), entry, &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
    }
}

/// A methodology of 640 pieces, and 200 memories that have much in common with it.
fn library() -> LexicalIndex {
    let words: Vec<String> = (0..400)
        .map(|n| format!("w{}ord{}", n * 7 % 13, n))
        .collect();
    let text = |n: usize, length: usize| {
        let words: Vec<&str> = (0..length)
            .map(|at| words[(n * 31 + at * at) % 400].as_str())
            .collect();
        words.join(" ")
    };
    let pieces =
        (0..640).map(|n| entry(RecalledKind::Methodology, &format!("p{n}"), &text(n, 150)));
    let index = LexicalIndex::default().with_shared(pieces);
    for n in 0..200 {
        index
            .upsert(
                &owner(),
                &memory(&format!("m{n}"), &text(n, 60)),
                &Bill::default(),
            )
            .now_or_never()
            .unwrap()
            .unwrap();
    }
    index
}

#[test]
fn a_long_search_leaves_the_thread_and_stands_in_nobodys_way() {
    let index = library();
    let hostile: Vec<String> = (0..4_500)
        .map(|n| format!("w{}ord{}", n * 7 % 13, n % 400))
        .collect();
    let endless: String = ('\u{4e00}'..'\u{9e00}').cycle().take(31_800).collect();
    for text in [
        hostile.join(" "),
        endless,
        "a b ".repeat(7_950),
        "x".repeat(31_800),
    ] {
        let long = asking(&text, &[]);
        let bill = Bill::default();
        let mut searching = index.search(&long, &bill);
        assert!(
            (&mut searching).now_or_never().is_none(),
            "{text:.40} is searched in one go"
        );
        // It has what it works on: meanwhile somebody else finds and keeps things at once.
        let ben = UserScope::verified("ben".parse().unwrap());
        index
            .upsert(&ben, &memory("b", "bad knee"), &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
        index
            .upsert(&owner(), &memory("new", "bad knee"), &Bill::default())
            .now_or_never()
            .unwrap()
            .unwrap();
        let theirs = Search {
            owner: ben.clone(),
            ..asking("knee", &[])
        };
        assert_eq!(
            ids(&index
                .search(&theirs, &Bill::default())
                .now_or_never()
                .unwrap()
                .unwrap()),
            ["b"]
        );
        index
            .delete(&ben, RecalledKind::Memory, "b")
            .now_or_never()
            .unwrap()
            .unwrap();
        let stretches = (1..)
            .find(|_| (&mut searching).now_or_never().is_some())
            .unwrap();
        assert!(stretches < 50, "{text:.40}: {stretches} stretches");
    }
}

#[test]
fn who_changes_what_is_their_own_holds_up_nobody_else() {
    let index = holding(crowd());
    let own = index.shelves().own.get(&owner()).unwrap().clone();
    // A shelf is locked for as long as it takes to copy it.
    let copying = own.shelf();
    let ben = UserScope::verified("ben".parse().unwrap());
    index
        .upsert(&ben, &memory("b", "bad knee"), &Bill::default())
        .now_or_never()
        .unwrap()
        .unwrap();
    let theirs = Search {
        owner: ben.clone(),
        ..asking("knee", &[])
    };
    let found = index
        .search(&theirs, &Bill::default())
        .now_or_never()
        .unwrap()
        .unwrap();
    assert_eq!(ids(&found), ["b"]);
    index
        .delete(&ben, RecalledKind::Memory, "b")
        .now_or_never()
        .unwrap()
        .unwrap();
    drop(copying);
}

#[test]
fn a_question_of_a_line_costs_a_few_stretches_among_640_pieces_of_which_each_has_much_of_it() {
    let index = library();
    let question = "how many w3ord120 should I do with w7ord33 before w1ord250, and when is \
        w9ord77 too much for me?";
    let asked = asking(question, &[]);
    let bill = Bill::default();
    let mut searching = index.search(&asked, &bill);
    let stretches = (1..)
        .find(|_| (&mut searching).now_or_never().is_some())
        .unwrap();
    assert!(stretches < 8, "{stretches} stretches");
}

#[test]
fn of_a_long_text_the_words_that_the_fewest_entries_have_are_looked_for() {
    let index = holding(crowd());
    let filler: Vec<String> = (0..900).map(|n| format!("qz{n}xv")).collect();
    let common =
        "session friends heavy squat deadlift bench press row run swim week today ".repeat(20);
    let text = format!(
        "{} {common} kettlebells and a jump rope at home",
        filler.join(" ")
    );
    assert!(text.len() > 8_000);
    let by_all_words = reference::hits(&crowd(), &text);
    assert_eq!(by_all_words.first().map(|(id, _)| id.as_str()), Some("s5"));
    let long = Search {
        limit: 1,
        ..asking(&text, &[])
    };
    let bill = Bill::default();
    let mut searching = index.search(&long, &bill);
    let hits = (0..100)
        .find_map(|_| (&mut searching).now_or_never())
        .unwrap()
        .unwrap();
    assert_eq!(ids(&hits), ["s5"], "{hits:?}");
}
