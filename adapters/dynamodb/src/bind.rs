//! Binding an account and a user to each other: two items, which are written together.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::UserScope;
use ports::{Account, Binding, Result};

use crate::ROUNDS;
use crate::change::{delete, put};
use crate::erase::not_erased;
use crate::fault::contended;
use crate::item::{Item, Row, text};
use crate::key::{self, Key};
use crate::map;
use crate::table::Table;

/// One half of a binding: an item that names the other side.
struct Half {
    key: Key,
    attribute: &'static str,
    names: String,
}

/// Binds, unless one of them is bound to somebody else. Both are read first, so that nothing is
/// written for those who are bound already, which is nearly everybody.
pub(crate) async fn bind(table: &Table, account: &Account, user: &UserScope) -> Result<Binding> {
    let (of_account, of_user) = (
        Half {
            key: Key::account(account),
            attribute: "user",
            names: user.to_string(),
        },
        Half {
            key: Key::account_of(user),
            attribute: "account",
            names: key::account_name(account),
        },
    );
    let mark = Key::erased(user);
    for _ in 0..ROUNDS {
        let [known_user, known_account, erased] =
            table.items([&of_account.key, &of_user.key, &mark]).await?;
        if erased.is_some() {
            return Ok(Binding::UserIsErased);
        }
        let known_user = of_account.is_so(known_user.as_ref())?;
        let known_account = of_user.is_so(known_account.as_ref())?;
        match (known_user, known_account) {
            (Some(false), _) => return Ok(Binding::AccountIsAnothers),
            (_, Some(false)) => return Ok(Binding::UserIsAnothers),
            (Some(true), Some(true)) => return Ok(Binding::Bound),
            _ => {}
        }
        let writes = vec![
            of_account.write(table.name())?,
            of_user.write(table.name())?,
            not_erased(table, user)?,
        ];
        if table.transact(writes).await? {
            return Ok(Binding::Bound);
        }
    }
    Err(contended())
}

/// Removes what binds a user, both sides; how many items that were. The account's side goes only if
/// it still names this user: another erasing may have set it free, and it is somebody else's.
pub(crate) async fn release(table: &Table, user: &UserScope) -> Result<usize> {
    let of_user = Key::account_of(user);
    for _ in 0..ROUNDS {
        let Some(item) = table.item(&of_user).await? else {
            return Ok(0);
        };
        let mut writes = vec![delete(table.name(), &of_user, None)?];
        // Without a name that can be read, there is no other side that could be found.
        if let Ok(account) = Row(&item).text("account") {
            let mine = ("#user = :user".to_owned(), vec![("user", text(user))]);
            let of_account = Key::account_named(account);
            if table.item(&of_account).await?.is_some() {
                writes.push(delete(table.name(), &of_account, Some(mine))?);
            }
        }
        let released = writes.len();
        if table.transact(writes).await? {
            return Ok(released);
        }
    }
    Err(contended())
}

impl Half {
    /// Returns whether an item names this other side; `None` if there is no item.
    fn is_so(&self, item: Option<&Item>) -> Result<Option<bool>> {
        let named = item
            .map(|item| Row(item).text(self.attribute))
            .transpose()?;
        Ok(named.map(|named| named == self.names))
    }

    /// Writes it, unless another one is there.
    fn write(&self, table: &str) -> Result<TransactWriteItem> {
        let names = text(&self.names);
        let item = map::item(&self.key, [(self.attribute, names.clone())]);
        let condition = format!("attribute_not_exists(#pk) OR #{0} = :{0}", self.attribute);
        put(
            table,
            item,
            Some((condition, vec![(self.attribute, names)])),
        )
    }
}
