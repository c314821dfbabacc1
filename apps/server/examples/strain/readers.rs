//! Readers of the largest page who do not read, and what the server holds for them.

use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::time::sleep;

use super::Result;
use super::client::User;
use super::server::Server;

const READERS: usize = 100;

/// How long the server is left alone with them; after 15 s it cuts them off.
const SILENCE: Duration = Duration::from_secs(5);

/// Fills a conversation with so many messages of the greatest length, and tells what readers cost.
pub(crate) fn run(binary: &Path, messages: u32) -> Result<()> {
    let server = Server::start(binary, &["--pace-ms", "0"], None)?;
    let user = User::new(&server, "reader")?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let (conversation, page) = runtime.block_on(async {
        let conversation = user.conversation().await?;
        for _ in 0..messages {
            user.say(&conversation, &"💪".repeat(32_000)).await?;
        }
        let page = user.page(&conversation).await?;
        Result::Ok((conversation, page))
    })?;
    let (before, _) = server.memory()?;
    let request = user.reading(&conversation)?;
    let readers = runtime.block_on(silent_readers(&server, &request))?;
    let (after, most) = server.memory()?;
    let (bytes, on_it) = page;
    println!(
        "after {} silent readers of the largest page ({bytes} bytes, {on_it} messages): \
         RSS {after} MB, at most {most} MB; before them {before} MB",
        readers.len()
    );
    Ok(())
}

/// Connections that have asked for a page, and have seen that it comes, and no more.
async fn silent_readers(server: &Server, request: &str) -> Result<Vec<TcpStream>> {
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = TcpStream::connect(&server.address).await?;
        reader.write_all(request.as_bytes()).await?;
        readers.push(reader);
    }
    for reader in &mut readers {
        let mut status = [0; 12];
        reader.read_exact(&mut status).await?;
        if status != *b"HTTP/1.1 200" {
            return Err(format!("a reader got {}", String::from_utf8_lossy(&status)).into());
        }
    }
    sleep(SILENCE).await;
    Ok(readers)
}
