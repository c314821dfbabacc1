//! A store that is closed and opened again, over and over.

use std::sync::{Arc, Weak};

use async_trait::async_trait;
// Whatever a method of a port speaks of.
use domain::{conversation::*, *};
use futures::future::BoxFuture;
use futures::lock::Mutex;

use crate::*;

/// A store that says of itself that it lasts: it is opened for each call and dropped
/// once nobody asks it any more, as if its process had ended.
///
/// ```text
/// ports::message_store_conformance!(async {
///     let path = new_path();
///     Reopened::new(move || {
///         let path = path.clone();
///         async move { my_adapter::Store::open(&path).await.unwrap() }
///     })
/// });
/// ```
///
/// Calls that are made at once are made of one store, for two processes may not be allowed.
pub struct Reopened<S> {
    open: Box<dyn Fn() -> BoxFuture<'static, S> + Send + Sync>,
    now: Mutex<Weak<S>>,
}

impl<S: Send + Sync> Reopened<S> {
    /// Takes whatever opens the store.
    pub fn new<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = S> + Send + 'static,
    {
        Self {
            open: Box::new(move || Box::pin(open())),
            now: Mutex::new(Weak::new()),
        }
    }

    /// Returns the store that is open, or opens it.
    async fn opened(&self) -> Arc<S> {
        let mut now = self.now.lock().await;
        if let Some(store) = now.upgrade() {
            return store;
        }
        let store = Arc::new((self.open)().await);
        *now = Arc::downgrade(&store);
        store
    }
}

macro_rules! reopened {
    ({} $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl<S: $port> $port for Reopened<S> {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    self.opened().await.$method($($arg),*).await
                }
            )*
        }
    };
}

message_store_methods! { reopened {} }
record_store_methods! { reopened {} }
