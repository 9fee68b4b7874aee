//! Continuous responses, here membrane potentials: fitted, scored, predicted and interpreted in their unit.

use std::{fs, path::Path};

use ndarray::{Array2, Array3};
use statenet::{
    data::{Description, Neuron, Responses, Stimulus, write_npy_2d},
    prelude::*,
};

use crate::harness::{expect_done, expect_refused, json, text, tree};

const N_BANDS: usize = 6;
const N_LAGS: usize = 4;

/// 16 sounds of 1.5 s of noise in six bands; the potentials of two cells that filter it over 20 ms, around their rest, with as much noise as
/// signal in each of four repeats, one of which ends early.
fn recording(unit: &str, scale: f64) -> Recording {
    let mut weights = Seed::new(3).stream("weights");
    let field = Array3::from_shape_fn((2, N_BANDS, N_LAGS), |_| weights.normal());
    let stimulus = |s: usize| {
        let n_bins = 300;
        let mut sounds = Seed::new(3).stream(&format!("sound {s}"));
        let sound = Array2::from_shape_fn((N_BANDS, n_bins), |_| sounds.normal());
        let mut noise = Seed::new(3).stream(&format!("noise {s}"));
        let signal = Array2::from_shape_fn((2, n_bins), |(n, t)| {
            let lags = (0..N_LAGS.min(t + 1)).flat_map(|lag| (0..N_BANDS).map(move |band| (band, lag)));
            lags.map(|(band, lag)| field[[n, band, lag]] * sound[[band, t - lag]]).sum::<f64>()
        });
        let potential = Array3::from_shape_fn((2, 4, n_bins), |(n, r, t)| {
            let (rest, size) = ([-65.0, -58.0][n], [1.0, 0.3][n]);
            let value = rest + size * (signal[[n, t]] + 5.0 * noise.normal());
            if (r, s % 3) == (3, 1) && t > 250 { f32::NAN } else { (scale * value) as f32 }
        });
        let responses = Responses::from_nan_in(potential, unit.parse().unwrap()).unwrap();
        Stimulus::new(format!("noise{s:02}"), sound.mapv(|x| x as f32), responses).unwrap()
    };
    let bands = (0..N_BANDS).map(|band| Hertz::new(1000.0 * 1.5f64.powi(band as i32)).unwrap()).collect();
    let neurons = ["soma", "dendrite"].map(Neuron::new).to_vec();
    let about = Description { name: "potentials".into(), ..Description::default() };
    Recording::new(about, TimeBin::from_millis(5.0).unwrap(), bands, neurons, (0..16).map(stimulus).collect())
        .unwrap()
}

fn fit(data: &Path, out: &Path, models: &str, more: &[&str]) -> serde_json::Value {
    let common = ["--data", text(data), "--model", models, "--quiet", "--out", text(out)];
    let ended = expect_done("fit", &[&common[..], more].concat());
    assert_eq!(ended.stderr, "", "nothing is doubtful");
    json(&out.join("summary.json"))
}

#[test]
fn membrane_potentials_are_fitted_and_shown_in_their_unit() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (data, out) = (at("data"), at("out"));
    recording("mV", 1.0).write(&data).unwrap();
    let summary = fit(&data, &out, "ridge,ln,statenet-gru", &["--epochs", "400"]);
    assert_eq!(summary["dataset"]["response_unit"], "mV");
    for model in summary["models"].as_array().unwrap() {
        // The truth is a linear filter, so that a perfect model has a CCnorm of 1.
        let ccnorm = model["test"]["ccnorm_mean"].as_f64().unwrap();
        assert!((0.9..1.1).contains(&ccnorm), "{}: {ccnorm}", model["name"]);
        let fve = model["test"]["fve_mean"].as_f64().unwrap();
        assert!(fve > 0.6, "{}: {fve}", model["name"]);
        assert!(model["test"]["per_neuron"][0]["signal_power"].as_f64().unwrap() > 5.0);
        let axes = &model["config"]["axes"];
        assert_eq!(axes["response_unit"], "mV");
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("Response (mV)") && page.contains("mV per s.d.") && !page.contains("spikes/"));

    // Predictions know their unit, and `score` gives the same numbers.
    let predictions = out.join("predictions/statenet-gru");
    assert_eq!(json(&predictions.join("predictions.json"))["unit"], "mV");
    let scores = at("scores.json");
    let score = |predictions: &Path| {
        expect_done(
            "score",
            &["--data", text(&data), "--predictions", text(predictions), "--out", text(&scores), "--quiet"],
        );
        json(&scores)
    };
    assert_eq!(score(&predictions)["ccnorm_mean"], summary["models"][2]["test"]["ccnorm_mean"]);
    // Of other software, without predictions.json.
    fs::remove_file(predictions.join("predictions.json")).unwrap();
    let scored = score(&predictions);
    assert_eq!(scored["ccnorm_mean"], summary["models"][2]["test"]["ccnorm_mean"]);
    assert_eq!(scored["warnings"].as_array().unwrap().len(), 1, "{}", scored["warnings"]);

    let rates = at("rates");
    let checkpoint = out.join("checkpoints/statenet-gru");
    let args = ["--checkpoint", text(&checkpoint), "--data", text(&data), "--out", text(&rates)];
    let ended = expect_done("predict", &args);
    assert!(ended.stdout.contains("Mean response (mV)"), "{}", ended.stdout);
    assert_eq!(json(&rates.join("predictions.json"))["unit"], "mV");
    let streamed = at("streamed");
    let args = ["--checkpoint", text(&checkpoint), "--data", text(&data), "--out", text(&streamed)];
    expect_done("predict", &[&args[..], &["--stream", "7", "--quiet"]].concat());
    let read = |folder: &Path| statenet::data::read_npy_2d(folder.join("noise15.npy"), "rates").unwrap();
    let (whole, chunks) = (read(&rates), read(&streamed));
    assert!((whole.row(0).mean().unwrap() + 65.0).abs() < 2.0, "{:?}", whole.row(0).mean());
    assert!((&whole - &chunks).iter().all(|off| off.abs() < 1e-3));

    let seen = at("seen");
    expect_done("look", &["--data", text(&data), "--out", text(&seen), "--quiet"]);
    let found = json(&seen.join("look.json"));
    assert_eq!(found["response_unit"], "mV");
    assert!(found["neurons"][0]["drift"].is_null() && found["neurons"][0]["duplicate_of"].is_null());
    let page = fs::read_to_string(seen.join("report.html")).unwrap();
    assert!(page.contains("Response (mV)") && page.contains("Mean (mV)") && !page.contains("spikes/"));

    let looked = at("looked");
    let args = ["--checkpoint", text(&checkpoint), "--data", text(&data), "--out", text(&looked)];
    let more = ["--depth", "40", "--longest-memory", "60", "--dream-steps", "3", "--quiet"];
    expect_done("interpret", &[&args[..], &more].concat());
    assert_eq!(json(&looked.join("interpretation.json"))["response_unit"], "mV");
    let page = fs::read_to_string(looked.join("report.html")).unwrap();
    assert!(page.contains(" mV") && !page.contains("spikes/"), "the page is in mV");
}

