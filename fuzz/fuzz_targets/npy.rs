//! Parses bytes as an npy file, writes it, parses it again and compares; a bad header must cause neither a panic nor a large
//! allocation.

#![no_main]

use libfuzzer_sys::fuzz_target;
use statenet_data::formats::npy;

fuzz_target!(|bytes: &[u8]| {
    let Ok((_, array)) = npy::parse(bytes) else { return };
    let written = npy::encode(array.view()).expect("an array that was read can be written");
    let (_, again) = npy::parse(&written).expect("what we write we can read");
    assert_eq!(array.shape(), again.shape());
    assert!(array.iter().zip(&again).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
});
