//! Which models are benchmarked: words of `--models`.

use std::path::Path;

use anyhow::bail;
use statenet::{
    models::{Architecture, prefilters::PrefilterConfig},
    prelude::*,
};

/// A model, as a plan lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `ridge`, a name of the zoo, or a config file.
    pub(super) model: String,
    /// The adaptation in front of it, by the name of its config; `None` for what the model has of its own.
    pub(super) prefilter: Option<&'static str>,
}

/// Adaptations in front of models: how users name them, how configs do.
const ADAPTATIONS: [(&str, &str); 2] = [("adaptrans", "adaptrans"), ("ic", "ic_adaptation")];

/// The models of a list of words, each once.
///
/// # Errors
/// If a word is none, or a model cannot have the adaptation.
pub(super) fn listed(words: &[String]) -> anyhow::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = Vec::new();
    for word in words.iter().map(|word| word.trim()).filter(|word| !word.is_empty()) {
        let found = match word {
            "all" => all(),
            "zoo" => zoo_as_it_is(),
            _ => vec![named(word)?],
        };
        for entry in found {
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
    }
    if entries.is_empty() {
        bail!("--models is empty, expected at least one model");
    }
    Ok(entries)
}

/// How a model is called whose prefilter has this name in its config: `ln+adaptrans`.
pub(super) fn with_adaptation(model: &str, prefilter: &str) -> String {
    let word =
        ADAPTATIONS.iter().find(|(_, config)| *config == prefilter).map_or(prefilter, |(word, _)| word);
    format!("{model}+{word}")
}

fn plain(model: &str) -> Entry {
    Entry { model: model.to_owned(), prefilter: None }
}

fn zoo_as_it_is() -> Vec<Entry> {
    ["ridge"].into_iter().chain(zoo::taking(Input::Cochleagram).map(|entry| entry.name)).map(plain).collect()
}

/// Ridge and every model of the zoo, each followed by itself behind AdapTrans if it has no adaptation of its own and no other model of the
/// zoo is the same.
fn all() -> Vec<Entry> {
    let mut entries = vec![plain("ridge")];
    for entry in zoo::ALL {
        entries.push(plain(entry.name));
        let is_in_zoo = |config: &ModelConfig| {
            zoo::taking(entry.input).any(|other| (other.config)(&dummy_axes(other.input)) == *config)
        };
        if adapting(entry).is_some_and(|config| !is_in_zoo(&config)) {
            entries.push(Entry { prefilter: Some("adaptrans"), ..plain(entry.name) });
        }
    }
    entries
}

/// A model behind AdapTrans; `None` where that is no option of the model.
fn adapting(entry: &zoo::Entry) -> Option<ModelConfig> {
    let mut config = (entry.config)(&dummy_axes(entry.input));
    let Architecture::Pipeline(pipeline) = &mut config.model else { return None };
    let takes_bands = entry.input == Input::Cochleagram || pipeline.front_end.is_some();
    if !takes_bands || pipeline.prefilter != PrefilterConfig::None {
        return None;
    }
    pipeline.prefilter = PrefilterConfig::Adaptrans(Default::default());
    config.validate().is_ok().then_some(config)
}

/// Axes for questions whose answer does not depend on them.
fn dummy_axes(input: Input) -> Axes {
    let dt = TimeBin::whole_millis::<5>();
    let of_sound = || {
        let sampling = Sampling::new(SampleRate::new(16_000.0).ok()?, dt).ok()?;
        Some(sampling.axes(1))
    };
    match input {
        Input::Sound => of_sound().unwrap_or_else(|| Axes::new(80, 1, dt)),
        Input::Cochleagram => Axes::new(34, 1, dt),
    }
}

fn named(word: &str) -> anyhow::Result<Entry> {
    let is_file = |text: &str| Path::new(text).extension().is_some_and(|end| end == "toml" || end == "json");
    let (model, adaptation) = match word.split_once('+') {
        Some((model, adaptation)) if !is_file(word) => (model, Some(adaptation)),
        _ => (word, None),
    };
    let entry = zoo::ALL.iter().find(|entry| entry.name == model);
    if entry.is_none() && model != "ridge" && !is_file(model) {
        let names: Vec<&str> = zoo::ALL.iter().map(|entry| entry.name).collect();
        bail!(
            "--models has {word:?}, expected all, zoo, ridge, {}, or a config file (.json, .toml)",
            names.join(", ")
        );
    }
    let Some(adaptation) = adaptation else { return Ok(plain(model)) };
    let Some((_, prefilter)) = ADAPTATIONS.into_iter().find(|(word, _)| *word == adaptation) else {
        bail!("--models has {word:?}: an adaptation is adaptrans or ic");
    };
    if entry.and_then(adapting).is_none() {
        bail!("--models has {word:?}: {model} cannot have another adaptation in front of it");
    }
    Ok(Entry { prefilter: Some(prefilter), ..plain(model) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let name =
            |entry: Entry| entry.prefilter.map_or(entry.model.clone(), |p| with_adaptation(&entry.model, p));
        listed(&words).unwrap().into_iter().map(name).collect()
    }

    #[test]
    fn all_is_every_model_with_and_without_adaptation_and_none_twice() {
        let all = names(&["all"]);
        for entry in zoo::ALL {
            assert!(all.iter().any(|name| name == entry.name), "{}", entry.name);
        }
        for name in
            ["ridge", "ln+adaptrans", "statenet-lstm+adaptrans", "transformer+adaptrans", "mel-ln+adaptrans"]
        {
            assert!(all.iter().any(|known| known == name), "{name}: {all:?}");
        }
        // The zoo has it as statenet-gru-adaptrans.
        for name in ["statenet-gru+adaptrans", "ln-ic+adaptrans", "icnet+adaptrans", "ridge+adaptrans"] {
            assert!(!all.iter().any(|known| known == name), "{name}");
        }
        let mut once = all.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), all.len());
    }

    #[test]
    fn words_are_names_adaptations_and_files() {
        assert_eq!(names(&["ln", "ln+ic", " ln", "a/my+model.toml"]), ["ln", "ln+ic", "a/my+model.toml"]);
        assert_eq!(names(&["zoo"]).len(), 1 + zoo::taking(Input::Cochleagram).count());
        let error = |word: &str| listed(&[word.to_owned()]).unwrap_err().to_string();
        assert!(
            error("lnn").starts_with("--models has \"lnn\", expected all, zoo, ridge, linear"),
            "{}",
            error("lnn")
        );
        assert!(error("ln+x").contains("an adaptation is adaptrans or ic"));
        assert!(error("ln-ic+adaptrans").contains("ln-ic cannot have another adaptation"));
        assert!(error(" ").contains("--models is empty"));
    }
}
