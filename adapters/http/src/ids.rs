//! New ids.

use std::str::FromStr;
use std::sync::Mutex;

use domain::Timestamp;
use uuid::{ContextV7, Uuid};

use crate::code::Code;
use crate::problem::Problem;

/// Has the ids that this process makes sort as they were made: within a millisecond, and also when
/// the clock goes back.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Makes a UUID, which sorts as [`fresh_id`] says.
pub(crate) fn fresh(now: Timestamp) -> Uuid {
    let nanos = u32::try_from(now.0 % 1_000 * 1_000_000).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, now.0 / 1_000, nanos))
}

/// Returns the id that is written like this UUID.
pub(crate) fn id<T: FromStr>(uuid: Uuid) -> Result<T, Problem> {
    uuid.simple()
        .to_string()
        .parse()
        .map_err(|_| Code::Internal.into())
}

/// Makes an id, which sorts after those that this process has made before, and by the time among
/// those of others.
pub(crate) fn fresh_id<T: FromStr>(now: Timestamp) -> Result<T, Problem> {
    id(fresh(now))
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn ids_sort_as_they_were_made_within_a_millisecond_and_when_the_clock_goes_back() {
        let times =
            [5_000, 5_000, 5_001, 4_000, 5_001, 5_002].map(|ms| Timestamp(1_795_200_000_000 + ms));
        let made: Vec<String> = times
            .into_iter()
            .cycle()
            .take(3_000)
            .map(|now| fresh(now).simple().to_string())
            .collect();
        assert!(
            made.is_sorted_by(|one, next| one < next),
            "{:?}",
            &made[..6]
        );
    }

    #[test]
    fn ids_that_several_threads_make_at_once_are_different_and_in_order_for_each() {
        let make = || {
            (0..2_000)
                .map(|_| fresh(Timestamp(1_795_200_000_000)))
                .collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| thread::spawn(make)).collect();
        let made: Vec<Vec<Uuid>> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect();
        assert!(
            made.iter()
                .all(|made| made.is_sorted_by(|one, next| one < next))
        );
        let all: std::collections::BTreeSet<Uuid> = made.iter().flatten().copied().collect();
        assert_eq!(all.len(), 8_000);
    }
}
