//! Locks: two programs must not write the same results at the same time.
//!
//! A program locks the file `.lock` of its output folder, or `.NAME.lock` beside an output file NAME. The file says who holds the lock; the lock
//! itself is the operating system's, so that it ends with its process, also after a crash. The file is removed at the end where that is
//! without a race (on Unix) and stays, unlocked, elsewhere.

use std::{
    ffi::OsString,
    fmt, fs,
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    sync::Once,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::{interrupt, printer::Printer};

/// The lock of an output folder.
pub(crate) const LOCK: &str = ".lock";

/// Tries to lock a file that is being removed by others, before giving up.
const MOST_TRIES: usize = 100;

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    /// `None` where the file system has no locks.
    file: Option<File>,
    /// Folders that were made for the lock, the innermost first: removed at the end if they are empty.
    made: Vec<PathBuf>,
}

/// How the name of the lock of a file ends.
const ENDING: &str = ".lock";

/// The locks of files in a folder, with the names of the files.
fn locks_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(listed) = fs::read_dir(folder) else { return Vec::new() };
    let named = |path: PathBuf| {
        let file = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(ENDING)?.to_owned();
        Some((file, path)).filter(|(file, _)| !file.is_empty())
    };
    listed.flatten().filter_map(|entry| named(entry.path())).collect()
}

/// Who holds a lock: the content of its file.
#[derive(Serialize, Deserialize)]
struct Owner {
    program: String,
    pid: u32,
    host: String,
    started: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, pid, host, started } = self;
        write!(f, "{program}, process {pid} on {host}, running since {started}")
    }
}

impl Lock {
    /// Locks an output folder, which is created if it is missing.
    ///
    /// # Errors
    /// If another process holds the lock, or the folder cannot be written.
    pub(crate) fn folder(folder: &Path, program: &str, printer: &Printer) -> anyhow::Result<Self> {
        Self::take(folder, folder.join(LOCK), program, Some(printer))?.map_err(anyhow::Error::msg)
    }

    /// Locks an output file, whose folder is created if it is missing.
    ///
    /// # Errors
    /// If another process holds the lock, or the folder cannot be written.
    pub(crate) fn file(file: &Path, program: &str, printer: &Printer) -> anyhow::Result<Self> {
        Self::take(file, Self::beside(file)?, program, Some(printer))?.map_err(anyhow::Error::msg)
    }

    /// Locks an output file as [`file`](Self::file) does; `None` if another process holds the lock.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(crate) fn try_file(file: &Path, program: &str) -> anyhow::Result<Option<Self>> {
        Ok(Self::take(file, Self::beside(file)?, program, None)?.ok())
    }

    /// Locks an output file as [`file`](Self::file) does, and waits until it is free.
    ///
    /// # Errors
    /// If the folder cannot be written, or the user interrupts the program.
    pub(crate) fn wait_for_file(file: &Path, program: &str) -> anyhow::Result<Self> {
        loop {
            if let Some(lock) = Self::try_file(file, program)? {
                return Ok(lock);
            }
            interrupt::check()?;
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The files in a folder whose locks are held now.
    pub(crate) fn held_files(folder: &Path) -> Vec<String> {
        let held = |(file, path): (String, PathBuf)| {
            let lock = File::open(path).ok()?;
            matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)).then_some(file)
        };
        locks_in(folder).into_iter().filter_map(held).collect()
    }

    /// Removes the locks of files in a folder that processes left which were killed.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub(crate) fn remove_left(folder: &Path) -> anyhow::Result<()> {
        for (_, path) in locks_in(folder) {
            let Ok(lock) = OpenOptions::new().read(true).write(true).open(&path) else { continue };
            // Removed while it is locked, as in `drop`.
            if lock.try_lock().is_ok() && cfg!(unix) && is_at(&lock, &path) {
                fs::remove_file(&path).with_context(|| format!("{}: cannot remove", path.display()))?;
            }
        }
        Ok(())
    }

    fn beside(file: &Path) -> anyhow::Result<PathBuf> {
        let name =
            file.file_name().with_context(|| format!("{}: is not the name of a file", file.display()))?;
        let mut lock = OsString::from(".");
        lock.push(name);
        lock.push(ENDING);
        Ok(file.with_file_name(lock))
    }

    /// The lock, or what is said of who holds it.
    fn take(
        output: &Path,
        path: PathBuf,
        program: &str,
        printer: Option<&Printer>,
    ) -> anyhow::Result<Result<Self, String>> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let mut made = Vec::new();
        for _ in 0..MOST_TRIES {
            made.extend(folder.ancestors().take_while(|above| !above.exists()).map(Path::to_path_buf));
            fs::create_dir_all(folder)
                .with_context(|| format!("{}: cannot make folder", folder.display()))?;
            let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = match opened {
                // The folder was removed by who had made it.
                Err(e) if e.kind() == ErrorKind::NotFound => continue,
                other => other.with_context(|| format!("{}: cannot write", path.display()))?,
            };
            match file.try_lock() {
                // Who held it before may have removed the file: then another could lock a new one.
                Ok(()) if !is_at(&file, &path) => continue,
                Ok(()) => {
                    // Without these lines it is a lock all the same.
                    let _unsaid = write_owner(&mut file, program);
                    return Ok(Ok(Self { path, file: Some(file), made }));
                }
                Err(TryLockError::WouldBlock) => {
                    let mut text = String::new();
                    let _unread = file.read_to_string(&mut text);
                    let owner = serde_json::from_str::<Owner>(&text).map(|owner| owner.to_string());
                    let owner = owner.unwrap_or_else(|_| "another process".to_owned());
                    return Ok(Err(format!(
                        "{}: is being written by {owner}; wait until it has ended, or choose another --out",
                        output.display()
                    )));
                }
                Err(TryLockError::Error(error)) => {
                    let warning = format!(
                        "{}: cannot be locked on this file system ({error}); do not run another program with this --out meanwhile",
                        output.display()
                    );
                    // Of many files once.
                    static WARNED: Once = Once::new();
                    match printer {
                        Some(printer) => printer.warn(warning),
                        None => WARNED.call_once(|| Printer::new(true).warn(warning)),
                    }
                    return Ok(Ok(Self { path, file: None, made }));
                }
            }
        }
        bail!("{}: cannot be locked: other processes keep removing it", path.display())
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while it is locked: who opened it before finds that it is no longer there, and opens a new one.
        if self.file.as_ref().is_none_or(|file| cfg!(unix) && is_at(file, &self.path)) {
            let _left = fs::remove_file(&self.path);
        }
        self.file = None;
        for folder in &self.made {
            let _not_empty = fs::remove_dir(folder);
        }
    }
}

