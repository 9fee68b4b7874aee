//! Splits of a plan: a rule for one split, or for all folds of a cross-validation.

use statenet_data::SplitPlan;

use super::error::SweepError;
use crate::error::Result;

/// The splits of an entry, as texts of [`SplitPlan`]: itself if it is one, else all folds.
///
/// `loo` is one split for each stimulus; `kfold:5`, `grouped:kind:5` and `nested:5/4` are a split for each of the five (outer) folds.
pub(super) fn expand(text: &str, n_stimuli: usize) -> Result<Vec<String>> {
    if text.parse::<SplitPlan>().is_ok() {
        return Ok(vec![text.to_owned()]);
    }
    if text == "loo" {
        return Ok((0..n_stimuli).map(|test| format!("loo:{test}")).collect());
    }
    let wrong = || SweepError::Value {
        field: "splits".to_owned(),
        got: format!("{text:?}"),
        expected:
            "a split such as demo, kfold:5/0 or FILE.json, or all folds of a cross-validation: loo, kfold:K, \
                   grouped:FIELD:K, nested:K/J"
                .to_owned(),
    };
    let folds = text.rsplit(':').next().unwrap_or_default();
    let (n, separator) = match folds.split_once('/') {
        Some((outer, _)) => (outer, ':'),
        None => (folds, '/'),
    };
    let n: usize = n.parse().ok().filter(|&n| (2..=n_stimuli.max(2)).contains(&n)).ok_or_else(wrong)?;
    let expanded: Vec<String> = (0..n).map(|fold| format!("{text}{separator}{fold}")).collect();
    match expanded.iter().all(|text| text.parse::<SplitPlan>().is_ok()) {
        true => Ok(expanded),
        false => Err(wrong().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cross_validation_is_all_its_folds() {
        assert_eq!(expand("demo", 20).unwrap(), ["demo"]);
        assert_eq!(expand("kfold:5/2", 20).unwrap(), ["kfold:5/2"]);
        assert_eq!(expand("kfold:3", 20).unwrap(), ["kfold:3/0", "kfold:3/1", "kfold:3/2"]);
        assert_eq!(expand("grouped:kind:3", 9).unwrap()[2], "grouped:kind:3/2");
        assert_eq!(expand("nested:3/2", 9).unwrap(), ["nested:3/2:0", "nested:3/2:1", "nested:3/2:2"]);
        assert_eq!(expand("loo", 4).unwrap(), ["loo:0", "loo:1", "loo:2", "loo:3"]);
    }

    #[test]
    fn what_is_no_split_is_refused() {
        for text in ["", "demos", "kfold", "kfold:2", "kfold:21", "kfold:x", "loo/3"] {
            let message = expand(text, 20).unwrap_err().to_string();
            assert!(message.starts_with(&format!("splits of the plan is {text:?}, expected")), "{message}");
        }
    }
}
