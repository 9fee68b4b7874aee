//! A disk that becomes full while a program saves.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use statenet::prelude::*;

use crate::harness::{
    Small, expect_done, expect_refused, run, small, small_recording, temporary, text, tree,
};

/// A file system of a few kilobytes, unmounted when dropped.
pub(crate) struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// Mounts it; prints a note and returns `None` if this user may not mount.
    pub(crate) fn mount(size: &str) -> Option<Self> {
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

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes it writable or not.
    pub(crate) fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let done = Command::new("mount").args(["-o", &options, text(self.path())]).status().unwrap();
        assert!(done.success());
    }

    /// Leaves so many bytes, in steps of a page.
    pub(crate) fn leave(&self, bytes: usize) {
        let filler = self.path().join("filler");
        let mut size = 4 << 20;
        while fs::write(&filler, vec![0u8; size]).is_err() {
            size -= 4096;
        }
        fs::write(&filler, vec![0u8; size.saturating_sub(bytes)]).unwrap();
    }

    pub(crate) fn resize(&self, size: &str) {
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

/// Whatever the write at which there is no more room: an error that names the path, earlier results as they were, nothing half-written.
#[test]
fn a_disk_that_fills_at_any_write_leaves_earlier_results_whole() {
    let Some(disk) = TinyDisk::mount("2m") else { return };
    let out = disk.path().join("out");
    let Small { data, out: fitted } = small();
    let checkpoint = fitted.join("checkpoints/linear");
    let fit =
        ["--data", text(data), "--epochs", "1", "--model", "ridge,linear", "--quiet", "--out", text(&out)];
    let seen = disk.path().join("seen");
    let interpret = ["--checkpoint", text(&checkpoint), "--data", text(data), "--methods", "gradmap"];
    let interpret = [&interpret[..], &["--quiet", "--neurons", "0-2", "--out", text(&seen)]].concat();
    let published = disk.path().join("published");
    let convert = ["--checkpoint", text(&checkpoint), "--to", "published", "--out", text(&published)];
    for (name, args, out) in
        [("fit", &fit[..], &out), ("interpret", &interpret, &seen), ("convert", &convert, &published)]
    {
        expect_done(name, args);
        let earlier = tree(out);
        let needed: usize = earlier.values().map(|bytes| bytes.len().next_multiple_of(4096)).sum();
        let (mut refused, mut done) = (0, 0);
        for step in 0..12 {
            disk.leave(step * needed / 8);
            let ended = run(name, args);
            let names: Vec<String> = tree(out).into_keys().collect();
            if ended.success {
                done += 1;
            } else {
                refused += 1;
                assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
                for part in ["Error: ", text(out), "cannot", "No space left"] {
                    assert!(ended.stderr.contains(part), "{name}: {}", ended.stderr);
                }
                let mut left = tree(out);
                left.retain(|path, _| !path.starts_with("unfinished/"));
                assert!(left.keys().eq(earlier.keys()), "{name}, {step}: {names:?}");
                assert!(name == "fit" || left == earlier, "{name}, {step}");
            }
            assert_eq!(temporary(out), Vec::<String>::new(), "{name}");
        }
        assert!(refused > 0 && done > 0, "{name}: {refused} refused, {done} done");
        println!("{name}: refused {refused} times, done {done} times");
        fs::remove_file(disk.path().join("filler")).unwrap();
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_work() {
    let Some(disk) = TinyDisk::mount("2m") else { return };
    let Small { data, out: fitted } = small();
    let (checkpoint, predictions) = (fitted.join("checkpoints/linear"), fitted.join("predictions/linear"));
    let out = disk.path().join("out");
    fs::create_dir(&out).unwrap();
    let scores = out.join("scores.json");
    disk.remount("ro");
    let (data, checkpoint) = (text(data), text(&checkpoint));
    let cases: [(&str, &[&str], &Path); 5] = [
        ("fit", &["--data", data, "--epochs", "100000000"], &out),
        ("predict", &["--data", data, "--checkpoint", checkpoint], &out),
        ("interpret", &["--data", data, "--checkpoint", checkpoint], &out),
        ("convert", &["--checkpoint", checkpoint, "--to", "published"], &out),
        ("score", &["--data", data, "--predictions", text(&predictions)], &scores),
    ];
    for (name, args, to) in cases {
        let args = [args, &["--out", text(to)]].concat();
        expect_refused(name, &args, &[text(&out), "cannot", "Read-only file system"]);
    }
    disk.remount("rw");
}
