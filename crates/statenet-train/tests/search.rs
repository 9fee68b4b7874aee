//! A search for a recipe sees no test stimulus, can be interrupted anywhere, and gives the same whatever the number of threads.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fixtures;

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use candle_core::Device;
use fixtures::{changed, prepared, raw, small_statenet};
use statenet_data::{Recording, Split};
use statenet_models::{ModelConfig, zoo};
use statenet_train::{
    Error, FitConfig,
    search::{RecipeFile, Search, SearchConfig, SearchRecord},
};

const CONFIG: fn() -> SearchConfig =
    || SearchConfig { trials: 7, folds: 3, epochs: 4, ..SearchConfig::default() };

fn search(folder: &Path, config: SearchConfig) -> Search<'static> {
    Search::new(config, folder.join("trials"), folder.join("states"))
}

fn run(
    search: Search<'_>,
    model: &ModelConfig,
    (recording, split): &(Recording, Split),
) -> Result<RecipeFile, Error> {
    search.run(model, &FitConfig::recipe(model), recording, split, &Device::Cpu)
}

/// A recipe without seconds, in which equal searches differ.
fn timeless(mut file: RecipeFile) -> RecipeFile {
    let search = file.search.as_mut().unwrap();
    search.cost.seconds = 0.0;
    search.results.iter_mut().for_each(|result| result.seconds = 0.0);
    file
}

fn found(model: &ModelConfig, data: &(Recording, Split)) -> RecipeFile {
    let folder = tempfile::tempdir().unwrap();
    timeless(run(search(folder.path(), CONFIG()), model, data).unwrap())
}

#[test]
fn test_stimuli_have_no_part_in_a_search() {
    let (recording, split) = prepared(&raw(4));
    let noise = |of: &[usize]| {
        changed(&recording, |i, sound, counts| {
            if of.contains(&i) {
                sound.mapv_inplace(|x| (x * 91.0).sin() * 7.0);
                counts.mapv_inplace(|count| 2.0 * count + 1.0);
            }
        })
    };
    for model in [zoo::ln(&recording.axes()), small_statenet(&recording.axes())] {
        let whole = found(&model, &(recording.clone(), split.clone()));
        assert_eq!(whole, found(&model, &(noise(split.test()), split.clone())));
        // Any other stimulus has.
        for other in [split.train()[0], split.val()[0]] {
            assert_ne!(whole, found(&model, &(noise(&[other]), split.clone())));
        }
        let name = |&s: &usize| recording.stimulus(s).unwrap().name().to_owned();
        let folds = whole.search.unwrap().folds;
        let scored: Vec<String> = folds.into_iter().flatten().collect();
        let expected: BTreeSet<String> = split.train().iter().chain(split.val()).map(name).collect();
        assert_eq!(scored.len(), expected.len(), "every stimulus scores once");
        assert_eq!(scored.into_iter().collect::<BTreeSet<_>>(), expected);
    }
}

#[test]
fn a_search_that_was_interrupted_ends_as_one_that_was_not() {
    let data = prepared(&raw(4));
    let model = small_statenet(&data.0.axes());
    let whole = found(&model, &data);
    for every in [1, 4, 23] {
        let folder = tempfile::tempdir().unwrap();
        let mut interruptions = 0;
        let file = loop {
            let asked = AtomicUsize::new(0);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) + 1 >= 2 + every;
            match run(search(folder.path(), CONFIG()).stop_when(stop), &model, &data) {
                Ok(file) => break file,
                Err(Error::SearchInterrupted { .. }) => interruptions += 1,
                Err(other) => panic!("{other}"),
            }
        };
        assert!(interruptions > 0, "{every}: {interruptions}");
        assert_eq!(timeless(file.clone()), whole, "interrupted {interruptions} times");
        assert!(!folder.path().join("states").exists(), "the states are gone at the end");
        // Run again, nothing is fitted: seconds are those of the files.
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) + 1 > 0;
        assert_eq!(run(search(folder.path(), CONFIG()).stop_when(stop), &model, &data).unwrap(), file);
    }
}

#[test]
fn a_trial_whose_file_is_missing_damaged_or_of_another_search_is_found_anew() {
    let data = prepared(&raw(4));
    let model = small_statenet(&data.0.axes());
    let whole = found(&model, &data);
    let folder = tempfile::tempdir().unwrap();
    // A search with another seed was here before.
    let other = SearchConfig { seed: statenet_core::Seed::new(9), ..CONFIG() };
    run(search(folder.path(), other), &model, &data).unwrap();
    assert_eq!(timeless(run(search(folder.path(), CONFIG()), &model, &data).unwrap()), whole);
    let mut files: Vec<_> =
        fs::read_dir(folder.path().join("trials")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    fs::remove_file(&files[0]).unwrap();
    let mut bytes = fs::read(&files[1]).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&files[1], bytes).unwrap();
    assert_eq!(timeless(run(search(folder.path(), CONFIG()), &model, &data).unwrap()), whole);
}

