//! The table: what it is made of, and how it is asked.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::client::Waiters;
use aws_sdk_dynamodb::config::AsyncSleep;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, DeleteRequest, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, KeysAndAttributes, LocalSecondaryIndex, Projection, ProjectionType,
    ScalarAttributeType, TableDescription, TimeToLiveSpecification, TimeToLiveStatus,
    TransactWriteItem, WriteRequest,
};
use aws_sdk_dynamodb::waiters::table_exists::WaitUntilTableExistsError;
use domain::Fault;
use ports::{PAGE, PortError, Result};

use crate::change::unmade;
use crate::fault::{contended, failed, of_code};
use crate::item::{Item, Row, text};
use crate::key::{Key, PK, SHARD, SK, TIME};
use crate::{DynamoMessages, DynamoRecords, ROUNDS};

/// The index by time, within a user's partition: conversations by activity, open jobs by when they
/// are due. A local one, because what is due must be seen as soon as it is written.
pub(crate) const BY_TIME: &str = "by-time";

/// The index of all users' open jobs, for a sweep.
pub(crate) const DUE: &str = "due";

/// The attribute by which DynamoDB throws away what is past its time.
pub(crate) const TTL: &str = "ttl";

/// How long a new table is waited for.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// How much a request to read or to delete many items may name.
const MOST_KEYS: usize = 25;

/// A table of DynamoDB, and how to reach it.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// This table, by this client.
    pub fn new(client: Client, name: String) -> Self {
        Self { client, name }
    }

    /// Conversations, messages, turns and jobs in it.
    pub fn messages(&self) -> DynamoMessages {
        DynamoMessages::new(self.clone())
    }

    /// Records in it.
    pub fn records(&self) -> DynamoRecords {
        DynamoRecords::new(self.clone())
    }

    /// Makes the table, waits until it can be used, and has it throw away what has expired. What is
    /// there already stays.
    pub async fn create(&self) -> Result<()> {
        match self.definition()?.send().await {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_in_use_exception()) => {}
            Err(error) => return Err(failed(error)),
        }
        let wait = self
            .client
            .wait_until_table_exists()
            .table_name(&self.name)
            .wait(PATIENCE);
        wait.await.map_err(|error| match error {
            WaitUntilTableExistsError::OperationFailed(asked) => failed(asked.into_error()),
            WaitUntilTableExistsError::ExceededMaxWait(_) => {
                PortError::new("dynamodb", Fault::TimedOut)
            }
            WaitUntilTableExistsError::ConstructionFailure(_) => {
                PortError::new("dynamodb", Fault::Rejected)
            }
            WaitUntilTableExistsError::FailureState(_) | _ => {
                PortError::new("dynamodb", Fault::Unavailable)
            }
        })?;
        if self.is_ttl_on().await? {
            return Ok(());
        }
        let ttl = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(TTL)
            .build()
            .map_err(unmade)?;
        let set = self
            .client
            .update_time_to_live()
            .table_name(&self.name)
            .time_to_live_specification(ttl);
        set.send().await.map(drop).map_err(failed)
    }

    /// Opens the connection that the first request would have to wait for, by reading what no user
    /// can have. What is answered is of no interest.
    pub async fn connect(&self) {
        let nobody = [(PK, "U#."), (SK, "-")];
        let key = nobody.map(|(name, value)| (name.to_owned(), text(value)));
        let read = self.client.get_item().table_name(&self.name);
        _ = read.set_key(Some(HashMap::from(key))).send().await;
    }

    /// Returns what is wrong with the table, a sentence each; nothing if it can be used.
    pub async fn check(&self) -> Vec<String> {
        let name = &self.name;
        let described = match self.client.describe_table().table_name(name).send().await {
            Ok(output) => output.table,
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|error| error.is_resource_not_found_exception()) =>
            {
                return vec![format!(
                    "There is no table {name} in this region: \
                     make it with `coach-server table create`."
                )];
            }
            Err(error) => {
                let error = failed(error);
                let why = error
                    .source
                    .map(|source| source.to_string())
                    .unwrap_or_default();
                return vec![format!(
                    "The table {name} cannot be described ({}: {why}).",
                    error.fault
                )];
            }
        };
        let mut wrong = described.map_or_else(Vec::new, |table| flaws(name, &table));
        match self.is_ttl_on().await {
            Ok(true) => {}
            Ok(false) => wrong.push(format!(
                "The table {name} keeps what has expired: \
                 switch its time to live on, attribute `{TTL}`."
            )),
            Err(error) => wrong.push(format!(
                "The time to live of the table {name} cannot be read ({}).",
                error.fault
            )),
        }
        wrong
    }

    /// All that a table must be.
    fn definition(&self) -> Result<CreateTableFluentBuilder> {
        let mut create = self
            .client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest);
        for name in [PK, SK, TIME, SHARD] {
            let of_text = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S);
            create = create.attribute_definitions(of_text.build().map_err(unmade)?);
        }
        let everything = || {
            Projection::builder()
                .projection_type(ProjectionType::All)
                .build()
        };
        let by_time = LocalSecondaryIndex::builder()
            .index_name(BY_TIME)
            .projection(everything());
        let due = GlobalSecondaryIndex::builder()
            .index_name(DUE)
            .projection(everything());
        Ok(create
            .set_key_schema(Some(schema(PK, SK)?))
            .local_secondary_indexes(
                by_time
                    .set_key_schema(Some(schema(PK, TIME)?))
                    .build()
                    .map_err(unmade)?,
            )
            .global_secondary_indexes(
                due.set_key_schema(Some(schema(SHARD, TIME)?))
                    .build()
                    .map_err(unmade)?,
            ))
    }

    async fn is_ttl_on(&self) -> Result<bool> {
        let described = self
            .client
            .describe_time_to_live()
            .table_name(&self.name)
            .send()
            .await
            .map_err(failed)?;
        Ok(described.time_to_live_description.is_some_and(|ttl| {
            let is_on = matches!(
                ttl.time_to_live_status,
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            );
            is_on && ttl.attribute_name.as_deref() == Some(TTL)
        }))
    }
}

