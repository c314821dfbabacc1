//! Parts that no setting knows.

use std::sync::Arc;

use ports::{LlmStream, MemoryIndex, MessageStore, RecordStore};

use crate::parts::{Part, Stores};

/// Parts of one's own. Each stands in place of what the settings choose.
#[derive(Clone, Default)]
pub struct Own {
    pub(crate) model: Option<Named<Arc<dyn LlmStream>>>,
    pub(crate) store: Option<Named<Stores>>,
    pub(crate) index: Option<Named<Arc<dyn MemoryIndex>>>,
}

/// What stands at a port, and what is said of it.
#[derive(Clone)]
pub(crate) struct Named<T> {
    about: String,
    ports: T,
}

impl Own {
    /// Returns the same with this model; `about` is what the banner and `doctor` say of it.
    #[must_use]
    pub fn model(mut self, about: impl Into<String>, model: Arc<dyn LlmStream>) -> Self {
        self.model = Some(Named::new(about, model));
        self
    }

    /// Returns the same with these stores of conversations and of records.
    #[must_use]
    pub fn store(
        mut self,
        about: impl Into<String>,
        messages: Arc<dyn MessageStore>,
        records: Arc<dyn RecordStore>,
    ) -> Self {
        self.store = Some(Named::new(about, (messages, records)));
        self
    }

    /// Returns the same with this index.
    #[must_use]
    pub fn index(mut self, about: impl Into<String>, index: Arc<dyn MemoryIndex>) -> Self {
        self.index = Some(Named::new(about, index));
        self
    }
}

impl<T: Clone> Named<T> {
    fn new(about: impl Into<String>, ports: T) -> Self {
        Self {
            about: about.into(),
            ports,
        }
    }

    pub(crate) fn part(&self) -> Part<T> {
        Part::here(self.ports.clone(), self.about.clone())
    }
}
