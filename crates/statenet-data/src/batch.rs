//! Batches of stimuli: padded tensors with a mask of the recorded bins.

use std::{num::NonZeroUsize, sync::Arc};

use candle_core::{Device, Tensor};
use ndarray::Array2;
use statenet_core::Seed;

use crate::{
    crop::{Crop, Cropped},
    error::{Error, Result},
    read_ahead::ReadAhead,
    recording::{Recording, Stimulus},
};

/// Stimuli as f32 tensors on one device.
///
/// Shorter stimuli are padded with zeros at the end. `mask` is 1 where at least one repeat was recorded; it is 0, and so
/// is `targets`, in padding, in the warm-up bins of a [`Crop`], and where all repeats are missing.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Cochleagrams, `(B, 1, F, Tmax)`.
    pub cochleagrams: Tensor,
    /// PSTHs, `(B, N, Tmax)`, in the unit of the responses.
    pub targets: Tensor,
    /// 1 where `targets` was recorded, else 0, `(B, N, Tmax)`.
    pub mask: Tensor,
    /// The index of each stimulus in the recording, B of them.
    pub stimuli: Vec<usize>,
    /// The length T of each stimulus, or of its crop with the warm-up, before padding, in bins, B of them.
    pub n_bins: Vec<usize>,
}

/// Stimuli of a recording as tensors on a device, handed out in batches.
///
/// Tensors are created once. A batch of one stimulus is a view of them, a larger batch a copy. Stimuli whose responses are
/// [on disk](Recording::is_on_disk) are read in every pass instead, in a thread that reads the next batch while the present one is used; no
/// more than three batches are in memory at once.
///
/// ```
/// use candle_core::Device;
/// use statenet_core::Seed;
/// use statenet_data::{Batches, SimulationConfig, Smoothing};
///
/// let recording = SimulationConfig::small().simulate()?.recording.smooth(Smoothing::default())?;
/// let batches = Batches::new(&recording, &[0, 1, 2], &Device::Cpu)?;
/// for batch in batches.epoch(Seed::new(1), 0, 2)? {
///     let batch = batch?;
///     assert_eq!(batch.targets.dims(), batch.mask.dims());
/// }
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    items: Arc<[Item]>,
    device: Device,
}

/// One stimulus.
#[derive(Clone, Debug)]
struct Item {
    kept: Kept,
    stimulus: usize,
    n_bins: usize,
}

#[derive(Clone, Debug)]
enum Kept {
    Tensors(Tensors),
    OnDisk(Box<Stimulus>),
}

/// A stimulus as tensors with a batch axis of 1.
#[derive(Clone, Debug)]
struct Tensors {
    cochleagram: Tensor,
    target: Tensor,
    mask: Tensor,
}

/// The PSTH of a stimulus and where it exists, `(N, T)`; `None` for one that is kept as tensors.
type Read = Option<(Array2<f32>, Array2<bool>)>;

impl Batches {
    /// Copies the stimuli with these indices to a device.
    ///
    /// # Errors
    /// [`Error::Empty`] without stimuli; [`Error::StimulusOutOfRange`]; [`Error::Tensor`] if a tensor cannot be created.
    pub fn new(recording: &Recording, stimuli: &[usize], device: &Device) -> Result<Self> {
        if stimuli.is_empty() {
            return Err(Error::Empty { what: "stimuli in a batch" });
        }
        let items =
            stimuli.iter().map(|&index| Item::new(recording, index, device)).collect::<Result<_>>()?;
        Ok(Self { items, device: device.clone() })
    }

