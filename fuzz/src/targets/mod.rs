//! The targets, one in each file.

pub mod checkpoint;
pub mod fit_state;
pub mod flac;
pub mod hdf5;
pub mod mat5;
pub mod model_config;
pub mod nems;
pub mod npy;
pub mod npz;
pub mod parquet;
pub mod phy;
pub mod pprox;
pub mod predictions;
pub mod published;
pub mod pynapple;
pub mod recipe;
pub mod recording;
pub mod sounds;
pub mod split;
pub mod stream_state;
pub mod table;
pub mod tgz;
pub mod wav;

mod examples;

use crate::Target;

/// All targets.
pub const TARGETS: &[&Target] = &[
    &npy::TARGET,
    &npz::TARGET,
    &wav::TARGET,
    &mat5::TARGET,
    &recording::TARGET,
    &sounds::TARGET,
    &split::TARGET,
    &model_config::TARGET,
    &checkpoint::TARGET,
    &published::TARGET,
    &stream_state::TARGET,
    &fit_state::TARGET,
    &recipe::TARGET,
    &predictions::TARGET,
    &tgz::TARGET,
    &hdf5::TARGET,
    &nems::TARGET,
    &pprox::TARGET,
    &table::TARGET,
    &flac::TARGET,
    &phy::TARGET,
    &pynapple::TARGET,
    &parquet::TARGET,
];

/// An error as a user sees it, with its causes: none may be empty, or longer than a page. Returns that the input was not taken.
fn told(error: &dyn std::error::Error) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        // Where RUST_BACKTRACE asks for one, Candle's errors have a backtrace below their first line.
        let text = text.trim_start().lines().next().unwrap_or_default();
        assert!(!text.is_empty() && text.len() < 4000, "an error of {} bytes: {text:.200}", text.len());
        cause = error.source();
    }
    false
}

/// What a block of a reader may be at most: room for a library's own buffers, and some numbers for each byte.
const fn some_numbers_a_byte(bytes: usize) -> usize {
    (1 << 24) + 64 * bytes
}
