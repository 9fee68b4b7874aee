//! Sweeps: what they leave whole, in shards, killed, on a full disk, and with jobs that fail.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Instant,
};

use serde_json::Value;

use crate::{
    full_disk::TinyDisk,
    harness::{Ended, expect_done, expect_refused, json, program, run, small_recording, temporary, text},
    killed::{Moments, kill_after, n_kills},
};

/// A folder with a small recording and plans for it.
struct Place(tempfile::TempDir);

/// 3 models, 3 folds, 2 seeds.
const PLAN: &str = "recordings = ['data']\nmodels = ['ridge', {model = 'linear', vary = {lags = [5, 9]}}]\nsplits = ['kfold:3']\n\
    seeds = 2\n[[recipes]]\nepochs = 3\n";
const N_JOBS: usize = 18;

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        small_recording().write(place.at("data")).unwrap();
        place.plan("plan.toml", PLAN);
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn plan(&self, name: &str, plan: &str) -> String {
        fs::write(self.at(name), plan).unwrap();
        text(&self.at(name)).to_owned()
    }

    /// The options that name the usual plan and a folder.
    fn args(&self, out: &str) -> [String; 4] {
        let (plan, out) = (self.at("plan.toml"), self.at(out));
        ["--plan".to_owned(), text(&plan).to_owned(), "--out".to_owned(), text(&out).to_owned()]
    }
}

fn words<'a>(action: &'a str, args: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    [action].into_iter().chain(args.iter().map(String::as_str)).chain(more.iter().copied()).collect()
}

/// The merged results of a folder, without seconds.
fn merged(out: &Path) -> (String, String) {
    expect_done("sweep", &["merge", "--out", text(out), "--quiet"]);
    let mut whole = json(&out.join("sweep.json"));
    for job in whole["jobs"].as_array_mut().unwrap() {
        assert!(job.as_object_mut().unwrap().shift_remove("seconds").unwrap().is_f64());
    }
    let table = fs::read_to_string(out.join("sweep.csv")).unwrap();
    let timeless: Vec<&str> = table.lines().map(|line| line.rsplit_once(',').unwrap().0).collect();
    (whole.to_string(), timeless.join("\n"))
}

