//! Bytes of an npz file: whatever is in it, reading the responses gives an array or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use statenet_data::formats::npz;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, array)) = npz::parse(bytes, "counts") {
        assert!(array.len() <= bytes.len().saturating_mul(1100), "more numbers than deflate can hold");
    }
});
