//! Cutting long stimuli into pieces that are stimuli of their own, so that a recording of one sound can be split.

use std::{fmt, ops::Range, str::FromStr};

use ndarray::s;
use serde::{Deserialize, Serialize};
use statenet_core::{Millis, ResponseMask, TimeBin};

use super::{Recording, Responses, Stimulus, stimulus::Excerpt};
use crate::error::{Error, Result};

/// The field of a recording's metadata that says how it was cut.
const CUT: &str = "cut";

/// Where the stimuli of a recording are cut. Every stimulus is cut alike, from its start.
///
/// The gap between pieces is dropped. It keeps the response to the end of one piece out of the next, which may be in another part of a
/// split: choose it as long as neurons remember, such as half a second. Pieces and gaps are whole bins: lengths and times are rounded to
/// the nearest bin, gaps up.
///
/// As text, the option `--cut`, `SECONDS[,GAP][,keep]`:
///
/// ```
/// use statenet_data::{Cut, Rest};
/// let cut: Cut = "10,0.5".parse()?; // seconds
/// let Cut::Every { length, gap, rest } = &cut else { return Ok(()) };
/// assert_eq!((length.ms(), gap.ms(), *rest), (10_000.0, 500.0, Rest::Drop));
/// assert_eq!(cut.to_string(), "10,0.5");
/// assert_eq!("2.5,0,keep".parse::<Cut>()?.to_string(), "2.5,0,keep");
/// # Ok::<(), statenet_data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Cut {
    /// Into pieces of one length.
    Every {
        /// Length of a piece, a bin or more.
        #[serde(rename = "length_ms")]
        length: Millis,
        /// What is dropped after each piece.
        #[serde(rename = "gap_ms")]
        gap: Millis,
        /// What becomes of the shorter piece at the end.
        rest: Rest,
    },
    /// At given times from the start of each stimulus, increasing. A stimulus that ends before a time is not cut there.
    At {
        /// Where pieces end.
        #[serde(rename = "times_ms")]
        times: Vec<Millis>,
        /// What is dropped after each of these times.
        #[serde(rename = "gap_ms")]
        gap: Millis,
    },
}

/// What becomes of the end of a stimulus that is shorter than a piece. A stimulus that is shorter as a whole is such an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// It is a shorter piece. In the default split, that of the last stimulus is a test sound, however short it is.
    Keep,
    /// It is dropped.
    Drop,
}

impl Cut {
    /// The bins of each piece of a stimulus of `n_bins` bins.
    ///
    /// ```
    /// use statenet_core::TimeBin;
    /// use statenet_data::Cut;
    /// let cut: Cut = "1,0.1".parse()?;
    /// let pieces = cut.pieces(500, TimeBin::from_millis(5.0)?)?;
    /// assert_eq!(pieces, [0..200, 220..420]); // the 60 bins after the second gap are less than a piece
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] if a piece is shorter than a bin, or times do not increase by more than the gap.
    pub fn pieces(&self, n_bins: usize, dt: TimeBin) -> Result<Vec<Range<usize>>> {
        let nearest = |time: Millis| (time.ms() / dt.ms()).round() as usize;
        match self {
            Self::Every { length, gap, rest } => {
                let (length_bins, gap) = (nearest(*length), gap_bins(*gap, dt));
                if length_bins == 0 {
                    return Err(Error::Setting {
                        setting: "length of a piece",
                        got: format!("{} ms", length.ms()),
                        expected: "a time bin or more",
                    });
                }
                let starts = (0..n_bins).step_by(length_bins.saturating_add(gap));
                let pieces = starts.map(|start| start..start.saturating_add(length_bins).min(n_bins));
                Ok(pieces.filter(|piece| *rest == Rest::Keep || piece.len() == length_bins).collect())
            }
            Self::At { times, gap } => {
                let gap = gap_bins(*gap, dt);
                let mut pieces = Vec::new();
                let mut start = 0;
                for time in times {
                    let end = nearest(*time);
                    if end <= start {
                        return Err(Error::Setting {
                            setting: "time of a cut",
                            got: format!("{} ms", time.ms()),
                            expected: "later by a bin or more than the cut before and its gap",
                        });
                    }
                    if end >= n_bins {
                        break;
                    }
                    pieces.push(start..end);
                    start = end.saturating_add(gap);
                }
                if start < n_bins {
                    pieces.push(start..n_bins);
                }
                Ok(pieces)
            }
        }
    }
}

