//! `interpret`: shows what each neuron of a fitted model responds to: receptive fields, dreams, memory, tuning and in-silico
//! experiments.
//!
//! ```text
//! statenet interpret                                        # simulated neurons, fitted first
//! statenet interpret --checkpoint out/fit/checkpoints/statenet-gru --data DIR --neurons 0-3
//! ```
//! Prints tables (neuron, CCnorm, best frequency, bandwidth, latency, separability; memory by three measures) and writes
//! `report.html`, `interpretation.json`, `maps/NEURON.npz`, `sounds/NEURON.wav` (sonified dreams) and `figures/`.
//!
//! The output folder is new, empty, or that of an earlier run, whose results are replaced together at the end; a folder with other files is
//! refused, and one that is, holds or lies in an input. A model that is fitted first goes on where it was when the same command is run again,
//! as in [`fit`](crate::fit).

mod analysis;
mod args;
mod files;
mod loaded_model;
mod page;
mod run;

pub use args::InterpretArgs;
pub use run::run;
