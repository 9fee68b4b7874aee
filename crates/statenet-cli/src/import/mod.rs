//! `import`: makes the folder of a recording of a release, or of a lab's own files.
//!
//! ```text
//! statenet import --in my-recording --out recording                   # the format by what is there
//! statenet import --from table --in my-recording --repeats 5 --out recording
//! ```
//! Writes `recording.json`, `stimuli/`, `responses/` and `audio/`, which every other program takes as `--data`, and `import.json`: what was
//! read, how responses lie to sounds, and what is doubtful. Where sounds are missing it says which, and writes nothing.

mod args;
mod run;
mod summary;

pub use args::ImportArgs;
pub use run::run;
pub use summary::{Lag, Summary};
