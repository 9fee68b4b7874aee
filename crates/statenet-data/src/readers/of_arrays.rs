//! Responses and cochleagrams in arrays, as files of arrays of any format hold them, to a raw recording.

use ndarray::{Array2, Array3, ArrayD, Axis, s};
use statenet_core::{ResponseUnit, TimeBin, Warning};

use super::{
    axes::AxisOrder,
    trials::{Trials, cut_into_trials},
};
use crate::{
    error::{Error, Result},
    raw::{RawRecording, RawResponse, RawSound, RawStimulus, shifted},
    recording::{Description, Neuron},
};

/// How arrays of responses and cochleagrams are read.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayOptions {
    /// The axes of the responses, a letter each (see [`AxisOrder`]), such as `nrt`; after a comma those of the cochleagrams: `trn,tf`. `None`,
    /// and where nothing stands: `nt`, `nrt` or `snrt`, and `ft` or `sft`, by the number of axes.
    pub axes: Option<String>,
    /// The width of the bins.
    pub dt: TimeBin,
    /// For one continuous recording `(n, t)` with one continuous cochleagram `(f, t)`: the number of bins of a trial. Trials with the same
    /// cochleagram, bit for bit, are repeats of one stimulus.
    pub trial_bins: Option<usize>,
    /// How much later responses are moved relative to the sound, in ms, to the nearest bin; negative for earlier. They are moved before
    /// trials are cut, so that only bins at the start or end of the whole recording are missing. Leave
    /// [`Binning::shift_ms`](crate::Binning::shift_ms) at 0 then.
    pub shift_ms: f64,
    /// The unit of the responses: spike counts, or that of continuous responses, which may be negative and are averaged where bins are joined.
    pub unit: ResponseUnit,
}

impl Default for ArrayOptions {
    /// Bins of 5 ms, no trials, no shift, spike counts.
    fn default() -> Self {
        let (dt, unit) = (TimeBin::whole_millis::<5>(), ResponseUnit::SpikesPerBin);
        Self { axes: None, dt, trial_bins: None, shift_ms: 0.0, unit }
    }
}

/// Which arrays of a file are responses and cochleagrams, and how they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NamedArrays {
    /// The array, variable or dataset of the responses.
    pub responses: Option<String>,
    /// That of the cochleagrams; `None` if there is none.
    pub stimuli: Option<String>,
    /// Axes, width of the bins, trials and shift.
    pub arrays: ArrayOptions,
}

impl ArrayOptions {
    /// The letters for responses, and those for cochleagrams.
    pub(crate) fn letters(&self) -> (Option<&str>, Option<&str>) {
        let given = |text: &'_ str| !text.is_empty();
        let text = self.axes.as_deref().unwrap_or("");
        let (responses, cochleagrams) = text.split_once(',').unwrap_or((text, ""));
        let (responses, cochleagrams) = (responses.trim(), cochleagrams.trim());
        (Some(responses).filter(|text| given(text)), Some(cochleagrams).filter(|text| given(text)))
    }
}

