//! Recordings and numbers that are not part of the repository, for the tests of every crate.
//!
//! A test that needs them is ignored (`#[ignore = "needs STATENET_NS1"]`), lies in a module named for what it needs
//! (`needs_ns1`), and fails where they are absent. `.ci/data-tests` runs those whose data are here.

use std::path::PathBuf;

/// The folder that an environment variable names, or its copy in `../shared` beside the repository.
///
/// # Panics
/// If the folder is absent.
pub(crate) fn folder(variable: &str, below_shared: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(below_shared),
        PathBuf::from,
    );
    assert!(path.is_dir(), "set {variable} to the folder that this test needs: {} is absent", path.display());
    path
}
