//! Stores on a table of their own.

use std::collections::HashMap;
use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::UserScope;
use dynamodb::{Settings, Table};
use peers::Proxy;
use peers::dynamodb::DynamoDb;
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokio::runtime::Builder;

/// What an application would read from its environment. Clients of one region share what retries
/// they may make, so each table has a region of its own.
pub(super) fn sdk(region: &str) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

/// The table at this endpoint; nobody has made it yet.
pub(super) fn table(endpoint: &str, name: &str) -> Table {
    let pause = Duration::from_millis(1);
    let endpoint = Some(endpoint.to_owned());
    let settings = Settings {
        table: name.to_owned(),
        endpoint,
        pause,
        ..Settings::default()
    };
    settings.open(&sdk(name))
}

/// An empty table on the peer that all tests share.
pub(super) async fn fresh() -> Table {
    let table = table(peer(), &name());
    table.create().await.unwrap();
    table
}

/// The same behind a proxy that can go wrong.
pub(super) async fn behind_proxy() -> (Proxy, Table) {
    named(&name()).await
}

/// The same by this name.
pub(super) async fn named(name: &str) -> (Proxy, Table) {
    let proxy = Proxy::before(peer()).await.unwrap();
    let table = table(&proxy.url(), name);
    table.create().await.unwrap();
    (proxy, table)
}

/// The peer, asked without the adapter.
pub(super) fn client() -> Client {
    Client::from_conf(
        aws_sdk_dynamodb::config::Builder::from(&sdk("direct"))
            .endpoint_url(peer())
            .build(),
    )
}

/// What is stored of a user whose key begins like this.
pub(super) async fn stored(
    table: &str,
    user: &UserScope,
    sort: &str,
) -> Vec<HashMap<String, AttributeValue>> {
    let query = client()
        .query()
        .table_name(table)
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(format!("U#{user}")));
    let query = query
        .expression_attribute_values(":sk", AttributeValue::S(sort.to_owned()))
        .consistent_read(true);
    query
        .into_paginator()
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await
        .unwrap()
}

fn name() -> String {
    static TABLES: AtomicU32 = AtomicU32::new(0);
    format!("coach-{}", TABLES.fetch_add(1, Ordering::Relaxed))
}

/// Which operation of DynamoDB a request is.
pub(super) fn operation(headers: &HeaderMap) -> &str {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

/// Lets everything pass and notes what is looked for.
pub(super) fn queries(proxy: &Proxy) -> Arc<Mutex<Vec<Value>>> {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let looks = noted.clone();
    proxy.judge(move |_, headers, body| {
        if operation(headers) == "Query" {
            looks
                .lock()
                .unwrap()
                .push(serde_json::from_slice(body).unwrap());
        }
        None
    });
    noted
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
