//! A script with a line of GNU parallel.

use super::{Request, quoted};

/// Runs the shards on the cores of this machine, or, with `--sshlogin` added, on others that share the folder.
pub(super) fn script(request: &Request<'_>) -> String {
    let log = quoted(&format!("{}/parallel.log", request.out.display()));
    let cores = request.size.cores;
    let at_once =
        if cores == 1 { "100%".to_owned() } else { format!("$(( ($(nproc) + {cores} - 1) / {cores} ))") };
    format!(
        "#!/bin/bash\n\
         # Jobs that have ended are skipped: run it again after an interruption.\n\
         seq 0 {last} | parallel --jobs {at_once} --joblog {log} --line-buffer --tag {command}\n",
        last = request.size.shards - 1,
        command = quoted(&format!("{} --quiet", request.shard("{}"))),
    )
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{super::tests::request, *};

    #[test]
    fn there_is_a_line_with_all_shards() {
        let text = script(&request(Path::new("/data/sweep")));
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with(
                "seq 0 3 | parallel --jobs $(( ($(nproc) + 2 - 1) / 2 )) --joblog /data/sweep/parallel.log"
            ),
            "{last}"
        );
        assert!(
            last.ends_with("'statenet sweep run --out /data/sweep --shard {}/4 --threads 2 --quiet'"),
            "{last}"
        );
    }
}
