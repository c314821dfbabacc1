//! The clauses on accounts.

use super::*;

fn account(subject: &str) -> Account {
    let issuer = "https://issuer.example".to_owned();
    Account {
        issuer,
        subject: subject.to_owned(),
    }
}

/// An account that no other clause has.
pub(super) fn some_account() -> Account {
    account(somebody().user().as_str())
}

#[apply(clause)]
/// Binds an account and a user to each other, unless one of them is bound already; the first
/// binding of either stays.
pub async fn an_account_and_a_user_are_bound_to_each_other_and_to_nobody_else(
    store: &dyn RecordStore,
) {
    let (ann, bea) = ((some_account(), somebody()), (some_account(), somebody()));
    for (account, user, answer) in [
        (&ann.0, &ann.1, Binding::Bound),
        (&ann.0, &bea.1, Binding::AccountIsAnothers),
        (&bea.0, &ann.1, Binding::UserIsAnothers),
        // Neither refusal has bound the side that was free.
        (&bea.0, &bea.1, Binding::Bound),
        (&ann.0, &bea.1, Binding::AccountIsAnothers),
        (&ann.0, &ann.1, Binding::Bound),
        (&bea.0, &bea.1, Binding::Bound),
    ] {
        assert_eq!(store.bind(account, user).await.unwrap(), answer);
    }
}

#[apply(clause)]
/// Binds an account and a user to each other
pub async fn an_account_is_known_by_its_issuer_and_its_subject(store: &dyn RecordStore) {
    let name = somebody().user().to_string();
    let (first, second) = name.split_at(4);
    let parts = [(first, second), (second, first), (&name, ""), ("", &name)];
    for (issuer, subject) in parts {
        let account = Account {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
        };
        let user = somebody();
        for _ in 0..2 {
            assert_eq!(store.bind(&account, &user).await.unwrap(), Binding::Bound);
        }
    }
}

#[apply(clause)]
/// Binds both sides or none.
pub async fn of_bindings_made_at_once_one_of_each_side_wins_whole(store: &dyn RecordStore) {
    for _ in 0..8 {
        let accounts = [some_account(), some_account()];
        let users = [somebody(), somebody()];
        let pairs: Vec<_> = accounts
            .iter()
            .flat_map(|account| users.iter().map(move |user| (account, user)))
            .collect();
        let ask = || {
            join_all(
                pairs
                    .iter()
                    .map(|(account, user)| store.bind(account, user)),
            )
        };
        let answers: Vec<_> = ask().await.into_iter().map(Result::unwrap).collect();
        let is_bound: Vec<bool> = answers
            .iter()
            .map(|answer| *answer == Binding::Bound)
            .collect();
        // The first to come leaves one pair that it does not stand against.
        let both_ways = [[true, false, false, true], [false, true, true, false]];
        assert!(
            both_ways.iter().any(|pairs| *pairs == *is_bound),
            "{answers:?}"
        );
        let again: Vec<_> = ask().await.into_iter().map(Result::unwrap).collect();
        let holds = |answer: &Binding| *answer == Binding::Bound;
        assert_eq!(again.iter().map(holds).collect::<Vec<_>>(), is_bound);
    }
}

#[apply(clause)]
/// Binds an account and a user to each other … nothing is changed by any other answer
pub async fn a_refused_binding_changes_nothing_however_often_it_is_asked(store: &dyn RecordStore) {
    let (ann, bea) = ((some_account(), somebody()), (some_account(), somebody()));
    for (account, user) in [&ann, &bea] {
        assert_eq!(store.bind(account, user).await.unwrap(), Binding::Bound);
    }
    let (free, stranger) = (some_account(), somebody());
    let cases = [
        (&ann.0, &bea.1, Binding::AccountIsAnothers),
        (&bea.0, &ann.1, Binding::AccountIsAnothers),
        (&free, &ann.1, Binding::UserIsAnothers),
        (&ann.0, &stranger, Binding::AccountIsAnothers),
    ];
    for _ in 0..2 {
        for (account, user, answer) in cases {
            assert_eq!(store.bind(account, user).await.unwrap(), answer);
        }
        for (account, user) in [&ann, &bea] {
            assert_eq!(store.bind(account, user).await.unwrap(), Binding::Bound);
        }
    }
    // What was refused has bound nobody.
    assert_eq!(store.bind(&free, &stranger).await.unwrap(), Binding::Bound);
}

#[apply(clause)]
/// Binds an account and a user to each other
pub async fn accounts_that_look_alike_are_different(store: &dyn RecordStore) {
    let name = somebody().user().to_string();
    let mut subjects = crate::conformance::odd_texts();
    let alike = [
        "a", "A", "a ", " a", "a/", "\u{e9}", "e\u{301}", "\u{2126}", "\u{3a9}",
    ];
    subjects.extend(alike.map(str::to_owned));
    let mut bound = Vec::new();
    for subject in subjects {
        for issuer in ["https://issuer.example", "https://issuer.example/", ""] {
            let account = Account {
                issuer: issuer.to_owned(),
                subject: format!("{name}{subject}"),
            };
            let user = somebody();
            assert_eq!(store.bind(&account, &user).await.unwrap(), Binding::Bound);
            bound.push((account, user));
        }
    }
    for (account, user) in &bound {
        assert_eq!(store.bind(account, user).await.unwrap(), Binding::Bound);
    }
}
