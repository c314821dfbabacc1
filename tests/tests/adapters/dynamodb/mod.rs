//! DynamoDB: dynoxide in this process, and moto for a second opinion.

mod contract;
mod differential;
mod setup;
