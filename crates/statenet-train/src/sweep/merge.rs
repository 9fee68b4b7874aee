//! The results of all jobs of a sweep.

use std::path::Path;

use rayon::prelude::*;

use super::{
    job::Job,
    result::{JobFile, Outcome},
};
use crate::error::Error;

/// The files of the jobs of a sweep.
#[derive(Debug, Default)]
pub struct Merged {
    /// Those that ended, with a result or an error, in the order of the jobs.
    pub files: Vec<JobFile>,
    /// Names of jobs without a file.
    pub missing: Vec<String>,
    /// What is wrong with the other files; each names its file.
    pub damaged: Vec<Error>,
}

impl Merged {
    /// How many have a result.
    #[must_use]
    pub fn n_done(&self) -> usize {
        self.files.iter().filter(|file| file.is_done()).count()
    }

    /// Names of the jobs that failed, with their errors.
    pub fn failed(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|file| match &file.outcome {
            Outcome::Failed(error) => Some((file.job.name.as_str(), error.as_str())),
            Outcome::Done(_) => None,
        })
    }
}

/// Reads the files of jobs from the folder of a sweep, wherever they were made: shards merge by lying in one folder. The result depends
/// on the jobs and their files only.
#[must_use]
pub fn merge(folder: &Path, jobs: &[Job]) -> Merged {
    let read: Vec<_> = jobs.par_iter().map(|job| JobFile::read(folder, job)).collect();
    let mut merged = Merged::default();
    for (job, file) in jobs.iter().zip(read) {
        match file {
            Ok(Some(file)) => merged.files.push(file),
            Ok(None) => merged.missing.push(job.name.clone()),
            Err(error) => merged.damaged.push(error),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::result::tests::jobs, *};

    #[test]
    fn one_damaged_file_costs_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let jobs = jobs(4);
        JobFile::new(jobs[2].clone(), Outcome::Failed("no".to_owned()), 1.0).write(folder.path()).unwrap();
        JobFile::new(jobs[0].clone(), Outcome::Done(json!(1)), 1.0).write(folder.path()).unwrap();
        std::fs::write(JobFile::path(folder.path(), &jobs[1].name), "{").unwrap();
        let merged = merge(folder.path(), &jobs);
        assert_eq!((merged.n_done(), merged.files.len(), merged.damaged.len()), (1, 2, 1));
        assert_eq!(merged.missing, [jobs[3].name.clone()]);
        assert_eq!(merged.failed().collect::<Vec<_>>(), [(jobs[2].name.as_str(), "no")]);
        assert!(merged.damaged[0].to_string().contains(&jobs[1].name));
    }
}
