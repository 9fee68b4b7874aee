//! An array script for Slurm.

use super::{Request, quoted};

/// A job array with a task for each shard.
///
/// Slurm sends SIGTERM a minute before the time limit: the program saves the states of its fits and ends with 130, and the task is put
/// back into the queue, where it goes on. A task on a node that fails is put back by Slurm.
pub(super) fn script(request: &Request<'_>) -> String {
    let size = request.size;
    let log = quoted(&format!("{}/slurm-%A_%a.log", request.out.display()));
    format!(
        r#"#!/bin/bash
#SBATCH --job-name=statenet-sweep
#SBATCH --array=0-{last}
#SBATCH --ntasks=1
#SBATCH --cpus-per-task={cores}
#SBATCH --mem={megabytes}M
#SBATCH --time={hours}:{minutes:02}:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
#SBATCH --output={log}

# Jobs that have ended are skipped, so that a task can be run again at any time.
{shard} &
program=$!
trap 'stopped=1; kill -TERM $program' TERM
while
  stopped=
  wait $program
  code=$?
  # The signal ended the waiting, not the program.
  [ -n "$stopped" ]
do :; done
# 130: interrupted by the time limit, with the states of the fits saved.
if [ $code -eq 130 ]; then
  scontrol requeue "${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}"
fi
exit $code
"#,
        last = size.shards - 1,
        cores = size.cores,
        megabytes = size.megabytes,
        hours = size.minutes / 60,
        minutes = size.minutes % 60,
        shard = request.shard("$SLURM_ARRAY_TASK_ID"),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::tests::request, *};

    #[test]
    fn the_script_asks_for_what_was_estimated() {
        let text = script(&request(Path::new("/data/my sweep")));
        for line in [
            "#SBATCH --array=0-3",
            "#SBATCH --cpus-per-task=2",
            "#SBATCH --mem=1500M",
            "#SBATCH --time=1:30:00",
            "#SBATCH --requeue",
            "#SBATCH --output='/data/my sweep/slurm-%A_%a.log'",
            "statenet sweep run --out '/data/my sweep' --shard $SLURM_ARRAY_TASK_ID/4 --threads 2 &",
        ] {
            assert!(text.lines().any(|there| there == line), "{line}\n{text}");
        }
    }
}