#[test]
fn a_fit_does_not_depend_on_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let scores = |name: &str, unit: &str, scale: f64| -> Vec<f64> {
        let data = folder.path().join(name);
        recording(unit, scale).write(&data).unwrap();
        let out = folder.path().join(format!("{name}-out"));
        let summary = fit(&data, &out, "ridge,ln,statenet-gru", &["--epochs", "10"]);
        let models = summary["models"].as_array().unwrap();
        models.iter().map(|model| model["test"]["ccnorm_mean"].as_f64().unwrap()).collect()
    };
    let (millivolts, volts) = (scores("mv", "mV", 1.0), scores("v", "V", 1e-3));
    for (mv, v) in millivolts.iter().zip(&volts) {
        assert!((mv - v).abs() < 0.01, "{millivolts:?} {volts:?}");
    }
}

#[test]
fn what_is_of_spikes_alone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (data, out) = (at("data"), at("out"));
    recording("mV", 1.0).write(&data).unwrap();
    let common = ["--data", text(&data), "--quiet", "--out", text(&out)];
    let refused = |more: &[&str], says: &[&str]| expect_refused("fit", &[&common[..], more].concat(), says);
    refused(&["--loss", "poisson"], &["loss poisson is the likelihood of spike counts", "mV", "use mse"]);
    let config = at("softplus.json");
    let softplus = r#"{"format": 1, "model": {"pipeline": {"readout": {"strf": {"strf": {"full": {"lags": 4}},
        "activation": {"softplus": {}}}}}}}"#;
    fs::write(&config, softplus).unwrap();
    refused(
        &["--model", text(&config)],
        &["output curve gives nothing below 0", "neuron soma is -6", "mV", "signed"],
    );
    assert!(tree(&out).is_empty(), "nothing is left");
    // A curve that is signed is taken.
    fs::write(&config, softplus.replace(r#""softplus": {}"#, r#""softplus": {"output": "signed"}"#)).unwrap();
    fit(&data, &out, text(&config), &["--epochs", "2"]);

    // Predictions in another unit than the responses.
    let (rates, scores) = (at("rates"), at("scores.json"));
    let names: Vec<String> = (0..16).map(|s| format!("noise{s:02}")).collect();
    for name in &names {
        write_npy_2d(rates.join(format!("{name}.npy")), Array2::zeros((2, 300)).view()).unwrap();
    }
    let about = r#"{"format": "statenet-predictions", "version": 1, "neurons": ["soma", "dendrite"], "unit": "spikes/bin"}"#;
    fs::write(rates.join("predictions.json"), about).unwrap();
    let args = ["--data", text(&data), "--predictions", text(&rates), "--out", text(&scores), "--quiet"];
    expect_refused("score", &args, &["responses are in spikes/bin, expected mV"]);

    let recording = data.join("recording.json");
    let changed = fs::read_to_string(&recording).unwrap().replace(r#""mV""#, r#""spikes/s""#);
    fs::write(&recording, changed).unwrap();
    refused(
        &[],
        &["recording.json: response_unit is spikes/s", "multiply rates per second by dt in seconds"],
    );
}
