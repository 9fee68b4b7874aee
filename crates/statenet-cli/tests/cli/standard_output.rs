//! What programs print, where nobody reads it or nothing can be written.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::harness::{Ended, Small, program, small, text, tree};

/// Each program with options that make it print and write a file, and that file.
fn programs(folder: &Path) -> Vec<(&'static str, Vec<String>, PathBuf)> {
    let Small { data, out } = small();
    let (checkpoint, predictions) = (out.join("checkpoints/linear"), out.join("predictions/linear"));
    let to = |name: &str| folder.join(name);
    let case = |name: &'static str, words: &[&str], file: &str| {
        let out = to(if name == "score" { "score.json" } else { name });
        let words = [words, &["--out", text(&out)]].concat();
        (name, words.iter().map(ToString::to_string).collect(), folder.join(file))
    };
    let (checkpoint, data) = (text(&checkpoint), text(data));
    vec![
        case("fit", &["--data", data, "--model", "ridge,linear", "--epochs", "2"], "fit/summary.json"),
        case("predict", &["--checkpoint", checkpoint, "--data", data], "predict/sim05.npy"),
        case("score", &["--data", data, "--predictions", text(&predictions)], "score.json"),
        case("convert", &["--checkpoint", checkpoint, "--to", "published"], "convert/config.json"),
        case(
            "interpret",
            &["--checkpoint", checkpoint, "--data", data, "--methods", "gradmap", "--neurons", "0"],
            "interpret/report.html",
        ),
    ]
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_printing_and_not_the_work() {
    let folder = tempfile::tempdir().unwrap();
    for (name, args, file) in programs(folder.path()) {
        let mut child =
            program(name).args(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{name}");
        assert!(!line.is_empty() && file.is_file(), "{name}");
    }
}

/// Everything is written but what is printed.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_standard_output_is_an_error_after_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for (name, args, file) in programs(folder.path()) {
        let ended = Ended::of(program(name).args(&args).stdout(full()).output().unwrap());
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
        for part in
            ["Error: standard output: cannot write", "files of this run are complete", "No space left"]
        {
            assert!(ended.stderr.contains(part), "{name}: {}", ended.stderr);
        }
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert!(file.is_file(), "{name}");
        // Nothing is printed with --quiet.
        let quiet = Ended::of(program(name).args(&args).arg("--quiet").stdout(full()).output().unwrap());
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""), "{name}");
        // And nothing can be said where the standard error is full too.
        let mute = program(name).args(&args).stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(mute.code(), Some(1), "{name}");
        let help = Ended::of(program(name).arg("--help").stdout(full()).output().unwrap());
        assert_eq!(help.code, Some(1), "{name}: {}", help.stderr);
    }
}

#[test]
fn help_and_errors_into_a_closed_pipe_are_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    for (name, args, _) in programs(folder.path()) {
        for (more, code) in [(&["--help"][..], 0), (&["--no-such-option"], 2), (&["--threads", "0"], 1)] {
            let fixed: &[String] = if more == ["--threads", "0"] { &args } else { &[] };
            let mut child = program(name)
                .args(fixed)
                .args(more)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            drop((child.stdout.take(), child.stderr.take()));
            assert_eq!(child.wait().unwrap().code(), Some(code), "{name} {more:?}");
        }
    }
    assert!(tree(folder.path()).is_empty());
}

#[test]
fn warnings_are_printed_also_with_quiet() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let args = ["--data", text(data), "--model", "ridge", "--out", text(folder.path()), "--quiet"];
    // A log level of the user's own counts.
    let ended = Ended::of(program("fit").env("RUST_LOG", "debug").args(args).output().unwrap());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert!(!ended.stderr.contains('\u{1b}'), "no colours where there is no terminal: {}", ended.stderr);
}
