//! NumPy's npz format: npy files in a zip archive, uncompressed or deflated.

use std::io::{Cursor, Read, Seek, Write};

use ndarray::ArrayD;
use statenet_core::Need;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::{
    FormatError,
    npy::{self, ElementType},
};

/// Deflate compresses by at most 1032 to 1.
const MAX_RATIO: u64 = 1032;
/// Allowance in bytes for small files, which exceed that ratio.
const SLACK_BYTES: u64 = 1024;

/// Parses the array with a name from the bytes of an npz file, as [`npy::parse`] does.
///
/// # Errors
/// [`FormatError`] if the bytes are not an archive, the array is not in it, or the array cannot be parsed.
pub fn parse(bytes: &[u8], name: &str) -> Result<(ElementType, ArrayD<f32>), FormatError> {
    npy::parse(&unpack(bytes, name)?)
}

/// The same in f64, as [`npy::parse_f64`] does.
///
/// # Errors
/// As [`parse`].
pub fn parse_f64(bytes: &[u8], name: &str) -> Result<(ElementType, ArrayD<f64>), FormatError> {
    npy::parse_f64(&unpack(bytes, name)?)
}

/// The shape of the array with a name in an npz file, from its header; `None` if that cannot be read.
pub(crate) fn shape(file: impl Read + Seek, name: &str) -> Option<Vec<usize>> {
    let mut archive = ZipArchive::new(file).ok()?;
    npy::shape(archive.by_name(&format!("{name}.npy")).ok()?)
}

/// The names of the arrays in an npz file, sorted.
///
/// # Errors
/// [`FormatError::Archive`] if the bytes are not an archive.
pub fn names(bytes: &[u8]) -> Result<Vec<String>, FormatError> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(archive_error)?;
    let mut names: Vec<String> =
        archive.file_names().filter_map(|file| file.strip_suffix(".npy")).map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// The bytes of an array in the archive.
fn unpack(bytes: &[u8], name: &str) -> Result<Vec<u8>, FormatError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(archive_error)?;
    let file = format!("{name}.npy");
    let Some(index) = archive.index_for_name(&file) else {
        let found = archive.file_names().take(20).map(str::to_owned).collect();
        return Err(FormatError::Missing { name: name.to_owned(), found });
    };
    let member = archive.by_index(index).map_err(archive_error)?;
    let limit = member.compressed_size().min(bytes.len() as u64).saturating_mul(MAX_RATIO) + SLACK_BYTES;
    // A vector that grows holds up to twice what it is filled with.
    let unpacked_bytes = usize::try_from(member.size().min(limit)).unwrap_or(usize::MAX);
    Need::of_values(&[unpacked_bytes], 2).ensure(
        format!("unpacking the array {name}"),
        "use a machine with more memory, or store fewer neurons or shorter stimuli",
    )?;
    let mut unpacked = Vec::new();
    member.take(limit + 1).read_to_end(&mut unpacked).map_err(|e| archive_error(e.into()))?;
    if unpacked.len() as u64 > limit {
        return Err(FormatError::TooBig { name: name.to_owned(), limit });
    }
    Ok(unpacked)
}

/// Encodes an npz file, deflated, from names and the bytes of npy files. Files in the archive are dated 1980, so that equal
/// arrays give equal bytes.
///
/// # Errors
/// [`FormatError::Archive`] if the encoder fails.
pub fn encode(arrays: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, FormatError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, npy) in arrays {
        archive.start_file(format!("{name}.npy"), options).map_err(archive_error)?;
        archive.write_all(npy).map_err(|e| archive_error(e.into()))?;
    }
    Ok(archive.finish().map_err(archive_error)?.into_inner())
}

fn archive_error(source: zip::result::ZipError) -> FormatError {
    FormatError::Archive { source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    fn counts() -> Vec<u8> {
        encode(&[("counts", npy::encode(array![[[0u8, 1, 2]]].view()).unwrap())]).unwrap()
    }

    #[test]
    fn what_is_written_is_read_and_equal_bytes_come_twice() {
        let (element, values) = parse(&counts(), "counts").unwrap();
        assert_eq!((element, values), (ElementType::U8, array![[[0.0, 1.0, 2.0]]].into_dyn()));
        assert_eq!(counts(), counts());
    }

    #[test]
    fn every_message_once() {
        let missing = parse(&counts(), "spikes").unwrap_err().to_string();
        assert_eq!(missing, "array spikes is not in the archive, which holds [\"counts.npy\"]");
        assert_eq!(parse(b"no zip", "counts").unwrap_err().to_string(), "not an npz archive");
        let error = parse(&encode(&[("counts", b"\x93NUMPY".to_vec())]).unwrap(), "counts").unwrap_err();
        assert!(error.to_string().starts_with("not an npy file: starts with [93, 4e"), "{error}");
    }

    #[test]
    fn a_highly_packed_array_is_read() {
        let zeros = ndarray::Array1::<u8>::zeros(1_000_000);
        let bytes = encode(&[("counts", npy::encode(zeros.view()).unwrap())]).unwrap();
        assert!(bytes.len() < 2000);
        assert_eq!(parse(&bytes, "counts").unwrap().1.len(), 1_000_000);
    }

    proptest! {
        #[test]
        fn any_change_of_an_archive_is_an_array_or_an_error(
            at in any::<prop::sample::Index>(),
            byte: u8,
            cut in any::<prop::sample::Index>(),
        ) {
            let mut bytes = counts();
            let (at, cut) = (at.index(bytes.len()), cut.index(bytes.len()));
            prop_assert!(parse(&bytes[..cut], "counts").is_err());
            bytes[at] = byte;
            let _ = parse(&bytes, "counts");
        }
    }
}
