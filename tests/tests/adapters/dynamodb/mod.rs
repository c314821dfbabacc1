//! DynamoDB: dynoxide in this process, and moto for a second opinion.

mod capacity;
mod contract;
mod differential;
mod lost_answers;
mod moto;
mod parallel;
mod scenes;
mod setup;
mod table;
