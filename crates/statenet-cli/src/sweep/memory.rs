//! The memory of this process: what it has, and the most that it had.

use std::fs;

/// Bytes in memory now; `None` on a system that does not tell. Today only Linux does.
pub(super) fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// The most bytes that were in memory since [`forget_peak`].
pub(super) fn peak() -> Option<u64> {
    status("VmHWM:")
}

/// Begins to look for the most anew, where the system allows it.
pub(super) fn forget_peak() {
    let _peak_of_all = fs::write("/proc/self/clear_refs", "5");
}

fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_not_below_what_is_there() {
        forget_peak();
        let block = vec![1u8; 8 << 20];
        assert!(peak().unwrap() > (8 << 20) && resident().unwrap() > (8 << 20));
        assert_eq!(block.iter().map(|&b| usize::from(b)).sum::<usize>(), 8 << 20);
    }
}
