//! What turns reserve of their user's allowances.

use macro_rules_attribute::apply;

use super::*;

/// So many conversations of one user.
async fn conversations(store: &dyn MessageStore, count: usize) -> UserScope {
    let user = somebody();
    for number in 1..=count {
        let new = empty(key(&user, &format!("v{number}")), NOW);
        store.create_conversation(&new).await.unwrap();
    }
    user
}

/// The only turn of a conversation, with these holds.
fn holding(user: &UserScope, number: usize, holds: &[Hold]) -> Admission {
    Admission {
        holds: holds.to_vec(),
        ..admission(&key(user, &format!("v{number}")), &format!("t{number}"))
    }
}

/// Begins a turn and ends it.
async fn held(store: &dyn MessageStore, a: &Admission, jobs: Vec<JobKind>) {
    let begun = begun(store, a).await;
    ended(store, a, begun, jobs).await;
}

/// Until when a turn with these holds is refused at `now`, and what does not fit. The question
/// changes nothing if the answer is that.
async fn refused(
    store: &dyn MessageStore,
    a: &Admission,
    holds: &[Hold],
    now: Timestamp,
) -> (Allowance, u64) {
    let asked = Admission {
        holds: holds.to_vec(),
        now,
        ..a.clone()
    };
    let answer = store.admit(&asked).await.unwrap();
    let Admitted::OverLimit { of, until } = answer else {
        panic!("expected a refusal, not {answer:?}")
    };
    (of, until.since(NOW).as_secs())
}

#[apply(clause)]
/// It fits if it and what the user has of its allowance, held and spent, are together no more than
/// its limit.
pub async fn a_hold_beyond_the_limit_is_refused_and_changes_nothing(store: &dyn MessageStore) {
    let user = conversations(store, 2).await;
    let large = [hold(Allowance::Turns, 2, 3, 60)];
    begun(store, &holding(&user, 1, &large)).await;
    let second = holding(&user, 2, &large);
    let answer = refused(store, &second, &large, NOW).await;
    assert_eq!(answer, (Allowance::Turns, 60));
    let found = store.conversation(&key(&user, "v2")).await.unwrap();
    assert_eq!(found.unwrap().messages, 0);
    begun(
        store,
        &holding(&user, 2, &[hold(Allowance::Turns, 1, 3, 60)]),
    )
    .await;
}

#[apply(clause)]
/// An amount counts as long as its end is after `admission.now`
pub async fn a_hold_that_has_run_out_does_not_count(store: &dyn MessageStore) {
    let user = conversations(store, 2).await;
    let all = [hold(Allowance::Turns, 1, 1, 60)];
    begun(store, &holding(&user, 1, &all)).await;
    let second = holding(&user, 2, &all);
    let last = Timestamp((NOW + 60 * SECOND).0 - 1);
    let answer = refused(store, &second, &all, last).await;
    assert_eq!(answer, (Allowance::Turns, 60));
    let now = NOW + 60 * SECOND;
    begun(store, &Admission { now, ..second }).await;
}

#[apply(clause)]
/// a hold that does not fit, the first of them: `Admitted::OverLimit`
pub async fn each_allowance_has_its_own_sum_and_the_first_hold_that_does_not_fit_is_told(
    store: &dyn MessageStore,
) {
    let user = conversations(store, 3).await;
    let first = [
        hold(Allowance::Tokens, 70, 100, 600),
        hold(Allowance::Money, 5, 9, 900),
    ];
    begun(store, &holding(&user, 1, &first)).await;
    let second = holding(&user, 2, &[]);
    let both = [
        hold(Allowance::Money, 5, 9, 60),
        hold(Allowance::Tokens, 70, 100, 60),
    ];
    let answer = refused(store, &second, &both, NOW).await;
    assert_eq!(answer, (Allowance::Money, 900));
    let tokens = [hold(Allowance::Money, 4, 9, 60), both[1]];
    let answer = refused(store, &second, &tokens, NOW).await;
    assert_eq!(answer, (Allowance::Tokens, 600));
    // None of the two has kept anything of its holds.
    let fitting = [tokens[0], hold(Allowance::Tokens, 30, 100, 60)];
    begun(store, &holding(&user, 2, &fitting)).await;
    begun(
        store,
        &holding(&user, 3, &[hold(Allowance::Turns, 1, 1, 60)]),
    )
    .await;
}

