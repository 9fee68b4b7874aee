//! `--recipe`: the settings of each model's fit, as they are in the zoo, as others published them, as a search finds them, or as a file has them.

use std::{
    convert::Infallible,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::Context;
use statenet::{
    prelude::*,
    train::{
        self,
        search::{RecipeFields, RecipeFile, Search, SearchConfig},
    },
};

use super::{args::FitArgs, output::Output, summary::RecipeSummary};
use crate::shared::{Printer, interrupt, interrupt::Interrupted};

/// Where the settings of fits come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RecipeArg {
    /// From the zoo.
    Default,
    /// Those of the paper of StateNet.
    Paper,
    /// Those of the published implementation.
    Reference,
    /// From a search on the recording.
    Search,
    /// From a recipe file, or from a folder with one for each model.
    Path(PathBuf),
}

impl FromStr for RecipeArg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "default" => Self::Default,
            "paper" => Self::Paper,
            "reference" => Self::Reference,
            "search" => Self::Search,
            path => Self::Path(path.into()),
        })
    }
}

impl RecipeArg {
    /// The file or folder that is read.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Default | Self::Paper | Self::Reference | Self::Search => None,
        }
    }
}

/// The recipe of a model in a run.
#[derive(Default)]
pub(super) struct ChosenRecipe {
    /// What differs from the model's own recipe.
    pub(super) fields: RecipeFields,
    /// What the summary says of it; `None` for the model's own.
    pub(super) summary: Option<RecipeSummary>,
}

/// What a search is on.
pub(super) struct Searched<'a> {
    pub(super) name: &'a str,
    pub(super) model: &'a ModelConfig,
    pub(super) recording: &'a Recording,
    pub(super) split: &'a Split,
    pub(super) device: &'a Device,
}

/// The recipe of a model by the option `--recipe`; one that is not the model's own is written to `recipes/MODEL.json`.
///
/// # Errors
/// If a file is no recipe or has fields that the model has not, a search fails, or the user interrupts it.
pub(super) fn recipe_of(
    args: &FitArgs,
    searched: &Searched<'_>,
    out: &Output,
    states: PathBuf,
    printer: &Printer,
) -> anyhow::Result<ChosenRecipe> {
    let name = searched.name;
    let file = match &args.recipe {
        RecipeArg::Default => return Ok(ChosenRecipe::default()),
        RecipeArg::Paper => RecipeFile::new(RecipeFields::paper(), None),
        RecipeArg::Reference => RecipeFile::new(RecipeFields::reference(), None),
        RecipeArg::Search => search(args, searched, out, states, printer)?,
        RecipeArg::Path(path) => {
            let path = if path.is_dir() { path.join(format!("{name}.json")) } else { path.clone() };
            let file = RecipeFile::read(&path)?;
            let model = file.recipe.model_config(searched.model);
            model.with_context(|| format!("{}: is no recipe of {name}", path.display()))?;
            file
        }
    };
    let place = format!("recipes/{name}.json");
    file.write(out.path(&place))?;
    Ok(ChosenRecipe { summary: Some(RecipeSummary::of(place, &file)), fields: file.recipe })
}

fn search(
    args: &FitArgs,
    searched: &Searched<'_>,
    out: &Output,
    states: PathBuf,
    printer: &Printer,
) -> anyhow::Result<RecipeFile> {
    let Searched { name, model, recording, split, device } = *searched;
    let base = args.fit_config(model, args.seed, recording.dt(), &RecipeFields::default())?;
    let defaults = SearchConfig::default();
    let folds = match &args.split {
        // Three at least: one scores, one stops the fit, one trains.
        SplitPlan::Nested { plan, .. } => plan.n_inner().max(3),
        _ => defaults.folds,
    };
    let config = SearchConfig {
        trials: args.trials.map_or(defaults.trials, |n| usize::try_from(n).unwrap_or(usize::MAX)),
        folds,
        epochs: base.max_epochs.min(defaults.epochs),
        seed: Seed::new(args.seed),
    };
    let on_trial = |result: &train::search::TrialResult| {
        let score = result.score.map_or_else(|| "no score".to_owned(), |score| format!("{score:.4}"));
        let (rung, trial, epochs) = (result.rung + 1, result.trial.index, result.epochs);
        printer.line(format_args!(
            "{name:14} search: rung {rung}, trial {trial}, {epochs} epochs at most: {score}"
        ));
    };
    printer.line(format_args!(
        "{name:14} search: {} trials, each fitted {folds} times for {} epochs at most",
        config.trials, config.epochs
    ));
    let search = Search::new(config, out.search(name), states)
        .fixed(args.fixed_fields())
        .on_trial(on_trial)
        .stop_when(interrupt::is_asked);
    match search.run(model, &base, recording, split, device) {
        Err(train::Error::SearchInterrupted { .. }) => Err(Interrupted::new(format!(
            "the search for a recipe of {name} stopped: run the same command again to go on from there"
        ))
        .into()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_paths_are_told_apart() {
        let parse = |text: &str| text.parse::<RecipeArg>().unwrap();
        assert_eq!(parse("default"), RecipeArg::Default);
        assert_eq!(parse("paper"), RecipeArg::Paper);
        assert_eq!(parse("reference"), RecipeArg::Reference);
        assert_eq!(parse("search"), RecipeArg::Search);
        assert_eq!(parse("out/recipes"), RecipeArg::Path("out/recipes".into()));
    }
}
