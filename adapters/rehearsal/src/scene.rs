//! What a call plays, line by line, and the playing of it.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use domain::prompt::estimated_tokens;
use domain::{Fault, StopReason, Usage};
use futures::stream::{self, BoxStream, StreamExt};
use ports::{Clock, Piece, PortError, Result};

/// One step of what a call plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// These words; nothing if they are empty.
    Say(String),
    /// Silence for so long.
    Pause(Duration),
    /// A sign of life.
    Think,
    /// An error, after which nothing comes.
    Fail(Fault),
    /// The end, after which nothing comes.
    End(StopReason),
    /// Silence for ever.
    Hang,
    /// The stream stops without an end.
    Cut,
    /// The model panics.
    Panic,
}

/// What one call plays. One that runs out without an ending merely stops, as after [`Line::Cut`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene(pub Vec<Line>);

impl Scene {
    /// Returns the whole text at once, and the end.
    pub fn saying(text: impl Into<String>) -> Self {
        Self(vec![
            Line::Say(text.into()),
            Line::End(StopReason::Complete),
        ])
    }

    /// Returns the text word by word, with a pause before each, and the end.
    pub fn word_by_word(text: &str, pause: Duration) -> Self {
        let words = words(text).flat_map(|word| [Line::Pause(pause), Line::Say(word.to_owned())]);
        Self(words.chain([Line::End(StopReason::Complete)]).collect())
    }

    /// Nothing but this error.
    pub fn failing(fault: Fault) -> Self {
        Self(vec![Line::Fail(fault)])
    }
}

/// Plays a scene; what it costs is `usage` and the tokens of what was said.
pub(crate) fn play(
    clock: Arc<dyn Clock>,
    scene: Scene,
    usage: Usage,
) -> BoxStream<'static, Result<Piece>> {
    let start = (scene.0.into_iter(), 0);
    let pieces = stream::unfold(start, move |(mut lines, mut said)| {
        let (clock, usage) = (clock.clone(), usage.clone());
        async move {
            let piece = loop {
                match lines.next()? {
                    Line::Say(text) if text.is_empty() => {}
                    Line::Say(text) => {
                        said += text.len();
                        return Some((Ok(Piece::Text(text)), (lines, said)));
                    }
                    Line::Think => return Some((Ok(Piece::Thinking), (lines, said))),
                    Line::Pause(pause) => clock.sleep_until(clock.now() + pause).await,
                    Line::Fail(fault) => break Err(PortError::new(ADAPTER, fault)),
                    Line::End(reason) => {
                        let usage = Usage {
                            output_tokens: estimated_tokens(said),
                            ..usage
                        };
                        break Ok(Piece::End { reason, usage });
                    }
                    Line::Hang => future::pending().await,
                    Line::Cut => return None,
                    Line::Panic => panic!("the scene has the model panic here"),
                }
            };
            Some((piece, (Vec::new().into_iter(), said)))
        }
    });
    pieces.boxed()
}

/// Returns the words of a text, each with the white space that follows it; joined they are the
/// text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let space = rest
            .trim_start()
            .find(char::is_whitespace)
            .map(|at| at + rest.len() - rest.trim_start().len());
        let end = space.map_or(rest.len(), |at| {
            let (_, behind) = rest.split_at(at);
            rest.len() - behind.trim_start().len()
        });
        let (word, behind) = rest.split_at(end);
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Who failed, in the log.
const ADAPTER: &str = "rehearsal";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_white_space_behind_them() {
        for (text, expected) in [
            ("", vec![]),
            ("one", vec!["one"]),
            (
                "one two\n\n- three ",
                vec!["one ", "two\n\n", "- ", "three "],
            ),
            ("  für  Ärger", vec!["  für  ", "Ärger"]),
            (" \n", vec![" \n"]),
        ] {
            assert_eq!(words(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
