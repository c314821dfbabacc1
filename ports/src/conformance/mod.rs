//! The contracts of the ports as tests, for every adapter: one function for each clause, and one
//! macro for each port that makes every clause a named test.
//!
//! ```text
//! mod conformance {
//!     ports::message_store_conformance!(async { my_adapter::Store::new() });
//! }
//! ```
//!
//! The expression is awaited once for each test and gives it a store of its own, or one that other
//! tests use too: every clause works on users that nobody else has. The tests need `tokio` in the
//! adapter's dev-dependencies. Whoever wants something else than tests of the clauses gives a macro
//! of their own: `message_store_conformance! { my_macro; async { … } }`.
//!
//! A store that lasts is given to the same clauses as [`Reopened`]: it is closed and opened again
//! between any two calls, so that what it only remembers is gone.
//!
//! The documentation of a clause is the sentence of the contract that it holds, word for word, and
//! is what a failure quotes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests: a failure is a panic"
)]

/// Makes a clause of a function: if it fails, the sentence is quoted that it is documented with.
macro_rules! clause {
    (
        $(#[doc = $sentence:literal])+
        pub async fn $clause:ident($store:ident: &dyn $port:ident $(,)?) $body:block
    ) => {
        $(#[doc = $sentence])+
        pub async fn $clause($store: &dyn $port) {
            let _if_it_fails = $crate::conformance::Quoted(concat!($($sentence),+));
            $body
        }
    };
}

pub mod index;
pub mod messages;
pub mod records;
mod reopened;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::thread;

use domain::UserScope;

pub use reopened::Reopened;

/// A sentence of a contract, told to standard error if a clause on it fails.
struct Quoted(&'static str);

impl Drop for Quoted {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("the contract says:{}", self.0);
        }
    }
}

/// How often something is asked for that may lag.
const TRIES: usize = 200;

/// How many ask at once, and how often they do.
const AT_ONCE: usize = 8;
const ROUNDS: usize = 32;

/// Drops a call after it has gone on so many times, if it is not done by then.
async fn dropped<T>(call: impl Future<Output = T>, after: usize) {
    let (mut call, mut left) = (pin!(call), after);
    poll_fn(|context| {
        if left == 0 || call.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Texts that a careless store does not give back as they are.
fn odd_texts() -> Vec<String> {
    let odd = [
        "",
        "\0",
        "before\0after",
        "\u{301}e, and e\u{301} beside \u{e9}",
        "\u{feff} \r\n\t\u{b}\u{7f}\u{85}\u{2028} ",
        "\u{1f44d}\u{1f3fd} \u{10ffff} \u{fffd}",
        "{\"a\": \"\\\\u0000\"} 'a'; -- #~%_",
    ];
    odd.map(str::to_owned).to_vec()
}

/// A user that no other clause of this process has.
fn somebody() -> UserScope {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    UserScope::stored(
        format!("conformance-{}-{number}", std::process::id())
            .parse()
            .unwrap(),
    )
}

/// Users whose names look alike, and that no other clause of this process has.
fn alike() -> Vec<UserScope> {
    let first = somebody().user().to_string();
    let names = ["", "x", "-", "-x"].map(|end| format!("{first}{end}"));
    let all = names.into_iter().chain([first.to_uppercase()]);
    let scope = |name: String| UserScope::stored(name.parse().unwrap());
    all.map(scope).collect()
}

/// Makes each named clause of a module a test.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    ($module:path, $make:expr; $($clause:ident)*) => {
        $(
            #[tokio::test]
            async fn $clause() {
                use $module as clauses;
                clauses::$clause(&$make.await).await;
            }
        )*
    };
}

/// The contract of [`MessageStore`](crate::MessageStore), for the store that `$make` gives.
#[macro_export]
macro_rules! message_store_conformance {
    ($make:expr) => {
        $crate::message_store_conformance! { $crate::conformance_tests; $make }
    };
    ($($each:ident)::+ ; $make:expr) => {
        $($each)::+! { $crate::conformance::messages, $make;
            a_conversation_is_made_once
            a_conversation_that_is_not_there_is_nothing
            conversations_are_listed_with_the_last_active_first
            a_list_of_conversations_goes_on_where_it_ended
            title_and_tags_can_be_changed
            an_unknown_conversation_admits_nobody
            an_admission_keeps_the_message_and_counts_it
            an_admission_asked_again_is_answered_as_the_first_time
            an_equal_request_is_sent_to_the_turn_that_it_began
            an_equal_key_with_another_body_is_refused
            a_key_that_has_expired_is_a_new_key
            a_conversation_has_one_turn_at_a_time
            a_known_key_is_judged_before_a_busy_conversation
            a_hold_beyond_the_limit_is_refused_and_changes_nothing
            a_hold_that_has_run_out_does_not_count
            each_allowance_has_its_own_sum_and_the_first_hold_that_does_not_fit_is_told
            a_refusal_tells_when_enough_has_ended
            a_finished_turn_gives_back_what_it_held
            what_a_finished_turn_may_still_spend_goes_on_counting
            what_is_settled_counts_as_it_was_spent
            what_was_settled_once_is_not_changed_again
            what_was_spent_until_the_same_end_adds_up_and_ends
            settling_a_turn_that_holds_nothing_changes_nothing
            a_deleted_conversation_gives_back_its_turn_and_not_what_it_may_have_spent
            fences_grow
            a_checkpoint_keeps_events_from_its_place_on
            a_checkpoint_asked_again_changes_nothing_more
            an_older_checkpoint_that_comes_late_takes_nothing_back
            a_checkpoint_that_would_leave_a_gap_is_an_error_and_keeps_nothing
            a_checkpoint_of_another_fence_is_refused
            a_checkpoint_hears_of_a_request_to_stop
            a_turn_is_overdue_from_when_it_was_to_be_over_until_it_ends
            the_longest_overdue_are_told_first_and_no_more_than_asked_for
            what_was_deleted_or_erased_is_not_overdue
            a_finished_turn_has_its_events_its_message_and_its_jobs
            a_finish_asked_again_is_answered_as_the_first_time
            a_turn_ends_once
            a_turn_that_said_nothing_leaves_no_message
            a_finish_frees_the_conversation
            a_title_is_given_once
            a_reaper_ends_only_the_lease_that_it_saw
            a_turn_that_was_just_admitted_or_renewed_its_lease_has_no_gone_holder
            messages_are_read_from_the_newest_back
            a_page_of_messages_ends_once_its_texts_have_reached_a_mebibyte
            a_turn_is_read_from_any_place
            nothing_of_another_user_is_seen
            a_deleted_conversation_takes_no_more_writes
            a_deleted_conversation_is_not_made_again
            a_job_is_held_by_one_at_a_time
            a_claim_that_ran_out_is_open_again
            a_settled_job_is_not_claimed_again
            a_job_is_tried_again_at_its_time
            jobs_are_found_by_turn_conversation_and_user
            the_oldest_jobs_are_claimed_and_no_more_than_asked_for
            a_late_settlement_is_ignored
            the_conversations_with_all_coaches_are_listed_in_pages
            an_erased_user_has_nothing_and_another_has_everything
            the_first_erasing_leaves_a_mark_with_its_time_that_stays
            of_an_erased_user_no_conversation_is_made
            whoever_writes_for_an_erased_user_makes_nothing
            a_turn_loses_its_right_to_write_before_anything_else_goes
            a_busy_conversation_keeps_nothing_of_what_it_refuses
            a_message_over_the_limit_leaves_nothing
            an_unknown_conversation_leaves_nothing_for_when_it_is_made
            a_known_key_stays_as_it_is_whatever_comes_with_it
            a_key_is_known_in_its_conversation_only
            a_known_key_and_a_busy_conversation_are_judged_before_holds
            an_admission_asked_again_after_its_end_begins_nothing
            a_conversation_was_last_active_when_its_message_was_taken_in
            a_writer_without_the_fence_ends_nothing
            a_turn_that_is_not_there_is_neither_kept_nor_ended
            a_finish_asked_again_changes_nothing_that_has_come_since
            an_ending_is_judged_by_all_that_it_says
            what_the_ending_does_not_name_is_no_event_any_more
            a_reaper_ends_a_turn_as_its_holder_would
            a_title_of_the_users_own_stays_and_an_empty_one_is_none
            a_checkpoint_without_events_renews_the_lease
            a_request_to_stop_is_told_at_every_checkpoint
            a_turn_that_has_ended_is_not_stopped_any_more
            a_checkpoint_of_an_ended_turn_changes_nothing
            an_ended_turn_is_read_from_any_place
            a_checkpoint_that_overlaps_adds_what_is_new
            nothing_of_a_deleted_conversation_is_read_or_found
            nothing_is_written_of_a_deleted_conversation
            what_a_stranger_asks_for_by_the_same_names_changes_nothing
            a_message_is_read_as_it_was_sent
            every_piece_of_a_reply_is_read_as_it_was_told
            every_ending_is_read_as_it_was_written
            what_came_of_a_job_is_read_as_it_was_written
            an_edit_is_read_as_it_was_written_and_changes_nothing_else
            admissions_and_endings_put_a_conversation_first
            conversations_with_another_coach_are_not_listed
            a_conversation_is_as_it_was_made_wherever_it_is_read
            a_page_that_is_just_full_at_the_end_is_the_last
            a_cursor_of_another_list_is_no_error
            of_equal_admissions_at_once_one_turn_begins
            of_different_admissions_at_once_one_turn_begins
            whoever_sees_a_turn_sees_its_message
            of_claims_at_once_one_holds_the_job
            a_checkpoint_beside_the_ending_changes_nothing_of_it
            of_endings_at_once_one_is_the_ending
            a_deletion_beside_the_ending_leaves_nothing
            a_call_that_was_dropped_is_done_or_not_and_can_be_asked_again
            a_job_is_due_from_the_closing_on
            jobs_of_anyone_are_found_and_claimed
            a_settled_job_stays_as_it_was_settled
            only_the_jobs_that_are_asked_for_are_found_and_claimed
            users_coaches_and_conversations_that_look_alike_are_different
            keys_and_turns_that_look_alike_are_different
            a_limit_may_be_none_or_more_than_there_is
            a_long_conversation_is_read_and_deleted_whole
            what_one_user_holds_is_nothing_to_another
            amounts_count_to_the_last_one_however_large_they_are
        }
    };
}

/// The contract of [`RecordStore`](crate::RecordStore), for the store that `$make` gives.
#[macro_export]
macro_rules! record_store_conformance {
    ($make:expr) => {
        $crate::record_store_conformance! { $crate::conformance_tests; $make }
    };
    ($($each:ident)::+ ; $make:expr) => {
        $($each)::+! { $crate::conformance::records, $make;
            a_record_is_read_as_it_was_written
            an_absent_record_is_nothing
            a_write_that_expects_absence_is_taken_once
            a_write_of_the_same_bytes_is_no_second_write
            a_write_that_expects_a_version_is_taken_at_that_version
            a_write_is_told_from_another_at_the_same_version_by_its_bytes
            records_are_listed_with_the_newest_first
            a_list_goes_on_where_it_ended
            a_page_of_records_ends_once_their_bodies_have_reached_a_mebibyte
            kinds_do_not_mix
            nothing_of_another_user_is_seen
            a_deleted_record_is_gone
            a_group_is_listed_by_itself_in_pages_with_the_newest_first
            a_record_that_ends_is_read_with_its_end
            the_end_of_a_record_is_part_of_what_was_written
            a_record_past_its_end_is_whole_or_gone
            what_was_restored_is_not_forgotten
            what_was_forgotten_meanwhile_is_not_restored
            an_account_and_a_user_are_bound_to_each_other_and_to_nobody_else
            an_account_is_known_by_its_issuer_and_its_subject
            of_bindings_made_at_once_one_of_each_side_wins_whole
            an_erased_user_has_no_records_and_another_has_all
            the_mark_of_an_erased_user_has_the_time_of_the_first_call
            tombstones_are_erased_after_all_other_records
            of_an_erased_user_no_record_is_made
            an_erased_user_is_bound_no_more_and_the_account_is_free
            nothing_is_written_at_a_version_of_what_is_not_there
            bytes_that_are_there_are_written_whatever_is_expected
            a_write_that_is_refused_changes_nothing
            every_change_of_a_record_has_a_version_of_its_own
            a_deleted_record_has_no_version_and_can_be_made_anew
            a_deletion_removes_one_record_and_no_other
            of_writes_at_once_that_expect_the_same_one_is_taken
            a_write_that_was_dropped_is_done_or_not_and_can_be_asked_again
            every_byte_is_read_as_it_was_put_and_listed_so
            a_page_that_is_just_full_at_the_end_is_the_last
            a_cursor_of_another_list_is_no_error
            a_list_tells_what_was_written_last
            a_refused_binding_changes_nothing_however_often_it_is_asked
            accounts_that_look_alike_are_different
            users_and_records_that_look_alike_are_different
            a_limit_may_be_none_or_more_than_there_is
            a_long_list_is_read_whole_in_pages_of_any_size
        }
    };
}

/// The contract of [`MemoryIndex`](crate::MemoryIndex), for the index that `$make` gives.
#[macro_export]
macro_rules! memory_index_conformance {
    ($make:expr) => {
        $crate::memory_index_conformance! { $crate::conformance_tests; $make }
    };
    ($($each:ident)::+ ; $make:expr) => {
        $($each)::+! { $crate::conformance::index, $make;
            what_was_added_is_found_best_first
            an_entry_written_again_is_one_entry
            a_removed_entry_is_not_found
            another_coach_finds_only_what_is_for_all
            nothing_of_another_user_is_found
            no_more_than_asked_for_is_found
            a_search_for_some_kinds_finds_no_others
            of_an_erased_user_nothing_is_found_and_of_another_everything
            what_is_found_is_told_as_it_was_written
            entries_of_two_kinds_with_the_same_id_are_two
            an_entry_written_again_is_replaced_whole
            the_best_are_found_if_only_a_few_are_wanted
            a_removal_removes_one_entry_and_no_other
            whatever_an_erased_user_had_is_gone_and_may_come_again
        }
    };
}