/// Whole bins that are at least as long as a gap, with a tolerance for rounding errors.
fn gap_bins(gap: Millis, dt: TimeBin) -> usize {
    (gap.ms() / dt.ms() * (1.0 - 1e-12)).ceil() as usize
}

impl FromStr for Cut {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || Error::Setting {
            setting: "cut",
            got: format!("{text:?}"),
            expected: "SECONDS, SECONDS,GAP or SECONDS,GAP,keep, such as 10,0.5: pieces of 10 s with gaps of 0.5 s",
        };
        let millis = |seconds: &str| {
            let seconds: f64 = seconds.trim().parse().map_err(|_| wrong())?;
            Millis::new(1e3 * seconds).map_err(|_| wrong())
        };
        let (length, gap, rest) = match *text.split(',').collect::<Vec<_>>() {
            [length] => (millis(length)?, Millis::whole::<0>(), Rest::Drop),
            [length, gap] => (millis(length)?, millis(gap)?, Rest::Drop),
            [length, gap, keep] if keep.trim() == "keep" => (millis(length)?, millis(gap)?, Rest::Keep),
            _ => return Err(wrong()),
        };
        if length.ms() > 0.0 { Ok(Self::Every { length, gap, rest }) } else { Err(wrong()) }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every { length, gap, rest } => {
                write!(f, "{},{}", length.seconds(), gap.seconds())?;
                f.write_str(if *rest == Rest::Keep { ",keep" } else { "" })
            }
            Self::At { times, gap } => {
                let times: Vec<String> = times.iter().map(|time| time.seconds().to_string()).collect();
                write!(f, "at {} s, gaps of {} s", times.join(", "), gap.seconds())
            }
        }
    }
}

impl Recording {
    /// The recording with every stimulus cut into pieces, in the order of time: each is a stimulus with its part of the cochleagram,
    /// of the responses with their mask, and of the sound. Neurons, repeats, kind and metadata stay; the recording's metadata say how
    /// it was cut.
    ///
    /// A piece is called after its stimulus and its time in seconds: `song@00.000-10.000`. It begins as any stimulus does, with nothing
    /// before it: models and front ends start anew.
    ///
    /// ```
    /// use ndarray::{Array2, Array3};
    /// use statenet_core::{Seed, TimeBin};
    /// use statenet_data::{Description, Neuron, Recording, Responses, SplitPlan, Stimulus};
    ///
    /// let responses = Responses::from_nan(Array3::zeros((1, 4, 6200)))?;
    /// let mut noise = Seed::new(0).stream("noise");
    /// let sound = Array2::from_shape_fn((34, 6200), |_| noise.normal() as f32);
    /// let long = vec![Stimulus::new("long", sound, responses)?];
    /// let dt = TimeBin::from_millis(5.0)?;
    /// let recording = Recording::new(Description::default(), dt, vec![], vec![Neuron::new("u1")], long)?;
    /// let pieces = recording.cut(&"5,0.5".parse()?)?;
    /// assert_eq!(pieces.n_stimuli(), 5);
    /// assert_eq!(pieces.stimuli()[1].name(), "long@05.500-10.500");
    /// assert_eq!(SplitPlan::Demo.resolve(&pieces)?.test(), [4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] as [`Cut::pieces`]; [`Error::NoPiece`] if every stimulus is shorter than a piece; [`Error::UnsafeName`] if a
    /// name becomes too long for a file; [`Error::Duplicate`] if two become the same.
    pub fn cut(&self, cut: &Cut) -> Result<Self> {
        let decimals = decimals(self.dt());
        let mut stimuli = Vec::new();
        for stimulus in self.stimuli() {
            let end = self.dt().times(stimulus.n_bins()).seconds();
            let width = format!("{end:.decimals$}").len();
            let time = |bin: usize| format!("{:0width$.decimals$}", self.dt().times(bin).seconds());
            for bins in cut.pieces(stimulus.n_bins(), self.dt())? {
                let name = format!("{}@{}-{}", stimulus.name(), time(bins.start), time(bins.end));
                stimuli.push(stimulus.piece(name, bins)?);
            }
        }
        if stimuli.is_empty() {
            let longest = self.stimuli().iter().max_by_key(|s| s.n_bins());
            return Err(Error::NoPiece {
                recording: self.name().to_owned(),
                cut: cut.to_string(),
                stimulus: longest.map(|s| s.name().to_owned()).unwrap_or_default(),
                lasts: self.dt().times(longest.map_or(0, Stimulus::n_bins)).seconds(),
            });
        }
        super::unique("stimulus", stimuli.iter().map(Stimulus::name))?;
        let mut pieces = self.with_stimuli(stimuli);
        pieces.description.metadata.insert(CUT.to_owned(), serde_json::json!(cut));
        Ok(pieces)
    }

