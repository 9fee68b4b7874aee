//! What can be wrong with a plan and with the files of its jobs.

use std::path::PathBuf;

/// The errors of sweeps.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// A plan is no TOML of our form.
    #[error("{place}: {message}")]
    Plan {
        /// The file with line and column.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A field of a plan has a value that is not allowed.
    #[error("{field} of the plan is {got}, expected {expected}")]
    Value {
        /// The field.
        field: String,
        /// Its value.
        got: String,
        /// The values allowed.
        expected: String,
    },
    /// A field that a plan varies is not in the config, or in several places.
    #[error("{of} has {found} fields {field}, expected exactly one: {}", known.join(", "))]
    Field {
        /// The model or recipe.
        of: String,
        /// The field as the plan names it.
        field: String,
        /// In how many places it is.
        found: usize,
        /// The places, or all fields if there is none.
        known: Vec<String>,
    },
    /// Two jobs of a plan are the same.
    #[error("the plan has the job {name} twice: is a model, a split or a seed listed twice?")]
    SameJob {
        /// The name of the job.
        name: String,
    },
    /// A text that is no shard.
    #[error("shard is {text:?}, expected I/N, part I of N, with I from 0 and below N, such as 0/4")]
    Shard {
        /// The text.
        text: String,
    },
    /// A file of a job is damaged, or of another job.
    #[error("{}: is damaged: {reason}; delete it to run this job again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read.
    #[error("{}: cannot read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}
