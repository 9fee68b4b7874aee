//! What a fit will need, said before it starts where that is much.

use statenet::core::Need;

/// More than this is said: 1 GiB, or about a minute.
const MUCH: Need = Need { bytes: 1 << 30, multiplications: 1_000_000_000_000 };

/// A line for people, or `None` for what needs little. `of` says what the multiplications are of: a fit, or an epoch.
pub(super) fn line(model: &str, need: Need, of: &str) -> Option<String> {
    let much = need.bytes > MUCH.bytes || need.multiplications > MUCH.multiplications;
    much.then(|| format!("{model:14} needs at least {need} {of}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_much_is_said() {
        let need = Need { bytes: 3_000_000_000, multiplications: 20_000 };
        assert_eq!(
            line("ln", need, "an epoch").unwrap(),
            "ln             needs at least 3.0 GB of memory and 2.0e4 multiplications an epoch"
        );
        assert_eq!(line("ln", Need { bytes: 1 << 20, ..need }, "an epoch"), None);
        assert!(line("ridge", Need { multiplications: 1 << 41, ..Need::default() }, "in all").is_some());
    }
}
