//! In-silico experiments on neurons whose responses are known.

use super::known::{Known, Law};
use ndarray::Array2;
use statenet_core::{Axes, Hertz, Millis, SampleRate, Seed, TimeBin, scales::Scale};
use statenet_data::SimulatedCurve;
use statenet_interp::{
    experiments::{
        BandFrontEnd, Bursts, ContrastSteps, ForwardMasking, Gaps, Oddball, Ripples, Tones, TwoTones,
        WaveformFrontEnd, click, contrast_steps, forward_masking, frequency_response_area, gap_response,
        modulation_transfer, noise_bursts, oddball, two_tone_suppression,
    },
    tuning::FieldTuning,
};

const N_BANDS: usize = 16;
const N_LAGS: usize = 12;

fn ms(ms: f64) -> Millis {
    Millis::new(ms).unwrap()
}

pub(super) fn axes() -> Axes {
    // Four bands an octave.
    let top = Hertz::new(500.0 * 2f64.powf((N_BANDS - 1) as f64 / 4.0)).unwrap();
    let band_centers = Scale::Octave.spaced(N_BANDS, Hertz::whole::<500>(), top).unwrap();
    Axes { band_centers, ..Axes::new(N_BANDS, 1, TimeBin::whole_millis::<5>()) }
}

/// A cochleagram that grows by 0.1 per decibel and is -6 in silence.
fn bands() -> BandFrontEnd {
    BandFrontEnd {
        centers: axes().band_centers,
        dt: axes().dt,
        silence: -6.0,
        reference: 0.0,
        per_decibel: 0.1,
        width_octaves: 0.0,
        scaling: None,
    }
}