#[apply(clause)]
/// `Admitted::OverLimit`, with the time from which it would
pub async fn a_refusal_tells_when_enough_has_ended(store: &dyn MessageStore) {
    let user = conversations(store, 4).await;
    for (number, amount, seconds) in [(1, 10, 300), (2, 20, 100), (3, 30, 200)] {
        let hold = hold(Allowance::Tokens, amount, 60, seconds);
        begun(store, &holding(&user, number, &[hold])).await;
    }
    let last = holding(&user, 4, &[]);
    for (amount, seconds) in [
        (1, 100),
        (20, 100),
        (21, 200),
        (50, 200),
        (51, 300),
        (61, 7),
    ] {
        let asked = [hold(Allowance::Tokens, amount, 60, 7)];
        let answer = refused(store, &last, &asked, NOW).await;
        assert_eq!(answer, (Allowance::Tokens, seconds), "{amount}");
    }
    let asked = [hold(Allowance::Tokens, 20, 60, 500)];
    let now = NOW + 100 * SECOND;
    begun(
        store,
        &Admission {
            now,
            ..holding(&user, 4, &asked)
        },
    )
    .await;
}

#[apply(clause)]
/// The turn gives back what it held of `Allowance::Turns`
pub async fn a_finished_turn_gives_back_what_it_held(store: &dyn MessageStore) {
    let key = conversation(store).await;
    for turn in ["t1", "t2"] {
        let a = Admission {
            holds: vec![hold(Allowance::Turns, 3, 3, 60)],
            ..admission(&key, turn)
        };
        held(store, &a, vec![]).await;
    }
}

#[apply(clause)]
/// what it holds of the others goes on counting, for its jobs may still spend
pub async fn what_a_finished_turn_may_still_spend_goes_on_counting(store: &dyn MessageStore) {
    let user = conversations(store, 2).await;
    let tokens = hold(Allowance::Tokens, 60, 100, 600);
    let first = holding(&user, 1, &[hold(Allowance::Turns, 1, 1, 60), tokens]);
    held(store, &first, vec![JobKind::Workout]).await;
    let second = holding(&user, 2, &[]);
    let answer = refused(store, &second, &[tokens], NOW).await;
    assert_eq!(answer, (Allowance::Tokens, 600));
    begun(
        store,
        &holding(&user, 2, &[hold(Allowance::Turns, 1, 1, 60)]),
    )
    .await;
}

#[apply(clause)]
/// its amount is from now on what the turn has spent in all, also if that is more, until the same
/// end
pub async fn what_is_settled_counts_as_it_was_spent(store: &dyn MessageStore) {
    for (spent, left) in [(0, 100), (30, 70), (60, 40), (90, 10)] {
        let user = conversations(store, 2).await;
        let first = holding(&user, 1, &[hold(Allowance::Tokens, 60, 100, 600)]);
        held(store, &first, vec![]).await;
        let spent = [(Allowance::Tokens, spent)];
        store.settle_hold(&first.turn, &spent).await.unwrap();
        let second = holding(&user, 2, &[]);
        let over = [hold(Allowance::Tokens, left + 1, 100, 60)];
        let answer = refused(store, &second, &over, NOW).await;
        // Of what nobody has spent anything of, more than all would never fit.
        let until = if left == 100 { 60 } else { 600 };
        assert_eq!(answer, (Allowance::Tokens, until), "{left}");
        begun(
            store,
            &holding(&user, 2, &[hold(Allowance::Tokens, left, 100, 60)]),
        )
        .await;
    }
}

#[apply(clause)]
/// What was settled stays as it was
pub async fn what_was_settled_once_is_not_changed_again(store: &dyn MessageStore) {
    let user = conversations(store, 2).await;
    let holds = [
        hold(Allowance::Tokens, 60, 100, 600),
        hold(Allowance::Money, 6, 10, 600),
    ];
    let first = holding(&user, 1, &holds);
    held(store, &first, vec![]).await;
    for (of, spent) in [
        (Allowance::Tokens, 30),
        (Allowance::Tokens, 30),
        (Allowance::Tokens, 99),
        (Allowance::Turns, 1),
        (Allowance::Money, 2),
        (Allowance::Money, 2),
    ] {
        store
            .settle_hold(&first.turn, &[(of, spent)])
            .await
            .unwrap();
    }
    let second = holding(&user, 2, &[]);
    for (of, over, limit) in [(Allowance::Tokens, 71, 100), (Allowance::Money, 9, 10)] {
        let over = [hold(of, over, limit, 60)];
        assert_eq!(refused(store, &second, &over, NOW).await, (of, 600));
    }
    let rest = [
        hold(Allowance::Tokens, 70, 100, 60),
        hold(Allowance::Money, 8, 10, 60),
        hold(Allowance::Turns, 1, 1, 60),
    ];
    begun(store, &holding(&user, 2, &rest)).await;
}

