//! The function's process under a Runtime API, behind what AWS puts in front of functions.

mod faults;
mod fronts;
mod function;
mod left;
mod starts;
mod turns;
