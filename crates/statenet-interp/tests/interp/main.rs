//! Interpretation of every model of the zoo; a single binary, since linking Candle takes longer than running the tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dreams;
mod dstrf;
mod hearing;
mod maps;
#[path = "../../../statenet-core/tests/outside/mod.rs"]
mod outside;
mod published;
mod small;
