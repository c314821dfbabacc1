//! Text that was told in pieces: the text for everybody to read, and beside it where to cut it.

use domain::conversation::{PartKind, Said, Stage};
use ports::stored;
use serde::{Deserialize, Serialize};

use crate::fault::{Result, unreadable};

/// A text, and what it was told in.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) text: String,
    runs: Vec<Run>,
}

/// Neighbours of one kind, and the length of each in bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    kind: PartKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    lengths: Vec<usize>,
}

impl Pieces {
    /// Joins pieces.
    pub(crate) fn of<'a>(said: impl IntoIterator<Item = &'a Said>) -> Self {
        let mut pieces = Self::default();
        for Said { kind, stage, text } in said {
            pieces.text.push_str(text);
            match pieces.runs.last_mut() {
                Some(run) if run.kind == *kind && run.stage == *stage => {
                    run.lengths.push(text.len());
                }
                _ => pieces.runs.push(Run {
                    kind: *kind,
                    stage: *stage,
                    lengths: vec![text.len()],
                }),
            }
        }
        pieces
    }

    /// Returns where to cut the text, as it is stored.
    pub(crate) fn cuts(&self) -> Result<String> {
        Ok(stored::json(&self.runs)?)
    }

    /// Cuts a text as it was told.
    pub(crate) fn apart(text: &str, cuts: &str) -> Result<Vec<Said>> {
        let runs: Vec<Run> = stored::read_json(cuts.as_bytes())?;
        let (mut said, mut rest) = (Vec::new(), text);
        for run in &runs {
            for length in &run.lengths {
                let cut = rest.split_at_checked(*length);
                let (piece, after) = cut.ok_or_else(|| unreadable("pieces"))?;
                said.push(Said {
                    kind: run.kind,
                    stage: run.stage,
                    text: piece.into(),
                });
                rest = after;
            }
        }
        if !rest.is_empty() {
            return Err(unreadable("pieces").into());
        }
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: PartKind, stage: Option<Stage>, text: &str) -> Said {
        Said {
            kind,
            stage,
            text: text.into(),
        }
    }

    #[test]
    fn pieces_are_one_text_and_are_cut_again_as_they_were() {
        let told = [
            said(
                PartKind::Acknowledgment,
                Some(Stage::Acknowledgment),
                "Ok.\n",
            ),
            said(PartKind::Contextual, Some(Stage::PatternAnalysis), "…\n"),
            said(PartKind::Reply, None, "5 × "),
            said(PartKind::Reply, None, ""),
            said(PartKind::Reply, None, "\0👍🏽"),
        ];
        let pieces = Pieces::of(&told);
        assert_eq!(pieces.text, "Ok.\n…\n5 × \0👍🏽");
        let cuts = pieces.cuts().unwrap();
        assert_eq!(
            cuts,
            r#"[{"kind":"acknowledgment","stage":"acknowledgment","lengths":[4]},"#.to_owned()
                + r#"{"kind":"contextual","stage":"pattern_analysis","lengths":[4]},"#
                + r#"{"kind":"reply","lengths":[5,0,9]}]"#
        );
        assert_eq!(Pieces::apart(&pieces.text, &cuts).unwrap(), told);
        for other in ["Ok.\n…\n5 × ", "Ok.\n…\n5 × \0👍🏽!", "Ok\n…\n…5 × \0👍🏽"]
        {
            assert!(Pieces::apart(other, &cuts).is_err(), "{other}");
        }
    }
}