    /// Number of stimuli.
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.items.len()
    }

    /// The index of each stimulus in the recording.
    #[must_use]
    pub fn stimuli(&self) -> Vec<usize> {
        self.items.iter().map(|item| item.stimulus).collect()
    }

    /// One pass over all stimuli in a random order. The order depends only on the seed, the epoch and the number of
    /// stimuli, so that a resumed fit sees the same batches as an uninterrupted one.
    ///
    /// # Errors
    /// [`Error::Setting`] for a batch size of 0. The iterator returns an error if a batch cannot be read,
    /// or padded on the device.
    pub fn epoch(&self, seed: Seed, epoch: usize, batch_size: usize) -> Result<Epoch<'_>> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        seed.stream(&format!("epoch.{epoch}.order")).shuffle(&mut order);
        self.pass(order, batch_size)
    }

    /// As [`epoch`](Self::epoch), with a random crop of each stimulus in place of the whole. Places depend only on the seed, the epoch, and
    /// the index and length of the stimulus.
    ///
    /// ```
    /// use candle_core::Device;
    /// use statenet_core::Seed;
    /// use statenet_data::{Batches, Crop, SimulationConfig};
    ///
    /// let recording = SimulationConfig::small().simulate()?.recording; // stimuli of 100 bins
    /// let batches = Batches::new(&recording, &[0, 1, 2], &Device::Cpu)?;
    /// for batch in batches.cropped_epoch(Seed::new(1), 0, 1, Crop { length: 40, warm_up: 20 })? {
    ///     let batch = batch?;
    ///     assert!((40..=60).contains(&batch.n_bins[0]));
    ///     assert_eq!(batch.mask.sum_all()?.to_scalar::<f32>()?, 40.0 * recording.n_neurons() as f32);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch), and [`Error::Setting`] for a crop without bins.
    pub fn cropped_epoch(
        &self,
        seed: Seed,
        epoch: usize,
        batch_size: usize,
        crop: Crop,
    ) -> Result<Epoch<'_>> {
        crop.validate()?;
        Ok(Epoch { crops: Some(Crops { crop, seed, epoch }), ..self.epoch(seed, epoch, batch_size)? })
    }

    /// One pass over all stimuli in the order given.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    pub fn in_order(&self, batch_size: usize) -> Result<Epoch<'_>> {
        self.pass((0..self.items.len()).collect(), batch_size)
    }

    fn pass(&self, order: Vec<usize>, batch_size: usize) -> Result<Epoch<'_>> {
        let batch_size = NonZeroUsize::new(batch_size).ok_or_else(|| Error::Setting {
            setting: "batch size",
            got: batch_size.to_string(),
            expected: "at least 1",
        })?;
        let ahead = self.read_ahead(&order, batch_size);
        Ok(Epoch { batches: self, order, next: 0, batch_size, ahead, crops: None })
    }

    /// Starts to read what is on disk.
    fn read_ahead(&self, order: &[usize], batch_size: NonZeroUsize) -> Option<ReadAhead<Result<Vec<Read>>>> {
        if !self.items.iter().any(|item| matches!(item.kept, Kept::OnDisk(_))) {
            return None;
        }
        let items = Arc::clone(&self.items);
        let parts: Vec<Vec<usize>> = order.chunks(batch_size.get()).map(<[usize]>::to_vec).collect();
        ReadAhead::start(parts.into_iter().map(move |part| read(&chosen(&items, &part))))
    }
}

/// The items with these indices.
fn chosen<'i>(items: &'i [Item], indices: &[usize]) -> Vec<&'i Item> {
    indices.iter().filter_map(|&i| items.get(i)).collect()
}

/// Reads those items that are on disk.
fn read(items: &[&Item]) -> Result<Vec<Read>> {
    let read = |item: &&Item| match &item.kept {
        Kept::Tensors(_) => Ok(None),
        Kept::OnDisk(stimulus) => Ok(Some(stimulus.responses()?.psth())),
    };
    items.iter().map(read).collect()
}

/// Iterator over the batches of one pass; the last batch may be smaller.
#[derive(Debug)]
pub struct Epoch<'a> {
    batches: &'a Batches,
    order: Vec<usize>,
    next: usize,
    batch_size: NonZeroUsize,
    /// `None` if all is in memory, or there is no thread to be had.
    ahead: Option<ReadAhead<Result<Vec<Read>>>>,
    /// `None` for whole stimuli.
    crops: Option<Crops>,
}

/// How the stimuli of a pass are cropped.
#[derive(Clone, Copy, Debug)]
struct Crops {
    crop: Crop,
    seed: Seed,
    epoch: usize,
}

