//! The error that a program ends with, printed as one line on stderr.

use std::fmt;

/// The error type of `main`: an error that is printed in one line with its causes.
///
/// ```
/// use statenet_cli::shared::Failure;
///
/// fn main() -> Result<(), Failure> {
///     let answer: u32 = "42".parse()?;
///     assert_eq!(answer, 42);
///     Ok(())
/// }
/// ```
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Rust prints the error that `main` returns with `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
