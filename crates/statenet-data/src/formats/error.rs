//! What can be wrong with the bytes of an array.

/// The bytes are not the array that they should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin as an npy file does.
    #[error(
        "not an npy file: starts with {got:02x?}, expected the bytes 93 4e 55 4d 50 59 and a version 1.0 to 3.0"
    )]
    NotNpy {
        /// The first bytes, at most eight.
        got: Vec<u8>,
    },
    /// The header's text is not one that NumPy writes for an array of numbers.
    #[error("npy header: {field} is {got:?}, expected {expected}")]
    Header {
        /// The field, or `header`.
        field: &'static str,
        /// The text found, shortened.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// The header promises more or fewer bytes than there are.
    #[error(
        "truncated or overlong: shape {shape:?} of {element_type} takes {expected} bytes, {got} are there"
    )]
    Length {
        /// The shape in the header.
        shape: Vec<usize>,
        /// The type of an element in the header, such as `<f4`.
        element_type: String,
        /// Bytes after the header.
        got: usize,
        /// Bytes that shape and type take; all that can be counted if that is too many.
        expected: usize,
    },
    /// The numbers could not be decoded.
    #[error("cannot decode the numbers")]
    Decode {
        /// The decoder's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The type of the elements is not one that is allowed here.
    #[error("dtype is {got}, expected {expected}")]
    ElementType {
        /// The type found, such as `<i4`.
        got: String,
        /// The types allowed, in words.
        expected: &'static str,
    },
    /// A whole number is too large to be kept exactly in f32.
    #[error("element {index} is {got}, expected whole numbers of at most 16777216")]
    TooLarge {
        /// Index in memory order of the file.
        index: usize,
        /// The number.
        got: f64,
    },
    /// The array has another number of axes.
    #[error("has shape {got:?}, expected {expected} axes")]
    Axes {
        /// The shape found.
        got: Vec<usize>,
        /// The number of axes, in words.
        expected: &'static str,
    },
    /// The bytes are not a zip archive.
    #[error("not an npz archive")]
    Archive {
        /// The zip reader's answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The archive lacks the array.
    #[error("array {name} is not in the archive, which holds {found:?}")]
    Missing {
        /// The array's name.
        name: String,
        /// The names there are.
        found: Vec<String>,
    },
    /// A member of the archive unpacks to more than deflate can have packed, or more than we take.
    #[error("array {name} unpacks to more than {limit} bytes")]
    TooBig {
        /// The array's name.
        name: String,
        /// The limit.
        limit: u64,
    },
}
