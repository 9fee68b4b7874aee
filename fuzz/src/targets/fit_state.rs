//! The state of an unfinished fit: a fit that resumes from it goes on, or says why not; from the state as it was saved it ends
//! as a fit that was not interrupted.

use std::{collections::BTreeMap, path::Path, sync::LazyLock, time::Duration};

use statenet_core::Digest;
use statenet_data::{Recording, Split};
use statenet_models::{ResponseModel, zoo};
use statenet_train::{Error, Fit, FitConfig, Fitter};

use super::{checkpoint::small, examples, some_numbers_a_byte, told};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "fit_state",
    kind: Kind::Folder,
    most_bytes: 1 << 15,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: Some(sealed),
    check,
};

static RECORDING: LazyLock<Recording> = LazyLock::new(|| examples::recording(3));
/// The state after one epoch of two, and the weights after both.
static UNFINISHED: LazyLock<(Folder, BTreeMap<String, Vec<u32>>)> = LazyLock::new(unfinished);

fn model() -> Box<dyn ResponseModel> {
    examples::model(&small(zoo::linear(&examples::axes())))
}

fn fit(
    model: &mut dyn ResponseModel,
    folder: &Path,
    keep: Option<&mut Option<Folder>>,
) -> Result<Fit, Error> {
    let split = Split::new(vec![0], vec![1], vec![2]).expect("a split");
    let config = FitConfig { max_epochs: 2, ..FitConfig::recipe(&model.config()) };
    let fitter = Fitter::new(config).resume_in(folder, Duration::ZERO);
    match keep {
        Some(kept) => {
            // The state of the first epoch is there when the second ends.
            let watch =
                |_: &statenet_train::Progress| *kept = Folder::read(folder).ok().or_else(|| kept.take());
            fitter.on_epoch(watch).fit(model, &RECORDING, &split)
        }
        None => fitter.fit(model, &RECORDING, &split),
    }
}

fn bits(model: &dyn ResponseModel) -> BTreeMap<String, Vec<u32>> {
    let bits = model.params().iter().map(|param| {
        let values = param.var.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("parameters are f32");
        (param.name.clone(), values.into_iter().map(f32::to_bits).collect())
    });
    bits.collect()
}

fn unfinished() -> (Folder, BTreeMap<String, Vec<u32>>) {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (mut model, mut kept) = (model(), None);
    fit(&mut *model, &scratch.path().join("state"), Some(&mut kept)).expect("a small fit");
    (kept.expect("a state is saved after each epoch"), bits(&*model))
}

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = scratch.path().join("state");
    folder.write(&at).expect("a scratch folder can be written");
    let mut model = model();
    let before = bits(&*model);
    match fit(&mut *model, &at, None) {
        Ok(fit) => {
            assert!(fit.history.n_epochs() <= 2 || folder != UNFINISHED.0);
            if folder == UNFINISHED.0 {
                assert_eq!(bits(&*model), UNFINISHED.1);
            }
            true
        }
        Err(error) => {
            told(&error);
            if matches!(error, Error::File { .. } | Error::OtherFit { .. } | Error::DamagedState { .. }) {
                assert_eq!(bits(&*model), before, "a state that is refused changes nothing");
            }
            false
        }
    }
}

/// Writes the digest of the tensors into `fit.json`, and at its end that of all before it.
fn sealed(folder: &mut Folder) {
    let tensors = folder.files.get("fit.safetensors").map(|bytes| Digest::of(bytes).to_string());
    let Some(text) = folder.files.get_mut("fit.json") else { return };
    let Ok(serde_json::Value::Object(mut file)) = serde_json::from_slice(text) else { return };
    file.shift_remove("digest");
    if let (Some(there), Some(tensors)) = (file.get_mut("tensors"), tensors) {
        *there = tensors.into();
    }
    let closed = serde_json::Value::Object(file).to_string();
    let open = closed.strip_suffix('}').unwrap_or(&closed);
    *text = format!("{open},\"digest\":\"{}\"}}", Digest::of(open.as_bytes())).into_bytes();
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    vec![("after-one-epoch".to_owned(), UNFINISHED.0.pack())]
}
