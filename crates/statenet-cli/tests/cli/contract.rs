//! The output of `fit`: documented fields, the same bytes with any number of threads, no unrelated files replaced.

use std::fs;

use serde_json::Value;
use statenet::{data::read_npy_2d, prelude::*};

use crate::harness::{
    MODELS, Small, default_results, expect_done, expect_refused, expect_test_object, fit_default, json, keys,
    number_or_null, small, temporary, text, timeless, tree,
};

#[test]
fn the_summary_has_the_fields_and_types_of_the_contract() {
    let out = default_results();
    let written = fs::read_to_string(out.join("summary.json")).unwrap();
    assert!(!written.contains("NaN") && !written.contains("inf"));
    let summary: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(keys(&summary), ["dataset", "models", "comparisons", "warnings"]);
    let dataset = &summary["dataset"];
    assert_eq!(keys(dataset), ["name", "neurons", "stimuli", "dt_ms"]);
    assert_eq!(
        dataset,
        &serde_json::json!({"name": "simulation", "neurons": 4, "stimuli": 20, "dt_ms": 5.0})
    );
    let models = summary["models"].as_array().unwrap();
    assert_eq!(models.iter().map(|m| m["name"].as_str().unwrap()).collect::<Vec<_>>(), MODELS);
    for model in models {
        let name = model["name"].as_str().unwrap();
        let fields = [
            "name",
            "config",
            "parameters",
            "seed",
            "split",
            "epochs_run",
            "best_epoch",
            "stopped",
            "seconds_fit",
            "train_loss",
            "val_score",
            "test",
            "checkpoint",
        ];
        assert_eq!(keys(model), fields);
        let config: ModelConfig = serde_json::from_value(model["config"].clone()).unwrap();
        assert_eq!(config.build(Seed::new(0), &Device::Cpu).unwrap().n_neurons(), 4);
        assert!(model["parameters"].as_u64().unwrap() > 0);
        assert_eq!(model["seed"], 0);
        // Reading a split checks that its parts are disjoint; together they must be all stimuli.
        let split: Split = serde_json::from_value(model["split"].clone()).unwrap();
        let parts = [split.train(), split.val(), split.test()].concat();
        assert_eq!(parts, (0..20).collect::<Vec<_>>());
        assert_eq!((split.val(), split.test()), (&[14, 15, 16][..], &[17, 18, 19][..]));
        let epochs_run = model["epochs_run"].as_u64().unwrap();
        let best_epoch = model["best_epoch"].as_u64().unwrap();
        let lists = ["train_loss", "val_score"].map(|list| model[list].as_array().unwrap());
        for (list, what) in lists.iter().zip(["train_loss", "val_score"]) {
            list.iter().for_each(|value| number_or_null(value, what));
        }
        if name == "ridge" {
            assert_eq!((epochs_run, best_epoch, &model["stopped"]), (0, 0, &Value::from("converged")));
        } else {
            assert_eq!((epochs_run, &model["stopped"]), (3, &Value::from("max_epochs")), "{name}");
            assert!((1..=3).contains(&best_epoch), "{name}");
            assert_eq!(lists.map(Vec::len), [3, 3], "{name}");
        }
        assert!(model["seconds_fit"].as_f64().unwrap() > 0.0);
        expect_test_object(&model["test"], 4);
        assert_eq!(model["checkpoint"], format!("checkpoints/{name}"));
    }
}

#[test]
fn checkpoints_load_and_predictions_are_f32_spikes_per_bin_for_every_test_stimulus() {
    let out = default_results();
    let summary = json(&out.join("summary.json"));
    for (name, entry) in MODELS.iter().zip(summary["models"].as_array().unwrap()) {
        let Checkpoint { model, metadata, .. } =
            checkpoint::load(out.join(entry["checkpoint"].as_str().unwrap()), &Device::Cpu).unwrap();
        assert_eq!(serde_json::to_value(model.config()).unwrap(), entry["config"], "{name}");
        assert_eq!(model.params().n_trained() as u64, entry["parameters"].as_u64().unwrap(), "{name}");
        assert_eq!(metadata.neurons, ["linear-0", "linear-1", "ln-0", "ln-1"], "{name}");
        assert_eq!(model.input_scaling().unwrap().unwrap().n_bands(), 34, "{name}");
        assert_eq!(metadata.training["split"], entry["split"], "{name}");
        let folder = out.join("predictions").join(name);
        let files: Vec<_> = tree(&folder).into_keys().collect();
        assert_eq!(files, ["predictions.json", "sim17.npy", "sim18.npy", "sim19.npy"], "{name}");
        for file in files.iter().filter(|file| file.ends_with(".npy")) {
            let bytes = fs::read(folder.join(file)).unwrap();
            assert!(String::from_utf8_lossy(&bytes[..80]).contains("'descr': '<f4'"), "{name}/{file}");
            let rates = read_npy_2d(folder.join(file), "rates").unwrap();
            assert_eq!(rates.dim(), (4, 600), "{name}/{file}");
            assert!(rates.iter().all(|r| r.is_finite()));
            // Spikes per 5 ms bin of neurons with rates of 5 to 20 per second.
            let mean = rates.mean().unwrap();
            assert!((0.005..0.3).contains(&mean), "{name}/{file}: {mean}");
        }
    }
}