    /// How the recording was cut, if it was, also by who wrote its folder.
    #[must_use]
    pub fn cut_by(&self) -> Option<Cut> {
        serde_json::from_value(self.description.metadata.get(CUT)?.clone()).ok()
    }
}

impl Stimulus {
    /// Some bins of the stimulus, as a stimulus of its own.
    fn piece(&self, name: String, bins: Range<usize>) -> Result<Self> {
        let sound = self.cochleagram().slice(s![.., bins.clone()]).to_owned();
        let responses = self.piece_of_responses(bins.clone())?;
        let mut piece = Self::with_source(name, sound, responses)?.with_metadata(self.metadata().clone());
        if let Some(kind) = self.kind() {
            piece = piece.with_kind(kind);
        }
        let (offset, file_bins) =
            self.excerpt().map_or((0, self.n_bins()), |whole| (whole.first_bin, whole.file_bins));
        let excerpt = Some(Excerpt { first_bin: offset + bins.start, file_bins });
        Ok(match (self.audio(), self.shared_sound()) {
            (Some(audio), _) => piece.with_audio(audio).with_excerpt(excerpt),
            (None, Some(sound)) => piece.with_shared_sound(sound.clone()).with_excerpt(excerpt),
            (None, None) => piece,
        })
    }
}

impl Responses {
    /// The responses in some bins.
    pub(super) fn piece(&self, bins: Range<usize>) -> Result<Self> {
        let mask = self.mask().view().slice(s![.., .., bins.clone()]).to_owned();
        let values = self.values().slice(s![.., .., bins]).to_owned();
        Self::new_in(values, &ResponseMask::new(mask), self.unit().clone())
    }
}

