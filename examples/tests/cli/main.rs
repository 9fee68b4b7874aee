//! The programs as their users run them: what they leave, what they refuse, and what survives a kill or a full disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod contract;
mod convert;
mod full_disk;
mod harness;
mod help_page;
mod interpret;
mod interrupted;
mod predict_and_score;
