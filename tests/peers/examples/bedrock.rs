//! A stand-in for Amazon Bedrock on this machine, to try without an account what speaks to it.
//!
//! ```sh
//! cargo run -p coach-peers --example bedrock -- 127.0.0.1:8001
//! ```
//!
//! Its callers need `AWS_ENDPOINT_URL_BEDROCK_RUNTIME=http://127.0.0.1:8001`, any region and any
//! keys. It understands nothing: every message is a question, every reply the same, and no workout
//! has anything in it.

use std::error::Error;
use std::future::pending;

use coach_peers::bedrock::{Answers, Bedrock};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let answers = Answers::plausible();
    let peer = Bedrock::listen(address.parse()?, move |request| {
        println!("{:?} {}", request.operation, request.model);
        answers.script(request)
    })
    .await?;
    println!("listening on {}", peer.url());
    pending().await
}