/// The decimals of a second that tell the bins of this width apart: as many as its width needs, at most six.
fn decimals(dt: TimeBin) -> usize {
    let is_whole = |decimals: &usize| {
        let scaled = dt.seconds() * 10f64.powi(*decimals as i32);
        (scaled - scaled.round()).abs() < 1e-6 * scaled
    };
    (0..6).find(is_whole).unwrap_or(6)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3};
    use proptest::prelude::*;
    use statenet_core::Seed;

    use super::*;
    use crate::{
        recording::{Description, Neuron},
        split::SplitPlan,
    };

    const NEURONS: usize = 2;
    const REPEATS: usize = 3;

    /// Stimuli s0, s1, .. of these numbers of bins; every fifth response is missing.
    fn recording(lengths: &[usize], dt_ms: f64) -> Recording {
        let stimuli = lengths.iter().enumerate().map(|(s, &t)| {
            let counts = Array3::from_shape_fn((NEURONS, REPEATS, t), |(n, r, t)| {
                if (n + 2 * r + t) % 5 == 0 { f32::NAN } else { ((s + n * r + 3 * t) % 7) as f32 }
            });
            let mut noise = Seed::new(s as u64).stream("sound");
            let sound = Array2::from_shape_fn((2, t), |_| noise.normal() as f32);
            let responses = Responses::from_nan(counts).unwrap();
            Stimulus::new(format!("s{s}"), sound, responses).unwrap().with_kind("song")
        });
        let neurons = (0..NEURONS).map(|n| Neuron::new(format!("u{n}"))).collect();
        let about = Description { name: "mine".to_owned(), ..Description::default() };
        let dt = TimeBin::from_millis(dt_ms).unwrap();
        Recording::new(about, dt, vec![], neurons, stimuli.collect()).unwrap()
    }

    fn names(recording: &Recording) -> Vec<&str> {
        recording.stimuli().iter().map(Stimulus::name).collect()
    }

    fn millis(ms: f64) -> Millis {
        Millis::new(ms).unwrap()
    }

    #[test]
    fn one_long_stimulus_can_be_split_after_a_cut() {
        let long = recording(&[2020], 5.0);
        assert!(SplitPlan::Demo.resolve(&long).is_err());
        let pieces = long.cut(&"2,0.1".parse().unwrap()).unwrap();
        assert_eq!(names(&pieces)[..2], ["s0@00.000-02.000", "s0@02.100-04.100"]);
        assert_eq!(pieces.n_stimuli(), 4);
        assert_eq!((pieces.cut_by(), long.cut_by()), (Some("2,0.1".parse().unwrap()), None));
        assert_eq!(SplitPlan::Demo.resolve(&pieces).unwrap().test(), [3]);
        let kept = long.cut(&"2,0.1,keep".parse().unwrap()).unwrap();
        assert_eq!(names(&kept)[4], "s0@08.400-10.100");
    }

    #[test]
    fn times_cut_each_stimulus_that_lasts_so_long() {
        let cut = Cut::At { times: vec![millis(20.0), millis(50.0)], gap: millis(9.0) };
        let pieces = recording(&[12, 3], 10.0).cut(&cut).unwrap();
        assert_eq!(names(&pieces), ["s0@0.00-0.02", "s0@0.03-0.05", "s0@0.06-0.12", "s1@0.00-0.02"]);
        let again: Cut = serde_json::from_value(serde_json::to_value(&cut).unwrap()).unwrap();
        assert_eq!(again, cut);
        let close = Cut::At { times: vec![millis(20.0), millis(30.0)], gap: millis(10.0) };
        assert_eq!(
            recording(&[12], 10.0).cut(&close).unwrap_err().to_string(),
            "time of a cut is 30 ms, expected later by a bin or more than the cut before and its gap"
        );
    }

    #[test]
    fn what_cannot_be_cut_is_said() {
        let message =
            |cut: &str| recording(&[30, 40], 5.0).cut(&cut.parse().unwrap()).unwrap_err().to_string();
        assert_eq!(
            message("1"),
            "recording mine: no stimulus is as long as a piece, cut 1,0: the longest, s1, lasts 0.2 s"
        );
        assert_eq!(message("0.002"), "length of a piece is 2 ms, expected a time bin or more");
        for wrong in ["", "0", "-1", "1,2,3", "1,,keep", "ten", "inf", "NaN", "1,-1"] {
            let error = wrong.parse::<Cut>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("cut is {wrong:?}, expected SECONDS")), "{error}");
        }
    }

    #[test]
    fn names_sort_by_time_and_have_the_decimals_of_a_bin() {
        let pieces = recording(&[30], 1000.0).cut(&"4,1,keep".parse().unwrap()).unwrap();
        assert_eq!(names(&pieces)[..3], ["s0@00-04", "s0@05-09", "s0@10-14"]);
        let third = recording(&[4], 1.0 / 3.0).cut(&"0.0005,0,keep".parse().unwrap()).unwrap();
        assert_eq!(names(&third)[1], "s0@0.000667-0.001333");
    }

    proptest! {
        #[test]
        fn pieces_and_gaps_together_are_the_recording(
            lengths in prop::collection::vec(1usize..60, 1..4),
            dt_ms in prop::sample::select(vec![1.0, 5.0, 2.5, 1.0 / 3.0]),
            length in 1usize..20,
            gap in 0usize..8,
            keep in any::<bool>(),
            at in any::<bool>(),
        ) {
            let whole = recording(&lengths, dt_ms);
            let (dt, bins) = (whole.dt(), |n: usize| whole.dt().times(n));
            let rest = if keep { Rest::Keep } else { Rest::Drop };
            let cut = if at {
                let times = (0..3).map(|i| bins(length + i * (length + gap))).collect();
                Cut::At { times, gap: bins(gap) }
            } else {
                Cut::Every { length: bins(length), gap: bins(gap), rest }
            };
            let left = lengths.iter().flat_map(|&n| cut.pieces(n, dt).unwrap()).count();
            let Ok(pieces) = whole.cut(&cut) else {
                prop_assert_eq!(left, 0);
                return Ok(());
            };
            prop_assert_eq!(pieces.n_stimuli(), left);
            prop_assert_eq!(pieces.neurons(), whole.neurons());
            let mut next = pieces.stimuli().iter();
            for stimulus in whole.stimuli() {
                let n_bins = stimulus.n_bins();
                // How often each bin is in a piece.
                let mut covered = vec![0; n_bins];
                let mut spikes = 0.0;
                for range in cut.pieces(n_bins, dt).unwrap() {
                    let piece = next.next().unwrap();
                    prop_assert_eq!(piece.name().split_once('@').unwrap().0, stimulus.name());
                    prop_assert_eq!(piece.kind(), stimulus.kind());
                    prop_assert_eq!(piece.n_bins(), range.len());
                    let sound = stimulus.cochleagram();
                    prop_assert_eq!(piece.cochleagram(), sound.slice(s![.., range.clone()]));
                    let (here, there) = (piece.responses().unwrap(), stimulus.responses().unwrap());
                    let (values, mask) = (there.values(), there.mask().view());
                    prop_assert_eq!(here.values(), values.slice(s![.., .., range.clone()]));
                    prop_assert_eq!(here.mask().view(), mask.slice(s![.., .., range.clone()]));
                    prop_assert_eq!(here.n_repeats(), REPEATS);
                    spikes += here.values().sum();
                    covered[range].iter_mut().for_each(|n| *n += 1);
                }
                prop_assert!(covered.iter().all(|&n| n <= 1));
                let dropped: Vec<usize> = (0..n_bins).filter(|&t| covered[t] == 0).collect();
                let lost: f32 = dropped
                    .iter()
                    .map(|&t| stimulus.responses().unwrap().values().slice(s![.., .., t]).sum())
                    .sum();
                prop_assert_eq!(spikes + lost, stimulus.responses().unwrap().values().sum());
                // Nothing but gaps is dropped, unless the rest is.
                if at || keep {
                    let mut runs = dropped.chunk_by(|a, b| a + 1 == *b);
                    prop_assert!(runs.all(|run| run.len() <= gap));
                }
            }
            prop_assert!(next.next().is_none());
        }

        #[test]
        fn text_is_what_it_says(length in 1u32..100_000, gap in 0u32..10_000, keep in any::<bool>()) {
            let rest = if keep { Rest::Keep } else { Rest::Drop };
            let cut = Cut::Every { length: millis(f64::from(length)), gap: millis(f64::from(gap)), rest };
            let read: Cut = cut.to_string().parse().unwrap();
            let Cut::Every { length: l, gap: g, rest: r } = read else { panic!() };
            prop_assert!((l.ms() - f64::from(length)).abs() < 1e-6 && (g.ms() - f64::from(gap)).abs() < 1e-6);
            prop_assert_eq!(r, rest);
        }
    }
}
