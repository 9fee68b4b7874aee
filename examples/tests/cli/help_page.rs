//! The page of commands shows what `--help` prints: `docs/src/reference/commands.md`.
//!
//! `STATENET_UPDATE=1 cargo test -p statenet-examples --test cli help_page` writes it anew.

use std::{fs, path::PathBuf};

use crate::example::stdout_of;

#[test]
fn the_page_of_commands_shows_the_help_of_each_program() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/src/reference/commands.md");
    let page = fs::read_to_string(&path).unwrap();
    let true_page = with_help(&page);
    if std::env::var_os("STATENET_UPDATE").is_some() {
        fs::write(&path, &true_page).unwrap();
        return;
    }
    let stale = page.lines().zip(true_page.lines()).find(|(there, now)| there != now);
    assert!(
        page == true_page,
        "docs/src/reference/commands.md is stale at {stale:?}: \
         STATENET_UPDATE=1 cargo test -p statenet-examples --test cli help_page"
    );
}

/// The page with the first block of text below each heading `## PROGRAM` replaced by the program's help.
fn with_help(page: &str) -> String {
    let mut sections = page.split("\n## ");
    let mut out = sections.next().unwrap_or_default().to_owned();
    for section in sections {
        // Some programs have actions: `sweep run`.
        let mut words = section.lines().next().unwrap_or_default().split(' ');
        let program = words.next().unwrap_or_default();
        let (before, rest) = section.split_once("```text\n").expect("a block of text in each section");
        let (_, after) = rest.split_once("\n```").expect("the end of the block");
        let help = stdout_of(program, &words.chain(["--help"]).collect::<Vec<_>>());
        out += &format!("\n## {before}```text\n{}\n```{after}", help.trim_end());
    }
    out
}
