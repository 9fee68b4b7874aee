//! Interpretation on every model of the zoo, one binary: linking Candle takes longer than the tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dreams;
mod dstrf;
mod maps;
#[path = "../../../statenet-core/tests/outside/mod.rs"]
mod outside;
mod published;
mod small;
