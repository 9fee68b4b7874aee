//! Spikes and sounds on one clock: which spikes belong to which repeat of which sound.

use super::{order::natural, sound_folder::without_ending};
use crate::{
    error::Result,
    raw::{RawResponse, RawSound, RawStimulus},
};

/// When a sound began, in seconds on the clock of the spikes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Onset {
    /// The name of the stimulus.
    pub(crate) stimulus: String,
    /// The time of its start.
    pub(crate) seconds: f64,
}

/// The stimuli that were played, in the natural order of their names, with the spikes of each unit in each repeat. Repeats are in the order
/// of their onsets. A spike belongs to every repeat during which it happened, `shift_ms` earlier. A stimulus whose sound is missing is taken to
/// last to the next onset, and after the last onset to the last spike; the shortest of its repeats counts.
///
/// # Errors
/// Those of reading a sound.
pub(crate) fn stimuli(
    trains: &[Vec<f64>],
    onsets: &[Onset],
    sound: &mut dyn FnMut(&str) -> RawSound,
    shift_ms: f64,
) -> Result<Vec<RawStimulus>> {
    let mut onsets: Vec<&Onset> = onsets.iter().collect();
    // The same sound, with or without the ending of its file.
    let name = |onset: &Onset| without_ending(&onset.stimulus).to_owned();
    onsets.sort_by(|a, b| natural(&name(a), &name(b)).then(a.seconds.total_cmp(&b.seconds)));
    let trains: Vec<Vec<f64>> = trains
        .iter()
        .map(|train| {
            let mut sorted = train.clone();
            sorted.sort_by(f64::total_cmp);
            sorted
        })
        .collect();
    let mut all: Vec<f64> = onsets.iter().map(|onset| onset.seconds).collect();
    all.sort_by(f64::total_cmp);
    let last_spike = trains.iter().filter_map(|train| train.last().copied()).fold(0.0, f64::max);
    let to_next = |onset: &&Onset| {
        let next = all.get(all.partition_point(|&other| other <= onset.seconds)).copied();
        (next.unwrap_or(last_spike) - onset.seconds).max(0.0)
    };
    let mut stimuli = Vec::new();
    for repeats in onsets.chunk_by(|a, b| name(a) == name(b)) {
        let Some(first) = repeats.first() else { continue };
        let sound = sound(&first.stimulus);
        let of_sound = sound.seconds()?;
        let seconds = of_sound.unwrap_or_else(|| repeats.iter().map(to_next).fold(f64::INFINITY, f64::min));
        let of_train = |train: &Vec<f64>| {
            RawResponse::spikes(
                repeats.iter().map(|onset| during(train, onset.seconds, seconds, shift_ms / 1e3)),
            )
        };
        let responses = trains.iter().map(of_train).collect();
        stimuli.push(RawStimulus {
            seconds: of_sound.is_none().then_some(seconds),
            ..RawStimulus::new(name(first), sound, responses)
        });
    }
    Ok(stimuli)
}

/// The times, from `onset`, of a sorted train's spikes that lie in a sound once they are moved later by `shift`; all in seconds.
pub(super) fn during(train: &[f64], onset: f64, seconds: f64, shift: f64) -> Vec<f64> {
    let first = train.partition_point(|t| t - onset + shift < 0.0);
    let inside = train.iter().skip(first).map(|t| t - onset).take_while(|t| t + shift < seconds);
    inside.collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use statenet_core::TimeBin;

    use super::*;

    #[test]
    fn repeats_are_in_the_order_of_their_onsets() {
        let onset = |stimulus: &str, seconds| Onset { stimulus: stimulus.to_owned(), seconds };
        let onsets = [onset("b.wav", 12.0), onset("a", 20.0), onset("b", 10.0)];
        let dt = TimeBin::whole_millis::<100>();
        let mut sound = |_: &str| RawSound::Cochleagram { values: Array2::zeros((1, 10)), dt };
        let trains = [vec![12.5, 9.9, 10.25, 11.5], vec![20.999, 21.0]];
        let found = stimuli(&trains, &onsets, &mut sound, 0.0).unwrap();
        let names: Vec<&str> = found.iter().map(|stimulus| stimulus.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(found[1].responses[0], RawResponse::spikes([vec![0.25], vec![0.5]]));
        assert_eq!(found[1].responses[1], RawResponse::spikes([vec![], vec![]]));
        let RawResponse::Spikes(late) = &found[0].responses[1] else { panic!("spikes") };
        assert!((late[0].as_ref().unwrap()[0] - 0.999).abs() < 1e-9);
        // Without sounds a stimulus lasts to the next onset, the last one to the last spike.
        let silent = stimuli(&trains, &onsets, &mut |_| RawSound::Missing, 0.0).unwrap();
        assert_eq!([silent[0].seconds, silent[1].seconds], [Some(1.0), Some(2.0)]);
        assert_eq!(silent[1].responses[0], RawResponse::spikes([vec![0.25, 1.5], vec![0.5]]));
        // A spike 100 ms before the onset is in the sound once it is moved later by 150 ms.
        let shifted = stimuli(&trains, &onsets, &mut sound, 150.0).unwrap();
        let RawResponse::Spikes(first) = &shifted[1].responses[0] else { panic!("spikes") };
        assert_eq!(first[0].as_ref().unwrap().len(), 2);
    }
}