fn write_owner(file: &mut File, program: &str) -> std::io::Result<()> {
    let owner = Owner { program: program.to_owned(), pid: std::process::id(), host: host(), started: now() };
    file.set_len(0)?;
    serde_json::to_writer(&mut *file, &owner)?;
    file.write_all(b"\n")?;
    file.flush()
}

/// Whether an open file is still the one at its path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Lock files are not removed here.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this computer".to_owned())
}

/// The time in UTC, such as 2026-11-29 15:04:05 UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    date(seconds)
}

/// The date and time of seconds since the start of 1970.
fn date(seconds: u64) -> String {
    let (mut days, in_day) = (seconds / 86_400, seconds % 86_400);
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    format!("{year}-{month:02}-{:02} {hour:02}:{minute:02}:{second:02} UTC", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_796_083_445, "2026-12-01 00:04:05 UTC"),
            (4_107_542_399, "2100-02-28 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn a_lock_is_held_by_one_and_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let printer = Printer::new(true);
        let out = root.path().join("a/out");
        let lock = Lock::folder(&out, "fit", &printer).unwrap();
        let refused = Lock::folder(&out, "predict", &printer).unwrap_err().to_string();
        for part in ["a/out: is being written by fit, process ", &std::process::id().to_string(), " on "] {
            assert!(refused.contains(part), "{refused}");
        }
        drop(lock);
        drop(Lock::folder(&out, "predict", &printer).unwrap());
        if cfg!(unix) {
            assert!(!root.path().join("a").exists());
        }
        let scores = root.path().join("scores.json");
        let lock = Lock::file(&scores, "score", &printer).unwrap();
        assert!(root.path().join(".scores.json.lock").is_file());
        Lock::file(&scores, "score", &printer).unwrap_err();
        // Another file is another lock.
        Lock::file(&root.path().join("others.json"), "score", &printer).unwrap();
        drop(lock);
    }

    #[test]
    fn locks_that_are_held_are_listed_and_those_that_were_left_are_removed() {
        let root = tempfile::tempdir().unwrap();
        let lock = Lock::try_file(&root.path().join("a.json"), "sweep").unwrap().unwrap();
        fs::write(root.path().join(".b.json.lock"), "{").unwrap();
        assert!(Lock::try_file(&root.path().join("a.json"), "sweep").unwrap().is_none());
        assert_eq!(Lock::held_files(root.path()), ["a.json"]);
        Lock::remove_left(root.path()).unwrap();
        if cfg!(unix) {
            assert!(!root.path().join(".b.json.lock").exists());
        }
        assert!(root.path().join(".a.json.lock").exists());
        drop(lock);
        assert!(Lock::held_files(root.path()).is_empty());
        drop(Lock::wait_for_file(&root.path().join("a.json"), "sweep").unwrap());
    }

    #[test]
    fn a_lock_is_free_after_its_owner_and_never_held_twice() {
        let root = tempfile::tempdir().unwrap();
        // Left by a process that crashed.
        fs::write(root.path().join(".lock"), "{\"program\":\"fit\",\"pid\":1").unwrap();
        let held = std::sync::atomic::AtomicUsize::new(0);
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    use std::sync::atomic::Ordering::SeqCst;
                    for _ in 0..200 {
                        if let Ok(lock) = Lock::folder(root.path(), "fit", &Printer::new(true)) {
                            assert_eq!(held.fetch_add(1, SeqCst), 0, "two hold the lock");
                            taken.fetch_add(1, SeqCst);
                            held.fetch_sub(1, SeqCst);
                            drop(lock);
                        }
                    }
                });
            }
        });
        // How often depends on the machine.
        assert!(taken.into_inner() > 0);
    }
}
