//! Errors in the bytes of an array or sound file.

/// What can be wrong with the bytes of an array or sound file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not start like an npy file.
    #[error(
        "not an npy file: starts with {got:02x?}, expected the bytes 93 4e 55 4d 50 59 and a version from 1.0 to 3.0"
    )]
    NotNpy {
        /// The first bytes, at most eight.
        got: Vec<u8>,
    },
    /// The header does not have the form that NumPy writes for an array of numbers.
    #[error("npy header: {field} is {got:?}, expected {expected}")]
    Header {
        /// The field, or `header`.
        field: &'static str,
        /// The text found, shortened.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// The file is longer or shorter than its header says.
    #[error("truncated or too long: shape {shape:?} of {element_type} needs {expected} bytes, found {got}")]
    Length {
        /// The shape in the header.
        shape: Vec<usize>,
        /// The type of an element in the header, such as `<f4`.
        element_type: String,
        /// Bytes found after the header.
        got: usize,
        /// Bytes needed for this shape and type; `usize::MAX` if that is more than can be counted.
        expected: usize,
    },
    /// The bytes are not a sound that can be read.
    #[error("is {got}, expected {expected}")]
    Sound {
        /// What was found.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// A sample of a sound is infinite or NaN.
    #[error("sample {index} is {got}, expected a finite number")]
    NotFinite {
        /// Index of the sample.
        index: usize,
        /// The sample.
        got: f64,
    },
    /// The numbers could not be decoded.
    #[error("cannot decode the numbers")]
    Decode {
        /// The decoder's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The elements have a type that is not allowed here.
    #[error("dtype is {got}, expected {expected}")]
    ElementType {
        /// The type found, such as `<i4`.
        got: String,
        /// The types allowed, in words.
        expected: &'static str,
    },
    /// A whole number is too large to be exact in f32, or f64.
    #[error("element {index} is {got}, expected whole numbers of at most {most}")]
    TooLarge {
        /// Index of the element in the order of the file.
        index: usize,
        /// The number.
        got: f64,
        /// The largest that is exact.
        most: f64,
    },
    /// The array has the wrong number of axes.
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
        /// The zip reader's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The archive does not contain the array.
    #[error("array {name} is not in the archive, which holds {found:?}")]
    Missing {
        /// The array's name.
        name: String,
        /// The names of the arrays in the archive.
        found: Vec<String>,
    },
    /// The bytes are not a tar archive that can be unpacked.
    #[error("cannot unpack: {reason}")]
    Tar {
        /// Why not.
        reason: String,
    },
    /// A member of an archive has a name or a kind that is not read.
    #[error("member {name:?} is {got}, expected {expected}")]
    Member {
        /// Its name, shortened.
        name: String,
        /// What was found.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// An archive unpacks to more than may be.
    #[error("unpacks to more than {limit} bytes")]
    Unpacked {
        /// The limit.
        limit: u64,
    },
    /// A line of a table is not what it must be.
    #[error("line {line}: found {got}, expected {expected}")]
    Csv {
        /// The line, counted from 1.
        line: u64,
        /// What was found.
        got: String,
        /// What it must be, in words.
        expected: String,
    },
    /// A part of an HDF5 file is not there or damaged.
    #[error("{inside}: cannot be read from the HDF5 file")]
    Hdf5 {
        /// The path inside of the file.
        inside: String,
        /// The reader's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A part of an HDF5 file holds something else than what is needed.
    #[error("{inside} holds {got}, expected {expected}")]
    Hdf5Object {
        /// The path inside of the file.
        inside: String,
        /// What was found.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// A part of a Parquet file is not there, damaged, or in a form that is not read.
    #[error("{place}: cannot be read from the Parquet file")]
    Parquet {
        /// The column, or another part of the file.
        place: String,
        /// What is wrong: the reader's error, or in words.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A format whose parser was not built.
    #[error("{what} needs the feature formats: cargo install statenet-cli, or --features formats")]
    NotBuilt {
        /// The format.
        what: &'static str,
    },
    /// The bytes are not a MATLAB file.
    #[error(
        "not a MATLAB file: starts with {got:02x?}, expected a header of 128 bytes that ends with IM or MI"
    )]
    NotMatlab {
        /// The first bytes, at most eight.
        got: Vec<u8>,
    },
    /// A MATLAB file of version 7.3, which is an HDF5 file.
    #[error("a MATLAB file of version 7.3, which is HDF5, expected version 5: save it with -v7")]
    MatlabHdf5,
    /// A MATLAB file of version 4.
    #[error("a MATLAB file of version 4, expected version 5: save it with -v7")]
    MatlabVersion4,
    /// A MATLAB file is damaged or truncated.
    #[error("{place}: found {got}, expected {expected}")]
    Matlab {
        /// The variable, if its name is known, and the byte: of the file, or of the unpacked variable.
        place: String,
        /// What was found.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// A MATLAB file does not contain a variable.
    #[error("variable {name} is not in the file, which holds {}", listed(found))]
    MatlabVariable {
        /// The variable's name.
        name: String,
        /// What the file holds: names, shapes and classes.
        found: Vec<String>,
    },
    /// An array of MATLAB has another class than is needed.
    #[error("is {got}, expected {expected}")]
    MatlabClass {
        /// Its shape and class.
        got: String,
        /// What it must be, in words.
        expected: &'static str,
    },
    /// The array needs more memory than there is.
    #[error(transparent)]
    Memory(#[from] statenet_core::TooLarge),
    /// An array in the archive unpacks to more bytes than deflate could have compressed into the file.
    #[error("array {name} unpacks to more than {limit} bytes")]
    TooBig {
        /// The array's name.
        name: String,
        /// The limit.
        limit: u64,
    },
}

fn listed(found: &[String]) -> String {
    if found.is_empty() { "no variables".to_owned() } else { found.join(", ") }
}
