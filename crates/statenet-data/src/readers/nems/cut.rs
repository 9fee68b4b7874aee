//! Pieces of the signals: each stimulus with every occurrence of its epoch.

use std::{collections::BTreeMap, path::Path};

use ndarray::{Array2, ArrayView2, s};
use statenet_core::{Need, Warning};

use super::{
    epochs::Epoch,
    metadata,
    signal::{Content, Signal},
};
use crate::{
    error::{Error, Result},
    names::file_names,
    raw::{Binning, RawRecording, RawResponse, RawSound, RawStimulus},
    readers::order::natural,
};

/// What may differ between two cochleagrams of one stimulus, relative to the largest value.
const TOLERANCE: f32 = 1e-4;

/// The most bins of all occurrences of one stimulus: more than four hours of milliseconds.
const MOST_BINS: u64 = 1 << 24;

/// The most counts of occurrences of different lengths, which are not spike times any more, of all units.
const MOST_COUNTS: usize = 1 << 28;

/// Where the stimuli lie in the recording, in the natural order of their names.
pub(super) struct Cuts {
    pub(super) stimuli: Vec<Cut>,
    /// Epochs of silence before a sound.
    pub(super) silences: Vec<Epoch>,
}

/// One stimulus and its occurrences.
pub(super) struct Cut {
    /// A name that can be a file name.
    pub(super) name: String,
    /// The name of the epoch.
    pub(super) epoch: String,
    /// The occurrences, in the order of time.
    pub(super) occurrences: Vec<Epoch>,
}

/// The name of a stimulus. An epoch that is called as the prefix keeps its name.
fn without_prefix<'a>(epoch: &'a str, prefix: &str) -> &'a str {
    epoch.strip_prefix(prefix).filter(|rest| !rest.is_empty()).unwrap_or(epoch)
}

