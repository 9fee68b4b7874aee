//! Runs an example.

use std::{path::Path, process::Command};

/// What an example that succeeds prints to the standard output. `cargo test` builds the examples with the tests.
pub(crate) fn stdout_of(name: &str, args: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.parent().and_then(Path::parent).unwrap().join("examples");
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "{} is not there: run `cargo test -p statenet-examples`, which builds it",
        path.display()
    );
    let output = Command::new(path).args(args).env_remove("RUST_LOG").output().unwrap();
    assert!(output.status.success(), "{name} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
