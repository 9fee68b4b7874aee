//! How a program ends that could not do its work: with one line on stderr.

use std::fmt;

/// What a `main` returns: an error, shown in one line with its causes.
///
/// ```
/// use statenet_examples::failure::Failure;
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

/// Rust prints what `main` returns by `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
