//! Compressed variables: zlib, never unpacked further than deflate can have packed.

use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use statenet_core::Need;

use super::{
    number::{ByteOrder, Number},
    tags::Element,
};
use crate::formats::FormatError;

/// Deflate compresses by at most 1032 to 1.
const MAX_RATIO: usize = 1032;
/// Allowance in bytes for small elements, which exceed that ratio.
const SLACK_BYTES: usize = 1024;

/// The first bytes, at most so many.
pub(super) fn head(element: &Element<'_>, most: usize) -> Result<Vec<u8>, FormatError> {
    match decompress_to_vec_zlib_with_limit(element.data, most) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.status == TINFLStatus::HasMoreOutput => Ok(error.output),
        Err(error) => Err(damaged(element, error.status)),
    }
}

/// Kind and length of the element at the start of what was unpacked, which is in the long form.
pub(super) fn tag(unpacked: &[u8], order: ByteOrder) -> Option<(u32, usize)> {
    let kind = u32::from_bytes(*unpacked.first_chunk::<4>()?, order);
    let length = u32::from_bytes(*unpacked.get(4..)?.first_chunk::<4>()?, order);
    Some((kind, length as usize))
}

/// All of it: as many bytes as its own tag says.
pub(super) fn whole(element: &Element<'_>, order: ByteOrder) -> Result<Vec<u8>, FormatError> {
    let first = head(element, 8)?;
    let Some((_, length)) = tag(&first, order) else {
        return Err(element.fault(format!("{} bytes when unpacked", first.len()), "a variable"));
    };
    let most = element.data.len().saturating_mul(MAX_RATIO).saturating_add(SLACK_BYTES);
    // Its tag, and padding at its end.
    let unpacked = length.saturating_add(16);
    if unpacked > most {
        return Err(element.fault(
            format!("{} bytes that claim to unpack to {length}", element.data.len()),
            "at most 1032 times as many, as deflate can pack",
        ));
    }
    // The buffer doubles as it grows.
    Need::of_values(&[unpacked], 2).ensure(
        format!("a compressed variable of {length} bytes"),
        "use a machine with more memory, or save fewer numbers in one variable",
    )?;
    decompress_to_vec_zlib_with_limit(element.data, unpacked).map_err(|error| match error.status {
        TINFLStatus::HasMoreOutput => {
            element.fault(format!("more than the {length} bytes that it claims to unpack to"), "as many")
        }
        status => damaged(element, status),
    })
}

fn damaged(element: &Element<'_>, status: TINFLStatus) -> FormatError {
    let got = match status {
        TINFLStatus::FailedCannotMakeProgress | TINFLStatus::NeedsMoreInput => "truncated",
        TINFLStatus::Adler32Mismatch => "damaged: its checksum is wrong",
        _ => "damaged",
    };
    element.fault(got, "compressed bytes (zlib)")
}
