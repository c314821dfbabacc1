//! `coach-server` with a model of your own. `cargo run --bin own_model -- --listen 127.0.0.1:0`

use std::process::ExitCode;
use std::sync::Arc;

use coach_domain::{Fault, StopReason, Usage};
use coach_ports::{Answer, LlmStream, ModelCall, Piece, PortError};
use coach_server::Server;
use futures::stream::{self, BoxStream, StreamExt};

fn main() -> ExitCode {
    let model = Arc::new(Parrot);
    Server::default().model("parrot: says what it hears", model).main()
}

/// Says what it hears. It decides nothing: where a form is to be filled in it has none, and the
/// coach goes on without.
struct Parrot;

impl LlmStream for Parrot {
    fn open(&self, call: ModelCall) -> BoxStream<'static, Result<Piece, PortError>> {
        if let Answer::Tool { .. } = call.answer {
            return stream::iter([Err(PortError::new("parrot", Fault::Rejected))]).boxed();
        }
        let heard = call.prompt.text();
        let said = heard.lines().last().unwrap_or("Squawk!").to_owned();
        let reason = StopReason::Complete;
        let usage = Usage { output_tokens: 1 + said.len() as u64 / 4, ..Usage::default() };
        let pieces = [Piece::Text(said), Piece::End { reason, usage }];
        stream::iter(pieces.map(Ok)).boxed()
    }
}
