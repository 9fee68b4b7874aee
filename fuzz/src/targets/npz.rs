//! npz files: the responses parsed, written, parsed again, equal.

use statenet_data::formats::{npy, npz};

use super::{npy::same, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target =
    Target { name: "npz", kind: Kind::Npz, most_bytes: 1 << 12, largest_block, seeds, sealed: None, check };

/// Deflate packs 1032 to 1, and a byte may become a number of eight. The archive's reader makes room for as many files as 16 bits
/// claim.
fn largest_block(bytes: usize) -> usize {
    (1 << 24) + 2 * 8 * 1032 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let array = match npz::parse(bytes, "counts") {
        Ok((_, array)) => array,
        Err(error) => return told(&error),
    };
    assert!(array.len() <= 1024 + bytes.len().saturating_mul(1032), "more numbers than deflate can hold");
    let packed = npy::encode(array.view()).expect("an array that was read can be written");
    let written = npz::encode(&[("counts", packed)]).expect("an array can be packed");
    let (_, again) = npz::parse(&written, "counts").expect("what we write we can read");
    same(&array, &again);
    true
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let arrays = (super::npy::TARGET.seeds)();
    let packed = arrays.into_iter().map(|(name, array)| {
        let other = array.clone();
        (name, npz::encode(&[("counts", array), ("other", other)]).expect("a small archive"))
    });
    packed.collect()
}
