//! The numbers measured in all rounds, by name.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;

use crate::bench::{key, median};

/// The numbers of both programs. Each is the median of a round; rounds are in the order of the files.
#[derive(Default)]
pub(super) struct Numbers {
    ours: BTreeMap<String, Vec<f64>>,
    theirs: BTreeMap<String, Vec<f64>>,
}

/// One number in every round.
#[derive(Clone, Debug)]
pub(super) struct Sample(Vec<f64>);

impl Numbers {
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut numbers = Self::default();
        let mut files: Vec<_> =
            std::fs::read_dir(folder)?.map(|e| Ok(e?.path())).collect::<anyhow::Result<_>>()?;
        files.sort();
        for file in files {
            let name = file.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            let side = match name.split_once('-') {
                Some(("ours", _)) if name.ends_with(".json") => &mut numbers.ours,
                Some(("theirs", _)) if name.ends_with(".json") => &mut numbers.theirs,
                _ => continue,
            };
            let text = std::fs::read_to_string(&file)?;
            let values: BTreeMap<String, f64> =
                serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?;
            for (key, value) in values {
                side.entry(key).or_default().push(value);
            }
        }
        Ok(numbers)
    }

    /// A number measured for this workspace.
    pub(super) fn ours(&self, what: &str, batch: usize, threads: usize) -> Option<Sample> {
        self.ours.get(&key(what, batch, threads)).cloned().map(Sample)
    }

    /// A number measured for PyTorch or the reference.
    pub(super) fn theirs(&self, what: &str, batch: usize, threads: usize) -> Option<Sample> {
        self.theirs.get(&key(what, batch, threads)).cloned().map(Sample)
    }
}

impl Sample {
    /// The median over rounds.
    pub(super) fn median(&self) -> f64 {
        median(&mut self.0.clone())
    }

    /// Combines two samples round by round.
    pub(super) fn with(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(&a, &b)| f(a, b)).collect())
    }

    /// Applies a function to the value of every round.
    pub(super) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self(self.0.iter().map(|&x| f(x)).collect())
    }

    /// Lowest and highest over rounds.
    pub(super) fn range(&self) -> (f64, f64) {
        let start = (f64::INFINITY, f64::NEG_INFINITY);
        self.0.iter().fold(start, |(low, high), &x| (low.min(x), high.max(x)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_compared_one_by_one() {
        let (theirs, ours) = (Sample(vec![8.0, 9.0, 30.0]), Sample(vec![2.0, 3.0, 3.0]));
        let ratio = theirs.with(&ours, |a, b| a / b);
        assert_eq!(ratio.median(), 4.0);
        assert_eq!(ratio.range(), (3.0, 10.0));
    }

    #[test]
    fn files_of_both_sides_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("ours-1-1.json", r#"{"step ln B1 x1": 2.0}"#);
        write("ours-2-1.json", r#"{"step ln B1 x1": 4.0}"#);
        write("theirs-1-1.json", r#"{"step ln B1 x1": 9.0}"#);
        write("about.md", "no numbers");
        let numbers = Numbers::read(folder.path()).unwrap();
        assert_eq!(numbers.ours("step ln", 1, 1).unwrap().median(), 3.0);
        assert_eq!(numbers.theirs("step ln", 1, 1).unwrap().median(), 9.0);
        assert!(numbers.ours("step ln", 14, 1).is_none());
    }
}