#[apply(clause)]
/// until the same end
pub async fn what_was_spent_until_the_same_end_adds_up_and_ends(store: &dyn MessageStore) {
    let user = conversations(store, 4).await;
    for (number, spent, seconds) in [(1, 20, 600), (2, 30, 600), (3, 10, 900)] {
        let a = holding(&user, number, &[hold(Allowance::Money, 1, 60, seconds)]);
        held(store, &a, vec![]).await;
        let spent = [(Allowance::Money, spent)];
        store.settle_hold(&a.turn, &spent).await.unwrap();
    }
    let last = holding(&user, 4, &[]);
    for (amount, seconds) in [(1, 600), (50, 600), (51, 900)] {
        let asked = [hold(Allowance::Money, amount, 60, 60)];
        let answer = refused(store, &last, &asked, NOW).await;
        assert_eq!(answer, (Allowance::Money, seconds), "{amount}");
    }
    let asked = [hold(Allowance::Money, 50, 60, 1_000)];
    let now = NOW + 600 * SECOND;
    begun(
        store,
        &Admission {
            now,
            ..holding(&user, 4, &asked)
        },
    )
    .await;
}

#[apply(clause)]
/// what the turn does not hold is not made
pub async fn settling_a_turn_that_holds_nothing_changes_nothing(store: &dyn MessageStore) {
    let user = conversations(store, 2).await;
    let first = holding(&user, 1, &[]);
    let spent = [(Allowance::Tokens, 7), (Allowance::Turns, 7)];
    store.settle_hold(&first.turn, &spent).await.unwrap();
    held(store, &first, vec![]).await;
    store.settle_hold(&first.turn, &spent).await.unwrap();
    let all = [
        hold(Allowance::Tokens, 7, 7, 60),
        hold(Allowance::Turns, 7, 7, 60),
    ];
    let second = holding(&user, 2, &all);
    begun(store, &second).await;
    // A turn of the same names, of another user.
    let stranger = conversations(store, 2).await;
    let theirs = holding(&stranger, 2, &[]).turn;
    store
        .settle_hold(&theirs, &[(Allowance::Tokens, 0)])
        .await
        .unwrap();
    let third = holding(&user, 1, &[]);
    let third = Admission {
        key: "key-t3".parse().unwrap(),
        turn: TurnKey {
            turn: "t3".parse().unwrap(),
            ..third.turn.clone()
        },
        ..third
    };
    let answer = refused(store, &third, &all[..1], NOW).await;
    assert_eq!(answer, (Allowance::Tokens, 60));
}

#[apply(clause)]
/// what its turns hold of the others goes on counting until its end, and can be settled
pub async fn a_deleted_conversation_gives_back_its_turn_and_not_what_it_may_have_spent(
    store: &dyn MessageStore,
) {
    let user = conversations(store, 2).await;
    let holds = [
        hold(Allowance::Turns, 1, 1, 60),
        hold(Allowance::Tokens, 60, 100, 600),
    ];
    let first = holding(&user, 1, &holds);
    begun(store, &first).await;
    assert!(store.delete_conversation(&key(&user, "v1")).await.unwrap());
    let second = holding(&user, 2, &[]);
    let answer = refused(store, &second, &holds, NOW).await;
    assert_eq!(answer, (Allowance::Tokens, 600));
    let spent = [(Allowance::Tokens, 40)];
    store.settle_hold(&first.turn, &spent).await.unwrap();
    begun(store, &holding(&user, 2, &holds)).await;
}

#[apply(clause)]
/// It fits if it and what the user has of its allowance, held and spent, are together no more than
/// its limit.
pub async fn what_one_user_holds_is_nothing_to_another(store: &dyn MessageStore) {
    let all = [
        hold(Allowance::Turns, 1, 1, 60),
        hold(Allowance::Tokens, 9, 9, 60),
        hold(Allowance::Money, 9, 9, 60),
    ];
    let users = [
        conversations(store, 1).await,
        conversations(store, 1).await,
        conversations(store, 1).await,
    ];
    for user in &users {
        let a = holding(user, 1, &all);
        let first = begun(store, &a).await;
        ended(store, &a, first, vec![]).await;
        store
            .settle_hold(&a.turn, &[(Allowance::Money, 9)])
            .await
            .unwrap();
    }
}

#[apply(clause)]
/// What was written is read as it was written, whatever it says and however long it is: every
/// character of a text, every number
pub async fn amounts_count_to_the_last_one_however_large_they_are(store: &dyn MessageStore) {
    for most in [u64::MAX, (1 << 63) + 1, (1 << 53) + 1] {
        let user = conversations(store, 4).await;
        let money = |amount| hold(Allowance::Money, amount, most, 60);
        held(store, &holding(&user, 1, &[money(most - 2)]), vec![]).await;
        let spent = holding(&user, 2, &[money(1)]);
        held(store, &spent, vec![]).await;
        let last = holding(&user, 3, &[]);
        let answer = refused(store, &last, &[money(2)], NOW).await;
        assert_eq!(answer, (Allowance::Money, 60));
        store
            .settle_hold(&spent.turn, &[(Allowance::Money, 2)])
            .await
            .unwrap();
        let answer = refused(store, &last, &[money(1)], NOW).await;
        assert_eq!(answer, (Allowance::Money, 60));
        begun(store, &holding(&user, 4, &[money(0)])).await;
    }
}
