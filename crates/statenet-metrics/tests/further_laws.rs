//! Property tests of the further scores on random spike counts: order, scale, masks, reasons; pieces against the whole.

#![allow(clippy::unwrap_used, reason = "a test stops where its helpers fail")]

mod random;

use ndarray::{Array2, Array3, s};
use proptest::{prelude::*, test_runner::RngSeed};
use statenet_core::{ResponseMask, Seed, TimeBin};
use statenet_metrics::{
    FurtherOptions, FurtherScores, Observation, Score, Undefined, ceilings, further_scores,
    intervals_over_sounds, numbers, recorded,
    resampling::ConfidenceInterval,
    scores::{self, CoherenceOptions, CountWindow, ScoreStream, SpikeDistanceOptions},
};

use random::{Data, Missing, mask, missing};

/// Tolerance for sums of a thousand numbers of order 1 in different orders.
const ROUNDING: f64 = 1e-9;

fn drawn(seed: u64, n: usize, r: usize, lengths: &[usize], missing: Missing) -> Data {
    let mut stream = Seed::new(seed).stream("further");
    let mut data = Data::default();
    for &t in lengths {
        let rate =
            Array2::from_shape_fn((n, t), |(n, t)| 0.2 + n as f64 * 0.1 + 0.15 * (0.7 * t as f64).sin());
        let count = |(n, _, t): (usize, usize, usize)| f64::from(stream.poisson(rate[[n, t]]));
        data.responses.push(Array3::from_shape_fn((n, r, t), count));
        data.rates.push(rate.mapv(|p| p * (0.5 + stream.unit())));
        data.masks.push(mask(&mut stream, (n, r, t), missing, 0.85));
    }
    data
}

fn all(data: &Data) -> Vec<FurtherScores> {
    let observations = data.observations();
    further_scores(&observations, &observations, &options()).unwrap()
}

fn options() -> FurtherOptions {
    let dt = TimeBin::whole_millis::<5>();
    FurtherOptions {
        coherence: CoherenceOptions { dt, segment_bins: 4 },
        distances: SpikeDistanceOptions::for_dt(dt),
        window: CountWindow { bins: 3 },
        confidence: Some(0.95),
        block_bins: 10,
    }
}

fn data() -> impl Strategy<Value = Data> {
    let lengths = prop::collection::vec(1_usize..50, 1..4);
    (any::<u64>(), 1_usize..4, 1_usize..6, lengths, missing())
        .prop_map(|(seed, n, r, lengths, missing)| drawn(seed, n, r, &lengths, missing))
}

/// All numbers of a neuron under their names.
fn named(s: &FurtherScores) -> Vec<(&'static str, Score)> {
    vec![
        ("r2_er", s.r2_er),
        ("explained_signal_power", s.explained_signal_power),
        ("cc_ttrc", s.cc_ttrc),
        ("coherence", s.coherence.as_ref().map(|c| c.bits_per_second).map_err(|reason| *reason)),
        ("deviance_explained", s.deviance_explained),
        ("bits_per_spike", s.bits_per_spike),
        ("fano", s.fano),
        ("van_rossum", s.van_rossum),
        ("van_rossum_ceiling", s.van_rossum_ceiling),
        ("victor_purpura", s.victor_purpura),
        ("victor_purpura_ceiling", s.victor_purpura_ceiling),
    ]
}

