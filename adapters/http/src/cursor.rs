//! Where a list goes on, as a client is told it.

use ports::Cursor;
use sha2::{Digest, Sha256};

use crate::problem::{Problem, field};

/// How much of the digest a cursor ends with, in hexadecimal digits.
const SEAL: usize = 12;

/// One list of one user, to which its cursors belong.
#[derive(Debug)]
pub(crate) struct List {
    address: String,
}

impl List {
    /// Returns the list of this name under these ids of a path.
    pub(crate) fn new<'a>(name: &str, ids: impl Iterator<Item = &'a str>) -> Self {
        let address = ids.fold(name.to_owned(), |address, id| format!("{address}/{id}"));
        Self { address }
    }

    /// Returns what a client is told of a place that the store has named.
    pub(crate) fn told(&self, place: &str) -> String {
        format!("{place}.{}", self.seal(place))
    }

    /// Returns the place that a client was told. What was made up, cut off, or told by another list
    /// is none: a store could only guess what it means. (The seal keeps no secret; whose list may
    /// be read is for the token to say.)
    pub(crate) fn place(&self, cursor: &str) -> Result<Cursor, Problem> {
        let told = cursor
            .rsplit_once('.')
            .filter(|(place, seal)| *seal == self.seal(place));
        told.map(|(place, _)| place.to_owned())
            .ok_or_else(not_given)
    }

    fn seal(&self, place: &str) -> String {
        let mut seal = hex::encode(Sha256::digest(format!("{}\n{place}", self.address)));
        seal.truncate(SEAL);
        seal
    }
}

/// Reads the number of a message, as a page of messages has told it.
pub(crate) fn number(cursor: &str) -> Result<u64, Problem> {
    let number = cursor
        .parse()
        .ok()
        .filter(|number: &u64| number.to_string() == cursor);
    number.ok_or_else(not_given)
}

/// Refuses a cursor that this list has not given.
pub(crate) fn not_given() -> Problem {
    field("cursor is one that this list has given")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str, ids: &[&str]) -> List {
        List::new(name, ids.iter().copied())
    }

    #[test]
    fn a_cursor_is_of_its_list_alone_and_whole() {
        let workouts = list("workouts", &["ada"]);
        let others = [
            list("workouts", &["bob"]),
            list("memories", &["ada"]),
            list("workouts", &["ada", "strength"]),
            list("workouts", &[]),
        ];
        for place in ["x", "0198.x-y_z", ""] {
            let told = workouts.told(place);
            assert_eq!(workouts.place(&told).unwrap(), place);
            assert!(
                others.iter().all(|other| other.place(&told).is_err()),
                "{told}"
            );
            for wrong in [
                place.to_owned(),
                format!("{told}x"),
                format!("x{told}"),
                told.to_uppercase(),
                format!("{place}."),
                told[..told.len() - 1].to_owned(),
                format!("{told}.{}", told.rsplit('.').next().unwrap()),
            ] {
                assert!(workouts.place(&wrong).is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!(number("17").unwrap(), 17);
        for wrong in [
            "",
            "x",
            "+17",
            "017",
            " 17",
            "17 ",
            "-1",
            "1.5",
            "99999999999999999999",
        ] {
            assert!(number(wrong).is_err(), "{wrong:?}");
        }
    }
}
