//! MATLAB files, and the releases that are kept in them: on files that the tests write, and on published ones where these are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where its helpers fail")]

mod ac1;
#[path = "../files/mod.rs"]
mod files;
mod mat;
mod mat73;
mod ns1;
#[path = "../../../statenet-core/tests/outside/mod.rs"]
mod outside;
mod scipy;

use std::path::Path;

use statenet_data::formats::mat5::{self, MatArray};

use files::write;

/// Writes a MATLAB file of one variable.
fn write_mat(path: impl AsRef<Path>, name: &str, array: MatArray) {
    write(path, mat5::encode(&[(name.to_owned(), array)]));
}

/// An error with its causes, in one line, without the path of a folder.
fn whole(error: &dyn std::error::Error, folder: &Path) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    let text = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    text.replace(&folder.display().to_string(), "FOLDER")
}
