//! Stores on a table of their own.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use dynamodb::{Settings, Table};
use peers::dynamodb::DynamoDb;
use tokio::runtime::Builder;

/// What an application would read from its environment.
pub(super) fn sdk() -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// The table at this endpoint; nobody has made it yet.
pub(super) fn table(endpoint: &str, name: &str) -> Table {
    let settings = Settings { table: name.to_owned(), endpoint: Some(endpoint.to_owned()), ..Settings::default() };
    settings.open(&sdk())
}

/// An empty table on the peer that all tests share.
pub(super) async fn fresh() -> Table {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    let name = format!("coach-{}", TABLES.fetch_add(1, Ordering::Relaxed));
    let table = table(peer(), &name);
    table.create().await.unwrap();
    table
}

/// Where the peer is, on a thread of its own: it outlives the runtimes of the tests.
pub(super) fn peer() -> &'static str {
    static PEER: OnceLock<String> = OnceLock::new();
    PEER.get_or_init(|| {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let peer = DynamoDb::start().await.unwrap();
                tell.send(peer.url()).unwrap();
                pending::<()>().await;
            });
        });
        told.recv().unwrap()
    })
}
