//! Split files, and the texts that name splits: resolved, written, resolved again, equal.

use std::sync::LazyLock;

use statenet_data::{Recording, Split, SplitPlan};

use super::{examples, some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "split",
    kind: Kind::Json,
    most_bytes: 1 << 12,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

static RECORDING: LazyLock<Recording> = LazyLock::new(|| examples::recording(6));

fn check(bytes: &[u8]) -> bool {
    let recording = &*RECORDING;
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("split.json");
    let resolve = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("a scratch file can be written");
        SplitPlan::File(path.clone()).resolve(recording)
    };
    let file = match resolve(bytes) {
        Ok(split) => {
            split.check(recording).expect("a split that was read fits");
            let text = serde_json::to_vec(&split).expect("a split can be written");
            assert_eq!(resolve(&text).expect("what we write we can read"), split);
            assert_eq!(serde_json::from_slice::<Split>(&text).expect("what we write we can read"), split);
            true
        }
        Err(error) => told(&error),
    };
    // The same as the text of an option.
    let Some(text) = std::str::from_utf8(bytes).ok().filter(|text| text.len() < 200) else { return file };
    let plan = match text.parse::<SplitPlan>() {
        Ok(SplitPlan::File(_)) => false,
        Ok(plan) => {
            assert_eq!(plan.to_string().parse::<SplitPlan>().expect("a plan that was written"), plan);
            if let Err(error) = plan.resolve(recording) {
                told(&error);
            }
            true
        }
        Err(error) => told(&error),
    };
    file || plan
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    [
        ("indices", r#"{"train": [0, 1, 2], "val": [3], "test": [4, 5]}"#),
        ("names", r#"{"test": ["s4", "s5"], "train": ["s0", 1], "val": ["s3"]}"#),
        ("demo", "demo"),
        ("rahman", "rahman"),
        ("kfold", "kfold:5/0"),
        ("nested", "nested:2/2:1/1"),
        ("nested-grouped", "nested:kind:3/2:0"),
        ("kfold-large", "kfold:18446744073709551615/3"),
    ]
    .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
    .into()
}
