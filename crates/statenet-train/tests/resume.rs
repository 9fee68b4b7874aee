//! An interrupted fit, once resumed, gives the same result as an uninterrupted one; folders of other fits are left alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use candle_core::{Device, Tensor};
use fixtures::{Bits, bits, build, changed, epochs, full_message, models, prepared, ragged, raw, timeless};
use statenet_data::{Crop, Recording, Split};
use statenet_metrics::losses::Loss;
use statenet_models::ModelConfig;
use statenet_train::{Averaging, Error, FitConfig, Fitter, Schedule, Stopped, optimizers::AdamWConfig};

/// Files of a folder, by name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())
    };
    fs::read_dir(folder).unwrap().map(file).collect()
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for (name, bytes) in contents(from) {
        fs::write(to.join(name), bytes).unwrap();
    }
}

/// A model, recording, split and settings to fit.
struct Case {
    model: ModelConfig,
    config: FitConfig,
    recording: Recording,
    split: Split,
}

/// An uninterrupted fit, with its state on disk after each epoch but the last.
struct Unbroken {
    bits: Bits,
    history: statenet_train::History,
    states: Vec<PathBuf>,
    _root: tempfile::TempDir,
}

impl Case {
    fn fit_unbroken(&self) -> Unbroken {
        let root = tempfile::tempdir().unwrap();
        let slot = root.path().join("fit");
        let mut states = Vec::new();
        let mut model = build(&self.model, 7);
        // When epoch e + 1 is announced, the folder holds the state after epoch e.
        let keep = |progress: &statenet_train::Progress| {
            if slot.is_dir() {
                let copy = root.path().join(format!("after-{}", progress.epoch - 1));
                copy_folder(&slot, &copy);
                states.push(copy);
            }
        };
        let fitter = Fitter::new(self.config.clone()).on_epoch(keep).resume_in(&slot, Duration::ZERO);
        let history = fitter.fit(&mut *model, &self.recording, &self.split).unwrap().history;
        assert!(!slot.exists(), "the folder is gone after the end");
        assert_eq!(states.len(), history.n_epochs() - 1);
        Unbroken { bits: bits(&*model), history: timeless(history), states, _root: root }
    }

    /// Resumes from a folder; returns the bits of the model, the history and the epochs that were run.
    fn resume(&self, folder: &Path) -> (Bits, statenet_train::History, Vec<usize>) {
        let mut model = build(&self.model, 7);
        let mut seen = Vec::new();
        let fitter = Fitter::new(self.config.clone())
            .on_epoch(|progress| seen.push(progress.epoch))
            .resume_in(folder, Duration::ZERO);
        let history = fitter.fit(&mut *model, &self.recording, &self.split).unwrap().history;
        assert!(!folder.exists(), "the folder is gone after the end");
        (bits(&*model), timeless(history), seen)
    }

    fn expect_every_interruption_heals(&self, name: &str) -> Unbroken {
        let unbroken = self.fit_unbroken();
        for (i, state) in unbroken.states.iter().enumerate() {
            let copy = state.with_extension("resumed");
            copy_folder(state, &copy);
            let (bits, history, seen) = self.resume(&copy);
            assert_eq!(seen, (i + 2..=history.n_epochs()).collect::<Vec<_>>(), "{name}: it went on");
            assert_eq!(history, unbroken.history, "{name}: interrupted after epoch {}", i + 1);
            assert!(bits == unbroken.bits, "{name}: interrupted after epoch {}", i + 1);
        }
        unbroken
    }

    /// The error of a fit with a folder of another fit, which must remain unchanged, as must the model.
    fn refuses(&self, folder: &Path) -> Error {
        let before = contents(folder);
        let mut model = build(&self.model, 7);
        let start = bits(&*model);
        let fitter = Fitter::new(self.config.clone()).resume_in(folder, Duration::ZERO);
        let error = fitter.fit(&mut *model, &self.recording, &self.split).unwrap_err();
        assert_eq!(contents(folder), before, "nothing is lost: {error}");
        assert_eq!(bits(&*model), start, "the model is as it was: {error}");
        error
    }
}

