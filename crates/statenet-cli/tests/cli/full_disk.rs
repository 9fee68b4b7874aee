//! A disk that becomes full while a program saves.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use statenet::prelude::*;

use crate::harness::{Small, expect_done, expect_refused, small, small_recording, temporary, text, tree};

/// A file system of a few kilobytes, unmounted when dropped.
struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// Mounts it; prints a note and returns `None` if this user may not mount.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs", text(folder.path())])
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            Some(Self(folder))
        } else {
            println!("skipped: mounting a tmpfs needs root");
            None
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn resize(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount").args(["-o", &options, text(self.path())]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_the_older_checkpoint_and_nothing_half_written() {
    let Some(disk) = TinyDisk::mount("64k") else { return };
    let axes = small_recording().axes();
    let model = |seed| zoo::linear(&axes).build(Seed::new(seed), &Device::Cpu).unwrap();
    let place = disk.path().join("model");
    checkpoint::save(&place, &*model(1), &CheckpointMetadata::default()).unwrap();
    let older = tree(disk.path());
    // Fill the remaining space.
    let filler = disk.path().join("filler");
    let mut size = 64 * 1024;
    while fs::write(&filler, vec![0u8; size]).is_err() {
        size -= 4096;
    }
    let error = checkpoint::save(&place, &*model(2), &CheckpointMetadata::default()).unwrap_err();
    assert!(matches!(error, statenet::models::Error::Write(_)), "{error}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(
        error.to_string().contains("config.json: cannot write") && cause.contains("No space left"),
        "{error}: {cause}"
    );
    fs::remove_file(&filler).unwrap();
    assert!(tree(disk.path()) == older, "the older checkpoint must be complete, and nothing else left");
    checkpoint::save(&place, &*model(2), &CheckpointMetadata::default()).unwrap();
    assert!(tree(disk.path()) != older);
}

#[test]
fn a_fit_onto_a_full_disk_says_so_and_goes_through_once_there_is_room() {
    let Some(disk) = TinyDisk::mount("96k") else { return };
    let out = disk.path().join("out");
    let Small { data, .. } = small();
    let args =
        ["--data", text(data), "--epochs", "1", "--model", "ridge,linear", "--quiet", "--out", text(&out)];
    expect_refused("fit", &args, &["cannot", "No space left"]);
    assert_eq!(temporary(&out), Vec::<String>::new());
    let left = tree(&out);
    assert!(!left.contains_key("summary.json") && !left.contains_key("report.html"), "{:?}", left.keys());
    // All files that exist are complete.
    for path in left.keys() {
        if let Some(folder) = path.strip_suffix("/config.json") {
            checkpoint::load(out.join(folder), &Device::Cpu).unwrap();
        }
    }
    disk.resize("8m");
    expect_done("fit", &args);
    assert!(out.join("summary.json").is_file() && out.join("report.html").is_file());
}
