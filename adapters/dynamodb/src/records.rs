use async_trait::async_trait;
use domain::{GroupId, UserScope};
use ports::{
    Account, Binding, Cursor, Expect, Kind, Page, Record, RecordKey, RecordStore, Result, Term,
    cut, stored,
};

use crate::bind;
use crate::change::{Change, Changed};
use crate::fault::{failed, too_long};
use crate::item::{Item, bytes, number};
use crate::key::{self, Key, LAST};
use crate::map;
use crate::table::{Range, TTL, Table, key_of};

/// The longest body: an item takes 400 KiB, its key and the rest included.
const LONGEST: usize = 390 * 1024;

/// More than any cursor that was given out: the rest of a longer one cannot matter.
const LONGEST_CURSOR: usize = 2 * 64 + 1;

/// Records in a table.
#[derive(Debug, Clone)]
pub struct DynamoRecords(Table);

impl DynamoRecords {
    pub(crate) fn new(table: Table) -> Self {
        Self(table)
    }
}

#[async_trait]
impl RecordStore for DynamoRecords {
    async fn get(&self, at: &RecordKey) -> Result<Option<Record>> {
        let item = self.0.item(&Key::record(at)).await?;
        item.map(|item| map::read_record(at.kind, &item))
            .transpose()
    }

    async fn list(
        &self,
        owner: &UserScope,
        kind: Kind,
        within: Option<GroupId>,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<Record>> {
        let prefix = within.map_or_else(String::new, |group| group.prefix());
        let (pk, first) = (
            key::partition(owner),
            format!("{}{prefix}", key::records_of(kind)),
        );
        let after: Option<String> = after.map(|after| after.chars().take(LONGEST_CURSOR).collect());
        let last = format!("{first}{}", after.as_deref().unwrap_or(LAST));
        let range = Range {
            newest_first: true,
            ..Range::of(&pk, &first, &last)
        };
        // One more than wanted shows whether there are more, and one may be the cursor's own.
        let read = |item: &Item| {
            let key = key_of(item).ok()?;
            stored::if_readable(map::read_record(kind, item), key)
        };
        let length = |record: &Record| record.body.len();
        let (records, goes_on) = self
            .0
            .page(range, limit.saturating_add(2), read, length)
            .await?;
        let place = |record: &Record| {
            let place = record.at.id.as_str().strip_prefix(&prefix);
            place.map(str::to_owned)
        };
        let mut items = records;
        items.retain(|record| after.is_none() || place(record) != after);
        let found = items.len();
        items.truncate(limit);
        let items = cut(items, length);
        let more = items.len() < found || goes_on;
        let next = match items.last() {
            Some(last) if more => place(last),
            _ => None,
        };
        Ok(Page { items, next })
    }

    async fn put(
        &self,
        at: &RecordKey,
        body: &[u8],
        term: Option<Term>,
        expect: Expect,
    ) -> Result<bool> {
        if body.len() > LONGEST {
            return Err(too_long());
        }
        let body = bytes(body.to_vec());
        let until = term.map(|term| term.until);
        let change = Change::of(Key::record(at))
            .set("v", number(stored::FORM))
            .set("body", body.clone())
            .add("version", number(1));
        let change = match until {
            Some(until) => change
                .set("until", number(until.0))
                .set(TTL, map::record_ttl(until)),
            None => change.remove("until").remove(TTL),
        };
        let differs = match until {
            Some(_) => "(#body <> :body OR attribute_not_exists(#until) OR #until <> :until)",
            None => "(#body <> :body OR attribute_exists(#until))",
        };
        let mut seen = vec![("body", body.clone())];
        seen.extend(until.map(|until| ("until", number(until.0))));
        let change = match expect {
            Expect::Anything => {
                change.only_if(&format!("attribute_not_exists(#pk) OR {differs}"), seen)
            }
            Expect::Absent => change.only_if("attribute_not_exists(#pk)", []),
            Expect::Version(version) => {
                seen.push(("seen", number(version)));
                change.only_if(&format!("#version = :seen AND {differs}"), seen)
            }
        };
        Ok(match change.make(self.0.client(), self.0.name()).await? {
            Changed::Now(_) => true,
            // This very write is there: an earlier try has made it.
            Changed::Not(found) => found.is_some_and(|found| {
                let ends = until.map(|until| number(until.0));
                found.get("body") == Some(&body) && found.get("until") == ends.as_ref()
            }),
        })
    }

    async fn delete(&self, at: &RecordKey) -> Result<bool> {
        let delete = self
            .0
            .client()
            .delete_item()
            .table_name(self.0.name())
            .set_key(Some(Key::record(at).item()));
        let delete = delete.return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld);
        let deleted = delete.send().await.map_err(failed)?;
        Ok(deleted.attributes.is_some_and(|item| !item.is_empty()))
    }

    async fn bind(&self, account: &Account, user: &UserScope) -> Result<Binding> {
        bind::bind(&self.0, account, user).await
    }
}