fn field(folder: &Path, name: &str) -> serde_json::Value {
    let text = fs::read_to_string(folder.join("fit.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["course"][name].clone()
}

#[test]
fn an_interrupted_fit_of_any_model_ends_where_the_unbroken_one_does() {
    let (recording, split) = prepared(&ragged(4));
    for (name, model) in models(&recording.axes()) {
        for batch in [1, 3] {
            // Crops and noise, too, go on where they would have been.
            let crop = (batch == 3).then_some(Crop { length: 30, warm_up: 12 });
            let noise = if batch == 3 { 0.2 } else { 0.0 };
            let config = FitConfig { batch, crop, noise, ..epochs(4) };
            let case =
                Case { model: model.clone(), config, recording: recording.clone(), split: split.clone() };
            let unbroken = case.expect_every_interruption_heals(name);
            assert_eq!(unbroken.history.stopped, Stopped::MaxEpochs);
            assert!(
                unbroken.bits.iter().all(|(_, _, bits)| bits.iter().all(|b| f32::from_bits(*b).is_finite()))
            );
        }
    }
}

#[test]
fn what_a_loss_learned_goes_on_too() {
    let (recording, split) = prepared(&raw(4));
    for loss in [Loss::Gaussian, Loss::NegativeBinomial] {
        let config = FitConfig { loss, ..epochs(4) };
        let model = statenet_models::zoo::ln(&recording.axes());
        let case = Case { model, config, recording: recording.clone(), split: split.clone() };
        case.expect_every_interruption_heals(loss.name());
    }
}

#[test]
fn an_interruption_across_a_fall_of_the_learning_rate_changes_nothing() {
    let (recording, split) = prepared(&raw(4));
    for (name, model) in models(&recording.axes()) {
        let config = FitConfig {
            schedule: Schedule::Plateau { patience: 2, factor: 0.3, times: 2 },
            patience: 3,
            // A learning rate so large that scores soon fall.
            optimizer: AdamWConfig { learning_rate: 0.05, ..AdamWConfig::default() },
            ..epochs(60)
        };
        let case = Case { model, config, recording: recording.clone(), split: split.clone() };
        let unbroken = case.expect_every_interruption_heals(name);
        assert_eq!(unbroken.history.stopped, Stopped::Converged, "{name}");
        let falls: Vec<_> = unbroken.states.iter().map(|s| field(s, "n_falls").as_u64().unwrap()).collect();
        assert!([0, 1, 2].iter().all(|n| falls.contains(n)), "{name}: {falls:?}");
        let just_fallen = unbroken
            .states
            .iter()
            .any(|s| field(s, "n_falls").as_u64() == Some(1) && field(s, "n_stale_here").as_u64() == Some(0));
        assert!(just_fallen, "{name}: one of the states is that right after a fall");
    }
}

#[test]
fn averages_of_weights_and_schedules_by_steps_go_on_too() {
    let (recording, split) = prepared(&raw(4));
    let (ema, last) = (Averaging::Ema { decay: 0.9 }, Averaging::Last { epochs: 3 });
    let plateau = Schedule::Plateau { patience: 1, factor: 0.3, times: 2 };
    for (name, model) in models(&recording.axes()) {
        for (averaging, schedule) in [(ema, plateau), (ema, Schedule::Cosine), (last, plateau)] {
            let config = FitConfig {
                averaging,
                schedule,
                warm_up: 2,
                patience: 2,
                // A learning rate so large that it soon falls.
                optimizer: AdamWConfig { learning_rate: 0.05, ..AdamWConfig::default() },
                ..epochs(9)
            };
            let (model, recording, split) = (model.clone(), recording.clone(), split.clone());
            let case = Case { model, config, recording, split };
            let unbroken = case.expect_every_interruption_heals(name);
            // A fall of the rate empties the list of the latest weights.
            let has_average = |state: &PathBuf| {
                let file = state.join("fit.safetensors");
                let tensors = candle_core::safetensors::load(file, &Device::Cpu).unwrap();
                tensors.keys().any(|tensor| tensor.starts_with("average."))
            };
            assert!(unbroken.states.iter().any(has_average), "{name}");
        }
    }
}

#[test]
fn running_statistics_are_part_of_the_state() {
    let (recording, split) = prepared(&raw(4));
    let model = fixtures::normalized_ln(&recording.axes());
    let case = Case { model, config: epochs(3), recording, split };
    let unbroken = case.fit_unbroken();
    let tensors =
        candle_core::safetensors::load(unbroken.states[1].join("fit.safetensors"), &Device::Cpu).unwrap();
    for name in ["current.readout.norm.running_mean", "best.readout.norm.running_var"] {
        assert!(tensors.contains_key(name), "{name}");
    }
    assert!(
        tensors.contains_key("mean.readout.norm.weight")
            && !tensors.contains_key("mean.readout.norm.running_mean")
    );
}

#[test]
fn a_folder_of_another_fit_is_refused_by_the_field_that_differs() {
    let (recording, split) = prepared(&raw(6));
    let axes = recording.axes();
    let own = || Case {
        model: statenet_models::zoo::ln(&axes),
        config: epochs(3),
        recording: recording.clone(),
        split: split.clone(),
    };
    let unbroken = own().fit_unbroken();
    let folder = &unbroken.states[0];
    let other_sound = changed(&recording, |i, sound, _| {
        if i == split.val()[0] {
            sound[[0, 0]] += 1.0;
        }
    });
    // The same PSTH from different repeats: CCnorm, on which early stopping depends, is different.
    let other_repeats = changed(&recording, |i, _, counts| {
        if i == split.val()[0] {
            let bin = counts.slice(ndarray::s![0, .., 50]).mean().unwrap() + 1.0;
            counts.slice_mut(ndarray::s![0, .., 50]).fill(bin);
            counts[[0, 0, 50]] += 0.5;
            counts[[0, 1, 50]] -= 0.5;
        }
    });
    let same_psth = changed(&other_repeats, |i, _, counts| {
        if i == split.val()[0] {
            counts[[0, 0, 50]] -= 0.25;
            counts[[0, 1, 50]] += 0.25;
        }
    });
    let cases: [(&str, Case); 6] = [
        ("settings", Case { config: FitConfig { seed: statenet_core::Seed::new(99), ..epochs(3) }, ..own() }),
        ("settings", Case { config: epochs(4), ..own() }),
        ("model", Case { model: statenet_models::zoo::linear(&axes), ..own() }),
        ("data", Case { recording: other_sound, ..own() }),
        ("data", Case { recording: other_repeats.clone(), ..own() }),
        ("split", Case { split: Split::new(vec![0, 1, 2], vec![4], vec![3, 5]).unwrap(), ..own() }),
    ];
    for (expected, case) in cases {
        let error = case.refuses(folder);
        let Error::OtherFit { path, field, .. } = &error else { panic!("{expected}: {error}") };
        assert_eq!((path.as_path(), *field), (folder.as_path(), expected), "{error}");
        assert!(error.to_string().contains(&format!("state of another fit: {expected} is ")), "{error}");
    }
    // The same config with other initial weights.
    let mut model = build(&own().model, 8);
    let fitter = Fitter::new(epochs(3)).resume_in(folder, Duration::ZERO);
    let error = fitter.fit(&mut *model, &recording, &split).unwrap_err();
    assert!(matches!(error, Error::OtherFit { field: "start", .. }), "{error}");
    // Equal PSTHs from different repeats are different data.
    let repeats = Case { recording: other_repeats, ..own() };
    let unbroken_repeats = repeats.fit_unbroken();
    let error = Case { recording: same_psth, ..own() }.refuses(&unbroken_repeats.states[0]);
    assert!(matches!(error, Error::OtherFit { field: "data", .. }), "{error}");
    // After all these errors the fit itself can still be resumed.
    let (bits, history, seen) = own().resume(folder);
    assert_eq!((history, seen), (unbroken.history.clone(), vec![2, 3]));
    assert_eq!(bits, unbroken.bits);
}

#[test]
fn a_damaged_state_is_an_error_that_names_the_file() {
    let (recording, split) = prepared(&raw(6));
    let model = statenet_models::zoo::linear(&recording.axes());
    let case = Case { model, config: epochs(3), recording, split };
    let unbroken = case.fit_unbroken();
    let whole = &unbroken.states[1];
    let text = fs::read(whole.join("fit.json")).unwrap();
    let tensors = fs::read(whole.join("fit.safetensors")).unwrap();
    let named = |keep: &dyn Fn(&str) -> bool, shape: Option<usize>| {
        let all = candle_core::safetensors::load(whole.join("fit.safetensors"), &Device::Cpu).unwrap();
        let kept: BTreeMap<String, Tensor> = all
            .into_iter()
            .filter(|(name, _)| keep(name))
            .map(|(name, t)| match shape {
                Some(n) if name.starts_with("best.") => {
                    (name, Tensor::zeros(n, candle_core::DType::F32, &Device::Cpu).unwrap())
                }
                _ => (name, t),
            })
            .collect();
        safetensors::serialize(kept.iter().map(|(n, t)| (n.as_str(), t)), None).unwrap()
    };
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("cut JSON", "fit.json", text[..text.len() / 2].to_vec()),
        ("empty JSON", "fit.json", Vec::new()),
        ("other JSON", "fit.json", b"{\"format\": 1}".to_vec()),
        ("no text", "fit.json", vec![0xff; 30]),
        ("cut tensors", "fit.safetensors", tensors[..tensors.len() - 7].to_vec()),
        ("empty tensors", "fit.safetensors", Vec::new()),
        ("garbage", "fit.safetensors", vec![0x7f; 100]),
        ("no best weights", "fit.safetensors", named(&|n| !n.starts_with("best."), None)),
        ("no moments", "fit.safetensors", named(&|n| !n.starts_with("square."), None)),
        ("one moment less", "fit.safetensors", named(&|n| n != "mean.readout.strf.bias", None)),
        ("other shapes", "fit.safetensors", named(&|_| true, Some(3))),
    ];
    for (what, file, bytes) in cases {
        let folder = whole.with_extension("damaged");
        copy_folder(whole, &folder);
        fs::write(folder.join(file), bytes).unwrap();
        let error = case.refuses(&folder);
        let Error::DamagedState { path, .. } = &error else { panic!("{what}: {}", full_message(&error)) };
        assert_eq!(path, &folder.join(file), "{what}: {}", full_message(&error));
        let what_to_do = format!("delete the folder {} to start this fit anew", folder.display());
        assert!(error.to_string().ends_with(&what_to_do), "{error}");
    }
    for lost in ["fit.safetensors", "fit.json"] {
        let folder = whole.with_extension("lost");
        copy_folder(whole, &folder);
        fs::remove_file(folder.join(lost)).unwrap();
        let error = case.refuses(&folder);
        assert!(matches!(&error, Error::DamagedState { path, .. } if path.ends_with(lost)), "{error}");
        fs::remove_dir_all(&folder).unwrap();
    }
    // A file of an earlier version, which had no digest.
    let folder = whole.with_extension("format");
    copy_folder(whole, &folder);
    let text = String::from_utf8(text).unwrap();
    let (older, _) = text.split_once(",\"digest\"").unwrap();
    fs::write(folder.join("fit.json"), format!("{older}}}")).unwrap();
    assert!(matches!(case.refuses(&folder), Error::DamagedState { path, .. } if path.ends_with("fit.json")));
}

/// A small fit, and the folder with its state after the first epoch: made once, since each case below copies it.
fn small_state() -> &'static (Case, Unbroken) {
    static STATE: std::sync::OnceLock<(Case, Unbroken)> = std::sync::OnceLock::new();
    STATE.get_or_init(|| {
        let (recording, split) = prepared(&raw(3));
        let model = statenet_models::zoo::linear(&recording.axes());
        let case = Case { model, config: epochs(2), recording, split };
        let unbroken = case.fit_unbroken();
        (case, unbroken)
    })
}

