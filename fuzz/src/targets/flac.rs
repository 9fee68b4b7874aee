//! FLAC files: decoded, and as long as the header alone says.

use statenet_data::formats::{flac, wav};

use super::told;
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "flac",
    kind: Kind::Bytes,
    most_bytes: 1 << 14,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// A thousand samples for each byte at most, in a vector that grows by doubling, and the blocks of the decoder.
fn largest_block(bytes: usize) -> usize {
    (1 << 24) + 8 * 1000 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let seconds = flac::seconds(bytes);
    let sound = match flac::decode(bytes) {
        Ok(sound) => sound,
        Err(error) => {
            if let Err(error) = seconds {
                told(&error);
            }
            return told(&error);
        }
    };
    let seconds = seconds.expect("the length of what can be decoded");
    assert_eq!(seconds, sound.seconds());
    assert!(!sound.samples.is_empty() && sound.samples.iter().all(|x| x.is_finite()));
    // As floats it is kept as it is.
    let again =
        wav::decode(&wav::encode_floats(&sound.samples, sound.rate)).expect("what we write we can read");
    assert_eq!(again.samples, sound.samples);
    true
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let ramp = include_bytes!("../../../crates/statenet-data/tests/golden/ramp.flac");
    vec![("ramp".to_owned(), ramp.to_vec())]
}
