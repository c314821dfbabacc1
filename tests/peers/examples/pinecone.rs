//! An empty index on loopback, to try things out with: `cargo run -p coach-peers --example pinecone
//! -- 127.0.0.1:5080 512`. It takes the key `local`.

use std::error::Error;
use std::future::pending;

use coach_peers::pinecone::{Index, Pinecone};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:5080".to_owned());
    let dimension = arguments
        .next()
        .unwrap_or_else(|| "512".to_owned())
        .parse()?;
    let index = Index {
        dimension,
        key: "local".to_owned(),
        lag: 0,
    };
    let index = Pinecone::listen(index, &address).await?;
    println!(
        "an index of dimension {dimension} at {}, with the key local",
        index.url()
    );
    pending().await
}