proptest::proptest! {
    /// Any byte of any file: an error that names the file, or else the fit of the undamaged state.
    #[test]
    fn a_changed_byte_of_a_state_never_changes_a_fit(
        in_json: bool, at: proptest::sample::Index, change in 1u8..=255, cut: bool,
    ) {
        let (case, unbroken) = small_state();
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("fit");
        copy_folder(&unbroken.states[0], &folder);
        let file = if in_json { "fit.json" } else { "fit.safetensors" };
        let mut bytes = fs::read(folder.join(file)).unwrap();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= change;
        }
        fs::write(folder.join(file), bytes).unwrap();
        let error = case.refuses(&folder);
        let named = matches!(&error, Error::DamagedState { path, .. } if path.ends_with(file));
        proptest::prop_assert!(named, "byte {at} of {file}: {error}");
    }
}

#[test]
fn a_fit_that_is_asked_to_stop_saves_its_state_and_goes_on_from_there() {
    let (case, unbroken) = small_state();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("fit");
    let stopped_fit = |resumable: bool| {
        let mut model = build(&case.model, 7);
        let fitter = Fitter::new(case.config.clone()).stop_when(|| true);
        let fitter =
            if resumable { fitter.resume_in(&folder, Duration::from_secs(1_000_000)) } else { fitter };
        fitter.fit(&mut *model, &case.recording, &case.split).unwrap_err()
    };
    let error = stopped_fit(false);
    assert!(matches!(error, Error::Interrupted { epoch: 1, saved_in: None }), "{error}");
    let error = stopped_fit(true);
    assert!(
        matches!(&error, Error::Interrupted { epoch: 1, saved_in: Some(at) } if *at == folder),
        "{error}"
    );
    let (bits, history, seen) = case.resume(&folder);
    assert_eq!((history, seen), (unbroken.history.clone(), vec![2]));
    assert_eq!(bits, unbroken.bits);
}

