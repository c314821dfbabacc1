//! How well entries answer one question, by BM25 over terms of some sort.

use std::collections::BTreeMap;

use crate::Pace;

use super::shelf::{Entry, Posting, Postings};
use super::terms::{Counted, Term};

/// How soon more of the same term stops to count.
const SATURATION: f32 = 1.2;
/// How much a long text must have more.
const LENGTH: f32 = 0.75;

/// One or more shelves side by side, and which of their entries are looked at.
pub(super) struct Stand<'a> {
    /// All of a sort that there are, shelf by shelf, and the number of each shelf's first place.
    pub(super) postings: Vec<(&'a Postings, usize)>,
    /// How many terms of that sort an entry that is looked at has, by the number of its place.
    pub(super) lengths: Vec<Option<f32>>,
}

/// A term of the question.
pub(super) struct Wanted<'a> {
    times: f32,
    /// Where it is, on each shelf, and the number of that shelf's first place.
    found: Vec<(&'a [Posting], usize)>,
}

impl Wanted<'_> {
    fn reach(&self) -> usize {
        self.found.iter().map(|(found, _)| found.len()).sum()
    }
}

impl<'a> Stand<'a> {
    /// Stands shelves beside each other.
    pub(super) fn new(
        postings: Vec<(&'a Postings, usize)>,
        visible: &[Option<&Entry>],
        counted: impl Fn(&Entry) -> &Counted,
    ) -> Self {
        let lengths = visible
            .iter()
            .map(|entry| entry.map(|entry| counted(entry).length))
            .collect();
        Self { postings, lengths }
    }

    /// Those of the question's terms that are looked for: the rarest before all, since they tell
    /// the most, and before those that no entry has; no more than `most`, and with no more than
    /// `reach` places among them.
    pub(super) async fn choose(
        &self,
        asked: &BTreeMap<Term, f32>,
        (most, reach): (usize, usize),
        pace: &mut Pace,
    ) -> Vec<(Term, Wanted<'a>)> {
        let mut wanted = Vec::with_capacity(asked.len());
        for (term, times) in asked {
            let places = self
                .postings
                .iter()
                .map(|(postings, first)| (postings.of(*term), *first));
            let found = places.filter(|(found, _)| !found.is_empty()).collect();
            wanted.push((
                *term,
                Wanted {
                    times: *times,
                    found,
                },
            ));
            pace.did(STEPS).await;
        }
        wanted.sort_by_key(|(_, wanted)| (wanted.found.is_empty(), wanted.reach()));
        wanted.truncate(most);
        let mut left = reach;
        wanted.retain(|(_, wanted)| {
            let fits = wanted.reach() <= left;
            left -= if fits { wanted.reach() } else { 0 };
            fits
        });
        wanted
    }

    /// For each place, what its entry gets, as a share of what the question itself would get.
    pub(super) async fn scores(&self, wanted: &[(Term, Wanted<'a>)], pace: &mut Pace) -> Vec<f32> {
        let lengths = || self.lengths.iter().flatten();
        let all = lengths().count() as f32;
        let average = (lengths().sum::<f32>() / all.max(1.0)).max(1.0);
        pace.did(self.lengths.len()).await;
        let saturated = |times: f32, length: f32| {
            let long = 1.0 - LENGTH + LENGTH * length / average;
            times * (SATURATION + 1.0) / (times + SATURATION * long)
        };
        let own_length: f32 = wanted.iter().map(|(_, wanted)| wanted.times).sum();
        let (mut scores, mut most) = (vec![0.0; self.lengths.len()], 0.0);
        for (_, wanted) in wanted {
            let found: Vec<(usize, f32, f32)> = self.looked_at(wanted).collect();
            let with = found.len() as f32;
            let rarity = ((all - with + 0.5) / (with + 0.5)).ln_1p();
            // The rarer, the more; but the least if no text has it.
            let worth = if with > 0.0 { 1.0 + rarity } else { 1.0 };
            for (place, times, length) in found {
                if let Some(score) = scores.get_mut(place) {
                    *score += worth * saturated(times, length);
                }
            }
            most += worth * saturated(wanted.times, own_length);
            pace.did(STEPS + 2 * wanted.reach()).await;
        }
        scores
            .iter()
            .map(|score: &f32| {
                if most > 0.0 {
                    (score / most).min(1.0)
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// Returns where a term is among the entries that are looked at: place, how often, and their
    /// length.
    fn looked_at(&self, wanted: &Wanted<'a>) -> impl Iterator<Item = (usize, f32, f32)> {
        let places = wanted
            .found
            .iter()
            .flat_map(|(found, first)| found.iter().map(move |found| (found, first)));
        places.filter_map(|(Posting { place, times }, first)| {
            let length = self.lengths.get(first + place).copied().flatten()?;
            Some((first + place, *times, length))
        })
    }
}

/// How many steps it takes to look for a term, as [`Pace`] counts them.
const STEPS: usize = 8;
