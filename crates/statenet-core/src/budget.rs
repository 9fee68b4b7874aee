//! What a computation needs of the machine, and the memory that the machine has left for it.
//!
//! An allocation that fails ends the process, so that work is measured before it starts: it states its [`Need`], and is refused
//! with numbers if that is more than [`available_memory`].

use std::{fmt, fs, path::Path};

/// Memory and multiplications that a computation needs: a lower bound of both, for what grows with the data.
///
/// ```
/// use statenet_core::Need;
///
/// // The Gram matrix of 34 bands and 40 lags in f64.
/// let gram = Need::of_values(&[1360, 1360], 8);
/// assert_eq!(gram.to_string(), "14.8 MB of memory");
/// assert!(gram.ensure("a Gram matrix", "use fewer lags").is_ok());
/// let error = Need::of_values(&[41_000, 41_000, 1000], 8).ensure("a Gram matrix", "use fewer lags").unwrap_err();
/// assert!(error.to_string().starts_with("a Gram matrix needs 13.4 TB of memory, this process can have "));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Bytes held at once.
    pub bytes: u64,
    /// Multiplications.
    pub multiplications: u64,
}

impl Need {
    /// An array of a shape, of values of some bytes each; saturating.
    #[must_use]
    pub fn of_values(shape: &[usize], value_bytes: usize) -> Self {
        Self { bytes: times(&[times(shape), value_bytes as u64]), multiplications: 0 }
    }

    /// Products of numbers, such as the three sizes of a product of matrices; saturating.
    #[must_use]
    pub fn of_multiplications(sizes: &[usize]) -> Self {
        Self { bytes: 0, multiplications: times(sizes) }
    }

    /// Both at once.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            multiplications: self.multiplications.saturating_add(other.multiplications),
        }
    }

    /// The same several times over.
    #[must_use]
    pub fn times(self, n: usize) -> Self {
        Self {
            bytes: self.bytes.saturating_mul(n as u64),
            multiplications: self.multiplications.saturating_mul(n as u64),
        }
    }

    /// Refuses what takes more memory than there is; `what` needs it, and `change` says what the user can do.
    ///
    /// # Errors
    /// [`TooLarge`]. Never on a system that does not tell its memory.
    pub fn ensure(&self, what: impl fmt::Display, change: impl fmt::Display) -> Result<(), TooLarge> {
        // Small arrays are not worth looking the memory up for.
        const SMALL: u64 = 1 << 20;
        if self.bytes < SMALL {
            return Ok(());
        }
        match available_memory() {
            Some(available) if self.bytes > available => {
                Err(TooLarge { what: what.to_string(), need: *self, available, change: change.to_string() })
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of memory", in_words(self.bytes))?;
        match self.multiplications {
            0 => Ok(()),
            n => write!(f, " and {:.1e} multiplications", n as f64),
        }
    }
}

/// Something needs more memory than there is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} needs {need}, this process can have {}: {change}", in_words(*available))]
pub struct TooLarge {
    /// What needs it.
    pub what: String,
    /// What it needs.
    pub need: Need,
    /// The memory that is left, bytes.
    pub available: u64,
    /// What can be changed.
    pub change: String,
}

/// The product of sizes; `u64::MAX` if it is larger.
fn times<T: Copy + TryInto<u64>>(sizes: &[T]) -> u64 {
    sizes.iter().fold(1u64, |product, &n| product.saturating_mul(n.try_into().unwrap_or(u64::MAX)))
}

/// A number of bytes in words: `3.2 GB`.
fn in_words(bytes: u64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    let bytes = bytes as f64;
    match UNITS.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", bytes / size),
        None => format!("{bytes} bytes"),
    }
}