#[test]
fn a_fit_that_keeps_its_state_is_not_repeated() {
    let (case, unbroken) = small_state();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("fit");
    for expected in [vec![1, 2], vec![]] {
        let mut model = build(&case.model, 7);
        let mut seen = Vec::new();
        let fitter = Fitter::new(case.config.clone())
            .on_epoch(|progress| seen.push(progress.epoch))
            .resume_in(&folder, Duration::from_secs(1_000_000))
            .keep_state();
        let history = fitter.fit(&mut *model, &case.recording, &case.split).unwrap().history;
        assert_eq!((timeless(history), seen), (unbroken.history.clone(), expected));
        assert_eq!(bits(&*model), unbroken.bits);
        assert!(folder.join("fit.json").is_file());
    }
}

#[test]
fn a_folder_of_somebody_else_is_never_removed() {
    let (recording, split) = prepared(&raw(6));
    let root = tempfile::tempdir().unwrap();
    let thesis = root.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter1.tex"), "years of work").unwrap();
    let before = contents(&thesis);
    for every in [Duration::from_secs(1_000_000), Duration::ZERO] {
        let mut model = build(&statenet_models::zoo::linear(&recording.axes()), 0);
        let result = Fitter::new(epochs(2)).resume_in(&thesis, every).fit(&mut *model, &recording, &split);
        assert_eq!(contents(&thesis), before);
        // A fit that never had to save its state succeeds; one that had to returns an error.
        assert_eq!(result.is_err(), every.is_zero(), "{result:?}");
    }
}

