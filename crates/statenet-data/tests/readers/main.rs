//! Readers of releases and of labs' own files: on folders that the tests write, and on published files where these are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where its helpers fail")]

mod aa1;
mod alignment;
#[path = "../files/mod.rs"]
mod files;
mod nat4;
mod nems;
mod nwb;
#[path = "../../../statenet-core/tests/outside/mod.rs"]
mod outside;
mod parquet;
mod phy;
mod pprox;
mod pynapple;
mod speed;
mod table;

use std::path::Path;

use statenet_core::SampleRate;
use statenet_data::write_wav;

use files::write;

/// Writes a quiet sound of some ms at 8 kHz.
fn write_sound(path: impl AsRef<Path>, ms: usize) {
    std::fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    write_wav(path, &vec![0.1; 8 * ms], SampleRate::new(8000.0).unwrap()).unwrap();
}

/// An error with its causes, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
