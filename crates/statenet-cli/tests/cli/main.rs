//! The programs as users run them: their output, their errors, and their behaviour when killed or when the disk is full.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod benchmark;
mod continuous;
mod contract;
mod convert;
mod corpora;
mod cut;
mod doubts;
mod ensembles;
mod full_disk;
mod harness;
mod hearing;
mod identity;
mod import;
mod interpret;
mod interrupted;
mod killed;
mod left_out;
mod look;
mod outputs;
mod predict_and_score;
mod recipes;
#[cfg(unix)]
mod signals;
mod size;
mod standard_output;
mod sweep;
