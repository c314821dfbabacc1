use super::*;

fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Fact::of(one), Fact::of(other));
    assert_eq!(one.is_same(&other, false), other.is_same(&one, false));
    assert_eq!(one.is_same(&other, false), one.whole() == other.whole());
    one.is_same(&other, false)
}

#[test]
fn one_fact_has_the_same_words_in_the_same_order() {
    for (one, other) in [
        ("I hate burpees", "Please remember that I hate the burpees!"),
        ("I don't eat meat", "i do not eat meat"),
        ("I run 5 km", "I run 5km."),
        ("I train three times a week", "I train 3 times a week"),
        (
            "Meine Schulter schmerzt",
            "Bitte merk dir, dass meine Schulter schmerzt",
        ),
        ("讨厌波比跳", "讨厌波比跳"),
    ] {
        assert!(same(one, other), "{one} / {other}");
    }
    for (one, other) in [
        ("I run 5 km", "I run 6 km"),
        ("I run 5 km", "I run 5 miles"),
        ("My left knee hurts", "My right knee hurts"),
        ("I train before work", "I train after work"),
        ("I was pregnant", "I am pregnant"),
        ("I trained with Tom", "I train with Tom"),
        ("I like running", "I don't like running"),
        ("Squats before deadlifts", "Deadlifts before squats"),
        ("My wife is vegan", "My sister is vegan"),
        ("I train on Mondays", "I train on Tuesdays"),
        ("My knee hurts", "Her knee hurts"),
        ("I eat 2.000 kcal", "I eat 2 kcal"),
    ] {
        assert!(!same(one, other), "{one} / {other}");
    }
}

#[test]
fn a_fact_about_safety_is_one_only_word_for_word() {
    let is_same = |one: &str, other: &str| Fact::of(one).is_same(&Fact::of(other), true);
    assert!(is_same("I am allergic to nuts", "i am allergic to nuts!"));
    assert!(!is_same(
        "I am allergic to nuts",
        "I am allergic to the nuts"
    ));
}

#[test]
fn what_sets_facts_apart_is_never_taken_for_one_in_other_words() {
    let may_be = |one: &str, other: &str| {
        let (one, other) = (Fact::of(one), Fact::of(other));
        assert_eq!(one.may_be(&other), other.may_be(&one));
        one.may_be(&other)
    };
    for (one, other) in [
        ("I train three times a week", "My week has 3 sessions"),
        ("I train in the mornings", "I'm a morning person"),
        ("I run with Tom", "Every run I do is with Tom"),
        ("Ich hasse Burpees", "I hate burpees"),
        ("I don't like burpees", "I hate burpees"),
        ("Je n'aime pas courir", "I dislike running"),
        ("I weigh 70 kg", "my weight is 70"),
    ] {
        assert!(may_be(one, other), "{one} / {other}");
    }
    for (one, other) in [
        ("I train three times a week", "I train four times a week"),
        ("My left knee hurts", "My right knee hurts"),
        ("Meine linke Schulter", "my right shoulder"),
        ("I train on Mondays", "I train on Tuesdays"),
        ("I train on Mondays", "I train"),
        ("I eat meat", "I eat no meat"),
        ("I love running", "I hate running"),
        ("I run with Tom", "I run with Anna"),
        ("I train in the morning", "I train in the evening"),
        ("I run 5 km", "I run 5 miles"),
        ("My wife eats no meat", "I eat no meat"),
        ("I don't hate burpees", "I hate burpees"),
    ] {
        assert!(!may_be(one, other), "{one} / {other}");
    }
}

#[test]
fn marks_are_read_in_five_languages() {
    let marks = |text: &str| Fact::of(text).marks;
    assert_eq!(marks("Mi rodilla izquierda").sides, ["left"].into());
    assert_eq!(marks("Mon épaule droite le lundi").sides, ["right"].into());
    assert_eq!(marks("Mon épaule droite le lundi").days, ["mon"].into());
    assert!(marks("Não como carne").denies && !marks("Tenho dor no joelho").denies);
    assert!(marks("No me gusta correr").dislikes && !marks("No me gusta correr").denies);
    assert!(marks("Ich mag keine Burpees").dislikes);
    assert!(marks("Je ne mange pas de viande").denies);
    assert!(marks("all right now").sides.is_empty());
    assert_eq!(
        marks("I train with Tom and Anna").names,
        ["tom".into(), "anna".into()].into()
    );
    assert!(marks("Ich trainiere mit der Hantel").names.is_empty());
    let number = |value: &str, unit| Number {
        value: value.to_owned(),
        unit,
    };
    assert_eq!(
        marks("5x5 at 70kg in 3:30, 10,000 steps at 5,5 km").numbers,
        [
            number("5x5", None),
            number("70", Some("kg")),
            number("3:30", None),
            number("10000", None),
            number("5.5", Some("km")),
        ]
        .into()
    );
}
