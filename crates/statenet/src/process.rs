//! Settings of the process that make fits faster: what the allocator keeps, and Candle's own threads.
//!
//! A library cannot make these settings by itself, since they hold for the whole program. [`tune`] makes them; the program
//! `statenet` and the examples call it first.

use std::{env, sync::OnceLock};

use candle_core::utils::barrier_pool;

/// What [`tune`] has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuned {
    /// glibc keeps blocks of up to 32 MiB when they are freed, and gives memory back to the operating system only when more than
    /// 1 GiB is unused.
    pub allocator: Setting,
    /// Candle computes element-wise operations in the calling thread, and starts no threads of its own.
    pub candle_threads: Setting,
}

/// What has become of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// It is made.
    Made,
    /// A variable of the environment says something about it, which holds.
    LeftToEnvironment,
    /// It cannot be made any more: other threads run already.
    TooLate,
    /// This platform does not have it.
    NotHere,
}

/// Makes the settings of this process that make fits faster. Call it first thing in `main`, before any thread is started.
///
/// - A training step allocates and frees tensors of some megabytes. glibc returns such blocks to the operating system, and gets
///   them back page by page, filled with zeros. Here it is told to keep them; elsewhere than on Linux with glibc nothing is done.
/// - Candle spreads element-wise operations on more than 65,535 numbers over threads of its own, which wait by spinning. For
///   tensors of the size of a recording this costs more than it saves. Here Candle is told to start none, once and for all.
///   Operations of this library are spread over rayon's threads all the same, and Candle's matrix products too.
///
/// What the environment says in `CANDLE_NUM_THREADS`, `MALLOC_MMAP_THRESHOLD_`, `MALLOC_TRIM_THRESHOLD_` or `GLIBC_TUNABLES` holds. The
/// results of a program do not depend on these settings. Further calls change nothing and return what the first did.
///
/// ```
/// statenet::process::tune();
/// // Fit, score, stream.
/// ```
pub fn tune() -> Tuned {
    static TUNED: OnceLock<Tuned> = OnceLock::new();
    *TUNED.get_or_init(|| Tuned { allocator: keep_freed_memory(), candle_threads: start_no_candle_threads() })
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn keep_freed_memory() -> Setting {
    const MMAP_THRESHOLD: libc::c_int = 32 << 20;
    const TRIM_THRESHOLD: libc::c_int = 1 << 30;
    let tunables = env::var("GLIBC_TUNABLES").is_ok_and(|tunables| tunables.contains("glibc.malloc."));
    if tunables || is_set("MALLOC_MMAP_THRESHOLD_") || is_set("MALLOC_TRIM_THRESHOLD_") {
        return Setting::LeftToEnvironment;
    }
    // SAFETY: mallopt may be called by any thread at any time, takes two numbers, and returns 0 if it does not know them.
    #[allow(unsafe_code, reason = "the allocator is foreign code")]
    let made = unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, MMAP_THRESHOLD) != 0
            && libc::mallopt(libc::M_TRIM_THRESHOLD, TRIM_THRESHOLD) != 0
    };
    if made { Setting::Made } else { Setting::NotHere }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn keep_freed_memory() -> Setting {
    Setting::NotHere
}

/// Candle reads the number of its threads from the environment when it first needs them. The variable is set for that moment
/// only, so that programs which this one starts do not inherit it.
fn start_no_candle_threads() -> Setting {
    const VARIABLE: &str = "CANDLE_NUM_THREADS";
    if is_set(VARIABLE) {
        return Setting::LeftToEnvironment;
    }
    if !cfg!(windows) && num_threads::is_single_threaded() != Some(true) {
        return Setting::TooLate;
    }
    // SAFETY: no other thread runs that could read the environment at the same time; on Windows it may.
    #[allow(unsafe_code, reason = "Candle takes the number from nowhere else")]
    unsafe {
        env::set_var(VARIABLE, "1");
    }
    let started = barrier_pool().n_workers();
    // SAFETY: as above; Candle has started no thread.
    #[allow(unsafe_code, reason = "as above")]
    unsafe {
        env::remove_var(VARIABLE);
    }
    if started == 0 { Setting::Made } else { Setting::TooLate }
}

fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some()
}