/// How the table is asked.
impl Table {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// An item as it is now.
    pub(crate) async fn item(&self, key: &Key) -> Result<Option<Item>> {
        let get = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.item()))
            .consistent_read(true);
        Ok(get.send().await.map_err(failed)?.item)
    }

    /// Several items, each as it is now, in one request.
    pub(crate) async fn items<const N: usize>(&self, keys: [&Key; N]) -> Result<[Option<Item>; N]> {
        let mut open: Vec<Item> = keys.iter().map(|key| key.item()).collect();
        let mut found: HashMap<Key, Item> = HashMap::new();
        for round in 0..ROUNDS {
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(open))
                .consistent_read(true);
            let get = self
                .client
                .batch_get_item()
                .request_items(&self.name, wanted.build().map_err(unmade)?);
            let output = get.send().await.map_err(failed)?;
            let mut items = output.responses.unwrap_or_default();
            for item in items.remove(&self.name).unwrap_or_default() {
                if let Ok(key) = key_of(&item) {
                    found.insert(key, item);
                }
            }
            // What was too much for one answer is asked for again.
            let mut left = output.unprocessed_keys.unwrap_or_default();
            open = match left.remove(&self.name) {
                Some(left) => left.keys,
                None => Vec::new(),
            };
            if open.is_empty() {
                return Ok(keys.map(|key| found.remove(key)));
            }
            self.pause(round).await;
        }
        Err(contended())
    }

    /// Returns the items of a partition whose sort keys are between these, both included: as they
    /// are now, and at most `limit`, however many pages that takes. What `read` makes nothing of
    /// does not count.
    pub(crate) async fn read<T>(
        &self,
        range: Range<'_>,
        limit: usize,
        read: impl Fn(&Item) -> Option<T>,
    ) -> Result<Vec<T>> {
        self.pages(self.query(range), limit, read).await
    }

    /// Returns the same without what the items hold.
    pub(crate) async fn keys(&self, range: Range<'_>, limit: usize) -> Result<Vec<Key>> {
        let query = self
            .query(range)
            .projection_expression(format!("{PK}, {SK}"));
        self.pages(query, limit, |item| key_of(item).ok()).await
    }

    fn query(&self, range: Range<'_>) -> QueryFluentBuilder {
        let Range {
            index,
            pk,
            from,
            through,
            newest_first,
            lagging,
        } = range;
        let (partition, sort) = match index {
            None => (PK, SK),
            Some(BY_TIME) => (PK, TIME),
            Some(_) => (SHARD, TIME),
        };
        self.client
            .query()
            .table_name(&self.name)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression(
                "#partition = :partition AND #sort BETWEEN :from AND :through",
            )
            .expression_attribute_names("#partition", partition)
            .expression_attribute_names("#sort", sort)
            .expression_attribute_values(":partition", text(pk))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":through", text(through))
            .scan_index_forward(!newest_first)
            .consistent_read(!lagging)
    }

    /// Up to `limit` of them, read: asked for no further than it takes to have [`PAGE`] bytes by
    /// `length`; and whether there may be more.
    pub(crate) async fn page<T>(
        &self,
        range: Range<'_>,
        limit: usize,
        read: impl Fn(&Item) -> Option<T>,
        length: impl Fn(&T) -> usize,
    ) -> Result<(Vec<T>, bool)> {
        let query = self.query(range);
        let (mut found, mut after, mut all) = (Vec::new(), None, 0);
        while found.len() < limit && all < PAGE {
            let left = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
            let page = query
                .clone()
                .limit(left)
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(failed)?;
            for item in page.items.unwrap_or_default() {
                let Some(item) = read(&item) else { continue };
                all += length(&item);
                found.push(item);
            }
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok((found, after.is_some()))
    }

    async fn pages<T>(
        &self,
        query: QueryFluentBuilder,
        limit: usize,
        read: impl Fn(&Item) -> Option<T>,
    ) -> Result<Vec<T>> {
        let (mut found, mut after) = (Vec::new(), None);
        while found.len() < limit {
            let left = i32::try_from(limit - found.len()).unwrap_or(i32::MAX);
            let page = query
                .clone()
                .limit(left)
                .set_exclusive_start_key(after)
                .send()
                .await
                .map_err(failed)?;
            found.extend(page.items.unwrap_or_default().iter().filter_map(&read));
            after = page.last_evaluated_key;
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// All jobs there are, by reading the whole table.
    pub(crate) async fn all_jobs(&self) -> Result<Vec<Item>> {
        let scan = self
            .client
            .scan()
            .table_name(&self.name)
            .filter_expression("begins_with(#sk, :job)")
            .expression_attribute_names("#sk", SK)
            .expression_attribute_values(":job", text("J#"))
            .consistent_read(true);
        scan.into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(failed)
    }

    /// Makes all of these changes or none; whether it did. It did not if a condition does not hold,
    /// or if somebody else was changing one of the items.
    pub(crate) async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<bool> {
        let sent = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await;
        let Err(error) = sent else { return Ok(true) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return Err(failed(error));
        };
        let reasons = cancelled
            .cancellation_reasons()
            .iter()
            .filter_map(|reason| reason.code());
        let mut hard = reasons.filter(|code| {
            !matches!(
                *code,
                "None" | "ConditionalCheckFailed" | "TransactionConflict"
            )
        });
        match hard.next() {
            None => Ok(false),
            Some(code) => {
                let source = Some(format!("a transaction was cancelled: {code}").into());
                Err(PortError {
                    fault: of_code(Some(code), Some(400)),
                    adapter: "dynamodb",
                    source,
                })
            }
        }
    }

    /// Removes items, however many.
    pub(crate) async fn remove(&self, keys: &[Key]) -> Result<()> {
        for some in keys.chunks(MOST_KEYS) {
            let delete = |key: &Key| {
                DeleteRequest::builder()
                    .set_key(Some(key.item()))
                    .build()
                    .map_err(unmade)
            };
            let delete = |key| Ok(WriteRequest::builder().delete_request(delete(key)?).build());
            let mut open = some.iter().map(delete).collect::<Result<Vec<_>>>()?;
            for round in 0..ROUNDS {
                let write = self
                    .client
                    .batch_write_item()
                    .request_items(&self.name, open);
                let output = write.send().await.map_err(failed)?;
                open = output
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(&self.name))
                    .unwrap_or_default();
                if open.is_empty() {
                    break;
                }
                self.pause(round).await;
            }
            if !open.is_empty() {
                return Err(contended());
            }
        }
        Ok(())
    }

    /// Leaves DynamoDB alone before it is asked for what it has left undone, as the SDK would:
    /// longer each time.
    async fn pause(&self, round: usize) {
        let config = self.client.config();
        if let (Some(sleep), Some(tries)) = (config.sleep_impl(), config.retry_config()) {
            let longer = tries.initial_backoff().saturating_mul(1 << round.min(16));
            sleep.sleep(longer.min(tries.max_backoff())).await;
        }
    }
}

/// A stretch of a partition.
#[derive(Clone, Copy)]
pub(crate) struct Range<'a> {
    pub(crate) index: Option<&'static str>,
    pub(crate) pk: &'a str,
    pub(crate) from: &'a str,
    pub(crate) through: &'a str,
    pub(crate) newest_first: bool,
    /// Whether it may miss what was written lately, for half the price.
    pub(crate) lagging: bool,
}

