//! Outputs never replace inputs.

use std::{
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::bail;
use statenet::data::SplitPlan;

/// Most links that are followed from one path, as operating systems have it.
const MOST_LINKS: usize = 40;

/// Refuses an output that is an input, holds one or lies in one, whatever links and `..` lead there. Inputs are given with the names of
/// their options.
///
/// # Errors
/// If so, with both paths.
pub(crate) fn expect_apart(out: &Path, inputs: &[(&str, &Path)]) -> anyhow::Result<()> {
    let place = resolved(out);
    for (option, input) in inputs {
        let read = resolved(input);
        let how = if place == read {
            "is"
        } else if place.starts_with(&read) {
            "lies in"
        } else if read.starts_with(&place) {
            "holds"
        } else {
            continue;
        };
        bail!(
            "--out {} {how} {option} {}: results would be written among the files that are read; choose another --out",
            out.display(),
            input.display()
        );
    }
    Ok(())
}

/// The config files of a list such as `ln,my-model.toml`.
pub(crate) fn config_files(list: &str) -> impl Iterator<Item = &Path> {
    let is_file = |path: &&Path| path.extension().is_some_and(|ending| ending == "json" || ending == "toml");
    list.split(',').map(|entry| Path::new(entry.trim())).filter(is_file)
}

/// The file of a split, if it is one.
pub(crate) fn split_file(plan: &SplitPlan) -> Option<&Path> {
    match plan {
        SplitPlan::File(path) => Some(path),
        _ => None,
    }
}

/// The place of a path, without links or `..`, whether or not there is something.
fn resolved(path: &Path) -> PathBuf {
    let start = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut place = PathBuf::new();
    let mut rest: Vec<OsString> = parts(&start);
    let mut n_links = 0;
    while let Some(part) = rest.pop() {
        if part == ".." {
            place.pop();
            continue;
        }
        place.push(&part);
        if let Ok(target) = fs::read_link(&place)
            && n_links < MOST_LINKS
        {
            n_links += 1;
            place.pop();
            // An absolute target replaces the place when its root is pushed.
            rest.extend(parts(&target));
        } else if let Ok(real) = place.canonicalize() {
            // The spelling of the file system, where names differ in case only.
            place = real;
        }
    }
    place
}

/// The parts of a path, the first last.
fn parts(path: &Path) -> Vec<OsString> {
    let kept = path.components().filter(|part| !matches!(part, Component::CurDir));
    let mut parts: Vec<OsString> = kept.map(|part| part.as_os_str().to_owned()).collect();
    parts.reverse();
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_that_is_holds_or_lies_in_an_input_is_refused_with_both_names() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("rec/stimuli")).unwrap();
        fs::write(at("rec/stimuli/a.npy"), "").unwrap();
        fs::create_dir(at("other")).unwrap();
        let refused = |out: &str, input: &str, how: &str| {
            let error = expect_apart(&at(out), &[("--data", &at(input))]).unwrap_err().to_string();
            assert!(error.contains(&format!("{out} {how} --data")) && error.contains(input), "{error}");
        };
        refused("rec", "rec", "is");
        refused("rec/", "rec/stimuli/..", "is");
        refused("rec/results/new", "rec", "lies in");
        refused("other/../rec/stimuli", "rec", "lies in");
        refused("none/../rec", "rec", "is");
        refused("rec", "rec/stimuli/a.npy", "holds");
        for apart in ["other", "rec-results", "rec/../results", "recording"] {
            expect_apart(&at(apart), &[("--data", &at("rec"))]).unwrap();
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(at("rec"), at("link")).unwrap();
            symlink("rec/stimuli", at("relative")).unwrap();
            symlink(at("rec/not-yet"), at("dangling")).unwrap();
            symlink("loop", at("loop")).unwrap();
            refused("link", "rec", "is");
            refused("relative/..", "rec", "is");
            refused("dangling/x", "rec", "lies in");
            refused("rec", "link/stimuli/a.npy", "holds");
            expect_apart(&at("loop"), &[("--data", &at("rec"))]).unwrap();
        }
    }
}
