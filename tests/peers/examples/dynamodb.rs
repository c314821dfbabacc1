//! A DynamoDB in memory, for trying `coach-server --store dynamodb` without an account:
//!
//! ```text
//! cargo run -p coach-peers --example dynamodb [127.0.0.1:8000]
//! ```

use std::future::pending;
use std::io;

use coach_peers::dynamodb::DynamoDb;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let peer = DynamoDb::at(&address).await?;
    println!(
        "DynamoDB in memory at {}; it forgets everything when it ends",
        peer.url()
    );
    pending().await
}
