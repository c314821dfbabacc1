//! The function's process under a Runtime API, behind what AWS puts in front of functions.

mod function;
mod turns;
