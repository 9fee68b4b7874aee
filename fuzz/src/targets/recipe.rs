//! Recipe files: read, written, read again, equal; and set in the settings of a fit and in the config of a model, or refused in words.

use std::sync::LazyLock;

use statenet_models::{ModelConfig, zoo};
use statenet_train::{
    FitConfig,
    search::{RecipeFields, RecipeFile, Search, SearchConfig},
};

use super::{examples, some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "recipe",
    kind: Kind::Json,
    most_bytes: 1 << 14,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

static MODELS: LazyLock<[ModelConfig; 2]> =
    LazyLock::new(|| [zoo::ln(&examples::axes()), zoo::transformer(&examples::axes())]);

fn check(bytes: &[u8]) -> bool {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("recipe.json");
    std::fs::write(&path, bytes).expect("a scratch file can be written");
    let file = match RecipeFile::read(&path) {
        Ok(file) => file,
        Err(error) => return told(&error),
    };
    file.write(&path).expect("what was read can be written");
    assert_eq!(RecipeFile::read(&path).expect("what we write we can read"), file);
    for model in &*MODELS {
        let base = FitConfig::recipe(model);
        match file.recipe.fit_config(&base) {
            // The same fields again change nothing.
            Ok(config) => assert_eq!(file.recipe.fit_config(&config).expect("a recipe that fitted"), config),
            Err(error) => {
                told(&error);
            }
        }
        if let Err(error) = file.recipe.model_config(model) {
            told(&error);
        }
    }
    true
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("recipe.json");
    let written = |file: &RecipeFile| {
        file.write(&path).expect("a recipe can be written");
        std::fs::read(&path).expect("a recipe that was written")
    };
    let searched = || {
        let recording = examples::recording(6);
        let split = statenet_data::SplitPlan::Demo.resolve(&recording).expect("a split");
        let model = super::checkpoint::small(zoo::linear(&examples::axes()));
        let config = SearchConfig { trials: 1, folds: 3, epochs: 1, ..SearchConfig::default() };
        let search = Search::new(config, scratch.path().join("trials"), scratch.path().join("states"));
        let base = FitConfig::recipe(&model);
        let device = candle_core::Device::Cpu;
        search.run(&model, &base, &recording, &split, &device).expect("a small search")
    };
    let named = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    vec![
        named("paper", written(&RecipeFile::new(RecipeFields::paper(), None))),
        named("searched", written(&searched())),
        named(
            "by-hand",
            br#"{"format": "statenet-recipe", "version": 1, "recipe": {"fit": {"weight_decay": 1.0, "crop": null}, "model": {"dropout": 0.3}}}"#
                .to_vec(),
        ),
    ]
}
