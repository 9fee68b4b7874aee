//! Fuzz targets of everything that StateNet reads: a function of bytes for each, its seeds, and mutations that know the
//! format.
//!
//! A target reads its input as a user's program would, and fails if the reader panics, asks for memory by a size that a header
//! only claims, or if what was read is not the same after it is written and read again. [`TARGETS`] lists them; the programs in
//! `fuzz_targets` run them under libFuzzer, and `tests/replay.rs` with the seeds and with what was once found
//! (`regressions/TARGET`).

#![allow(clippy::expect_used, clippy::panic, reason = "a target fails by a panic, as a test does")]

mod allocation;
mod folder;
mod mutate;
mod random;
mod target;
pub mod targets;

pub use folder::Folder;
pub use mutate::{Kind, Raw, flip};
pub use random::Random;
pub use target::{Target, by_name};
pub use targets::TARGETS;

#[cfg(feature = "libfuzzer")]
pub use libfuzzer_sys;

/// The entry points of libFuzzer for a target.
#[cfg(feature = "libfuzzer")]
#[macro_export]
macro_rules! driver {
    ($target:ident) => {
        $crate::driver!($target, ());
    };
    // A reader that turns panics of a crate into errors: only those that leave it end the program, not, as libFuzzer's hook would have
    // it, those that are caught.
    ($target:ident, catches_panics) => {
        $crate::driver!($target, std::panic::set_hook(Box::new(|panic| eprintln!("{panic}"))));
    };
    ($target:ident, $init:expr) => {
        use $crate::{libfuzzer_sys, targets::$target::TARGET};

        libfuzzer_sys::fuzz_target!(init: $init, |bytes: &[u8]| {
            TARGET.run(bytes);
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            TARGET.mutate_in_place(data, size, max_size, seed, libfuzzer_sys::fuzzer_mutate)
        });
    };
}