/// The bytes that this process can still take: the least that the system has free, its control groups leave, and its own limits
/// (`ulimit -v`, `ulimit -d`) allow. `None` on a system that does not tell; today only Linux does.
#[must_use]
pub fn available_memory() -> Option<u64> {
    let read = |path: &str| fs::read_to_string(path).ok();
    let status = read("/proc/self/status").unwrap_or_default();
    let system = read("/proc/meminfo").and_then(|text| kilobytes(&text, "MemAvailable:"));
    let limits = read("/proc/self/limits").unwrap_or_default();
    let address_space = left_of(&limits, "Max address space", kilobytes(&status, "VmSize:"));
    let data = left_of(&limits, "Max data size", kilobytes(&status, "VmData:"));
    let groups = read("/proc/self/cgroup").and_then(|text| left_of_groups(&text));
    [system, address_space, data, groups].into_iter().flatten().min()
}

/// The value of a line `name  123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// What a limit of the process leaves, from the text of /proc/self/limits.
fn left_of(limits: &str, name: &str, used: Option<u64>) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(used?))
}

/// The least that the control groups of the process leave, from the text of /proc/self/cgroup.
fn left_of_groups(text: &str) -> Option<u64> {
    let mut least: Option<u64> = None;
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else { continue };
        let files = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file "),
            c if c.split(',').any(|c| c == "memory") => {
                let (limit, usage) = ("memory.limit_in_bytes", "memory.usage_in_bytes");
                ("/sys/fs/cgroup/memory", limit, usage, "total_inactive_file ")
            }
            _ => continue,
        };
        let (root, limit, usage, cache) = files;
        // The group, and all groups that it lies in. In a container the path may not exist below the root that it sees.
        let group = group.trim_start_matches('/');
        for group in Path::new(group).ancestors() {
            let folder = Path::new(root).join(group);
            let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
            let number = |name: &str| read(name)?.trim().parse::<u64>().ok();
            let Some((limit, usage)) = number(limit).zip(number(usage)) else { continue };
            let cached = read("memory.stat").and_then(|text| {
                text.lines()
                    .find_map(|line| line.strip_prefix(cache))
                    .and_then(|n| n.trim().parse::<u64>().ok())
            });
            let left = limit.saturating_sub(usage.saturating_sub(cached.unwrap_or(0)));
            least = Some(least.map_or(left, |least| least.min(left)));
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_cannot_be_counted_are_the_largest() {
        let need = Need::of_values(&[usize::MAX, usize::MAX], 8).and(Need::of_multiplications(&[3, 4]));
        assert_eq!((need.bytes, need.multiplications), (u64::MAX, 12));
        assert_eq!(Need::of_values(&[0, usize::MAX], 4), Need::default());
        assert_eq!(need.times(2).multiplications, 24);
    }

    #[test]
    fn the_message_has_both_numbers_and_what_to_change() {
        let error = TooLarge {
            what: "a ridge regression with 41000 weights per neuron".to_owned(),
            need: Need { bytes: 13_400_000_000, multiplications: 23_000_000_000_000 },
            available: 3_940_000_000,
            change: "use fewer bands or lags".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "a ridge regression with 41000 weights per neuron needs 13.4 GB of memory and 2.3e13 multiplications, this process can have 3.9 GB: use fewer bands or lags"
        );
        assert_eq!(Need { bytes: 999, multiplications: 0 }.to_string(), "999 bytes of memory");
    }

    #[test]
    fn limits_are_read_from_the_texts_of_the_system() {
        assert_eq!(kilobytes("MemFree:  1 kB\nMemAvailable:   20 kB\n", "MemAvailable:"), Some(20_480));
        let limits = "Max address space         4294967296           unlimited            bytes\n";
        assert_eq!(left_of(limits, "Max address space", Some(1 << 30)), Some(3 << 30));
        assert_eq!(left_of(limits, "Max address space", Some(1 << 33)), Some(0));
        assert_eq!(left_of("Max data size  unlimited unlimited bytes", "Max data size", Some(1)), None);
        assert_eq!(left_of_groups("nonsense\n3:cpu:/a\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_some_memory_left_and_not_all_of_it() {
        let available = available_memory().unwrap();
        assert!(available > 1 << 20, "{available}");
        let all = Need { bytes: u64::MAX, multiplications: 0 };
        assert!(all.ensure("everything", "ask for less").is_err());
    }
}
