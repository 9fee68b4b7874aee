//! Writes the page: every requirement, the numbers measured, and whether it is met.

mod grid;
mod numbers;
mod ours;
mod peers;

use std::path::Path;

use anyhow::Context;

use self::numbers::Numbers;

/// Reads `about.md`, `ours-*.json` and `theirs-*.json` from a folder and writes the page.
pub(crate) fn page(folder: &Path) -> anyhow::Result<String> {
    let about = folder.join("about.md");
    let about = std::fs::read_to_string(&about).with_context(|| format!("reading {}", about.display()))?;
    let numbers = Numbers::read(folder)?;
    let sections = [
        peers::recurrences(&numbers),
        peers::candle(&numbers),
        peers::steps(&numbers),
        peers::maps(&numbers),
        peers::ceilings(&numbers),
        ours::floors(&numbers),
        ours::streaming(&numbers),
        ours::threads(&numbers),
        ours::many_models(&numbers),
        peers::memory(&numbers),
        ours::long_clip(&numbers),
    ];
    Ok(format!("# Speed\n\n{}\n\n{}", about.trim(), sections.join("\n")))
}
