//! The contracts of the ports, clause by clause.

use super::setup::fresh;

mod messages {
    ports::message_store_conformance!(async { super::fresh().await.messages() });
}

mod records {
    ports::record_store_conformance!(async { super::fresh().await.records() });
}
