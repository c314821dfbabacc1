//! What texts have in common, by their words and by parts of words: one reading and one score for
//! every index that knows nothing of what they mean.
//!
//! A score is BM25 of words and, for a third, of their parts of 3 and 4 letters, as a share of what
//! the searched text itself would get: 1 is as good as the same text. Where a script has no spaces,
//! pairs of letters are words. Of a long text, the 64 words that tell the most are looked for:
//! those that the fewest entries have.

mod ranking;
mod shelf;
mod terms;

use std::collections::{BTreeMap, BTreeSet};

use domain::Recalled;

use self::ranking::Stand;
pub use self::shelf::{Entry, Posting, Postings, Shelf};
pub use self::terms::{Asked, READING, Read, Spelled, Term};
use crate::{IndexEntry, Pace, Search};

/// Less than this in common is nothing in common.
pub const THRESHOLD: f32 = 0.1;

/// How much the parts of words count, beside the words.
pub const PARTS: f32 = 1.0 / 3.0;

/// For how many words of a text it is searched, and in how many places they may be.
const MOST_WORDS: (usize, usize) = (64, 100_000);
/// The same of the parts that they have.
const MOST_PARTS: (usize, usize) = (1_024, 200_000);

/// Returns what answers a search, the best first: of what is shared by all, and of what belongs to
/// whoever searches. It gives way to others on the way.
pub async fn search(shared: &Shelf, own: &Shelf, asked: &Asked, search: &Search) -> Vec<Recalled> {
    let mut pace = Pace::default();
    // Those that are not visible keep their places, by which terms know entries.
    let mut visible: Vec<Option<&Entry>> = Vec::new();
    for entry in shared.entries().iter().chain(own.entries()) {
        let entry = entry.as_deref();
        visible.push(entry.filter(|entry| is_visible(&entry.told, search)));
    }
    pace.did(visible.len()).await;
    let scores = scores([shared, own], &visible, asked, &mut pace).await;
    let mut found: Vec<(f32, bool, &IndexEntry)> = Vec::new();
    for (place, (entry, score)) in visible.iter().zip(scores).enumerate() {
        if let Some(entry) = entry
            && score >= THRESHOLD
        {
            let is_own = place >= shared.entries().len();
            found.push((score, is_own, &entry.told));
        }
    }
    found.sort_by(|(one, a_is_own, a), (other, b_is_own, b)| {
        let by_key = || (a_is_own, a.kind, &a.id).cmp(&(b_is_own, b.kind, &b.id));
        other.total_cmp(one).then_with(by_key)
    });
    found.truncate(search.limit);
    let hit = |(score, is_own, told): (f32, bool, &IndexEntry)| Recalled {
        kind: told.kind,
        id: told.id.clone(),
        owner: is_own.then(|| search.owner.clone()),
        text: told.text.clone(),
        score,
    };
    found.into_iter().map(hit).collect()
}

fn is_visible(entry: &IndexEntry, search: &Search) -> bool {
    entry
        .coach
        .as_ref()
        .is_none_or(|coach| *coach == search.coach)
        && (search.kinds.is_empty() || search.kinds.contains(&entry.kind))
}

/// For each place of both shelves, how well its entry answers what is asked.
async fn scores(
    [shared, own]: [&Shelf; 2],
    visible: &[Option<&Entry>],
    asked: &Asked,
    pace: &mut Pace,
) -> Vec<f32> {
    let first = shared.entries().len();
    let by_words = Stand::new(
        vec![(&shared.words, 0), (&own.words, first)],
        visible,
        |entry| &entry.read.words,
    );
    let by_parts = Stand::new(
        vec![(&shared.parts, 0), (&own.parts, first)],
        visible,
        |entry| &entry.read.parts,
    );

    let words = asked
        .words
        .iter()
        .map(|(word, times)| (terms::term(word), *times))
        .collect();
    let words = by_words.choose(&words, MOST_WORDS, pace).await;
    let chosen: BTreeSet<Term> = words.iter().map(|(word, _)| *word).collect();
    let mut parts: BTreeMap<Term, f32> = BTreeMap::new();
    for (word, times) in &asked.words {
        if !chosen.contains(&terms::term(word)) {
            continue;
        }
        for part in terms::parts(word) {
            *parts.entry(part).or_default() += times;
        }
        pace.did(word.len() * 16).await;
    }
    let parts = by_parts.choose(&parts, MOST_PARTS, pace).await;

    let (by_words, by_parts) = (
        by_words.scores(&words, pace).await,
        by_parts.scores(&parts, pace).await,
    );
    by_words
        .into_iter()
        .zip(by_parts)
        .map(|(words, parts)| words * (1.0 - PARTS) + parts * PARTS)
        .collect()
}