impl Crops {
    /// The part of a stimulus that this pass takes; `None` for all of it.
    fn of(&self, item: &Item) -> Option<Cropped> {
        self.crop.of(item.n_bins, self.seed, self.epoch, item.stimulus)
    }
}

impl Epoch<'_> {
    /// Number of batches that are left.
    #[must_use]
    pub fn n_batches(&self) -> usize {
        (self.order.len() - self.next).div_ceil(self.batch_size.get())
    }
}

impl Iterator for Epoch<'_> {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.order.get(self.next..)?;
        let indices = left.get(..self.batch_size.get().min(left.len()))?;
        let items = chosen(&self.batches.items, indices);
        self.next += items.len();
        if items.is_empty() {
            return None;
        }
        let read = self.ahead.as_mut().and_then(ReadAhead::next).unwrap_or_else(|| read(&items));
        Some(read.and_then(|read| padded(&items, read, self.crops.as_ref(), &self.batches.device)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.n_batches(), Some(self.n_batches()))
    }
}

impl ExactSizeIterator for Epoch<'_> {}

impl Item {
    fn new(recording: &Recording, index: usize, device: &Device) -> Result<Self> {
        let stimulus = recording.stimulus(index)?;
        let kept = if stimulus.is_on_disk() {
            Kept::OnDisk(Box::new(stimulus.clone()))
        } else {
            Kept::Tensors(Tensors::of(stimulus, stimulus.responses()?.psth(), device)?)
        };
        Ok(Self { kept, stimulus: index, n_bins: stimulus.n_bins() })
    }
}

impl Tensors {
    fn of(stimulus: &Stimulus, (psth, valid): (Array2<f32>, Array2<bool>), device: &Device) -> Result<Self> {
        Ok(Self {
            cochleagram: stimulus.cochleagram_on(device)?,
            target: on_device(psth, device)?,
            mask: on_device(valid.mapv(f32::from), device)?,
        })
    }
}

impl Tensors {
    /// A part of the stimulus, whose first bins are masked.
    fn cropped(&self, Cropped { heard, warm_up }: &Cropped) -> Result<Self> {
        let part = |tensor: &Tensor| {
            let time = tensor.rank() - 1;
            tensor.narrow(time, heard.start, heard.len())?.contiguous()
        };
        let counted = |tensor: &Tensor| {
            let time = tensor.rank() - 1;
            let counted = tensor.narrow(time, heard.start + warm_up, heard.len() - warm_up)?;
            counted.pad_with_zeros(time, *warm_up, 0)?.contiguous()
        };
        let failed = |source| Error::Tensor { op: "crop a stimulus", source };
        Ok(Self {
            cochleagram: part(&self.cochleagram).map_err(failed)?,
            target: counted(&self.target).map_err(failed)?,
            mask: counted(&self.mask).map_err(failed)?,
        })
    }
}

impl Stimulus {
    /// The cochleagram as a tensor `(1, 1, F, T)` of f32.
    ///
    /// # Errors
    /// [`Error::Tensor`] if it cannot be created.
    pub fn cochleagram_on(&self, device: &Device) -> Result<Tensor> {
        on_device(self.cochleagram().to_owned(), device)?
            .unsqueeze(1)
            .map_err(|source| Error::Tensor { op: "add a channel to a cochleagram", source })
    }
}

/// `(rows, bins)` as a tensor `(1, rows, bins)`.
fn on_device(values: Array2<f32>, device: &Device) -> Result<Tensor> {
    let (rows, bins) = values.dim();
    let values = if values.is_standard_layout() {
        values.into_raw_vec_and_offset().0
    } else {
        values.iter().copied().collect()
    };
    Tensor::from_vec(values, (1, rows, bins), device)
        .map_err(|source| Error::Tensor { op: "copy a stimulus to the device", source })
}

