//! Whether the index that the tests talk with is like the real one, as its official client sees it.

use std::path::Path;
use std::process::Command;

use coach_tests::{has, of_python};
use peers::pinecone::{Index, Pinecone as Peer};
use tokio::task::spawn_blocking;

#[tokio::test]
async fn the_official_client_finds_nothing_amiss_with_the_index_that_the_tests_talk_with() {
    let python = of_python("python");
    let installed = Command::new(&python)
        .args(["-c", "import pinecone"])
        .output()
        .is_ok_and(|run| run.status.success());
    if !has(
        "python with tests/python/requirements.txt in target/python",
        installed,
    ) {
        return;
    }
    let peer = Peer::start(Index {
        dimension: 3,
        key: "local".to_owned(),
        lag: 0,
    })
    .await
    .unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/pinecone_client.py");
    let mut client = Command::new(python);
    client.arg(script).arg(peer.url());
    let output = spawn_blocking(move || client.output())
        .await
        .unwrap()
        .unwrap();
    let (said, complaint) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && said.contains("content"),
        "{said}{complaint}"
    );
    println!("{} requests of the official client", peer.asked().len());
}