impl<'a> Range<'a> {
    pub(crate) fn of(pk: &'a str, from: &'a str, through: &'a str) -> Self {
        Self {
            index: None,
            pk,
            from,
            through,
            newest_first: false,
            lagging: false,
        }
    }
}

pub(crate) fn key_of(item: &Item) -> Result<Key> {
    let part = |name| Row(item).text(name).map(str::to_owned);
    Ok(Key {
        pk: part(PK)?,
        sk: part(SK)?,
    })
}

fn schema(partition: &str, sort: &str) -> Result<Vec<KeySchemaElement>> {
    let element = |(name, kind)| {
        KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build()
    };
    [(partition, KeyType::Hash), (sort, KeyType::Range)]
        .map(element)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(unmade)
}

fn flaws(name: &str, table: &TableDescription) -> Vec<String> {
    let is = |found: Option<&Vec<KeySchemaElement>>, partition, sort| {
        schema(partition, sort).is_ok_and(|wanted| found == Some(&wanted))
    };
    let local = table
        .local_secondary_indexes()
        .iter()
        .find(|index| index.index_name() == Some(BY_TIME));
    let global = table
        .global_secondary_indexes()
        .iter()
        .find(|index| index.index_name() == Some(DUE));
    let everything = |projection: Option<&Projection>| {
        projection
            .is_some_and(|projection| projection.projection_type() == Some(&ProjectionType::All))
    };
    let by_time = local.is_some_and(|index| {
        is(index.key_schema.as_ref(), PK, TIME) && everything(index.projection())
    });
    let due = global.is_some_and(|index| {
        is(index.key_schema.as_ref(), SHARD, TIME) && everything(index.projection())
    });
    let rows = [
        (
            is(table.key_schema.as_ref(), PK, SK),
            format!("has not the keys `{PK}` and `{SK}`: make another one"),
        ),
        (
            by_time,
            format!(
                "has no local index `{BY_TIME}` on `{PK}` and `{TIME}` with all attributes: \
                 make another one"
            ),
        ),
        (
            due,
            format!(
                "has no global index `{DUE}` on `{SHARD}` and `{TIME}` with all attributes: add it"
            ),
        ),
    ];
    rows.into_iter()
        .filter(|(fine, _)| !fine)
        .map(|(_, flaw)| format!("The table {name} {flaw}."))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_another_shape_is_told_part_by_part() {
        let bare = TableDescription::builder()
            .set_key_schema(Some(schema("id", SK).unwrap()))
            .build();
        let told = flaws("coach", &bare);
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(
            told.iter()
                .all(|flaw| flaw.starts_with("The table coach has n") && flaw.ends_with('.'))
        );
    }
}