/// A raw recording of arrays of responses, in bins, with those of cochleagrams if there are any. Each array is one stimulus, or several
/// along an axis `s`. NaN is missing; bins at the end in which all is NaN, as in an array of stimuli of several lengths, are left out.
///
/// Neurons are called `unit01` and so on, stimuli `stim01` and so on.
///
/// # Errors
/// [`Error::AxisOrder`], [`Error::AxisCount`]; [`Error::Setting`] if the arrays do not belong together, if trials are asked for of anything
/// but one continuous recording with its cochleagram, or for a shift that is not finite; [`Error::ResponseLength`] for trials of arrays of
/// different lengths; [`Error::Empty`] for no neurons or stimuli.
pub fn raw_of_arrays(
    name: &str,
    responses: Vec<ArrayD<f32>>,
    cochleagrams: Option<Vec<ArrayD<f32>>>,
    options: &ArrayOptions,
) -> Result<RawRecording> {
    let (mut responses, cochleagrams) = stimuli(responses, cochleagrams, options)?;
    let n_neurons = responses.first().map_or(0, |one| one.dim().0);
    if responses.is_empty() || n_neurons == 0 {
        return Err(Error::Empty { what: if responses.is_empty() { "stimuli" } else { "neurons" } });
    }
    if let Some(other) = responses.iter().map(|one| one.dim().0).find(|&n| n != n_neurons) {
        return Err(Error::Setting {
            setting: "number of neurons",
            got: format!("{n_neurons} for one stimulus and {other} for another"),
            expected: "the same for every stimulus, NaN where a neuron was not recorded",
        });
    }
    if !options.shift_ms.is_finite() {
        return Err(Error::Setting {
            setting: "shift in ms",
            got: options.shift_ms.to_string(),
            expected: "a finite number",
        });
    }
    for one in &mut responses {
        *one = shifted(one.view(), options.shift_ms, options.dt);
    }
    let mut warnings = Vec::new();
    let (responses, cochleagrams) = match (options.trial_bins, cochleagrams) {
        (None, cochleagrams) => (responses, cochleagrams),
        (Some(n_bins), Some(cochleagrams)) => {
            let Trials { responses, cochleagrams, doubts } =
                cut_into_trials(&responses, &cochleagrams, n_bins)?;
            warnings.extend(doubts.into_iter().map(|(code, message)| Warning::new(code, message, name)));
            (responses, Some(cochleagrams))
        }
        (Some(n_bins), None) => {
            return Err(Error::Setting {
                setting: "bins of a trial",
                got: n_bins.to_string(),
                expected: "none without cochleagrams, by which repeats of a stimulus are found",
            });
        }
    };
    let dt = options.dt;
    let numbered = |what: &str, index: usize, n: usize| {
        let width = n.to_string().len().max(2);
        format!("{what}{:0width$}", index + 1)
    };
    let n_stimuli = responses.len();
    let mut sounds = cochleagrams.into_iter().flatten().map(|values| RawSound::Cochleagram { values, dt });
    let stimuli = responses.iter().enumerate().map(|(index, responses)| {
        let of_neurons = responses.outer_iter().map(|of_neuron| {
            let values = of_neuron.to_owned();
            RawResponse::Binned { values, dt }
        });
        let sound = sounds.next().unwrap_or(RawSound::Missing);
        RawStimulus::new(numbered("stim", index, n_stimuli), sound, of_neurons.collect())
    });
    Ok(RawRecording {
        description: Description { name: name.to_owned(), ..Description::default() },
        response_unit: options.unit.clone(),
        stimuli: stimuli.collect(),
        neurons: (0..n_neurons).map(|i| Neuron::new(numbered("unit", i, n_neurons))).collect(),
        warnings,
        ..RawRecording::default()
    })
}

/// The responses `(N, R, T)` to each stimulus, and its cochleagram `(F, T)`.
type Stimuli = (Vec<Array3<f32>>, Option<Vec<Array2<f32>>>);

fn stimuli(
    responses: Vec<ArrayD<f32>>,
    cochleagrams: Option<Vec<ArrayD<f32>>>,
    options: &ArrayOptions,
) -> Result<Stimuli> {
    let (of_responses, of_cochleagrams) = options.letters();
    let mut cut = Vec::new();
    for array in responses {
        let usual = ["t", "t", "nt", "nrt"].get(array.ndim()).copied().unwrap_or("snrt");
        let order = AxisOrder::of_responses(of_responses.unwrap_or(usual))?;
        cut.extend(order.responses("responses", array)?);
    }
    let Some(cochleagrams) = cochleagrams else {
        for one in &mut cut {
            let n_bins = recorded(one.axis_iter(Axis(2)).map(|bin| bin.iter().all(|x| x.is_nan())));
            one.slice_collapse(s![.., .., ..n_bins]);
        }
        return Ok((cut, None));
    };
    let mut sounds = Vec::new();
    for array in cochleagrams {
        let usual = ["t", "t", "ft"].get(array.ndim()).copied().unwrap_or("sft");
        let order = AxisOrder::of_cochleagrams(of_cochleagrams.unwrap_or(usual))?;
        sounds.extend(order.cochleagrams("stimuli", array)?);
    }
    if cut.len() != sounds.len() {
        return Err(Error::Setting {
            setting: "number of stimuli",
            got: format!("{} of the responses and {} of the cochleagrams", cut.len(), sounds.len()),
            expected: "the same: an axis s for stimuli in both, or a list of arrays for both",
        });
    }
    for (one, sound) in cut.iter_mut().zip(&mut sounds) {
        let n_bins = recorded(sound.axis_iter(Axis(1)).map(|bin| bin.iter().all(|x| x.is_nan())));
        sound.slice_collapse(s![.., ..n_bins]);
        // A sound may outlast what was recorded, but not the other way round.
        let of_responses = recorded(one.axis_iter(Axis(2)).map(|bin| bin.iter().all(|x| x.is_nan())));
        let n_bins = of_responses.max(n_bins).min(one.dim().2);
        one.slice_collapse(s![.., .., ..n_bins]);
    }
    Ok((cut, Some(sounds)))
}

