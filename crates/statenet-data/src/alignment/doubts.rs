//! What is doubtful about an alignment.

use statenet_core::Warning;

use super::{Alignment, StimulusLag};
use crate::error::some_of;

/// A response that comes later than this is slower than any in the auditory system up to cortex.
const LATEST_MS: f64 = 100.0;
/// How far lags of the halves of the repeats may lie apart.
const APART_MS: f64 = 25.0;
/// How far the lag of a stimulus may lie from that of all: sounds that begin slowly are answered later.
const APART_OF_STIMULI_MS: f64 = 50.0;

impl Alignment {
    /// Doubts: responses before the sound or very late, lags that differ between the first and the second half of the repeats, or between
    /// stimuli. None if the lag is not clear. `place` is what the warnings are about.
    #[must_use]
    pub fn doubts(&self, place: &str) -> Vec<Warning> {
        let Some(lag) = self.lag_ms.filter(|_| self.clear) else { return Vec::new() };
        let mut doubts = Vec::new();
        let mut add = |code: &str, message: String| doubts.push(Warning::new(code, message, place));
        let interval = self.ci95.map_or_else(String::new, |[low, high]| format!(" [{low}, {high}]"));
        if lag < 0.0 {
            add(
                "response_before_sound",
                format!(
                    "responses rise {} ms before the sound does (lag {lag}{interval} ms): were its onsets recorded too late? \
                     --shift moves spikes later",
                    -lag
                ),
            );
        } else if lag > LATEST_MS {
            add(
                "response_late",
                format!(
                    "responses follow the sound by {lag}{interval} ms, later than neurons up to auditory cortex answer: were its \
                     onsets recorded too early?"
                ),
            );
        }
        if let Some([first, second]) =
            self.halves_ms.filter(|[first, second]| (first - second).abs() >= APART_MS)
        {
            add(
                "alignment_drift",
                format!(
                    "the lag is {first} ms in the first half of the repeats and {second} ms in the second: do the clocks of sound \
                     and spikes differ?"
                ),
            );
        }
        let apart = |s: &&StimulusLag| (s.lag_ms - lag).abs() >= APART_OF_STIMULI_MS;
        let others: Vec<String> =
            self.stimuli.iter().filter(apart).map(|s| format!("{} ({} ms)", s.name, s.lag_ms)).collect();
        if !others.is_empty() {
            add(
                "alignment_of_stimuli",
                format!(
                    "the lag of all stimuli is {lag} ms, but for {}: are their onsets right?",
                    some_of(&others)
                ),
            );
        }
        doubts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alignment(lag_ms: f64, halves_ms: Option<[f64; 2]>, of_others: &[f64]) -> Alignment {
        let stimuli = of_others
            .iter()
            .map(|&lag_ms| StimulusLag { name: format!("s{lag_ms}"), lag_ms, correlation: 0.9 })
            .collect();
        Alignment {
            lag_ms: Some(lag_ms),
            ci95: None,
            correlation: Some(0.5),
            clear: true,
            halves_ms,
            stimuli,
            curve: Vec::new(),
            onset_response: Vec::new(),
        }
    }

    #[test]
    fn each_doubt_has_its_code() {
        let codes = |alignment: Alignment| -> Vec<String> {
            alignment.doubts("x").into_iter().map(|doubt| doubt.code).collect()
        };
        assert!(codes(alignment(15.0, Some([15.0, 20.0]), &[10.0, 20.0])).is_empty());
        assert_eq!(codes(alignment(-5.0, None, &[])), ["response_before_sound"]);
        assert_eq!(codes(alignment(150.0, None, &[])), ["response_late"]);
        assert_eq!(codes(alignment(15.0, Some([15.0, 50.0]), &[])), ["alignment_drift"]);
        assert_eq!(codes(alignment(15.0, None, &[15.0, 70.0])), ["alignment_of_stimuli"]);
    }
}
