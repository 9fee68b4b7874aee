//! `convert` to the published format and back, and the options that `predict` then needs.

use crate::harness::{Small, expect_done, expect_refused, small, text, tree};

#[test]
fn a_checkpoint_goes_to_the_published_form_and_back_with_the_same_rates() {
    let Small { data, out } = small();
    let folder = tempfile::tempdir().unwrap();
    let ours = out.join("checkpoints/statenet-gru");
    let (published, back) = (folder.path().join("published"), folder.path().join("back"));
    expect_done(
        "convert",
        &["--checkpoint", text(&ours), "--to", "published", "--out", text(&published), "--quiet"],
    );
    expect_done(
        "convert",
        &["--checkpoint", text(&published), "--to", "statenet", "--out", text(&back), "--quiet"],
    );
    assert_eq!(tree(&back), tree(&ours));
    let rates = folder.path().join("rates");
    let args = ["--checkpoint", text(&published), "--data", text(data), "--out", text(&rates), "--quiet"];
    expect_done("predict", &args);
    expect_refused(
        "predict",
        &[&args[..], &["--prefilter", "ic"]].concat(),
        &["prefilter is ic, expected none, whose tensors are in the folder"],
    );
    expect_refused(
        "predict",
        &["--checkpoint", text(&ours), "--data", text(data), "--out", text(&rates), "--prefilter", "ic"],
        &["_model_class is missing, expected a published config"],
    );
}
