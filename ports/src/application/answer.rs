//! A model's answer at once.

use domain::{Fault, StopReason, Tries, TurnKey, Usage};
use futures::stream::StreamExt;
use tracing::warn;

use crate::{LlmStream, ModelCall, Piece, PortError, Result};

/// Returns the whole answer at once, for calls whose pieces are of no use to anybody. Asks again at
/// once if the model has refused how it was asked and is asked otherwise from now on, as often as
/// for a reply; `tries` says how often that was, and what the tries have cost that led to nothing.
pub async fn answer(
    llm: &dyn LlmStream,
    call: ModelCall,
    tries: &mut Tries,
) -> Result<(String, Usage)> {
    loop {
        tries.asked += 1;
        match once(llm, call.clone(), tries).await {
            Err(error) if error.fault == Fault::Adjusted && tries.asked <= ADJUSTMENTS => {}
            answered => return answered,
        }
    }
}

/// How many things a model may refuse of a form before that is given up.
const ADJUSTMENTS: u32 = 3;

async fn once(llm: &dyn LlmStream, call: ModelCall, tries: &mut Tries) -> Result<(String, Usage)> {
    let mut pieces = llm.open(call);
    let mut text = String::new();
    while let Some(piece) = pieces.next().await {
        match piece? {
            Piece::Text(more) => text.push_str(&more),
            Piece::Thinking => {}
            Piece::Spent(usage) => tries.spent.push(usage),
            Piece::End {
                reason: StopReason::Complete,
                usage,
            } => return Ok((text, usage)),
            Piece::End { usage, .. } => {
                tries.spent.push(usage);
                return Err(PortError::new("model", Fault::Truncated));
            }
        }
    }
    Err(PortError::new("model", Fault::Truncated))
}

/// Logs which values of an answer could not be used, by their names.
pub(crate) fn say_what_was_dropped(turn: &TurnKey, of: &str, dropped: &[String]) {
    if !dropped.is_empty() {
        warn!(turn = %turn.turn, of, ?dropped, "a part of an answer could not be used");
    }
}
