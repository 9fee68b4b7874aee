//! The spike file of a unit.

use std::{error::Error as _, path::Path};

use super::metadata::Unit;
use crate::{
    formats::mat5::{self, MatArray, Selection},
    raw::RawResponse,
    readers::arrays::bytes,
};

/// The responses to the first `n_sounds` sets; or a line that says what is missing or wrong.
pub(super) fn read(folder: &Path, unit: &Unit, n_sounds: usize) -> Result<Vec<RawResponse>, String> {
    let below = format!("spikesandwav/{}", unit.path);
    // Some files of the release have this other name.
    let other = below.strip_suffix(".mat").map(|stem| format!("{stem}_1.mat"));
    let found = [Some(below.clone()), other].into_iter().flatten().find(|file| folder.join(file).is_file());
    let Some(file) = found else {
        return Err(format!("{below}: spikes of a unit"));
    };
    let content = bytes(&folder.join(&file)).map_err(|error| {
        let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        format!("{file}: cannot read{cause}")
    })?;
    let data = mat5::read(&content, "data").map_err(|error| format!("{file}: {error}"))?;
    of_sets(&data, n_sounds).map_err(|got| {
        format!(
            "{file}: data holds {got}, expected set(1..32).repeats(1..R).t, spike times in ms of each repeat"
        )
    })
}

/// The responses to the first sets, or what was found in place of them.
fn of_sets(data: &MatArray, n_sounds: usize) -> Result<Vec<RawResponse>, String> {
    let sets: Vec<&MatArray> = match data.select(["set", "repeats"])? {
        Selection::Many(sets) => sets,
        Selection::One(set) => vec![set],
    };
    if sets.len() < n_sounds {
        return Err(format!("{} sets", sets.len()));
    }
    sets.into_iter().take(n_sounds).map(of_repeats).collect()
}

fn of_repeats(repeats: &MatArray) -> Result<RawResponse, String> {
    let times = repeats.fields("t").ok_or_else(|| format!("repeats of {}", repeats.described()))?;
    let seconds = |t: &MatArray| match t.to_f64() {
        Some(ms) => Ok(Some(ms.into_iter().map(|ms| ms / 1e3).collect())),
        None => Err(format!("spike times of {}", t.described())),
    };
    Ok(RawResponse::Spikes(times.iter().map(seconds).collect::<Result<_, String>>()?))
}
