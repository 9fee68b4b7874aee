//! Programs that are killed at random moments: the same command, run again until it ends, leaves the files of an unbroken run.
//!
//! A few kills each time; `STATENET_KILLS=100 cargo test --workspace --test cli killed` for more.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use statenet::{prelude::*, train::Progress};

use crate::harness::{
    Ended, Small, expect_done, program, small, small_recording, temporary, text, timeless, tree,
};

/// How many kills in all, for each test of this file.
pub(crate) fn n_kills(few: usize) -> usize {
    std::env::var("STATENET_KILLS").map_or(few, |n| n.parse().unwrap())
}

/// Moments at random, the same on every run (SplitMix64).
pub(crate) struct Moments(pub(crate) u64);

impl Moments {
    /// A share of a duration.
    pub(crate) fn of(&mut self, whole: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        whole.mul_f64(((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64)
    }
}

/// Runs a command and kills it after a while; whether it was still running.
pub(crate) fn kill_after(command: &mut Command, time: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(time);
    let running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    let ended = Ended::of(child.wait_with_output().unwrap());
    assert!(running || ended.success, "a run after a kill failed: {}", ended.stderr);
    running
}

/// The files of a folder, but for what differs between equal runs: seconds.
fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(folder);
    if files.contains_key("summary.json") {
        files.insert("summary.json".to_owned(), timeless(folder).into_bytes());
        let page = files.remove("report.html").unwrap();
        assert!(page.ends_with(b"</html>\n"), "a whole page");
    }
    files
}

/// Kills a program so many times, up to three times in a row, and compares what it leaves with an unbroken run.
fn expect_unharmed(name: &str, args: &[&str], n: usize, moments: &mut Moments) {
    let folder = tempfile::tempdir().unwrap();
    let with_out = |out: &str| {
        let out = text(&folder.path().join(out)).to_owned();
        args.iter().map(ToString::to_string).chain(["--out".to_owned(), out]).collect::<Vec<_>>()
    };
    let finish = |args: &[String]| expect_done(name, &args.iter().map(String::as_str).collect::<Vec<_>>());
    let begun = Instant::now();
    finish(&with_out("whole"));
    let whole_run = begun.elapsed();
    let expected = results(&folder.path().join("whole"));
    assert!(!expected.is_empty());
    let (mut killed, mut in_a_row, mut tries) = (0, 0, 0);
    let (mut with_earlier, mut runs) = (0, 0);
    while killed < n {
        tries += 1;
        assert!(tries < 20 * n + 20, "{name} ends before it can be killed");
        let out = folder.path().join("broken");
        if kill_after(program(name).args(with_out("broken")), moments.of(whole_run)) {
            killed += 1;
            in_a_row += 1;
            // At every moment there are the whole results of an earlier run, or none.
            let last = [("fit", "summary.json"), ("interpret", "report.html"), ("convert", "config.json")];
            let left = out.join(last.iter().find(|(of, _)| *of == name).unwrap().1);
            with_earlier += usize::from(left.is_file());
        }
        if in_a_row == 3 || killed == n {
            in_a_row = 0;
            finish(&with_out("broken"));
            runs += 1;
            assert!(results(&out) == expected, "{name}: other files after {killed} kills");
            assert_eq!(temporary(folder.path()), Vec::<String>::new(), "{name}");
            // Every second time the next runs replace these results.
            if runs % 2 == 0 {
                fs::remove_dir_all(&out).unwrap();
            }
        }
    }
    println!(
        "{name}: {killed} kills, {with_earlier} of them over earlier results, {runs} ends compared: all the same"
    );
}

#[test]
fn programs_that_are_killed_and_run_again_leave_the_files_of_an_unbroken_run() {
    let Small { data, out } = small();
    let mut moments = Moments(15);
    let n = n_kills(6).div_ceil(3);
    let fit = ["--data", text(data), "--model", "ridge,statenet-gru", "--epochs", "3", "--quiet"];
    expect_unharmed("fit", &fit, n, &mut moments);
    let interpret = ["--data", text(data), "--model", "ln", "--epochs", "3", "--neurons", "0-1", "--quiet"];
    let methods = ["--methods", "gradmap,dream", "--dream-steps", "3"];
    expect_unharmed("interpret", &[&interpret[..], &methods].concat(), n, &mut moments);
    let checkpoint = out.join("checkpoints/statenet-gru");
    let convert = ["--checkpoint", text(&checkpoint), "--to", "published", "--quiet"];
    expect_unharmed("convert", &convert, n, &mut moments);
}

/// The folder that a child process of [`checkpoints_and_states_that_are_killed_while_they_are_written_are_whole`] writes into.
const CHILD: &str = "STATENET_TEST_CHILD";

/// In a child process: writes two checkpoints in turn, for ever.
#[test]
fn child_writes_checkpoints() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let axes = small_recording().axes();
    let models = [1, 2].map(|seed| zoo::linear(&axes).build(Seed::new(seed), &Device::Cpu).unwrap());
    for model in models.iter().cycle() {
        checkpoint::save(&folder, &**model, &CheckpointMetadata::default()).unwrap();
    }
}