#[test]
fn more_trials_keep_those_that_were() {
    let data = prepared(&raw(4));
    let model = small_statenet(&data.0.axes());
    let with = |trials| SearchConfig { trials, ..CONFIG() };
    let folder = tempfile::tempdir().unwrap();
    // Both have two rungs, of 2 and 4 epochs.
    let first = run(search(folder.path(), with(6)), &model, &data).unwrap().search.unwrap();
    let more = run(search(folder.path(), with(9)), &model, &data).unwrap().search.unwrap();
    assert_eq!(more.results[..6], first.results[..6]);
    let alone = tempfile::tempdir().unwrap();
    let file = run(search(alone.path(), with(9)), &model, &data).unwrap();
    let expected = timeless(file).search.unwrap();
    let indices =
        |record: &SearchRecord| record.results.iter().map(|r| (r.trial.index, r.score)).collect::<Vec<_>>();
    assert_eq!(indices(&more), indices(&expected));
}

#[test]
fn stimuli_that_a_split_leaves_out_have_no_part_either() {
    let (recording, _) = prepared(&raw(4));
    let split = Split::new(vec![0, 1], vec![3], vec![5]).unwrap();
    let noisy = changed(&recording, |i, sound, _| {
        if i == 2 {
            sound.fill(0.3);
        }
    });
    let model = small_statenet(&recording.axes());
    assert_eq!(found(&model, &(recording, split.clone())), found(&model, &(noisy, split)));
}

#[test]
fn one_thread_and_two_find_the_same() {
    let data = prepared(&raw(4));
    let model = zoo::ln(&data.0.axes());
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| found(&model, &data))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn a_search_says_what_it_did_and_its_recipe_is_read_again() {
    let data = prepared(&raw(4));
    let model = zoo::ln(&data.0.axes());
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    let search =
        search(folder.path(), CONFIG()).fixed(["crop", "optimizer.learning_rate"]).on_trial(|_| seen += 1);
    let file = run(search, &model, &data).unwrap();
    let SearchRecord { rungs, results, chosen, space, cost, best_score, score, .. } =
        file.search.clone().unwrap();
    assert_eq!((seen, rungs.len(), results.len()), (7 + 3, 2, 7 + 3));
    assert!(results[..7].iter().enumerate().all(|(at, r)| r.trial.index == at && r.folds.len() == 3));
    assert!(results[7..].iter().all(|r| (r.rung, r.epochs) == (1, 4)));
    assert!(results[7..].iter().any(|r| r.trial == chosen) && score <= best_score);
    assert_eq!((cost.fits, cost.epochs), (21, 3 * (4 * 2 + 3 * 4)));
    assert!(space.dimensions().iter().all(|d| d.field != "crop" && !d.field.ends_with("learning_rate")));
    // A rung goes on where the one before ended.
    assert!(results[7..].iter().flat_map(|r| &r.folds).all(|fold| fold.epochs_run == 4));
    let path = folder.path().join("ln.json");
    file.write(&path).unwrap();
    assert_eq!(RecipeFile::read(&path).unwrap(), file);
    let base = FitConfig::recipe(&model);
    let settings = file.recipe.fit_config(&base).unwrap();
    assert_eq!(settings.optimizer.learning_rate, base.optimizer.learning_rate);
    fs::write(&path, "{}").unwrap();
    let error = RecipeFile::read(&path).unwrap_err().to_string();
    assert_eq!(error, format!("{}: cannot read as a recipe", path.display()));
}

#[test]
fn what_cannot_be_searched_is_refused_in_words() {
    let data = prepared(&raw(4));
    let model = zoo::ln(&data.0.axes());
    let folder = tempfile::tempdir().unwrap();
    let refused = |config: SearchConfig, data: &(Recording, Split)| {
        run(search(folder.path(), config), &model, data).unwrap_err().to_string()
    };
    assert_eq!(
        refused(SearchConfig { trials: 0, ..CONFIG() }, &data),
        "number of trials is 0, expected 1 or more"
    );
    assert_eq!(
        refused(SearchConfig { folds: 2, ..CONFIG() }, &data),
        "number of folds is 2, expected 3 or more"
    );
    assert_eq!(
        refused(SearchConfig { epochs: 0, ..CONFIG() }, &data),
        "number of epochs is 0, expected 1 or more"
    );
    let few = Split::new(vec![0], vec![1], vec![2, 3, 4, 5]).unwrap();
    let message = refused(CONFIG(), &(data.0.clone(), few));
    assert_eq!(message, "split grouped:alike:3/0 needs at least 3 stimuli, the recording has 2");
}
