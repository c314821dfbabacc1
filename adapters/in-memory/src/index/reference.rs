//! The same comparison done the long way: every text taken apart for every question.

use std::collections::BTreeMap;

use domain::memory::words;
use ports::IndexEntry;
use ports::lexical::{PARTS, THRESHOLD};

/// Returns which of these entries answer a question, and how well, the best first.
pub(super) fn hits(entries: &[IndexEntry], question: &str) -> Vec<(String, f32)> {
    let text_of = |entry: &IndexEntry| format!("{} {}", entry.text, entry.tags.join(" "));
    let texts: Vec<String> = entries.iter().map(text_of).collect();
    let by_words = Ranking::new(words, question, &texts).scores();
    let by_parts = Ranking::new(parts, question, &texts).scores();
    let scores = by_words.into_iter().zip(by_parts);
    let scores = scores.map(|(words, parts)| words * (1.0 - PARTS) + parts * PARTS);
    let hits = entries
        .iter()
        .zip(scores)
        .filter(|(_, score)| *score >= THRESHOLD);
    let mut hits: Vec<(String, f32)> = hits
        .map(|(entry, score)| (entry.id.clone(), score))
        .collect();
    hits.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    hits
}

/// Each word's stretches of 3 and 4 letters, its beginning and its end counted as letters.
fn parts(text: &str) -> impl Iterator<Item = String> + use<> {
    let marked = words(text).map(|word| format!("^{word}$").chars().collect::<Vec<char>>());
    marked.flat_map(|word| {
        let parts = [3, 4]
            .into_iter()
            .flat_map(|length| word.windows(length).map(String::from_iter));
        parts.collect::<Vec<_>>()
    })
}

/// How well texts answer one query, by BM25 over terms of some sort.
struct Ranking {
    /// The query as if it were a text.
    itself: BTreeMap<String, f32>,
    /// What each of its terms is worth: the rarer, the more; but the least if no text has it.
    worth: BTreeMap<String, f32>,
    texts: Vec<BTreeMap<String, f32>>,
    /// How many terms a text has on average.
    average: f32,
}

impl Ranking {
    fn new<T: Iterator<Item = String>>(
        terms: impl Fn(&str) -> T,
        query: &str,
        texts: &[String],
    ) -> Self {
        let texts: Vec<BTreeMap<String, f32>> =
            texts.iter().map(|text| counted(terms(text))).collect();
        let all = texts.len() as f32;
        let worth = |term: &String| {
            let with = texts.iter().filter(|text| text.contains_key(term)).count() as f32;
            let rarity = ((all - with + 0.5) / (with + 0.5)).ln_1p();
            (term.clone(), if with > 0.0 { 1.0 + rarity } else { 1.0 })
        };
        let itself = counted(terms(query));
        let worth = itself.keys().map(worth).collect();
        let average = texts.iter().map(length).sum::<f32>() / all.max(1.0);
        Self {
            itself,
            worth,
            texts,
            average: average.max(1.0),
        }
    }

    /// For each text, as a share of what the query itself would get.
    fn scores(&self) -> Vec<f32> {
        let most = self.score(&self.itself);
        self.texts
            .iter()
            .map(|text| {
                if most > 0.0 {
                    (self.score(text) / most).min(1.0)
                } else {
                    0.0
                }
            })
            .collect()
    }

    fn score(&self, text: &BTreeMap<String, f32>) -> f32 {
        let long = 1.0 - LENGTH + LENGTH * length(text) / self.average;
        let of = |(term, worth): (&String, &f32)| {
            text.get(term).map_or(0.0, |times| {
                worth * times * (SATURATION + 1.0) / (times + SATURATION * long)
            })
        };
        self.worth.iter().map(of).sum()
    }
}

/// How soon more of the same term stops to count.
const SATURATION: f32 = 1.2;
/// How much a long text must have more.
const LENGTH: f32 = 0.75;

fn counted(terms: impl Iterator<Item = String>) -> BTreeMap<String, f32> {
    let mut counted = BTreeMap::new();
    for term in terms {
        *counted.entry(term).or_default() += 1.0;
    }
    counted
}

fn length(text: &BTreeMap<String, f32>) -> f32 {
    text.values().sum()
}
