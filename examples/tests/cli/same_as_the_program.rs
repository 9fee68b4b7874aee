//! The examples and the subcommands of `statenet` are the same programs: one help, one output.

use std::{collections::BTreeMap, fs, path::Path};

use clap::Parser;
use serde_json::Value;
use statenet_cli::CommandLine;

use crate::example::stdout_of;

#[test]
fn the_help_of_an_example_is_that_of_the_subcommand_but_for_the_name() {
    for name in ["fit", "predict", "score", "interpret", "benchmark", "convert"] {
        let example = stdout_of(name, &["--help"]);
        // clap hands over the text of `--help` as an error.
        let subcommand = CommandLine::try_parse_from(["statenet", name, "--help"]).unwrap_err().to_string();
        assert!(subcommand.contains(&format!("\nUsage: statenet {name} [OPTIONS]")), "{subcommand}");
        assert_eq!(
            example,
            subcommand.replace(&format!("Usage: statenet {name} "), &format!("Usage: {name} "))
        );
    }
}

#[test]
fn fit_leaves_the_same_files_as_statenet_fit() {
    let folder = tempfile::tempdir().unwrap();
    let (example, subcommand) = (folder.path().join("example"), folder.path().join("subcommand"));
    let options = |out: &Path| {
        let words =
            ["--neurons", "0,4", "--epochs", "2", "--model", "ridge,statenet-gru", "--quiet", "--out"];
        words.into_iter().chain([out.to_str().unwrap()]).map(str::to_owned).collect::<Vec<_>>()
    };
    stdout_of("fit", &options(&example).iter().map(String::as_str).collect::<Vec<_>>());
    let words = ["statenet", "fit"].into_iter().map(str::to_owned).chain(options(&subcommand));
    CommandLine::try_parse_from(words).unwrap().run().unwrap();

    let (mut example, mut subcommand) = (files(&example), files(&subcommand));
    let [one, two] = [&mut example, &mut subcommand].map(without_seconds);
    assert_eq!(one, two);
    assert_eq!(example.keys().collect::<Vec<_>>(), subcommand.keys().collect::<Vec<_>>());
    for (path, bytes) in &example {
        assert!(bytes == &subcommand[path], "{path}");
    }
}

/// Every file below a folder, by relative path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// Takes out the two files that contain the seconds of the fits, and returns the summary without them.
fn without_seconds(files: &mut BTreeMap<String, Vec<u8>>) -> Value {
    files.remove("report.html").unwrap();
    let mut summary: Value = serde_json::from_slice(&files.remove("summary.json").unwrap()).unwrap();
    for model in summary["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().shift_remove("seconds_fit").unwrap();
    }
    summary
}
