//! A DynamoDB with tables in memory: dynoxide, in a process of its own. Says where it listens, and
//! ends with whoever holds its standard input.

use std::env;

use dynoxide::Database;
use tokio::io::{self, AsyncWriteExt};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or("127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let database = Database::memory().map_err(|error| io::Error::other(error.to_string()))?;
    let told = format!("{}\n", listener.local_addr()?);
    io::stdout().write_all(told.as_bytes()).await?;
    io::stdout().flush().await?;
    let (mut input, mut nowhere) = (io::stdin(), io::sink());
    tokio::select! {
        () = dynoxide::server::serve_on(listener, database) => Ok(()),
        over = io::copy(&mut input, &mut nowhere) => over.map(drop),
    }
}
