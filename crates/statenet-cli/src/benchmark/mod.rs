//! `benchmark`: models on recordings, over seeds and splits, compared neuron by neuron.
//!
//! ```text
//! statenet benchmark --data ../data/ns1,../data/songbird --seeds 5 --out out/benchmark
//! ```
//! It is a [sweep](crate::sweep) whose plan its options write: it can be killed and goes on, several processes share its fits
//! (`--shard I/N`), and what it finds does not depend on how often it was broken off, but for seconds. The folder is that of a sweep, so
//! that `statenet sweep status --out DIR` shows how far it is; at the end there are `benchmark.json`, `.csv`, `.tex` and `.html`.

mod args;
mod collect;
mod comparisons;
mod estimates;
mod files;
mod fits;
mod models;
mod page;
mod ranks;
mod run;
mod scores;
mod tables;
mod true_memory;
mod varied;

pub use args::BenchmarkArgs;
pub use run::run;
