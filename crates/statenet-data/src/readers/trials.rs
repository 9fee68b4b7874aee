//! One continuous recording, cut into trials; trials with the same stimulus are its repeats.

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, Axis, concatenate, s};

use crate::error::{Error, Result};

/// The stimuli of a recording that was cut, in order of their first trial.
pub(super) struct Trials {
    /// `(N, R, T)` of each.
    pub(super) responses: Vec<Array3<f32>>,
    /// `(F, T)` of each.
    pub(super) cochleagrams: Vec<Array2<f32>>,
    /// What is doubtful: code and message.
    pub(super) doubts: Vec<(&'static str, String)>,
}

/// Cuts one recording of one repeat, with its cochleagram, into trials of `n_bins`. Those whose cochleagrams are equal bit for bit are repeats.
pub(super) fn cut_into_trials(
    responses: &[Array3<f32>],
    cochleagrams: &[Array2<f32>],
    n_bins: usize,
) -> Result<Trials> {
    let wrong = |got: String, expected| Err(Error::Setting { setting: "bins of a trial", got, expected });
    let ([responses], [cochleagram]) = (responses, cochleagrams) else {
        let got = format!("{n_bins} for {} stimuli", responses.len());
        return wrong(got, "none where stimuli have arrays of their own");
    };
    let (_, n_repeats, of_responses) = responses.dim();
    let of_sound = cochleagram.ncols();
    if n_repeats != 1 {
        return wrong(
            format!("{n_bins} for {n_repeats} repeats"),
            "none where repeats have an axis of their own",
        );
    }
    if of_responses.abs_diff(of_sound) > 2 {
        let stimulus = "the whole recording".to_owned();
        return Err(Error::ResponseLength { stimulus, got: of_responses, expected: of_sound });
    }
    let lasts = of_responses.min(of_sound);
    if n_bins == 0 || n_bins > lasts {
        return wrong(format!("{n_bins} for {lasts} bins"), "1 to the length of the recording");
    }
    let n_trials = lasts / n_bins;
    // The number of the stimulus that has these bits.
    let mut stimuli: BTreeMap<Vec<u32>, usize> = BTreeMap::new();
    let mut trials: Vec<Vec<usize>> = Vec::new();
    for trial in 0..n_trials {
        let start = trial * n_bins;
        let bits = cochleagram.slice(s![.., start..start + n_bins]).iter().map(|x| x.to_bits()).collect();
        let index = *stimuli.entry(bits).or_insert(trials.len());
        match trials.get_mut(index) {
            Some(of_stimulus) => of_stimulus.push(start),
            None => trials.push(vec![start]),
        }
    }
    let mut cut = Trials { responses: Vec::new(), cochleagrams: Vec::new(), doubts: Vec::new() };
    for starts in &trials {
        let parts: Vec<_> =
            starts.iter().map(|&start| responses.slice(s![.., .., start..start + n_bins])).collect();
        let joined = concatenate(Axis(1), &parts).map_err(|_| Error::Empty { what: "trials" })?;
        cut.responses.push(joined);
        let first = starts.first().copied().unwrap_or(0);
        cut.cochleagrams.push(cochleagram.slice(s![.., first..first + n_bins]).to_owned());
    }
    if lasts % n_bins != 0 {
        let rest = lasts % n_bins;
        cut.doubts.push((
            "trial_rest",
            format!("{n_trials} trials of {n_bins} bins leave {rest} bins at the end, which are left out: are trials so long?"),
        ));
    }
    if trials.len() == n_trials && n_trials > 1 {
        cut.doubts.push((
            "no_repeats",
            format!("each of the {n_trials} trials of {n_bins} bins has a stimulus of its own, none is repeated: are trials so long?"),
        ));
    }
    Ok(cut)
}