fn bell(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

/// A separable field: excitation at band 7.3 with inhibitory sidebands at 15 ms, then inhibition.
pub(super) fn field() -> Array2<f64> {
    Array2::from_shape_fn((N_BANDS, N_LAGS), |(f, k)| {
        let x = f as f64 - 7.3;
        let across = bell(x / 1.6) - 0.5 * bell((x.abs() - 4.0) / 1.2);
        across * (bell((k as f64 - 3.0) / 1.2) - 0.3 * bell((k as f64 - 7.0) / 1.6)) * 0.3
    })
}

pub(super) const CURVE: SimulatedCurve = SimulatedCurve::Softplus { sharpness: 2.0, threshold: 0.5 };

/// The offset for which the drive in silence is -1.
pub(super) fn neuron(law: Law) -> Known {
    let offset = 6.0 * field().sum() - 1.0;
    Known::new(field(), offset, law, &axes())
}

pub(super) fn gain_control() -> Known {
    neuron(Law::GainControl { decay: (-5.0f64 / 300.0).exp(), curve: CURVE })
}

fn tones(duration: f64) -> Tones {
    let frequencies = axes().band_centers;
    Tones { frequencies, levels_db: vec![-40.0, -20.0, 0.0], lead: ms(200.0), duration: ms(duration) }
}

#[test]
fn an_ln_neuron_s_response_area_is_what_its_weights_say() {
    let model = neuron(Law::Ln(CURVE));
    let area = frequency_response_area(&model, &bands(), &tones(100.0), &[0]).unwrap().remove(0);
    for ((level, f), evoked) in area.evoked_hz.indexed_iter() {
        // The cochleagram rises from -6 to -4, -2 and 0, up to the small power of the floor.
        let rise = 0.1 * 10.0 * (10f64.powf(area.levels_db[level] / 10.0) + 1e-6).log10() + 6.0;
        let mut sum = 0.0;
        let mut expected = 0.0;
        for t in 0..20 {
            if t < N_LAGS {
                sum += field()[(f, t)] * rise;
            }
            expected += (CURVE.apply(sum - 1.0) - CURVE.apply(-1.0)) / 20.0 / 0.005;
        }
        assert!(
            (evoked - expected).abs() < 1e-3 * expected.abs().max(1.0),
            "{level} {f}: {evoked} {expected}"
        );
    }
}

#[test]
fn an_ln_neuron_s_tuning_in_silico_is_that_of_its_weights() {
    let tuning = FieldTuning::of(field().view(), &axes().band_centers, axes().dt);
    let octaves = |a: Hertz, b: Hertz| (a.hz() / b.hz()).log2().abs();
    // Linear: responses are proportional to the weights.
    let area = frequency_response_area(&neuron(Law::Linear), &bands(), &tones(40.0), &[0]).unwrap().remove(0);
    assert!(octaves(area.best_frequency().unwrap(), tuning.best_frequency.unwrap()) < 1e-6);
    for level in 0..3 {
        let width = area.bandwidth_octaves(level).unwrap();
        assert!((width - tuning.bandwidth_octaves.unwrap()).abs() < 1e-6, "{width} {tuning:?}");
    }
    assert!(area.threshold_db(0.2).unwrap() <= -40.0);
    // LN: the output curve changes the flanks of the tuning curve but not its peak.
    let area =
        frequency_response_area(&neuron(Law::Ln(CURVE)), &bands(), &tones(40.0), &[0]).unwrap().remove(0);
    assert!(octaves(area.best_frequency().unwrap(), tuning.best_frequency.unwrap()) < 0.05);
    let threshold = area.threshold_db(0.5).unwrap();
    assert!((-40.0..0.0).contains(&threshold), "{threshold}");
    // The response of a linear neuron to a click is its temporal profile.
    let burst =
        Bursts { level_db: 0.0, lead: ms(200.0), duration: ms(100.0), n_draws: 1, seed: Seed::new(0) };
    let onset = click(&neuron(Law::Linear), &bands(), &burst, &[0]).unwrap().remove(0);
    let profile = field().sum_axis(ndarray::Axis(0));
    for (t, evoked) in onset.evoked_hz.iter().take(N_LAGS).enumerate() {
        assert!((evoked - 6.0 * profile[t] / 0.005).abs() < 0.02, "{t}: {evoked} {}", profile[t]);
    }
}

#[test]
fn a_linear_neuron_follows_ripples_as_the_transform_of_its_field_says() {
    let (velocities_hz, densities) = (vec![-8.0, 4.0, 16.0], vec![0.0, 0.5, 1.0]);
    let ripples = Ripples {
        velocities_hz,
        densities,
        level_db: 0.0,
        depth_db: 20.0,
        lead: ms(100.0),
        settle: ms(100.0),
        duration: ms(1000.0),
    };
    let transfer = modulation_transfer(&neuron(Law::Linear), &bands(), &ripples, &[0]).unwrap().remove(0);
    for ((d, v), locked) in transfer.locked_hz.indexed_iter() {
        let (mut re, mut im) = (0.0, 0.0);
        for ((f, k), weight) in field().indexed_iter() {
            let octave = (axes().band_centers[f].hz() / 1000.0).log2();
            let cycles = ripples.densities[d] * octave - ripples.velocities_hz[v] * k as f64 * 0.005;
            let (sin, cos) = (std::f64::consts::TAU * cycles).sin_cos();
            re += weight * cos;
            im += weight * sin;
        }
        // +-10 dB are +-1 in the cochleagram.
        let expected = re.hypot(im) / 0.005;
        assert!((locked - expected).abs() < 1e-2 * expected.max(1.0), "{d} {v}: {locked} {expected}");
    }
    assert!(transfer.best().is_some());
}

fn masking(delays: &[f64]) -> ForwardMasking {
    let best = axes().band_centers[7];
    ForwardMasking {
        masker: best,
        probe: best,
        level_db: 0.0,
        lead: ms(500.0),
        masker_duration: ms(200.0),
        probe_duration: ms(50.0),
        delays: delays.iter().map(|&delay| ms(delay)).collect(),
    }
}

#[test]
fn masking_ends_with_the_field_of_a_neuron_without_state_and_later_with_gain_control() {
    let delays = masking(&[60.0, 200.0, 2000.0]);
    let ln = forward_masking(&neuron(Law::Ln(CURVE)), &bands(), &delays, &[0]).unwrap().remove(0);
    assert!(ln.masking.iter().all(|m| m.unwrap().abs() < 1e-9), "{ln:?}");
    assert_eq!(ln.half_recovery(), None);
    let controlled = forward_masking(&gain_control(), &bands(), &delays, &[0]).unwrap().remove(0);
    let masked: Vec<f64> = controlled.masking.iter().map(|m| m.unwrap()).collect();
    assert!(masked[0] > 0.2 && masked[0] > masked[1] && masked[1] > masked[2], "{masked:?}");
    assert!(controlled.half_recovery().is_some());
}

#[test]
fn stimulus_specific_adaptation_needs_a_state_and_a_difference() {
    let centers = axes().band_centers;
    let set = Oddball {
        frequencies: [centers[6], centers[8]],
        level_db: 0.0,
        rare: 0.2,
        n_tones: 30,
        duration: ms(50.0),
        gap: ms(100.0),
        lead: ms(200.0),
        seed: Seed::new(4),
    };
    let ln = oddball(&neuron(Law::Ln(CURVE)), &bands(), &set, &[0]).unwrap().remove(0);
    assert!(ln.index.unwrap().abs() < 1e-9, "{ln:?}");
    assert!(ln.rare_hz[0] > 0.0 && (ln.rare_hz[0] - ln.common_hz[0]).abs() < 1e-9);
    // Gain control adapts to both tones, and more to the one that drives the neuron more, when that is the common one.
    let gain = oddball(&gain_control(), &bands(), &set, &[0]).unwrap().remove(0);
    assert!(gain.rare_hz != gain.common_hz && gain.index.unwrap() < 0.5, "{gain:?}");
}

#[test]
fn contrast_changes_the_gain_of_gain_control_only_and_late() {
    let set = ContrastSteps {
        level_db: -10.0,
        low_db: 4.0,
        high_db: 12.0,
        chord: ms(25.0),
        piece: ms(1000.0),
        n_draws: 60,
        seed: Seed::new(2),
    };
    let linear = contrast_steps(&neuron(Law::Linear), &bands(), &set, &[0]).unwrap().remove(0);
    assert!((linear.gain_ratio.unwrap() - 1.0).abs() < 0.1, "{:?}", linear.gain_ratio);
    assert_eq!(linear.deviation_hz.len(), 600);
    let gain = contrast_steps(&gain_control(), &bands(), &set, &[0]).unwrap().remove(0);
    assert!(gain.gain_ratio.unwrap() < 0.8, "{:?}", gain.gain_ratio);
    assert!(gain.overshoot.unwrap() > 1.1 * linear.overshoot.unwrap(), "{gain:?}");
}

#[test]
fn bursts_adapt_gain_control_and_gaps_show_from_the_length_that_the_field_resolves() {
    let burst =
        Bursts { level_db: 0.0, lead: ms(500.0), duration: ms(600.0), n_draws: 4, seed: Seed::new(0) };
    let ln = noise_bursts(&neuron(Law::Ln(CURVE)), &bands(), &burst, &[0]).unwrap().remove(0);
    let gain = noise_bursts(&gain_control(), &bands(), &burst, &[0]).unwrap().remove(0);
    assert!(
        gain.adaptation.unwrap() > ln.adaptation.unwrap() + 0.1,
        "{:?} {:?}",
        gain.adaptation,
        ln.adaptation
    );
    assert!((5.0..=20.0).contains(&ln.latency.unwrap().ms()), "{:?}", ln.latency);
    let gaps = Gaps {
        gaps: [0.0, 5.0, 20.0, 60.0].map(ms).to_vec(),
        level_db: 0.0,
        before: ms(200.0),
        after: ms(100.0),
        n_draws: 3,
        seed: Seed::new(1),
    };
    let response = gap_response(&neuron(Law::Linear), &bands(), &gaps, &[0]).unwrap().remove(0);
    assert_eq!(response.change_hz[0], 0.0);
    assert!(response.change_hz[1] > 0.0 && response.change_hz[2] > response.change_hz[1], "{response:?}");
    assert!(response.threshold(0.5).unwrap() >= ms(5.0));
}

#[test]
fn a_sideband_suppresses_and_the_centre_adds() {
    let centers = axes().band_centers;
    let set = TwoTones {
        probe: centers[7],
        probe_db: -20.0,
        frequencies: vec![centers[3], centers[8], centers[15]],
        levels_db: vec![-10.0],
        lead: ms(100.0),
        duration: ms(40.0),
    };
    let found = two_tone_suppression(&neuron(Law::Ln(CURVE)), &bands(), &set, &[0]).unwrap().remove(0);
    let suppression = found.suppression.unwrap();
    assert!(suppression[(0, 0)] > 0.2, "{suppression}");
    assert!(suppression[(0, 1)] < -0.2 && suppression[(0, 2)].abs() < 0.05, "{suppression}");
}

#[test]
fn waveforms_go_through_the_front_end_given() {
    // A front end whose bands all hold the power of each 5 ms.
    let rate = SampleRate::new(8000.0).unwrap();
    let front_end = WaveformFrontEnd {
        rate,
        cochlea: |samples: &[f32], _: SampleRate| {
            let power: Vec<f32> =
                samples.chunks_exact(40).map(|bin| bin.iter().map(|x| x * x).sum::<f32>() / 40.0).collect();
            Ok(Array2::from_shape_fn((N_BANDS, power.len()), |(_, t)| power[t]))
        },
    };
    let tones = Tones { levels_db: vec![0.0], frequencies: vec![Hertz::whole::<1000>()], ..tones(100.0) };
    let model = Known::new(Array2::from_elem((N_BANDS, 1), 1.0 / N_BANDS as f64), 0.0, Law::Linear, &axes());
    let area = frequency_response_area(&model, &front_end, &tones, &[0]).unwrap().remove(0);
    // The power is 1 except during the two ramps of one bin each; rates are in spikes per second.
    assert!((area.evoked_hz[(0, 0)] - 0.95 / 0.005).abs() < 1.0, "{}", area.evoked_hz);
    let broken = WaveformFrontEnd { rate, cochlea: |_: &[f32], _: SampleRate| Err("no power".into()) };
    let message = frequency_response_area(&model, &broken, &tones, &[0]).unwrap_err().to_string();
    assert_eq!(message, "the front end failed");
}
