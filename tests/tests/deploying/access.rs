//! What the adapters ask of AWS, taken down while they keep their contracts.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use domain::Timestamp;
use dynamodb::Table;
use futures::FutureExt;
use peers::Proxy;
use peers::dynamodb::DynamoDb;
use ports::{JobsOf, MessageStore};
use serde_json::Value;

use super::policy::Deed;

pub(crate) const TABLE: &str = "coach-prod";

/// What an application would read from its environment.
pub(crate) fn sdk() -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

pub(crate) fn table_at(endpoint: &str) -> Table {
    let settings = dynamodb::Settings {
        table: TABLE.to_owned(),
        endpoint: Some(endpoint.to_owned()),
        ..dynamodb::Settings::default()
    };
    settings.open(&sdk())
}

/// Every request that is made of DynamoDB: its operation, and what it says.
pub(crate) type Requests = Arc<Mutex<Vec<(String, Value)>>>;

/// A DynamoDB before which every request is taken down.
pub(crate) async fn listened() -> (DynamoDb, Proxy, Requests) {
    let peer = DynamoDb::start().await.unwrap();
    let proxy = Proxy::before(&peer.url()).await.unwrap();
    let requests = Requests::default();
    let taken = requests.clone();
    proxy.judge(move |_, headers, body| {
        let target = headers.get("x-amz-target")?.to_str().ok()?;
        let operation = target.rsplit('.').next()?.to_owned();
        let said = serde_json::from_slice(body).ok()?;
        taken.lock().unwrap().push((operation, said));
        None
    });
    (peer, proxy, requests)
}

/// Keeps each clause of a contract on one store. Whether it does is for other tests to say: this
/// one has one table for all.
macro_rules! kept {
    ($module:path, $make:expr; $($clause:ident)*) => {{
        use $module as clauses;
        $(
            let store = $make.await;
            _ = AssertUnwindSafe(clauses::$clause(&store)).catch_unwind().await;
        )*
    }};
}

/// All that the stores do on the table while they keep their contracts.
pub(crate) async fn deeds_on_the_table() -> BTreeSet<Deed> {
    let (_peer, proxy, requests) = listened().await;
    let table = table_at(&proxy.url());
    table.create().await.unwrap();
    requests.lock().unwrap().clear();
    ports::message_store_conformance! { kept; async { table.messages() } };
    ports::record_store_conformance! { kept; async { table.records() } };
    let (store, now) = (table.messages(), Timestamp(0));
    let claimed = store.claim_jobs(&JobsOf::Anyone, now, now, 1).await;
    claimed.unwrap();
    let requests = requests.lock().unwrap();
    let mut deeds = BTreeSet::new();
    for (operation, request) in requests.iter() {
        // All jobs there are, in any state, are for operators and tests.
        if operation != "Scan" {
            deeds.extend(deeds_of(operation, request));
        }
    }
    deeds
}

/// What IAM makes of a request: a transaction is what it is made of.
fn deeds_of(operation: &str, request: &Value) -> Vec<Deed> {
    match operation {
        "TransactWriteItems" => {
            let items = request["TransactItems"].as_array().unwrap();
            items.iter().map(deed_of_transaction).collect()
        }
        "BatchGetItem" => {
            let keys = &request["RequestItems"][TABLE]["Keys"];
            vec![deed(operation, None, leading(keys.as_array().unwrap()))]
        }
        "BatchWriteItem" => {
            let writes = request["RequestItems"][TABLE].as_array().unwrap();
            let keys: Vec<Value> = writes
                .iter()
                .map(|write| write["DeleteRequest"]["Key"].clone())
                .collect();
            vec![deed(operation, None, leading(&keys))]
        }
        "Query" => {
            let index = request["IndexName"].as_str();
            let partition = &request["ExpressionAttributeValues"][":partition"]["S"];
            let partition = partition.as_str().unwrap().to_owned();
            vec![deed(operation, index, vec![partition])]
        }
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => {
            vec![deed(operation, None, leading(&[key_of(request)]))]
        }
        other => panic!("an operation that no test knows: {other}"),
    }
}

fn deed_of_transaction(item: &Value) -> Deed {
    let (kind, write) = item.as_object().unwrap().iter().next().unwrap();
    let operation = match kind.as_str() {
        "ConditionCheck" => "ConditionCheckItem".to_owned(),
        kind => format!("{kind}Item"),
    };
    deed(&operation, None, leading(&[key_of(write)]))
}

fn key_of(request: &Value) -> Value {
    let key = request.get("Key").or_else(|| request.get("Item"));
    key.unwrap().clone()
}

fn leading(keys: &[Value]) -> Vec<String> {
    let partitions = keys.iter().map(|key| key["pk"]["S"].as_str());
    partitions.map(|key| key.unwrap().to_owned()).collect()
}

fn deed(operation: &str, index: Option<&str>, leading: Vec<String>) -> Deed {
    let mut resource = format!("arn:aws:dynamodb:us-east-1:123456789012:table/{TABLE}");
    if let Some(index) = index {
        resource = format!("{resource}/index/{index}");
    }
    Deed {
        action: format!("dynamodb:{operation}"),
        resource,
        context: vec![("dynamodb:LeadingKeys".to_owned(), leading)],
    }
}
