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

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests: a failure is a panic"
)]

pub mod index;
pub mod messages;
pub mod records;

use std::sync::atomic::{AtomicU64, Ordering};

use domain::UserScope;

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
        }
    };
}

/// The contract of [`MemoryIndex`](crate::MemoryIndex), for the index that `$make` gives.
#[macro_export]
macro_rules! memory_index_conformance {
    ($make:expr) => {
        $crate::conformance_tests! { $crate::conformance::index, $make;
            what_was_added_is_found_best_first
            an_entry_written_again_is_one_entry
            a_removed_entry_is_not_found
            another_coach_finds_only_what_is_for_all
            nothing_of_another_user_is_found
            no_more_than_asked_for_is_found
            a_search_for_some_kinds_finds_no_others
            of_an_erased_user_nothing_is_found_and_of_another_everything
        }
    };
}