fn same(name: &str, a: Score, b: Score) -> Result<(), TestCaseError> {
    match (a, b) {
        // Of a tiny signal power scores are large and less accurate.
        (Ok(a), Ok(b)) => prop_assert!((a - b).abs() <= ROUNDING * (1.0 + a.powi(4)), "{name}: {a} and {b}"),
        (a, b) => prop_assert_eq!(
            a.err().as_ref().map(std::mem::discriminant),
            b.err().as_ref().map(std::mem::discriminant),
            "{}",
            name
        ),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_repeats_and_neurons_does_not_matter(data in data(), seed in any::<u64>()) {
        let (n, r, _) = data.responses[0].dim();
        let (mut neurons, mut repeats): (Vec<usize>, Vec<usize>) = ((0..n).collect(), (0..r).collect());
        let mut stream = Seed::new(seed).stream("order");
        stream.shuffle(&mut neurons);
        stream.shuffle(&mut repeats);
        let (before, after) = (all(&data), all(&data.reordered(&neurons, &repeats)));
        for (i, &neuron) in neurons.iter().enumerate() {
            for ((name, a), (_, b)) in named(&before[neuron]).into_iter().zip(named(&after[i])) {
                same(name, a, b)?;
            }
        }
    }

    #[test]
    fn scale_and_offset_matter_only_where_they_should(data in data(), scale in 0.1_f64..10.0, offset in 0.0_f64..3.0) {
        let (before, scaled) = (all(&data), all(&data.with_rates(|_, p| scale * p)));
        let moved = all(&data.with_rates(|_, p| p + offset));
        for ((a, b), c) in before.iter().zip(&scaled).zip(&moved) {
            for name in ["r2_er", "cc_ttrc", "coherence"] {
                let of = |s: &FurtherScores| named(s).into_iter().find(|(n, _)| *n == name).map(|(_, score)| score).unwrap();
                same(name, of(a), of(b))?;
                same(name, of(a), of(c))?;
            }
            same("explained_signal_power", a.explained_signal_power, c.explained_signal_power)?;
        }
    }

    #[test]
    fn values_under_a_mask_never_matter(data in data()) {
        let mut hidden = data.clone();
        for (b, mask) in data.masks.iter().enumerate() {
            let any = mask.any_repeat();
            ndarray::Zip::from(&mut hidden.responses[b]).and(mask.view()).for_each(|y, &v| if !v { *y = f64::NAN });
            ndarray::Zip::from(&mut hidden.rates[b]).and(&any).for_each(|p, &v| if !v { *p = f64::NAN });
        }
        // Equal bit for bit, since masked values are never read.
        prop_assert_eq!(all(&data), all(&hidden));
    }

    #[test]
    fn no_score_is_nan_and_intervals_are_in_order(data in data()) {
        for neuron in all(&data) {
            for (name, score) in named(&neuron) {
                prop_assert!(score.is_err() || score.is_ok_and(f64::is_finite), "{}", name);
            }
            let intervals = &neuron.intervals;
            let others = [
                intervals.explained_signal_power, intervals.cc_ttrc, intervals.bits_per_second, intervals.deviance_explained,
                intervals.bits_per_spike, intervals.fano, intervals.van_rossum, intervals.victor_purpura,
            ];
            for interval in others.into_iter().flatten() {
                prop_assert!(interval.lower <= interval.upper && interval.lower.is_finite() && interval.upper.is_finite());
            }
            if let Some(interval) = neuron.intervals.r2_er {
                prop_assert!(0.0 <= interval.lower && interval.lower <= interval.upper && interval.upper <= 1.0);
            }
            prop_assert_eq!(neuron.r2_er.is_ok(), neuron.intervals.r2_er.is_some());
            let (found, ceiling) = (neuron.victor_purpura, neuron.victor_purpura_ceiling);
            for ratio in [found, ceiling].into_iter().flatten() {
                prop_assert!((0.0..=1.0).contains(&ratio));
            }
        }
    }

    #[test]
    fn intervals_over_sounds_are_those_of_each_score_computed_anew_without_each_unit(data in data()) {
        let (o, options, found) = (data.observations(), options(), all(&data));
        macro_rules! check {
            ($field:ident, $score:expr) => {
                let anew = intervals_over_sounds(&o, options.block_bins, 0.95, $score).unwrap();
                for (found, anew) in found.iter().zip(anew) {
                    let ends = |interval: Option<ConfidenceInterval>| interval.map(|i| [i.lower, i.upper]);
                    match (ends(found.intervals.$field), ends(anew.ok())) {
                        (Some(found), Some(anew)) => {
                            same(stringify!($field), Ok(found[0]), Ok(anew[0]))?;
                            same(stringify!($field), Ok(found[1]), Ok(anew[1]))?;
                        }
                        (found, anew) => prop_assert_eq!(found, anew),
                    }
                }
            };
        }
        check!(explained_signal_power, scores::explained_signal_power);
        check!(cc_ttrc, scores::cc_ttrc);
        check!(bits_per_second, |o| scores::coherence_bits_per_s(o, &options.coherence));
        check!(deviance_explained, scores::deviance_explained);
        check!(bits_per_spike, scores::bits_per_spike);
        check!(fano, |o| scores::fano(&recorded(o), &options.window));
        check!(van_rossum, |o| scores::van_rossum(o, &options.distances));
        // Trains are drawn for each stimulus by its number, which changes where a whole stimulus is left out.
        if data.rates.iter().all(|rate| rate.ncols() >= 2 * options.block_bins) {
            check!(victor_purpura, |o| scores::victor_purpura(o, &options.distances));
        }
    }

    #[test]
    fn one_repeat_has_the_reason_and_smoothed_or_continuous_responses_have_theirs(data in data()) {
        let single: Vec<usize> = vec![0];
        let neurons: Vec<usize> = (0..data.responses[0].dim().0).collect();
        let one = data.reordered(&neurons, &single);
        for neuron in all(&one) {
            for name in ["r2_er", "explained_signal_power", "cc_ttrc", "fano", "van_rossum_ceiling", "victor_purpura_ceiling"] {
                let score = named(&neuron).into_iter().find(|(n, _)| *n == name).map(|(_, score)| score).unwrap();
                let expected = matches!(score, Err(Undefined::TooFewRepeats { .. } | Undefined::NoData | Undefined::NoSpikes));
                prop_assert!(expected, "{name}: {score:?}");
            }
        }
        let halves = Data { responses: data.responses.iter().map(|y| y.mapv(|y| y + 0.5)).collect(), ..data };
        for neuron in all(&halves) {
            for (name, score) in named(&neuron).into_iter().skip(4) {
                let refused = matches!(score, Err(Undefined::NotCounts { .. } | Undefined::NoData | Undefined::TooFewRepeats { .. }));
                prop_assert!(refused, "{name}: {score:?}");
            }
        }
    }

    #[test]
    fn pieces_give_the_scores_of_the_whole(data in data(), piece in 1_usize..20) {
        let n = data.responses[0].dim().0;
        let mut stream = ScoreStream::new(n);
        for ((rate, y), mask) in data.rates.iter().zip(&data.responses).zip(&data.masks) {
            let n_bins = rate.ncols();
            for start in (0..n_bins).step_by(piece) {
                let range = start..(start + piece).min(n_bins);
                let mask = ResponseMask::new(mask.view().slice(s![.., .., range.clone()]).to_owned());
                let (rate, y) = (rate.slice(s![.., range.clone()]), y.slice(s![.., .., range]));
                stream.push(&Observation::new(rate, y, &mask).unwrap()).unwrap();
            }
            stream.end_stimulus();
        }
        let o = data.observations();
        let whole: [(&str, Vec<Score>); 11] = [
            ("cc_raw", numbers(scores::cc_raw(&o).unwrap())),
            ("cc_norm", numbers(scores::cc_norm(&o).unwrap())),
            ("fve", scores::fve(&o).unwrap()),
            ("mse", scores::mse(&o).unwrap()),
            ("explained_signal_power", scores::explained_signal_power(&o).unwrap()),
            ("r2_er", numbers(scores::r2_er(&o).unwrap())),
            ("signal_power", ceilings::signal_power(&recorded(&o)).unwrap()),
            ("noise_power", ceilings::noise_power(&recorded(&o)).unwrap()),
            ("log_likelihood", scores::log_likelihood(&o).unwrap()),
            ("bits_per_spike", scores::bits_per_spike(&o).unwrap()),
            ("deviance_explained", scores::deviance_explained(&o).unwrap()),
        ];
        for (neuron, found) in stream.scores().into_iter().enumerate() {
            let found = [found.cc_raw, found.cc_norm, found.fve, found.mse, found.explained_signal_power, found.r2_er,
                found.signal_power, found.noise_power, found.log_likelihood, found.bits_per_spike, found.deviance_explained];
            for ((name, whole), found) in whole.iter().zip(found) {
                if found != Err(Undefined::RaggedRepeats) {
                    same(name, whole[neuron], found)?;
                }
            }
        }
    }
}

#[test]
fn a_stream_says_when_repeats_are_ragged_or_neurons_are_others() {
    let data = drawn(1, 1, 3, &[40], Missing::Anything);
    let mut stream = ScoreStream::new(1);
    stream.push(&data.observations()[0]).unwrap();
    let found = stream.scores()[0];
    assert_eq!(found.cc_norm, Err(Undefined::RaggedRepeats));
    assert!(found.cc_raw.is_ok() && found.bits_per_spike.is_ok());
    let message = ScoreStream::new(2).push(&data.observations()[0]).unwrap_err().to_string();
    assert_eq!(message, "rate has shape (1, 40), expected (2, T)");
}