/// In a child process: a fit that saves its state after every epoch, and a checkpoint at its end.
#[test]
fn child_saves_states() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    let recording = small_recording();
    let split = SplitPlan::Demo.resolve(&recording).unwrap();
    let mut model = zoo::linear(&recording.axes()).build(Seed::new(1), &Device::Cpu).unwrap();
    let config = FitConfig { max_epochs: 30, patience: 1000, ..FitConfig::default() };
    let fitter = Fitter::new(config).resume_in(folder.join("state"), Duration::ZERO);
    let fit = fitter.on_epoch(|_: &Progress| {}).fit(&mut *model, &recording, &split).unwrap();
    fit.save(folder.join("model"), &*model).unwrap();
}

fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("killed::{test}")]).env(CHILD, folder);
    command
}

#[test]
fn checkpoints_and_states_that_are_killed_while_they_are_written_are_whole() {
    let n = n_kills(6).div_ceil(2);
    let mut moments = Moments(16);
    let root = tempfile::tempdir().unwrap();
    let axes = small_recording().axes();
    let place = root.path().join("model");
    let bytes = |seed| {
        let model = zoo::linear(&axes).build(Seed::new(seed), &Device::Cpu).unwrap();
        let folder = root.path().join(format!("expected-{seed}"));
        checkpoint::save(&folder, &*model, &CheckpointMetadata::default()).unwrap();
        tree(&folder)
    };
    let expected = [bytes(1), bytes(2)];
    let mut found = [0, 0];
    for _ in 0..n {
        let mut command = child("child_writes_checkpoints", &place);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while !place.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(moments.of(Duration::from_millis(300)));
        running.kill().unwrap();
        running.wait().unwrap();
        let left = tree(&place);
        let which = expected.iter().position(|whole| *whole == left);
        found[which.unwrap_or_else(|| panic!("neither: {:?}", left.keys()))] += 1;
    }
    println!(
        "{n} kills of a process that writes checkpoints: {} times one, {} times the other",
        found[0], found[1]
    );

    let whole = root.path().join("whole");
    let begun = Instant::now();
    assert!(child("child_saves_states", &whole).stdout(Stdio::null()).status().unwrap().success());
    let whole_run = begun.elapsed();
    let (mut killed, mut ended) = (0, 0);
    let broken = root.path().join("broken");
    while killed < n {
        if kill_after(&mut child("child_saves_states", &broken), moments.of(whole_run)) {
            killed += 1;
        }
        if broken.join("model").exists() {
            ended += 1;
            fs::remove_dir_all(&broken).unwrap();
        }
    }
    assert!(child("child_saves_states", &broken).stdout(Stdio::null()).status().unwrap().success());
    let model = |folder: &Path| tree(&folder.join("model"));
    assert!(model(&broken) == model(&whole), "a fit that was killed ends elsewhere");
    println!("{killed} kills of a fit that saves every epoch ({ended} after its end): the same weights");
}