/// How many bins there are up to the last that is not empty.
fn recorded(empty: impl DoubleEndedIterator<Item = bool> + ExactSizeIterator) -> usize {
    let n = empty.len();
    n - empty.rev().take_while(|&empty| empty).count()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    const NAN: f32 = f32::NAN;

    fn counts(raw: &RawRecording, stimulus: usize, neuron: usize) -> Vec<Vec<f32>> {
        let RawResponse::Binned { values, .. } = &raw.stimuli[stimulus].responses[neuron] else {
            panic!("none")
        };
        values.outer_iter().map(|row| row.to_vec()).collect()
    }

    fn bins(raw: &RawRecording, stimulus: usize) -> Vec<Vec<f32>> {
        let RawSound::Cochleagram { values, .. } = &raw.stimuli[stimulus].sound else { panic!("none") };
        values.outer_iter().map(|row| row.to_vec()).collect()
    }

    #[test]
    fn padded_stimuli_end_where_their_sound_ends() {
        let responses = array![[[1., 2., NAN], [3., 4., NAN]], [[5., 6., 7.], [8., 9., NAN]]].into_dyn();
        let sounds = array![[[1., 2., NAN]], [[3., 4., 5.]]].into_dyn();
        let options = ArrayOptions { axes: Some("snt".into()), ..ArrayOptions::default() };
        let raw = raw_of_arrays("a", vec![responses.clone()], Some(vec![sounds]), &options).unwrap();
        assert_eq!((bins(&raw, 0), counts(&raw, 0, 1)), (vec![vec![1., 2.]], vec![vec![3., 4.]]));
        assert_eq!((bins(&raw, 1), counts(&raw, 1, 0)), (vec![vec![3., 4., 5.]], vec![vec![5., 6., 7.]]));
        assert_eq!((raw.stimuli[1].name.as_str(), raw.neurons[1].id()), ("stim02", "unit02"));
        let alone = raw_of_arrays("a", vec![responses], None, &options).unwrap();
        assert_eq!((counts(&alone, 0, 0), &alone.stimuli[0].sound), (vec![vec![1., 2.]], &RawSound::Missing));
    }

    #[test]
    fn trials_of_the_same_sound_are_repeats_and_a_shift_comes_first() {
        // Three trials of two bins, and a bin that is left; the first and third have the same sound.
        let sound = array![[1., 0., 0., 1., 1., 0., 9.]].into_dyn();
        let spikes = array![[1., 2., 3., 4., 5., 6., 7.]].into_dyn();
        let options = ArrayOptions { trial_bins: Some(2), shift_ms: 5.0, ..ArrayOptions::default() };
        let raw = raw_of_arrays("a", vec![spikes.clone()], Some(vec![sound.clone()]), &options).unwrap();
        assert_eq!(
            (raw.stimuli.len(), bins(&raw, 0), bins(&raw, 1)),
            (2, vec![vec![1., 0.]], vec![vec![0., 1.]])
        );
        let of_first = counts(&raw, 0, 0);
        assert!(of_first[0][0].is_nan());
        assert_eq!(
            (of_first[0][1], &of_first[1], counts(&raw, 1, 0)),
            (1., &vec![4., 5.], vec![vec![2., 3.]])
        );
        assert_eq!(raw.warnings[0].code, "trial_rest");
        let refused = raw_of_arrays("a", vec![spikes], None, &options).unwrap_err().to_string();
        assert_eq!(
            refused,
            "bins of a trial is 2, expected none without cochleagrams, by which repeats of a stimulus are found"
        );
    }

    #[test]
    fn arrays_that_do_not_belong_together_are_errors() {
        let fault = |responses: Vec<ArrayD<f32>>, sounds, options: &ArrayOptions| {
            raw_of_arrays("a", responses, sounds, options).unwrap_err().to_string()
        };
        let plain = ArrayOptions::default();
        let two = || vec![array![[1., 2.]].into_dyn(), array![[1., 2.], [3., 4.]].into_dyn()];
        assert!(fault(two(), None, &plain).starts_with("number of neurons is 1 for one stimulus and 2"));
        assert!(
            fault(two(), Some(vec![array![[1., 2.]].into_dyn()]), &plain)
                .starts_with("number of stimuli is 2")
        );
        assert_eq!(fault(vec![], None, &plain), "recording has no stimuli, expected at least one");
        let endless = ArrayOptions { shift_ms: f64::INFINITY, ..plain.clone() };
        assert_eq!(
            fault(vec![array![[1., 2.]].into_dyn()], None, &endless),
            "shift in ms is inf, expected a finite number"
        );
        let trials = ArrayOptions { trial_bins: Some(3), ..plain };
        let sound = || Some(vec![array![[1., 2.]].into_dyn()]);
        assert!(
            fault(vec![array![[1., 2.]].into_dyn()], sound(), &trials).starts_with("bins of a trial is 3")
        );
    }
}
