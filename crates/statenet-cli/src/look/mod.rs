//! `look`: shows a recording before any model is fitted to it.
//!
//! ```text
//! statenet look --data DIR --out look
//! ```
//! Writes `report.html` and `look.json`: rasters and PSTHs beside the cochleagram, signal-to-noise ratio and ceiling of each neuron, repeats and
//! drift, how responses lie to the sound, the autocorrelation of the sounds, and neurons that are silent, doubled or cut off.

mod args;
mod page;
mod run;
mod summary;

pub use args::LookArgs;
pub use run::run;
pub use summary::{LookedAt, LookedNeuron};
