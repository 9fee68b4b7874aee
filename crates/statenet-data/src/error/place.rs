//! Where an error was found.

use std::path::PathBuf;

/// Where an array with an error was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// An argument of a function.
    Argument(&'static str),
    /// A stimulus, by name.
    Stimulus(String),
    /// A file.
    File(PathBuf),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Argument(name) => f.write_str(name),
            Self::Stimulus(name) => write!(f, "stimulus {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
