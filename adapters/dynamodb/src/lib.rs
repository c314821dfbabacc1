//! Conversations, messages, turns, jobs and records in one DynamoDB table.

#![warn(missing_docs)]
