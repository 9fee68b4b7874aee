//! Spikes and sounds on one clock: which spikes belong to which repeat of which sound.

use super::order::natural;
use crate::{
    error::{Error, Result},
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
/// of their onsets. A spike belongs to every repeat during which it happened, `shift_ms` earlier.
///
/// # Errors
/// [`Error::NoSound`] for a stimulus without a sound, whose length is not known then; those of reading a sound.
pub(crate) fn stimuli(
    trains: &[Vec<f64>],
    onsets: &[Onset],
    sound: &mut dyn FnMut(&str) -> RawSound,
    shift_ms: f64,
) -> Result<Vec<RawStimulus>> {
    let mut onsets: Vec<&Onset> = onsets.iter().collect();
    onsets.sort_by(|a, b| natural(&a.stimulus, &b.stimulus).then(a.seconds.total_cmp(&b.seconds)));
    let trains: Vec<Vec<f64>> = trains
        .iter()
        .map(|train| {
            let mut sorted = train.clone();
            sorted.sort_by(f64::total_cmp);
            sorted
        })
        .collect();
    let mut stimuli = Vec::new();
    let mut without = Vec::new();
    for repeats in onsets.chunk_by(|a, b| a.stimulus == b.stimulus) {
        let Some(first) = repeats.first() else { continue };
        let sound = sound(&first.stimulus);
        let Some(seconds) = sound.seconds()? else {
            without.push(first.stimulus.clone());
            continue;
        };
        let of_train = |train: &Vec<f64>| {
            RawResponse::spikes(
                repeats.iter().map(|onset| during(train, onset.seconds, seconds, shift_ms / 1e3)),
            )
        };
        let responses = trains.iter().map(of_train).collect();
        stimuli.push(RawStimulus::new(
            super::sound_folder::without_ending(&first.stimulus),
            sound,
            responses,
        ));
    }
    if without.is_empty() { Ok(stimuli) } else { Err(Error::NoSound { stimuli: without }) }
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
        let onsets = [onset("b.wav", 12.0), onset("a", 20.0), onset("b.wav", 10.0)];
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
        // A spike 100 ms before the onset is in the sound once it is moved later by 150 ms.
        let shifted = stimuli(&trains, &onsets, &mut sound, 150.0).unwrap();
        let RawResponse::Spikes(first) = &shifted[1].responses[0] else { panic!("spikes") };
        assert_eq!(first[0].as_ref().unwrap().len(), 2);
    }
}