/// Joins items to a batch, padded at the end to the longest.
fn padded(items: &[&Item], read: Vec<Read>, crops: Option<&Crops>, device: &Device) -> Result<Batch> {
    let tensors = items.iter().zip(read).map(|(item, read)| match (&item.kept, read) {
        (Kept::Tensors(tensors), _) => Ok(tensors.clone()),
        (Kept::OnDisk(stimulus), Some(psth)) => Tensors::of(stimulus, psth, device),
        (Kept::OnDisk(stimulus), None) => Tensors::of(stimulus, stimulus.responses()?.psth(), device),
    });
    let cropped = |(item, tensors): (&&Item, Result<Tensors>)| match crops.and_then(|crops| crops.of(item)) {
        Some(cropped) => Ok((tensors?.cropped(&cropped)?, cropped.heard.len())),
        None => Ok((tensors?, item.n_bins)),
    };
    let tensors = items.iter().zip(tensors).map(cropped).collect::<Result<Vec<_>>>()?;
    let longest = tensors.iter().map(|(_, n_bins)| *n_bins).max().unwrap_or(0);
    let together = |part: &dyn Fn(&Tensors) -> Tensor| -> Result<Tensor> {
        let padded = tensors.iter().map(|(tensors, n_bins)| {
            let tensor = part(tensors);
            let time = tensor.rank() - 1;
            if *n_bins == longest { Ok(tensor) } else { tensor.pad_with_zeros(time, 0, longest - n_bins) }
        });
        let padded = padded.collect::<candle_core::Result<Vec<_>>>();
        padded
            .and_then(|parts| match <[Tensor; 1]>::try_from(parts) {
                Ok([only]) => Ok(only),
                Err(parts) => Tensor::cat(&parts, 0),
            })
            .map_err(|source| Error::Tensor { op: "pad stimuli to one length", source })
    };
    Ok(Batch {
        cochleagrams: together(&|tensors| tensors.cochleagram.clone())?,
        targets: together(&|tensors| tensors.target.clone())?,
        mask: together(&|tensors| tensors.mask.clone())?,
        stimuli: items.iter().map(|item| item.stimulus).collect(),
        n_bins: tensors.iter().map(|(_, n_bins)| *n_bins).collect(),
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, array};
    use proptest::prelude::*;
    use statenet_core::TimeBin;

    use super::*;
    use crate::recording::{Description, Neuron, Responses, Stimulus};

    /// Two neurons, three repeats, stimuli of the given lengths; every third cell is missing.
    fn ragged(lengths: &[usize]) -> Recording {
        let stimuli = lengths
            .iter()
            .enumerate()
            .map(|(s, &bins)| {
                let counts = Array3::from_shape_fn((2, 3, bins), |(n, r, t)| {
                    if (n + t + s) % 3 == 0 || (r + t) % 3 == 0 { f32::NAN } else { (n + r + t) as f32 }
                });
                let sound = Array2::from_shape_fn((4, bins), |(f, t)| (100 * s + 10 * f + t + 1) as f32);
                Stimulus::new(format!("s{s}"), sound, Responses::from_nan(counts).unwrap()).unwrap()
            })
            .collect();
        let neurons = vec![Neuron::new("a"), Neuron::new("b")];
        let dt = TimeBin::from_millis(5.0).unwrap();
        Recording::new(Description::default(), dt, vec![], neurons, stimuli).unwrap()
    }

    #[test]
    fn shorter_stimuli_are_padded_with_zeros_and_masked() {
        let recording = ragged(&[1, 3]);
        let batches = Batches::new(&recording, &[0, 1], &Device::Cpu).unwrap();
        let batch = batches.in_order(2).unwrap().next().unwrap().unwrap();
        assert_eq!(batch.cochleagrams.dims(), [2, 1, 4, 3]);
        let first = batch.cochleagrams.get(0).unwrap().get(0).unwrap().to_vec2::<f32>().unwrap();
        assert_eq!(first[2], [21.0, 0.0, 0.0]);
        // Stimulus 0, bin 0: neuron 0 was not recorded, of neuron 1 the repeats 1 and 2.
        assert_eq!(batch.mask.to_vec3::<f32>().unwrap()[0], [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]);
        assert_eq!(batch.targets.to_vec3::<f32>().unwrap()[0], [[0.0, 0.0, 0.0], [2.5, 0.0, 0.0]]);
        assert_eq!((batch.stimuli, batch.n_bins), (vec![0, 1], vec![1, 3]));
    }

    #[test]
    fn nothing_to_batch_is_an_error() {
        let recording = ragged(&[2]);
        let message = |result: Result<()>| result.unwrap_err().to_string();
        let new = |stimuli: &[usize]| Batches::new(&recording, stimuli, &Device::Cpu);
        assert_eq!(message(new(&[]).map(drop)), "recording has no stimuli in a batch, expected at least one");
        assert_eq!(message(new(&[1]).map(drop)), "stimulus index is 1, expected below 1");
        let batches = new(&[0]).unwrap();
        assert_eq!(message(batches.in_order(0).map(drop)), "batch size is 0, expected at least 1");
    }

    #[test]
    fn a_silent_bin_is_no_padding() {
        let silent = Responses::from_nan(array![[[0.0]]]).unwrap();
        let stimulus = Stimulus::new("s", array![[0.0]], silent).unwrap();
        let dt = TimeBin::from_millis(5.0).unwrap();
        let recording =
            Recording::new(Description::default(), dt, vec![], vec![Neuron::new("a")], vec![stimulus])
                .unwrap();
        let batches = Batches::new(&recording, &[0], &Device::Cpu).unwrap();
        let batch = batches.in_order(1).unwrap().next().unwrap().unwrap();
        assert_eq!(batch.mask.to_vec3::<f32>().unwrap(), [[[1.0]]]);
    }

    #[test]
    fn the_order_of_an_epoch_is_pinned() {
        let recording = ragged(&[1; 8]);
        let batches = Batches::new(&recording, &(0..8).collect::<Vec<_>>(), &Device::Cpu).unwrap();
        let order = |seed, epoch| -> Vec<usize> {
            let pass = batches.epoch(Seed::new(seed), epoch, 3).unwrap();
            assert_eq!(pass.len(), 3);
            pass.flat_map(|batch| batch.unwrap().stimuli).collect()
        };
        assert_eq!(order(7, 0), order(7, 0));
        assert_ne!(order(7, 0), order(7, 1));
        assert_ne!(order(7, 0), order(8, 0));
    }

    #[test]
    fn the_place_of_a_crop_is_pinned_and_changes_with_the_epoch() {
        let recording = ragged(&[200, 200]);
        let batches = Batches::new(&recording, &[0, 1], &Device::Cpu).unwrap();
        let crop = Crop { length: 20, warm_up: 3 };
        let firsts = |seed, epoch| -> Vec<Vec<f32>> {
            let pass = batches.cropped_epoch(Seed::new(seed), epoch, 1, crop).unwrap();
            let first = |batch: Batch| batch.cochleagrams.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            pass.map(|batch| first(batch.unwrap())).collect()
        };
        assert_eq!(firsts(7, 0), firsts(7, 0));
        assert_ne!(firsts(7, 0), firsts(7, 1));
        assert_ne!(firsts(7, 0), firsts(8, 0));
        let empty = batches.cropped_epoch(Seed::new(0), 0, 1, Crop { length: 0, warm_up: 5 });
        assert_eq!(
            empty.map(drop).unwrap_err().to_string(),
            "length of a crop is 0 bins, expected 1 bin or more"
        );
    }

    proptest! {
        #[test]
        fn a_crop_is_a_part_whose_warm_up_never_counts(
            lengths in prop::collection::vec(1usize..40, 1..6),
            (length, warm_up) in (1usize..40, 0usize..20),
            (batch_size, seed) in (1usize..4, 0u64..100),
        ) {
            let recording = ragged(&lengths);
            let all: Vec<usize> = (0..lengths.len()).collect();
            let batches = Batches::new(&recording, &all, &Device::Cpu).unwrap();
            let crop = Crop { length, warm_up };
            let mut seen = Vec::new();
            for batch in batches.cropped_epoch(Seed::new(seed), 2, batch_size, crop).unwrap() {
                let batch = batch.unwrap();
                let sounds = batch.cochleagrams.squeeze(1).unwrap().to_vec3::<f32>().unwrap();
                let mask = batch.mask.to_vec3::<f32>().unwrap();
                let targets = batch.targets.to_vec3::<f32>().unwrap();
                for (b, &s) in batch.stimuli.iter().enumerate() {
                    let (n_bins, whole) = (batch.n_bins[b], lengths[s]);
                    prop_assert!(n_bins <= crop.longest(whole));
                    // `ragged` has the bin's number in its sound: 100 s + 10 f + t + 1.
                    let first = sounds[b][0][0] as usize - 100 * s - 1;
                    let warm = n_bins.saturating_sub(length);
                    prop_assert!(warm == warm_up.min(first + warm));
                    prop_assert!(first + n_bins <= whole && n_bins - warm == length.min(whole));
                    let sound = recording.stimuli()[s].cochleagram();
                    let (psth, valid) = recording.stimuli()[s].responses().unwrap().psth();
                    for t in 0..mask[b][0].len() {
                        for f in 0..4 {
                            let expected = if t < n_bins { sound[[f, first + t]] } else { 0.0 };
                            prop_assert_eq!(sounds[b][f][t], expected);
                        }
                        for n in 0..2 {
                            let counts = (warm..n_bins).contains(&t) && valid[[n, first + t]];
                            prop_assert_eq!(mask[b][n][t], f32::from(counts));
                            prop_assert_eq!(targets[b][n][t], if counts { psth[[n, first + t]] } else { 0.0 });
                        }
                    }
                }
                seen.extend(batch.stimuli);
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, all);
        }

        #[test]
        fn a_crop_of_full_length_is_no_crop(
            lengths in prop::collection::vec(1usize..9, 1..6),
            (warm_up, batch_size, seed) in (0usize..5, 1usize..4, 0u64..50),
        ) {
            let recording = ragged(&lengths);
            let all: Vec<usize> = (0..lengths.len()).collect();
            let batches = Batches::new(&recording, &all, &Device::Cpu).unwrap();
            let crop = Crop { length: 9, warm_up };
            let cropped = batches.cropped_epoch(Seed::new(seed), 1, batch_size, crop).unwrap();
            for (cropped, whole) in cropped.zip(batches.epoch(Seed::new(seed), 1, batch_size).unwrap()) {
                let (cropped, whole) = (cropped.unwrap(), whole.unwrap());
                prop_assert_eq!((&cropped.stimuli, &cropped.n_bins), (&whole.stimuli, &whole.n_bins));
                for (a, b) in [
                    (&cropped.cochleagrams, &whole.cochleagrams),
                    (&cropped.targets, &whole.targets),
                    (&cropped.mask, &whole.mask),
                ] {
                    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                    prop_assert_eq!(values(a), values(b));
                }
            }
        }

        #[test]
        fn every_epoch_has_every_stimulus_once_under_the_right_mask(
            lengths in prop::collection::vec(1usize..9, 1..7),
            batch_size in 1usize..5,
            seed in 0u64..100,
        ) {
            let recording = ragged(&lengths);
            let all: Vec<usize> = (0..lengths.len()).collect();
            let batches = Batches::new(&recording, &all, &Device::Cpu).unwrap();
            let mut seen = Vec::new();
            for batch in batches.epoch(Seed::new(seed), 3, batch_size).unwrap() {
                let batch = batch.unwrap();
                let longest = *batch.n_bins.iter().max().unwrap();
                prop_assert_eq!(batch.targets.dims(), &[batch.stimuli.len(), 2, longest]);
                let mask = batch.mask.to_vec3::<f32>().unwrap();
                let targets = batch.targets.to_vec3::<f32>().unwrap();
                for (b, &s) in batch.stimuli.iter().enumerate() {
                    let (psth, valid) = recording.stimuli()[s].responses().unwrap().psth();
                    prop_assert_eq!(batch.n_bins[b], lengths[s]);
                    for n in 0..2 {
                        for t in 0..longest {
                            let recorded = t < lengths[s] && valid[[n, t]];
                            prop_assert_eq!(mask[b][n][t], f32::from(recorded));
                            prop_assert_eq!(targets[b][n][t], if recorded { psth[[n, t]] } else { 0.0 });
                        }
                    }
                }
                seen.extend(batch.stimuli);
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, all);
        }
    }
}
