//! Which kind of MATLAB file it is.

use super::number::ByteOrder;
use crate::formats::FormatError;

/// Where the elements begin.
const START: usize = 128;
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Whether the bytes are HDF5, as files of version 7.3 are: its mark stands at the start, or at byte 512, 1024, 2048 and so on.
fn is_hdf5(bytes: &[u8]) -> bool {
    let at = |place: usize| bytes.get(place..).is_some_and(|rest| rest.starts_with(HDF5));
    at(0) || std::iter::successors(Some(512usize), |place| place.checked_mul(2)).take(20).any(at)
}

/// The order of bytes and the place of the first element of a file of version 5.
pub(super) fn check(bytes: &[u8]) -> Result<(ByteOrder, usize), FormatError> {
    if is_hdf5(bytes) || bytes.starts_with(b"MATLAB 7.3 MAT-file") {
        return Err(FormatError::MatlabHdf5);
    }
    let order = match bytes.get(126..START) {
        Some(b"IM") => Some(ByteOrder::Little),
        Some(b"MI") => Some(ByteOrder::Big),
        _ => None,
    };
    // The text at the start is one of files of version 5; what stands for a type of numbers in version 4 has zeros there.
    let text = bytes.first_chunk::<4>().is_some_and(|four| !four.contains(&0));
    match order {
        Some(order) if text => Ok((order, START)),
        _ if is_version_4(bytes) => Err(FormatError::MatlabVersion4),
        _ => Err(FormatError::NotMatlab { got: bytes.iter().copied().take(8).collect() }),
    }
}

/// Whether the bytes begin as a file of version 4: numbers for the type (below 5000), rows, columns, complex or not, length of the name,
/// in one of two orders.
fn is_version_4(bytes: &[u8]) -> bool {
    let number = |at: usize, order| -> Option<u32> {
        let four = *bytes.get(at..)?.first_chunk::<4>()?;
        Some(super::number::Number::from_bytes(four, order))
    };
    [ByteOrder::Little, ByteOrder::Big].into_iter().any(|order| {
        let header: Option<Vec<u32>> = (0..5).map(|i| number(4 * i, order)).collect();
        let Some(&[kind, rows, columns, complex, name]) = header.as_deref() else { return false };
        let digits = [kind / 1000, kind / 100 % 10, kind / 10 % 10, kind % 10];
        let known = matches!(digits, [0..=4, 0, 0..=5, 0..=2]);
        known && complex <= 1 && (1..=64).contains(&name) && rows < 1 << 30 && columns < 1 << 30
    })
}