impl Cuts {
    /// The epochs whose names begin with a prefix, of the responses, or of the stimuli if the responses have none.
    pub(super) fn of(
        path: &Path,
        responses: &Signal,
        stimuli: Option<&Signal>,
        prefix: &str,
        raw: &mut RawRecording,
    ) -> Result<Self> {
        let of_stimuli = stimuli.map_or(&[][..], |signal| &signal.epochs);
        let is_stimulus = |epoch: &&Epoch| epoch.name.starts_with(prefix);
        let with_stimuli = |epochs: &[Epoch]| epochs.iter().any(|epoch| is_stimulus(&epoch));
        let epochs = if with_stimuli(&responses.epochs) { &responses.epochs } else { of_stimuli };
        let mut by_name: BTreeMap<&str, Vec<Epoch>> = BTreeMap::new();
        let mut empty = 0;
        for epoch in epochs.iter().filter(is_stimulus) {
            if responses.bin(epoch.end) > responses.bin(epoch.start) && epoch.start >= 0.0 {
                by_name.entry(&epoch.name).or_default().push(epoch.clone());
            } else {
                empty += 1;
            }
        }
        if by_name.is_empty() {
            let all = responses.epochs.iter().chain(of_stimuli);
            let mut kinds: Vec<&str> = all.map(|epoch| epoch.name.as_str()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            kinds.truncate(8);
            let found = if kinds.is_empty() { "no epochs".to_owned() } else { kinds.join(", ") };
            return Err(Error::Field {
                path: path.to_path_buf(),
                field: "epochs".to_owned(),
                got: found,
                expected: format!("names that begin with {prefix:?}, one for each stimulus"),
            });
        }
        let place = responses.path.display().to_string();
        if empty > 0 {
            let message = format!(
                "{empty} epochs that begin with {prefix} are shorter than a bin, or begin before the recording: they are left out"
            );
            raw.warnings.push(Warning::new("empty_epochs", message, &place));
        }
        if with_stimuli(of_stimuli)
            && of_stimuli.iter().filter(is_stimulus).ne(epochs.iter().filter(is_stimulus))
        {
            let message =
                "the stimulus signal has other epochs than the responses, whose epochs are used for both"
                    .to_owned();
            raw.warnings.push(Warning::new("epochs_differ", message, &place));
        }
        let mut named: Vec<(&str, Vec<Epoch>)> = by_name.into_iter().collect();
        named.sort_by(|(a, _), (b, _)| natural(a, b));
        let short: Vec<&str> = named.iter().map(|(epoch, _)| without_prefix(epoch, prefix)).collect();
        let names = file_names(&short);
        let stimuli = named.into_iter().zip(names).map(|((epoch, mut occurrences), name)| {
            occurrences.sort_by(|a, b| a.start.total_cmp(&b.start));
            Cut { name, epoch: epoch.to_owned(), occurrences }
        });
        let silences = epochs.iter().filter(|epoch| epoch.name == "PreStimSilence").cloned().collect();
        Ok(Self { stimuli: stimuli.collect(), silences })
    }

    /// The stimuli with their responses, without sounds.
    pub(super) fn stimuli(
        &self,
        responses: &Signal,
        shift_ms: f64,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<RawStimulus>> {
        let mut outside = 0;
        self.ensure(responses)?;
        let mut stimuli = Vec::with_capacity(self.stimuli.len());
        for cut in &self.stimuli {
            let bins = Bins::of(cut, responses);
            let of_neurons = match &responses.content {
                Content::Raster(raster) => {
                    outside += bins.starts.iter().filter(|&&start| start >= raster.nrows() as i64).count();
                    (0..raster.ncols()).map(|neuron| bins.raster(responses, raster.view(), neuron)).collect()
                }
                Content::Points(trains) => {
                    trains.iter().map(|train| bins.spikes(responses, train, shift_ms)).collect()
                }
                Content::Tiles(_) => return Err(not_in_time(responses, "responses")),
            };
            let mut stimulus = RawStimulus::new(&cut.name, RawSound::Missing, of_neurons);
            stimulus.seconds = Some(bins.longest() as f64 / responses.rate);
            stimulus.metadata = metadata(&cut.epoch);
            stimuli.push(stimulus);
        }
        if outside > 0 {
            let message = format!(
                "{outside} epochs of stimuli begin after the end of the responses: these repeats are missing"
            );
            warnings.push(Warning::new("epochs_outside", message, responses.path.display().to_string()));
        }
        Ok(stimuli)
    }

    /// Refuses epochs so long that the responses to them would not fit.
    fn ensure(&self, responses: &Signal) -> Result<()> {
        let (mut all, mut ragged) = (0_usize, 0_usize);
        for cut in &self.stimuli {
            let bins = Bins::of(cut, responses);
            let n_bins = (bins.longest() as u64).saturating_mul(bins.starts.len() as u64);
            if n_bins > MOST_BINS {
                return Err(Error::Field {
                    path: responses.path.clone(),
                    field: format!("the epochs {}", cut.epoch),
                    got: format!("{} times {} bins", bins.starts.len(), bins.longest()),
                    expected: format!("at most {MOST_BINS} bins"),
                });
            }
            all = all.saturating_add(n_bins as usize);
            if bins.lengths.iter().any(|&length| length != bins.longest()) {
                ragged = ragged.saturating_add(n_bins as usize);
            }
        }
        let counts = ragged.saturating_mul(responses.channels.len());
        if counts > MOST_COUNTS {
            return Err(Error::Field {
                path: responses.path.clone(),
                field: "the epochs of stimuli".to_owned(),
                got: format!("occurrences of different lengths, {counts} bins of all units together"),
                expected: format!("at most {MOST_COUNTS}"),
            });
        }
        Need::of_values(&[all, responses.channels.len()], 4)
            .ensure("the responses of the recording", "use a machine with more memory")?;
        Ok(())
    }

    /// Sets the cochleagrams of all stimuli.
    pub(super) fn add_cochleagrams(&self, signal: &Signal, raw: &mut RawRecording) -> Result<()> {
        let mut different = Vec::new();
        let mut without = Vec::new();
        for (cut, stimulus) in self.stimuli.iter().zip(&mut raw.stimuli) {
            let values = match &signal.content {
                Content::Tiles(tiles) => match tiles.get(&cut.epoch) {
                    Some(tile) => tile.clone(),
                    None => {
                        without.push(cut.epoch.clone());
                        continue;
                    }
                },
                Content::Raster(raster) => {
                    let bins = Bins::of(cut, signal);
                    let piece = bins.piece(raster.view());
                    if !bins.all_like(raster.view(), piece.view()) {
                        different.push(cut.epoch.clone());
                    }
                    piece
                }
                Content::Points(_) => return Err(not_in_time(signal, "stimuli")),
            };
            stimulus.sound = RawSound::Cochleagram { values, dt: signal.dt };
        }
        let place = signal.path.display().to_string();
        if !without.is_empty() {
            raw.missing.push(format!("{place} has no tiles for {}", crate::error::some_of(&without)));
        }
        if !different.is_empty() {
            let message = format!(
                "the stimulus signal differs between occurrences of {}: that of the first is used for all",
                crate::error::some_of(&different)
            );
            raw.warnings.push(Warning::new("stimulus_differs", message, place));
        }
        Ok(())
    }
}

fn not_in_time(signal: &Signal, used_as: &str) -> Error {
    let (got, expected) = match signal.content {
        Content::Tiles(_) => ("tiles", "a raster or a point process"),
        _ => ("a point process", "a raster or tiles"),
    };
    Error::Field {
        path: signal.path.clone(),
        field: "signal_type".to_owned(),
        got: got.to_owned(),
        expected: format!("{expected} for the {used_as}"),
    }
}

/// The occurrences of a stimulus in the bins of a signal.
struct Bins {
    starts: Vec<i64>,
    lengths: Vec<usize>,
}

impl Bins {
    fn of(cut: &Cut, signal: &Signal) -> Self {
        let starts: Vec<i64> = cut.occurrences.iter().map(|epoch| signal.bin(epoch.start)).collect();
        let ends = cut.occurrences.iter().map(|epoch| signal.bin(epoch.end));
        let lengths =
            ends.zip(&starts).map(|(end, start)| usize::try_from(end - start).unwrap_or(0)).collect();
        Self { starts, lengths }
    }

    fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// One channel of a raster `(T, C)` as counts `(R, T)`, NaN after the end of a shorter occurrence or of the recording.
    fn raster(&self, signal: &Signal, raster: ArrayView2<'_, f32>, channel: usize) -> RawResponse {
        let n_bins = self.within(raster.nrows());
        let mut values = Array2::from_elem((self.starts.len(), n_bins), f32::NAN);
        for ((mut row, &start), &length) in values.outer_iter_mut().zip(&self.starts).zip(&self.lengths) {
            let Ok(start) = usize::try_from(start) else { continue };
            let end = start.saturating_add(length).min(raster.nrows());
            if start < end {
                row.slice_mut(s![..end - start]).assign(&raster.slice(s![start..end, channel]));
            }
        }
        if values.iter().all(|value| value.is_nan()) {
            return RawResponse::Missing;
        }
        RawResponse::Binned { values, dt: signal.dt }
    }

    /// The longest occurrence, as far as it lies in a recording of so many bins.
    fn within(&self, n_bins: usize) -> usize {
        self.longest().min(n_bins)
    }

    /// Sorted times of a neuron as spikes from the start of the first bin of each occurrence; as counts if occurrences have different lengths.
    fn spikes(&self, signal: &Signal, train: &[f64], shift_ms: f64) -> RawResponse {
        let of_occurrence = |start: i64, lasts: f64, shift: f64| -> Vec<f64> {
            let onset = start as f64 / signal.rate;
            // A billionth of a bin: times in files are rounded.
            let margin = 1e-9 / signal.rate;
            let first = train.partition_point(|t| t - onset + shift < -margin);
            let times = train.iter().skip(first).map(|t| t - onset);
            times.take_while(|t| t + shift < lasts - margin).collect()
        };
        let longest = self.longest();
        if self.lengths.iter().all(|&length| length == longest) {
            let lasts = longest as f64 / signal.rate;
            return RawResponse::spikes(
                self.starts.iter().map(|&start| of_occurrence(start, lasts, shift_ms / 1e3)),
            );
        }
        // Counts are moved later, whole bins at a time, when bins are made.
        let mut values = Array2::from_elem((self.starts.len(), longest), f32::NAN);
        for ((mut row, &start), &length) in values.outer_iter_mut().zip(&self.starts).zip(&self.lengths) {
            let lasts = length as f64 / signal.rate;
            let mut counts = row.slice_mut(s![..length]);
            counts.fill(0.0);
            Binning::default().count(&of_occurrence(start, lasts, 0.0), signal.dt, counts);
        }
        RawResponse::Binned { values, dt: signal.dt }
    }

    /// The first occurrence of a raster `(T, C)` with the length of the longest, as `(C, T)`.
    fn piece(&self, raster: ArrayView2<'_, f32>) -> Array2<f32> {
        let longest = self.longest();
        let whole = self.starts.iter().zip(&self.lengths).find(|(_, length)| **length == longest);
        let start = whole.map_or(0, |(start, _)| usize::try_from(*start).unwrap_or(0)).min(raster.nrows());
        let end = start.saturating_add(longest).min(raster.nrows());
        raster.slice(s![start..end, ..]).reversed_axes().to_owned()
    }

    /// Whether all occurrences are like a piece of it, as far as they go.
    fn all_like(&self, raster: ArrayView2<'_, f32>, piece: ArrayView2<'_, f32>) -> bool {
        let largest = piece.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        self.starts.iter().zip(&self.lengths).all(|(&start, &length)| {
            let start = usize::try_from(start).unwrap_or(0).min(raster.nrows());
            let n = length.min(raster.nrows() - start).min(piece.ncols());
            let other = raster.slice(s![start..start + n, ..]);
            let first = piece.slice(s![.., ..n]);
            let alike = |a: f32, b: f32| (a - b).abs() <= TOLERANCE * largest || (a.is_nan() && b.is_nan());
            other.t().iter().zip(first).all(|(&a, &b)| alike(a, b))
        })
    }
}