#[test]
fn a_fit_that_ends_before_its_first_save_leaves_nothing() {
    let (recording, split) = prepared(&raw(6));
    let root = tempfile::tempdir().unwrap();
    let mut model = build(&statenet_models::zoo::linear(&recording.axes()), 0);
    let slot = root.path().join("a/b/fit");
    let fitter = Fitter::new(epochs(1)).resume_in(&slot, Duration::ZERO);
    fitter.fit(&mut *model, &recording, &split).unwrap();
    assert!(!slot.exists());
}

#[test]
fn a_state_that_cannot_be_saved_is_an_error_and_the_best_weights_are_there() {
    let (recording, split) = prepared(&raw(6));
    let root = tempfile::tempdir().unwrap();
    // A folder with unrelated files is not replaced.
    let slot = root.path().join("thesis");
    fs::create_dir(&slot).unwrap();
    fs::write(slot.join("chapter1.tex"), "years of work").unwrap();
    let config = |max_epochs| FitConfig {
        // The first epoch is by far the best.
        optimizer: AdamWConfig { learning_rate: 1.0, ..AdamWConfig::default() },
        ..epochs(max_epochs)
    };
    let mut model = build(&statenet_models::zoo::ln(&recording.axes()), 0);
    let result = Fitter::new(config(3)).resume_in(&slot, Duration::ZERO).fit(&mut *model, &recording, &split);
    assert!(matches!(result, Err(Error::Write(_))), "{result:?}");
    let mut first = build(&statenet_models::zoo::ln(&recording.axes()), 0);
    Fitter::new(config(1)).fit(&mut *first, &recording, &split).unwrap();
    assert_eq!(bits(&*model), bits(&*first));
}
