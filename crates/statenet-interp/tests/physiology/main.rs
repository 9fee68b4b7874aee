//! Memory, experiments and maps of neurons whose memory and tuning are known.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod experiments;
mod known;
mod memory;
mod population;
mod tuning;