#[test]
fn the_report_needs_nothing_but_itself() {
    let out = default_results();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.trim_end().ends_with("</html>"));
    // The only URLs are names of XML namespaces, which are not fetched.
    let without_names =
        page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/1999/xlink", "");
    for fetched in
        ["http://", "https://", "<link rel=\"stylesheet", "<script src", "@import", "url(", "<iframe"]
    {
        assert!(!without_names.contains(fetched), "{fetched}");
    }
    for name in MODELS {
        assert!(page.contains(name), "{name}");
    }
    let figures: Vec<_> = tree(&out.join("figures")).into_keys().collect();
    for figure in ["scores.svg", "prediction-best.svg", "fields-0.svg", "training-statenet-gru.svg"] {
        assert!(figures.iter().any(|f| f == figure), "{figure} of {figures:?}");
    }
    for (name, bytes) in tree(&out.join("figures")) {
        let svg = String::from_utf8(bytes).unwrap();
        assert!(svg.contains("<svg") && !svg.contains("NaN"), "{name}");
    }
    let top: Vec<_> = tree(out).into_keys().filter(|path| !path.contains('/')).collect();
    assert_eq!(top, ["report.html", "summary.json"]);
    assert!(!out.join("unfinished").exists());
}

#[test]
fn one_thread_and_two_leave_the_same_bytes() {
    let one = default_results();
    let folder = tempfile::tempdir().unwrap();
    let two = folder.path().join("out");
    fit_default(&two, "2");
    assert!(timeless(one) == timeless(&two));
    for part in ["checkpoints", "predictions"] {
        let (one, two) = (tree(&one.join(part)), tree(&two.join(part)));
        assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
        for (path, bytes) in &one {
            assert!(bytes == &two[path], "{part}/{path}");
        }
    }
}

#[test]
fn a_second_run_replaces_the_first_and_sweeps_up_after_a_killed_one() {
    let Small { data, .. } = small();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let fit = |model: &str| {
        let args = ["--data", text(data), "--epochs", "2", "--model", model, "--quiet", "--out", text(&out)];
        expect_done("fit", &args);
    };
    fit("linear,ln");
    let first = tree(&out);
    // Files as left by a process that is killed while writing.
    fs::write(out.join(".tmpAb12Cd"), "half a report").unwrap();
    fs::create_dir_all(out.join("checkpoints/.statenet-Ab12Cd")).unwrap();
    fs::create_dir_all(out.join("unfinished/.statenet-ended-ln")).unwrap();
    fs::write(out.join("unfinished/.statenet-ended-ln/fit.json"), "{").unwrap();
    fit("linear,ln");
    assert_eq!(temporary(&out), Vec::<String>::new());
    assert!(!out.join("checkpoints/.statenet-Ab12Cd").exists() && !out.join("unfinished").exists());
    let second = tree(&out);
    assert_eq!(first.keys().collect::<Vec<_>>(), second.keys().collect::<Vec<_>>());
    for (path, bytes) in
        first.iter().filter(|(path, _)| !path.ends_with("summary.json") && *path != "report.html")
    {
        assert!(bytes == &second[path], "{path}");
    }
}

#[test]
fn a_folder_with_other_things_in_it_is_refused_and_left_as_it_was() {
    let Small { data, .. } = small();
    for name in ["thesis.tex", ".tmp-notes", ".statenet-plans"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(name), "years of work").unwrap();
        let args = ["--data", text(data), "--epochs", "1", "--model", "linear", "--out", text(folder.path())];
        expect_refused("fit", &args, &[name, "choose another --out"]);
        assert_eq!(tree(folder.path()).into_keys().collect::<Vec<_>>(), [name]);
    }
}
