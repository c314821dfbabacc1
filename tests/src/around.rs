//! What stands around a port. A method that a port gets is a method of everything that stands
//! around it, and goes the way of all others, without a word here.

use std::sync::Arc;

use async_trait::async_trait;
// Whatever a method of a port speaks of.
use domain::{conversation::*, memory::*, *};
use ports::*;

/// What happens to every call on its way.
pub(crate) trait Around: Send + Sync {
    /// Does what was asked for, if nothing else is said.
    fn pass<T: Send + 'static>(
        &self,
        _method: &'static str,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send {
        work
    }
}

/// Makes a trait of a port's methods, each of which asks the same of what is inside, by way of
/// [`Around::pass`]. Whoever wants something else of one method defines it.
macro_rules! around {
    ({ $around:ident } $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        pub(crate) trait $around: Around {
            type Inside: $port + 'static;

            fn inside(&self) -> Arc<Self::Inside>;

            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    let inside = self.inside();
                    $( let $arg = Kept($arg.to_owned()); )*
                    let work = async move { inside.$method($($arg.give()),*).await };
                    self.pass(stringify!($method), work).await
                }
            )*
        }
    };
}

message_store_methods! { around { AroundMessages } }
record_store_methods! { around { AroundRecords } }
memory_index_methods! { around { AroundIndex } }

/// Makes what stands around a port one itself.
macro_rules! stand {
    ({ $around:ident for $this:ty $(where $inside:ident: $bound:ident)? } $port:ident { $(
        $(#[$_attribute:meta])*
        async fn $method:ident(&self $(, $arg:ident: $type:ty)* $(,)?) -> $answer:ty;
    )* }) => {
        #[async_trait]
        impl $(<$inside: $bound + 'static>)? $port for $this {
            $(
                async fn $method(&self $(, $arg: $type)*) -> $answer {
                    $around::$method(self $(, $arg)*).await
                }
            )*
        }
    };
}

message_store_methods! { stand { AroundMessages for crate::Faulty<S> where S: MessageStore } }
record_store_methods! { stand { AroundRecords for crate::Faulty<S> where S: RecordStore } }
memory_index_methods! { stand { AroundIndex for crate::Faulty<S> where S: MemoryIndex } }
message_store_methods! { stand { AroundMessages for crate::Foreign<S> where S: MessageStore } }
record_store_methods! { stand { AroundRecords for crate::Foreign<S> where S: RecordStore } }
message_store_methods! { stand { AroundMessages for crate::Promising } }
message_store_methods! { stand { AroundMessages for crate::fleet::Wire } }
record_store_methods! { stand { AroundRecords for crate::fleet::Wire } }
memory_index_methods! { stand { AroundIndex for crate::fleet::Wire } }
memory_index_methods! { stand { AroundIndex for crate::Lagging } }
memory_index_methods! { stand { AroundIndex for crate::Costly } }

/// An argument that outlives its call.
struct Kept<T>(T);

/// Gives a kept argument as the method wants it.
trait Give<'a, T> {
    fn give(&'a self) -> T;
}

impl<T: Clone> Give<'_, T> for Kept<T> {
    fn give(&self) -> T {
        self.0.clone()
    }
}

impl<'a, T> Give<'a, &'a T> for Kept<T> {
    fn give(&'a self) -> &'a T {
        &self.0
    }
}

impl<'a> Give<'a, &'a str> for Kept<String> {
    fn give(&'a self) -> &'a str {
        &self.0
    }
}

impl<'a, T> Give<'a, &'a [T]> for Kept<Vec<T>> {
    fn give(&'a self) -> &'a [T] {
        &self.0
    }
}