fn jobs_of(out: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(out.join("jobs")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_sweep_is_planned_run_shown_and_merged_and_its_jobs_are_those_of_fit() {
    let place = Place::new();
    let (args, out) = (place.args("out"), place.at("out"));
    let planned = expect_done("sweep", &words("plan", &args, &["--list", "--probe", "0.1"])).stdout;
    assert_eq!(
        planned.lines().filter(|line| line.starts_with("data.linear-lags-9-epochs-3.kfold-3-")).count(),
        6
    );
    for part in ["18 jobs in", "seconds each", "of work", "estimate.json"] {
        assert!(planned.contains(part), "{part}: {planned}");
    }
    let estimate = json(&out.join("estimate.json"));
    assert_eq!((&estimate["jobs"], estimate["kinds"].as_array().unwrap().len()), (&Value::from(N_JOBS), 3));
    // The plan is kept: the folder is enough.
    let here = ["--out", text(&out)];
    let ran = expect_done("sweep", &[&["run"], &here[..]].concat()).stdout;
    for part in ["18 jobs, 0 ended before, 18 to run", "18 jobs in", "estimated were"] {
        assert!(ran.contains(part), "{part}: {ran}");
    }
    assert_eq!((jobs_of(&out).len(), temporary(&out)), (N_JOBS, Vec::new()));
    assert!(!out.join("unfinished").exists());
    let again = expect_done("sweep", &[&["run"], &here[..]].concat()).stdout;
    assert!(again.contains("18 jobs, 18 ended before, 0 to run"), "{again}");
    let status = expect_done("sweep", &[&["status"], &here[..]].concat()).stdout;
    assert!(status.contains("18 jobs: 18 done, 0 running, 0 failed, 0 left, 0 damaged"), "{status}");
    let shown = expect_done("sweep", &[&["merge"], &here[..]].concat()).stdout;
    assert!(shown.contains("18 jobs done, 0 failed, 0 missing, 0 damaged"), "{shown}");
    let whole = json(&out.join("sweep.json"));
    assert_eq!(fs::read_to_string(out.join("sweep.csv")).unwrap().lines().count(), 1 + N_JOBS);

    let fit = place.at("fit");
    let options =
        ["--data", text(&place.at("data")), "--model", "ridge", "--split", "kfold:3/1", "--seed", "1"]
            .map(str::to_owned);
    let options: Vec<&str> =
        options.iter().map(String::as_str).chain(["--quiet", "--out", text(&fit)]).collect();
    expect_done("fit", &options);
    let of_fit = &json(&fit.join("summary.json"))["models"][0];
    let is_same = |entry: &&Value| {
        let job = &entry["job"];
        (&job["model"], &job["split"], &job["seed"]) == (&"ridge".into(), &"kfold:3/1".into(), &1.into())
    };
    let of_sweep = &whole["jobs"].as_array().unwrap().iter().find(is_same).unwrap()["outcome"]["done"];
    assert_eq!((&of_sweep["test"], &of_sweep["parameters"]), (&of_fit["test"], &of_fit["parameters"]));
}

#[test]
fn a_sweep_that_is_killed_at_any_moment_goes_on_and_merges_to_the_same() {
    let place = Place::new();
    let whole = place.args("whole");
    let begun = Instant::now();
    expect_done("sweep", &words("run", &whole, &["--quiet", "--threads", "2"]));
    let whole_run = begun.elapsed();
    let expected = merged(&place.at("whole"));
    let (n, mut killed, mut ends, mut tries) = (n_kills(6), 0, 0, 0);
    let (mut moments, broken, out) = (Moments(21), place.args("broken"), place.at("broken"));
    while killed < n {
        tries += 1;
        assert!(tries < 30 * n + 20, "it ends before it can be killed");
        let mut command = program("sweep");
        command.args(words("run", &broken, &["--quiet", "--threads", "2"]));
        killed += usize::from(kill_after(&mut command, moments.of(whole_run)));
        let left = if out.join("jobs").is_dir() { jobs_of(&out) } else { Vec::new() };
        if left.iter().filter(|path| path.extension().is_some_and(|e| e == "json")).count() == N_JOBS
            || killed == n
        {
            expect_done("sweep", &words("run", &broken, &["--quiet"]));
            assert!(merged(&out) == expected, "other results after {killed} kills");
            assert_eq!(temporary(&out), Vec::<String>::new());
            fs::remove_dir_all(&out).unwrap();
            ends += 1;
        }
    }
    println!("{killed} kills of a sweep, {ends} ends compared: all the same");
}

#[test]
fn shards_and_processes_share_the_jobs_of_a_folder_and_folders_merge_by_copying() {
    let place = Place::new();
    expect_done("sweep", &words("run", &place.args("whole"), &["--quiet"]));
    let expected = merged(&place.at("whole"));
    // Two shards and a process for all, in one folder at once.
    let shared = place.args("shared");
    let start = |more: &[&str]| {
        let mut command = program("sweep");
        command.args(words("run", &shared, more)).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let running = [start(&["--shard", "0/2"]), start(&["--shard", "1/2"]), start(&["--threads", "2"])];
    let mut written = 0;
    for child in running {
        let Ended { success, stdout, stderr, .. } = Ended::of(child.wait_with_output().unwrap());
        assert!(success, "{stderr}");
        let own = stdout.lines().find_map(|line| line.split_once(" jobs in ")).map_or("0", |(n, _)| n);
        written += own.parse::<usize>().unwrap();
    }
    assert_eq!(written, N_JOBS, "each job is run once");
    assert!(merged(&place.at("shared")) == expected);
    assert_eq!(temporary(&place.at("shared")), Vec::<String>::new());
    // Folders of their own, copied together.
    for shard in ["0/3", "1/3", "2/3"] {
        let out = format!("part-{}", &shard[..1]);
        expect_done("sweep", &words("run", &place.args(&out), &["--quiet", "--shard", shard]));
        assert_eq!(jobs_of(&place.at(&out)).len(), N_JOBS / 3);
        if out != "part-0" {
            for file in jobs_of(&place.at(&out)) {
                fs::copy(&file, place.at("part-0/jobs").join(file.file_name().unwrap())).unwrap();
            }
        }
    }
    assert!(merged(&place.at("part-0")) == expected);
}

#[test]
fn jobs_that_fail_are_recorded_with_their_cause_and_run_again_on_request() {
    let place = Place::new();
    let plan = place.plan(
        "fails.toml",
        "recordings = ['data']\nmodels = ['linear']\nsplits = ['demo', 'rahman']\n[[recipes]]\nepochs = 2\n",
    );
    let out = place.at("out");
    let args = ["run", "--plan", &plan, "--out", text(&out)];
    expect_refused("sweep", &args, &["1 of 2 jobs failed", "--retry"]);
    let status = expect_done("sweep", &["status", "--out", text(&out)]).stdout;
    let why = "split rahman needs 20 stimuli, the recording has 6";
    for part in ["2 jobs: 1 done, 0 running, 1 failed", "failed: data.linear-epochs-2.rahman.s0-", why] {
        assert!(status.contains(part), "{part}: {status}");
    }
    // It is not run again by itself.
    let ended = run("sweep", &args);
    assert!(ended.stdout.contains("2 jobs, 2 ended before, 0 to run") && !ended.success, "{}", ended.stdout);
    let retried = run("sweep", &[&args[..], &["--retry"]].concat());
    assert!(
        retried.stdout.contains("1 ended before, 1 to run") && retried.stdout.contains(why),
        "{}",
        retried.stdout
    );
    let merged = expect_done("sweep", &["merge", "--out", text(&out)]).stdout;
    assert!(merged.contains("1 jobs done, 1 failed, 0 missing"), "{merged}");
    assert!(fs::read_to_string(out.join("sweep.csv")).unwrap().contains(&format!(",\"{why}\",")));
}

#[test]
fn a_damaged_result_is_named_and_costs_nothing_else() {
    let place = Place::new();
    let (args, out) = (place.args("out"), place.at("out"));
    expect_done("sweep", &words("run", &args, &["--quiet"]));
    let expected = merged(&out);
    let files = jobs_of(&out);
    let mut bytes = fs::read(&files[4]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&files[4], bytes).unwrap();
    fs::remove_file(&files[7]).unwrap();
    let named = text(&files[4]);
    // The missing job is run all the same.
    expect_refused("sweep", &words("run", &args, &["--quiet"]), &[named, "is damaged", "--retry"]);
    assert!(files[7].is_file());
    let status = expect_done("sweep", &["status", "--out", text(&out)]).stdout;
    assert!(
        status.contains("17 done, 0 running, 0 failed, 0 left, 1 damaged") && status.contains(named),
        "{status}"
    );
    expect_refused("sweep", &["merge", "--out", text(&out)], &[named, "is damaged", "--partial"]);
    let partial = expect_done("sweep", &["merge", "--out", text(&out), "--partial"]).stdout;
    assert!(partial.contains("17 jobs done, 0 failed, 0 missing, 1 damaged"), "{partial}");
    expect_done("sweep", &words("run", &args, &["--quiet", "--retry"]));
    assert!(merged(&out) == expected);
}

#[test]
fn a_full_disk_and_a_read_only_folder_are_errors_that_name_the_file_and_lose_nothing() {
    let Some(disk) = TinyDisk::mount("4m") else { return };
    let place = Place::new();
    expect_done("sweep", &words("run", &place.args("whole"), &["--quiet"]));
    let expected = merged(&place.at("whole"));
    let out = disk.path().join("out");
    let plan = place.at("plan.toml");
    let args = ["run", "--plan", text(&plan), "--out", text(&out), "--quiet"];
    let mut refused = 0;
    for pages in [2, 6, 12, 20, 40] {
        disk.leave(pages * 4096);
        let ended = run("sweep", &args);
        if ended.success {
            break;
        }
        refused += 1;
        for part in [text(&out), "cannot", "No space left"] {
            assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
        }
        assert_eq!(temporary(&out), Vec::<String>::new());
    }
    assert!(refused > 0);
    disk.leave(2 << 20);
    expect_done("sweep", &args);
    assert!(merged(&out) == expected);
    let read_only = disk.path().join("empty");
    fs::create_dir(&read_only).unwrap();
    disk.remount("ro");
    let args = ["run", "--plan", text(&plan), "--out", text(&read_only)];
    expect_refused("sweep", &args, &[text(&read_only), "cannot", "Read-only file system"]);
    disk.remount("rw");
}

#[test]
fn plans_and_options_that_are_wrong_are_refused_before_the_work() {
    let place = Place::new();
    let out = place.at("out");
    let refused = |plan: &str, says: &[&str]| {
        let plan = place.plan("wrong.toml", plan);
        expect_refused("sweep", &["plan", "--plan", &plan, "--out", text(&out)], says);
    };
    refused("models = ['ln']\nrecordings = ['none']", &["recording none", "cannot read"]);
    refused("models = ['lnn']\nrecordings = ['data']", &["--model \"lnn\": expected ridge"]);
    refused(
        "models = [{model = 'ln', vary = {hiden = 3}}]\nrecordings = ['data']",
        &["ln has 0 fields hiden"],
    );
    refused("models = ['ln']\nrecordings = ['data']\nsplits = ['rahman']", &["needs 20 stimuli"]);
    refused("models = ['ln']\nrecordings = ['data']\n[[recipes]]\nlr = -1", &["learning rate is -1"]);
    refused("models = ['ln']\nrecordings = [{data = 'data', read = {x = 1}}]", &["read of the plan", "--x"]);
    expect_refused("sweep", &["run", "--out", text(&out), "--shard", "2/2"], &["shard is \"2/2\""]);
    expect_refused("sweep", &["status", "--out", text(&place.at("new"))], &["plan.json", "--plan FILE.toml"]);
    // Results never lie among what is read.
    let plan = place.at("plan.toml");
    expect_refused(
        "sweep",
        &["run", "--plan", text(&plan), "--out", text(&place.at("data/x"))],
        &["lies in"],
    );
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_interrupted_ends_with_130_and_goes_on() {
    let place = Place::new();
    let plan = place.plan(
        "long.toml",
        "recordings = ['data']\nmodels = ['statenet-gru']\nsplits = ['kfold:3']\n[[recipes]]\nepochs = 60\npatience = 60\n",
    );
    let run_in = |out: &Path| ["run", "--plan", &plan, "--out", text(out), "--quiet"].map(str::to_owned);
    let (whole, broken) = (place.at("whole"), place.at("broken"));
    let begun = Instant::now();
    let finish =
        |out: &Path| expect_done("sweep", &run_in(out).iter().map(String::as_str).collect::<Vec<_>>());
    finish(&whole);
    let whole_run = begun.elapsed();
    let child = program("sweep").args(run_in(&broken)).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(whole_run.mul_f64(0.6));
    crate::signals::signal(&child, "TERM");
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert!(ended.code == Some(130) || ended.success, "{:?}: {}", ended.code, ended.stderr);
    if !ended.success {
        assert!(ended.stderr.contains("interrupted; run the same command again"), "{}", ended.stderr);
    }
    finish(&broken);
    assert!(merged(&broken) == merged(&whole));
    assert!(!broken.join("unfinished").exists());
}

#[test]
fn scripts_for_clusters_have_the_sizes_of_the_estimate() {
    let place = Place::new();
    let (args, out) = (place.args("out"), place.at("out"));
    expect_done("sweep", &words("plan", &args, &["--probe", "0.1", "--quiet"]));
    let files: BTreeMap<&str, (&str, &str)> = BTreeMap::from([
        ("slurm", ("sweep.sbatch", "#SBATCH --array=0-2")),
        ("kubernetes", ("sweep.yaml", "  completions: 3")),
        ("parallel", ("sweep.sh", "seq 0 2 | parallel")),
    ]);
    for (system, (file, line)) in files {
        let more = ["--for", system, "--shards", "3"];
        let said = expect_done("sweep", &words("script", &args, &more)).stdout;
        assert!(said.contains("3 shards of 6 jobs or fewer, 1 cores") && said.contains(file), "{said}");
        let script = fs::read_to_string(out.join(file)).unwrap();
        assert!(script.contains(line) && script.contains("/3 --threads 1"), "{script}");
        assert!(script.contains(text(&out)), "the folder from the root: {script}");
    }
    // A shell runs what the scripts run.
    let script = fs::read_to_string(out.join("sweep.sbatch")).unwrap();
    let command = script.lines().find(|line| line.starts_with("statenet sweep run")).unwrap();
    let command = command.replacen("statenet", env!("CARGO_BIN_EXE_statenet"), 1).replace(" &", " --quiet");
    for shard in ["0", "1", "2"] {
        let status = std::process::Command::new("bash")
            .args(["-c", &command])
            .env("SLURM_ARRAY_TASK_ID", shard)
            .status();
        assert!(status.unwrap().success());
    }
    assert_eq!(jobs_of(&out).len(), N_JOBS);
}
