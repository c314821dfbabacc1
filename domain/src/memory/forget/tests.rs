mod generated;

use super::*;

const STORE: [(&str, &str); 12] = [
    ("left", "Left knee dislikes deep lunges"),
    ("right", "Right knee surgery in 2019"),
    ("shoulder", "My shoulder clicks when pressing"),
    ("nuts", "I'm allergic to peanuts"),
    ("run", "I run 5 km on Sundays"),
    ("burpees", "I hate burpees"),
    ("hills", "I love hill sprints"),
    ("tom", "I train with Tom on Mondays"),
    ("diet", "I eat no meat"),
    ("rice", "I like rice and beans"),
    ("race", "My goal is a marathon in 3:30"),
    ("german", "Meine Hüfte schmerzt beim Laufen"),
];

fn store() -> Vec<Memory> {
    STORE.map(|(id, content)| Memory::given(id, content)).into()
}

/// What a request comes to, in a word or two.
fn told(request: &str) -> String {
    let Meant {
        forget,
        choices,
        is_everything,
        is_unknown,
        nearest,
    } = meant(request, &store(), Some(&"hills".parse().unwrap()));
    let list = |ids: &[MemoryId]| {
        ids.iter()
            .map(MemoryId::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    match () {
        () if is_everything => "everything".to_owned(),
        () if !choices.is_empty() => format!("{} ? {}", list(&forget), list(&choices)),
        () if forget.is_empty() => format!("nothing, near {}", list(&nearest)),
        () if is_unknown => format!("{} and something else", list(&forget)),
        () => list(&forget),
    }
}

#[test]
fn what_is_named_without_a_doubt_is_meant() {
    for (request, expected) in [
        ("forget what I told you about my bad left knee", "left"),
        ("Forget about my shoulder, please", "shoulder"),
        ("please delete that I'm allergic to peanuts", "nuts"),
        ("forget my peanut allergy", "nuts"),
        ("forget my allergies", "nuts"),
        ("/forget burpees", "burpees"),
        ("forget that I hate burpees", "burpees"),
        (
            "Sorry, my bad. Forget the thing with the burpees!",
            "burpees",
        ),
        ("forget my knee surgery", "right"),
        ("forget my right knee", "right"),
        ("forget that I run 5k on Sundays", "run"),
        ("forget that I train with Tom", "tom"),
        ("forget my shoulder and burpees", "shoulder burpees"),
        ("forget my left and my right knee", "left right"),
        ("forget both my knees", "left right"),
        ("forget everything about my knees", "left right"),
        ("forget that I like rice and beans", "rice"),
        ("forget the rice", "rice"),
        ("forget my marathon goal", "race"),
        ("Vergiss bitte meine Hüfte", "german"),
        ("Kannst du meine Hüfte vergessen?", "german"),
        ("forget that", "hills"),
        ("Forget it, please", "hills"),
        ("forget what I just told you", "hills"),
        ("forget the last thing", "hills"),
        ("/forget that", "hills"),
        ("never mind, scratch that", "hills"),
        ("oublie ça stp", "hills"),
        ("esquece o que eu acabei de dizer", "hills"),
        ("4get abt burpees tbh", "burpees"),
        (
            "forget burpees + my shoulder; rice",
            "burpees shoulder rice",
        ),
        ("get rid of the note about my shoulder", "shoulder"),
        ("I don't want you to remember my shoulder", "shoulder"),
        (
            "My shoulder is fine now, you can forget about it",
            "shoulder",
        ),
    ] {
        assert_eq!(told(request), expected, "{request}");
    }
}

#[test]
fn what_is_in_doubt_is_asked_and_what_differs_is_not_meant() {
    for (request, expected) in [
        ("forget my knee", " ? left right"),
        ("forget my right shoulder", "nothing, near shoulder"),
        ("forget my shellfish allergy", " ? nuts"),
        ("forget that I love burpees", "nothing, near burpees"),
        ("forget that I hate hill sprints", "nothing, near hills"),
        ("forget that I run 10 km on Sundays", "nothing, near run"),
        ("forget that I train with Anna on Mondays", " ? tom"),
        ("forget that I eat meat", " ? diet"),
        ("forget my sister", "nothing, near "),
        ("forget burpees and my sister", "burpees and something else"),
        (
            "My shoulder is on fire again, forget about it",
            " ? shoulder",
        ),
        ("forget everything about me", "everything"),
        ("Forget everything", "everything"),
        ("forget everything you know about me", "everything"),
        ("delete all my memories", "everything"),
        ("forget me", "everything"),
        ("wipe your memory of me", "everything"),
        ("esquece tudo sobre mim", "everything"),
        ("borra todos mis datos", "everything"),
    ] {
        assert_eq!(told(request), expected, "{request}");
    }
}

#[test]
fn what_is_taken_back_told_or_left_open_is_not_erased_unasked() {
    for (request, expected) in [
        ("forget burpees, no wait, the rice", " ? burpees rice"),
        ("forget burpees. No, I meant the rice", " ? burpees"),
        ("forget my left knee, it's the right one", " ? left"),
        (
            "forget the right knee, my left knee is the bad one",
            " ? right",
        ),
        ("forget my burpees or my rice", " ? burpees rice"),
        ("forget one of my knees", " ? left right"),
        ("did you forget my left knee?", " ? left"),
        ("why did you forget my left knee", " ? left"),
        ("hast du meine Hüfte vergessen?", " ? german"),
        ("I always forget to warm up my left knee", " ? left"),
        ("what did you forget?", "nothing, near "),
        ("what did I ask you to forget?", "nothing, near "),
        ("forget that I don't hate burpees", "nothing, near burpees"),
        ("forget my half marathon in 3:30", "nothing, near race"),
    ] {
        assert_eq!(told(request), expected, "{request}");
    }
}

#[test]
fn what_is_excepted_stays() {
    for (request, expected) in [
        ("forget both knees except the left one", "right"),
        ("forget my knees, but not the right one", "left"),
        ("forget burpees, not the rice", "burpees"),
        ("forget my knees apart from the left one", "right"),
        ("forget my knees. Except the left one.", "right"),
        ("forget everything about my knees but the left", "right"),
        ("forget everything but my peanut allergy", "everything"),
    ] {
        assert_eq!(told(request), expected, "{request}");
    }
}

#[test]
fn what_is_another_with_another_ending_or_before_it_is_not_meant() {
    for (known, request) in [
        ("Mi hija se llama Lucía", "olvida a mi hijo"),
        ("Ma cousine s'appelle Zoé", "oublie mon cousin"),
        ("Odia los burpees", "olvida que no odio los burpees"),
        ("Hasst Burpees", "vergiss dass ich Burpees nicht hasse"),
        ("Works night shifts", "forget my day shifts"),
        (
            "Vegetariano desde 2021",
            "esquece que minha esposa é vegetariana",
        ),
        (
            "Veut courir un semi-marathon en mai",
            "oublie le marathon de mai",
        ),
    ] {
        let memories = [Memory::given("a", known)];
        assert_eq!(meant(request, &memories, None).forget, [], "{request}");
    }
}

#[test]
fn who_asks_not_to_forget_asks_to_remember() {
    for text in [
        "dnt forget my left knee",
        "I don't want you to forget my left knee",
        "lest you forget: I hate burpees",
        "noublie pas mon genou",
        "Vergiss niemals mein Knie",
        "no quiero que te olvides de mi rodilla",
        "ich möchte nicht, dass du mein linkes Knie vergisst",
        "Vergiss mir bloß das linke Knie nicht",
        "ni se te ocurra olvidar mi rodilla",
        "Don't forget that my knee hurts",
        "dont forget my knee",
        "never forget my knee",
        "Vergiss nicht, dass mein Knie schmerzt",
        "vergiss das nicht",
        "No olvides mi rodilla",
        "N'oublie pas mon genou",
        "Não esqueças o meu joelho",
        "Please do not ever forget it",
    ] {
        assert!(asks_to_keep(text), "{text}");
    }
    for text in [
        "Forget my knee",
        "Vergiss mein Knie",
        "Remember my knee",
        "Oublie mon genou",
        "Don't forget my hip, but forget my knee",
        "vergiss die Erdnüsse, nicht die Nüsse",
        "vergiss dass ich nicht montags trainiere",
    ] {
        assert!(!asks_to_keep(text), "{text}");
    }
}

/// What a message chooses: the ids of it, or what else it says.
fn chosen(text: &str, offered: &[Memory]) -> String {
    match choose(text, offered) {
        Chosen::These(ids) => ids.iter().map(MemoryId::as_str).collect(),
        Chosen::None => "none".to_owned(),
        Chosen::Unclear => "unclear".to_owned(),
        Chosen::Else => "else".to_owned(),
    }
}

#[test]
fn one_of_several_is_chosen_by_place_by_words_all_or_none() {
    let offered = [
        Memory::given("a", "Left knee dislikes deep lunges"),
        Memory::given("b", "Right knee surgery in 2019"),
        Memory::given("c", "Knee sleeves for squats"),
    ];
    let chosen = |text: &str| chosen(text, &offered);
    for (text, expected) in [
        ("the second", "b"),
        ("2", "b"),
        ("The second one, please", "b"),
        ("number 3", "c"),
        ("the last one", "c"),
        ("1 and 3", "ac"),
        ("the first and the second", "ab"),
        ("all", "abc"),
        ("all of them", "abc"),
        ("all but the first", "bc"),
        ("the left one", "a"),
        ("the surgery", "b"),
        ("sleeves", "c"),
        ("none", "none"),
        ("never mind", "none"),
        ("neither", "none"),
        ("no", "none"),
        ("den zweiten", "b"),
        ("la segunda", "b"),
        ("le deuxième", "b"),
        ("todas", "abc"),
        ("the green one", "unclear"),
        ("the fifth", "unclear"),
        ("the knee", "unclear"),
        ("yes", "unclear"),
        ("How should I squat?", "else"),
        ("I ran 5 km today", "else"),
        ("thanks", "else"),
        ("I am going to be away for two weeks in spring", "else"),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
    let one = |text: &str| choose(text, &offered[..1]);
    let this = Chosen::These(vec!["a".parse().unwrap()]);
    assert_eq!(
        (one("yes"), one("Ja, bitte"), one("no")),
        (this.clone(), this, Chosen::None)
    );
    let two = choose("both", &offered[..2]);
    assert_eq!(
        two,
        Chosen::These(vec!["a".parse().unwrap(), "b".parse().unwrap()])
    );
}

#[test]
fn a_choice_is_read_as_it_is_said() {
    let offered = [
        Memory::given("a", "Left knee dislikes deep lunges"),
        Memory::given("b", "Right knee surgery in 2019"),
        Memory::given("c", "Knee sleeves for squats"),
    ];
    let chosen = |text: &str| chosen(text, &offered);
    for (text, expected) in [
        ("all three", "abc"),
        ("alle drei", "abc"),
        ("las tres", "abc"),
        ("the first two", "ab"),
        ("the last two", "bc"),
        ("die ersten beiden", "ab"),
        ("los dos primeros", "ab"),
        ("1-3", "abc"),
        ("one and three", "ac"),
        ("one, two", "ab"),
        ("lösch das zweite", "b"),
        ("the second, not the third", "b"),
        ("teh secnd", "b"),
        ("I meant the second", "b"),
        ("only the second pls 🙏", "b"),
        ("all but the left one", "bc"),
        ("todas menos la primera", "bc"),
        ("left and right", "ab"),
        ("the left one and the sleeves", "ac"),
        ("keep them all", "none"),
        ("none of the above", "none"),
        ("don't delete anything", "none"),
        ("no, thank you", "none"),
        ("forget it", "none"),
        ("lass alles so", "none"),
        ("laisse tomber", "none"),
        ("não apague nada", "none"),
        ("both", "unclear"),
        ("the one", "unclear"),
        ("1 or 2", "unclear"),
        ("not the first", "unclear"),
        ("das erste nicht", "unclear"),
        ("the first... no, the second", "unclear"),
        ("all but the green one", "unclear"),
        ("ok", "unclear"),
    ] {
        assert_eq!(chosen(text), expected, "{text}");
    }
    let all = [&offered[..], &[Memory::given("d", "Knee brace")]].concat();
    let ids = |ids: [&str; 3]| Chosen::These(ids.map(|id| id.parse().unwrap()).into());
    for (text, expected) in [
        ("the first three", ids(["a", "b", "c"])),
        ("letzten drei", ids(["b", "c", "d"])),
        ("all three", Chosen::Unclear),
    ] {
        assert_eq!(choose(text, &all), expected, "{text}");
    }
}
