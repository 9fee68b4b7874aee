//! `process::tune` in processes of its own: tests run in threads, and it must come before any thread.

#![allow(clippy::unwrap_used)]

use std::{
    env,
    process::{Command, exit},
};

use statenet::{
    candle::{DType, Device, Tensor},
    process::{Setting, tune},
};

/// The argument with which this program runs itself as the process to look at.
const CHILD: &str = "--tuned-process";

fn main() {
    if env::args().nth(1).as_deref() == Some(CHILD) {
        return tuned_process();
    }
    // Whoever asks for names of tests, or for ignored ones, gets none: there is one, and it is not ignored.
    if env::args().any(|argument| argument == "--list" || argument == "--ignored") {
        return;
    }
    let here = if cfg!(all(target_os = "linux", target_env = "gnu")) { "Made" } else { "NotHere" };
    expect(&[], &format!("{here} Made"));
    expect(&[("CANDLE_NUM_THREADS", "2")], &format!("{here} LeftToEnvironment"));
    if here == "Made" {
        expect(&[("MALLOC_TRIM_THRESHOLD_", "4096")], "LeftToEnvironment Made");
        expect(&[("GLIBC_TUNABLES", "glibc.malloc.trim_threshold=4096")], "LeftToEnvironment Made");
    }
    println!("process::tune: settings are made, and those of the environment hold");
}

/// Runs the process with these variables and compares what it prints.
fn expect(variables: &[(&str, &str)], settings: &str) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(CHILD);
    for unset in ["CANDLE_NUM_THREADS", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"]
    {
        command.env_remove(unset);
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
    if printed != settings || !output.status.success() {
        eprintln!(
            "{variables:?}: {printed:?}, expected {settings:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        exit(1);
    }
}

fn tuned_process() {
    let given = env::var_os("CANDLE_NUM_THREADS");
    let tuned = tune();
    println!("{:?} {:?}", tuned.allocator, tuned.candle_threads);
    assert_eq!(env::var_os("CANDLE_NUM_THREADS"), given, "the environment is as before");
    assert_eq!(tune(), tuned, "a second call changes nothing");
    // More numbers than Candle computes in one thread if it has several.
    let sum = Tensor::ones(100_000, DType::F32, &Device::Cpu).unwrap();
    let sum = (&sum + &sum).unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap();
    assert_eq!(sum, 200_000.0);
    if tuned.candle_threads == Setting::Made {
        let threads = num_threads::num_threads().map_or(1, usize::from);
        assert_eq!(threads, 1, "Candle has started threads");
    }
}
