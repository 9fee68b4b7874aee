//! The page that says what each model of the zoo can do, made by trying it: `docs/src/reference/zoo.md`.
//!
//! `STATENET_UPDATE=1 cargo test -p statenet --test zoo_page` writes it anew.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;

use statenet::{
    models::{
        Architecture, PipelineConfig, backbones::BackboneConfig, checkpoint::save_published,
        cores::CoreConfig, laws, zoo::Entry,
    },
    prelude::*,
};

const N_BANDS: usize = 34;
const HEAD: &str = "\
# The zoo, and what each model can do

Made from the registry by trying each model (`crates/statenet/tests/zoo_page.rs`); a test fails where this page is not true.

- **Train**: every parameter gets a gradient. **Stream**: chunks of 1, 7 and 64 bins equal the whole; \"real time\" where single
  frames also run without allocations. **Interpret**: its gradient map is there and not zero.
- **CUDA**: \"kernel\" where its loop over bins is a kernel of ours, \"tensors\" where it is Candle's operations.
- **Published**: the class of deepSTRF 0.1.0 that a folder of this model loads as, and from which it is read, with the same rates.

| Model | Parameters, N 1 | N 53 | Memory | Train | Stream | Interpret | CUDA | Published | From |
|---|---|---|---|---|---|---|---|---|---|
";

#[test]
fn the_page_of_the_zoo_is_true() {
    let rows: Vec<String> = zoo::ALL.iter().map(row).collect();
    let page = format!("{HEAD}{}\n", rows.join("\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/reference/zoo.md");
    if std::env::var_os("STATENET_UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/src/reference/zoo.md is stale: STATENET_UPDATE=1 cargo test -p statenet --test zoo_page\n{page}"
    );
}

fn axes(n_neurons: usize) -> Axes {
    Axes::new(N_BANDS, n_neurons, TimeBin::from_millis(5.0).unwrap())
}

fn row(entry: &Entry) -> String {
    let config = (entry.config)(&axes(1));
    let model = config.build(Seed::new(0), &Device::Cpu).unwrap();
    let sound = Tensor::rand(0f32, 1.0, (1, 1, N_BANDS, 70), &Device::Cpu).unwrap();
    let memory = match model.memory() {
        Memory::Frames(1) => "1 bin".to_owned(),
        Memory::Frames(n) => format!("{n} bins"),
        Memory::Unbounded => "unbounded".to_owned(),
    };
    let train = yes(laws::every_parameter_learns(&*model, &sound, Seed::new(0)).is_ok());
    let stream = match (laws::streaming(&*model, &sound, &[1, 7, 64]).is_ok(), model.steps().unwrap()) {
        (false, _) => "no",
        (true, None) => "yes",
        (true, Some(_)) => "real time",
    };
    let maps = gradient_maps(&*model, &sound, &[0]).unwrap();
    let interpret = yes(maps[0].maps.iter().any(|g| *g != 0.0) && maps[0].maps.iter().all(|g| g.is_finite()));
    let pipeline = pipeline(&config);
    let folder = tempfile::tempdir().unwrap();
    let published = match save_published(folder.path(), &*model, &CheckpointMetadata::default()) {
        Ok(_) => {
            let text = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
            let flat: serde_json::Value = serde_json::from_str(&text).unwrap();
            format!("`{}`", flat["_model_class"].as_str().unwrap())
        }
        Err(_) => "no".to_owned(),
    };
    let many = (entry.config)(&axes(53)).build(Seed::new(0), &Device::Cpu).unwrap().params().n_trained();
    format!(
        "| `{}` | {} | {many} | {memory} | {train} | {stream} | {interpret} | {} | {published} | {} |",
        entry.name,
        model.params().n_trained(),
        cuda(pipeline),
        entry.citation,
    )
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

fn pipeline(config: &ModelConfig) -> &PipelineConfig {
    let Architecture::Pipeline(pipeline) = &config.model else { unreachable!("the zoo has pipelines only") };
    pipeline
}

/// Whether its loop over bins is a kernel of ours on a GPU.
fn cuda(pipeline: &PipelineConfig) -> &'static str {
    match &pipeline.core {
        CoreConfig::Dnet(_) => "kernel",
        CoreConfig::Statenet(statenet) => match statenet.backbone {
            BackboneConfig::Lmu(_) | BackboneConfig::S4(_) => "tensors",
            _ => "kernel",
        },
        _ => "tensors",
    }
}
