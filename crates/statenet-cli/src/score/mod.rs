//! `score`: scores predictions of any model, also of other software, on the test stimuli of a recording.
//!
//! ```text
//! statenet score --data DIR --predictions out/fit/predictions/ln --out scores.json
//! statenet score --data DIR --predictions ln=DIR --predictions gru=DIR --out scores.json
//! ```
//! Reads `STIMULUS.npy` `(N, T)`, in the unit of the responses, for each test stimulus; writes the scores as JSON (like the `test` object
//! in `summary.json`, and more of each neuron; of several models one such object each, and their comparisons), a page `scores.html`
//! beside it, and prints them. While it runs it holds the lock `.FILE.json.lock` beside the file.

mod args;
mod model;
mod names;
mod page;
mod results;
mod run;
mod tables;

pub use args::{Named, ScoreArgs, SmoothingChoice};
pub use run::run;
