//! Checks the shapes of arrays, with an error that shows the shape found and the expected shape.

/// One axis of an expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dim {
    /// Exactly this size.
    Is(usize),
    /// Any size of at least one, named by a letter.
    Any(&'static str),
}

impl From<usize> for Dim {
    fn from(n: usize) -> Self {
        Self::Is(n)
    }
}

impl std::fmt::Display for Dim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(n) => write!(f, "{n}"),
            Self::Any(letter) => f.write_str(letter),
        }
    }
}

/// An array has the wrong shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{array} has shape {}, expected {}{}", tuple(got), tuple(expected), at_least_one(got, expected))]
pub struct ShapeError {
    /// The name of the array.
    pub array: &'static str,
    /// The shape found.
    pub got: Vec<usize>,
    /// The expected shape.
    pub expected: Vec<Dim>,
}

/// Says of axes of any size that are empty that they must not be.
fn at_least_one(got: &[usize], expected: &[Dim]) -> String {
    let axes = got.iter().zip(expected);
    let empty = axes.filter_map(|(&n, dim)| match *dim {
        Dim::Any(letter) if n == 0 => Some(letter),
        _ => None,
    });
    let empty: Vec<&str> = empty.collect();
    if empty.is_empty() { String::new() } else { format!(" with {} of 1 or more", empty.join(" and ")) }
}

fn tuple<D: std::fmt::Display>(dims: &[D]) -> String {
    let inside: Vec<String> = dims.iter().map(ToString::to_string).collect();
    format!("({})", inside.join(", "))
}

/// Checks the shape of a named array.
///
/// ```
/// use statenet_core::{Dim, expect_shape};
/// let expected = [Dim::Any("B"), Dim::Is(1), Dim::Is(34), Dim::Any("T")];
/// assert!(expect_shape("cochleagram", &[2, 1, 34, 999], &expected).is_ok());
/// let error = expect_shape("cochleagram", &[2, 1, 32, 999], &expected).unwrap_err();
/// assert_eq!(error.to_string(), "cochleagram has shape (2, 1, 32, 999), expected (B, 1, 34, T)");
/// ```
///
/// # Errors
/// [`ShapeError`] if the number of axes or a fixed size differs, or an axis is empty.
pub fn expect_shape(array: &'static str, got: &[usize], expected: &[Dim]) -> Result<(), ShapeError> {
    let fits = got.len() == expected.len()
        && got.iter().zip(expected).all(|(&n, dim)| match *dim {
            Dim::Is(size) => n == size,
            Dim::Any(_) => n > 0,
        });
    if fits { Ok(()) } else { Err(ShapeError { array, got: got.to_vec(), expected: expected.to_vec() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_or_missing_axis_is_an_error() {
        let empty = expect_shape("rate", &[1, 0], &[Dim::Is(1), Dim::Any("T")]).unwrap_err();
        assert_eq!(empty.to_string(), "rate has shape (1, 0), expected (1, T) with T of 1 or more");
        assert!(expect_shape("rate", &[1], &[Dim::Is(1), Dim::Any("T")]).is_err());
        assert!(expect_shape("rate", &[1, 3], &[1.into(), Dim::Any("T")]).is_ok());
    }
}
