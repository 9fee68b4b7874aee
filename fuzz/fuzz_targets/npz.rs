//! Parses bytes as an npz file; reading the responses must give an array or an error, whatever the content.

#![no_main]

use libfuzzer_sys::fuzz_target;
use statenet_data::formats::npz;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((_, array)) = npz::parse(bytes, "counts") {
        assert!(array.len() <= bytes.len().saturating_mul(1100), "more numbers than deflate can hold");
    }
});
