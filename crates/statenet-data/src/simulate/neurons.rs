//! Neurons of five kinds, from cochleagram to firing rate.
//!
//! Let u be the cochleagram, shifted and scaled by the same two numbers in all bands, w the receptive field, and z()
//! scaling to mean 0 and standard deviation 1 over all sounds. The drive d and the rate r of a neuron are
//!
//! ```text
//! linear        d = z(w * u)                                           r = max(0, 1 + 0.4 d)
//! LN            d = z(w * u)                                           r = phi(d)
//! adaptation    e[t] = a e[t-1] + (1 - a) y[t-1],  e[0] = y[0]         y = u above the floor, per band
//!               d = z(w * max(0, y - m e))                             r = phi(d)
//! gain control  d = z(w * u),  m[t] = a m[t-1] + (1 - a) d[t-1]
//!               v[t] = a v[t-1] + (1 - a) (d[t-1] - m[t-1])^2          r = phi((d - m) / (c + sqrt(v)))
//! long memory   d = z(w * u),  q[t] = a q[t-1] + (1 - a) max(0, d[t-1])
//!                                                                      r = phi(d) exp(k tanh(q / q0 - 1))
//! ```
//! with a = exp(-dt / tau) and phi a softplus or sigmoid; r is finally scaled to the neuron's mean rate. Adaptation is that
//! of Willmore et al. (2016), the ON channel of AdapTrans. Gain control subtracts the mean of the recent drive and divides
//! by its contrast (Dean et al. 2005; Rabinowitz et al. 2011). Facilitation (k > 0) and suppression (k < 0) over 0.5 to 1 s
//! imitate slow context effects in auditory cortex (Ulanovsky et al. 2004; Asari & Zador 2009).

use ndarray::Array2;
use serde::{Deserialize, Serialize};
use statenet_core::{Millis, RandomStream, TimeBin};

use super::receptive_field::{FieldAxes, ReceptiveField};

/// Change of a linear neuron's rate, relative to its mean, when the drive rises by one standard deviation.
const LINEAR_DEPTH: f64 = 0.4;
/// Contrast that is added to the measured one, so that gain stays finite in silence.
const RESTING_CONTRAST: f64 = 0.1;
/// The mean of max(0, d) for a standard normal drive d; at this state slow memory does not change the rate.
const RESTING_MEMORY: f64 = 0.398_942_280_401_432_7;

/// The kind of computation of a simulated neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronKind {
    /// A receptive field; the rate is proportional to the drive.
    Linear,
    /// A receptive field and an output nonlinearity.
    Ln,
    /// Each band adapts before the receptive field.
    Adaptation,
    /// The drive is normalized by its recent mean and contrast.
    GainControl,
    /// The drive of the last 0.5 to 1 s facilitates or suppresses.
    LongMemory,
}

impl NeuronKind {
    /// Whether the neuron has memory beyond its receptive field.
    #[must_use]
    pub fn has_state(self) -> bool {
        !matches!(self, Self::Linear | Self::Ln)
    }
}

impl std::fmt::Display for NeuronKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Linear => "linear",
            Self::Ln => "ln",
            Self::Adaptation => "adaptation",
            Self::GainControl => "gain control",
            Self::LongMemory => "long memory",
        })
    }
}

/// The output nonlinearity, from drive to rate before scaling to the neuron's mean rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SimulatedCurve {
    /// max(0, 1 + depth d).
    Rectified {
        /// Change per standard deviation of the drive.
        depth: f64,
    },
    /// ln(1 + exp(sharpness (d - threshold))) / sharpness.
    Softplus {
        /// How sharp the corner is.
        sharpness: f64,
        /// The drive at the corner.
        threshold: f64,
    },
    /// 1 / (1 + exp(-slope (d - midpoint))).
    Sigmoid {
        /// Four times the steepest slope.
        slope: f64,
        /// The drive at half the maximum.
        midpoint: f64,
    },
}

impl SimulatedCurve {
    /// The curve's value for a drive.
    #[must_use]
    pub fn apply(&self, drive: f64) -> f64 {
        match *self {
            Self::Rectified { depth } => (1.0 + depth * drive).max(0.0),
            Self::Softplus { sharpness, threshold } => {
                let x = sharpness * (drive - threshold);
                (x.max(0.0) + libm::log1p(libm::exp(-x.abs()))) / sharpness
            }
            Self::Sigmoid { slope, midpoint } => 1.0 / (1.0 + libm::exp(-slope * (drive - midpoint))),
        }
    }
}

/// The slow state of a neuron, with its time constant.
#[derive(Clone, Copy, Debug)]
enum State {
    None,
    Adaptation { tau: Millis, depth: f64 },
    GainControl { tau: Millis },
    LongMemory { tau: Millis, strength: f64 },
}

/// A neuron before its drive and rate are scaled.
#[derive(Clone, Debug)]
pub(super) struct NeuronModel {
    pub(super) field: ReceptiveField,
    pub(super) curve: SimulatedCurve,
    state: State,
}

/// Standardization of a drive over all sounds: d = (raw - mean) / deviation.
#[derive(Clone, Copy, Debug)]
pub(super) struct DriveScale {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl NeuronModel {
    /// Draws a neuron of a kind. `index` counts neurons of that kind and makes their time constants or signs differ.
    pub(super) fn draw(kind: NeuronKind, index: usize, axes: FieldAxes, stream: &mut RandomStream) -> Self {
        let field = ReceptiveField::draw(axes, stream);
        let millis = |ms: f64| Millis::new(ms).unwrap_or_else(|_| axes.dt.times(1));
        let curve = match kind {
            NeuronKind::Linear => SimulatedCurve::Rectified { depth: LINEAR_DEPTH },
            _ if stream.unit() < 0.5 => SimulatedCurve::Softplus {
                sharpness: stream.uniform(2.0, 4.0),
                threshold: stream.uniform(0.0, 0.8),
            },
            _ => SimulatedCurve::Sigmoid {
                slope: stream.uniform(1.5, 3.0),
                midpoint: stream.uniform(0.6, 1.2),
            },
        };
        let state = match kind {
            NeuronKind::Linear | NeuronKind::Ln => State::None,
            NeuronKind::Adaptation => {
                let tau = 150.0 * libm::pow(500.0 / 150.0, stream.unit());
                State::Adaptation { tau: millis(tau), depth: stream.uniform(0.85, 1.0) }
            }
            NeuronKind::GainControl => {
                let tau = [150.0, 300.0, 600.0].get(index % 3).copied().unwrap_or(300.0);
                State::GainControl { tau: millis(tau) }
            }
            NeuronKind::LongMemory => {
                let sign = if index.is_multiple_of(2) { 1.0 } else { -1.0 };
                let strength = sign * stream.uniform(1.3, 1.8);
                State::LongMemory { tau: millis(stream.uniform(500.0, 1000.0)), strength }
            }
        };
        Self { field, curve, state }
    }

    /// The time constant of the neuron's slow state; `None` without one.
    pub(super) fn time_constant(&self) -> Option<Millis> {
        match self.state {
            State::None => None,
            State::Adaptation { tau, .. } | State::GainControl { tau } | State::LongMemory { tau, .. } => {
                Some(tau)
            }
        }
    }

    /// The share of the running mean that adaptation subtracts, or the exponent of slow memory; `None` for other kinds.
    pub(super) fn strength(&self) -> Option<f64> {
        match self.state {
            State::None | State::GainControl { .. } => None,
            State::Adaptation { depth, .. } => Some(depth),
            State::LongMemory { strength, .. } => Some(strength),
        }
    }

    /// The drive before standardization, for a sound `u` `(F, T)` whose value in silence is `silence`.
    pub(super) fn raw_drive(&self, u: &Array2<f64>, silence: f64, dt: TimeBin) -> Vec<f64> {
        match self.state {
            State::Adaptation { tau, depth } => {
                self.field.filter(&adapted(u, silence, depth, decay(dt, tau)), 0.0)
            }
            _ => self.field.filter(u, 0.0),
        }
    }

    /// The rate for a raw drive, before scaling to the neuron's mean rate.
    pub(super) fn relative_rate(&self, raw: &[f64], scale: DriveScale, dt: TimeBin) -> Vec<f64> {
        let mut drive = raw.iter().map(|d| (d - scale.mean) / scale.deviation);
        match self.state {
            State::None | State::Adaptation { .. } => drive.map(|d| self.curve.apply(d)).collect(),
            State::GainControl { tau } => {
                let decay = decay(dt, tau);
                let (mut mean, mut variance) = (0.0, 1.0);
                let mut next = |d: f64| {
                    let change = d - mean;
                    let rate = self.curve.apply(change / (RESTING_CONTRAST + f64::sqrt(variance)));
                    variance = decay * variance + (1.0 - decay) * change * change;
                    mean = decay * mean + (1.0 - decay) * d;
                    rate
                };
                drive.by_ref().map(&mut next).collect()
            }
            State::LongMemory { tau, strength } => {
                let decay = decay(dt, tau);
                let mut memory = RESTING_MEMORY;
                let mut next = |d: f64| {
                    let rate =
                        self.curve.apply(d) * libm::exp(strength * libm::tanh(memory / RESTING_MEMORY - 1.0));
                    memory = decay * memory + (1.0 - decay) * d.max(0.0);
                    rate
                };
                drive.by_ref().map(&mut next).collect()
            }
        }
    }
}

fn decay(dt: TimeBin, tau: Millis) -> f64 {
    libm::exp(-dt.ms() / tau.ms())
}

/// The ON response of each band: its excess over `depth` times its running mean, both relative to silence.
fn adapted(u: &Array2<f64>, silence: f64, depth: f64, decay: f64) -> Array2<f64> {
    let mut adapted = u.clone();
    for mut row in adapted.rows_mut() {
        let mut mean = row.first().map_or(0.0, |first| first - silence);
        for cell in &mut row {
            let level = *cell - silence;
            *cell = (level - depth * mean).max(0.0);
            mean = decay * mean + (1.0 - decay) * level;
        }
    }
    adapted
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use statenet_core::Seed;

    use super::*;

    fn dt() -> TimeBin {
        TimeBin::from_millis(5.0).unwrap()
    }

    fn neuron(kind: NeuronKind, index: usize) -> NeuronModel {
        let axes = FieldAxes { n_bands: 8, n_lags: 12, dt: dt() };
        NeuronModel::draw(kind, index, axes, &mut Seed::new(4).stream("neuron"))
    }

    const PLAIN: DriveScale = DriveScale { mean: 0.0, deviation: 1.0 };

    #[test]
    fn curves_by_hand() {
        assert_eq!(SimulatedCurve::Rectified { depth: 0.5 }.apply(-3.0), 0.0);
        assert_eq!(SimulatedCurve::Rectified { depth: 0.5 }.apply(1.0), 1.5);
        let softplus = SimulatedCurve::Softplus { sharpness: 2.0, threshold: 1.0 };
        assert!((softplus.apply(1.0) - 2f64.ln() / 2.0).abs() < 1e-15);
        assert!((softplus.apply(1e4) - 9999.0).abs() < 1e-9 && softplus.apply(-1e4) == 0.0);
        assert_eq!(SimulatedCurve::Sigmoid { slope: 2.0, midpoint: 1.0 }.apply(1.0), 0.5);
    }

    #[test]
    fn a_steady_sound_adapts_and_a_step_does_not_at_first() {
        // Silence at -1; a = 0.5, depth 1: level 1, 1, 3, 3; mean 1, 1, 1, 2.
        let on = adapted(&array![[0.0, 0.0, 2.0, 2.0]], -1.0, 1.0, 0.5);
        assert_eq!(on, array![[0.0, 0.0, 2.0, 1.0]]);
    }

    #[test]
    fn contrast_divides_and_the_present_does_not_divide_itself() {
        let neuron = neuron(NeuronKind::GainControl, 1);
        assert_eq!(neuron.time_constant().unwrap().ms(), 300.0);
        let wave = |t: usize| if t.is_multiple_of(2) { 1.0 } else { -1.0 };
        let drive: Vec<f64> = (0..800).map(|t| wave(t) * if t < 400 { 4.0 } else { 1.0 }).collect();
        let rate = neuron.relative_rate(&drive, PLAIN, dt());
        assert_eq!(rate[0], neuron.curve.apply(4.0 / 1.1));
        // The first peak surprises; the last of a long soft passage counts as much as the last of a loud one.
        assert!(rate[0] > rate[398] && rate[400] < rate[798]);
        assert!((rate[798] / rate[398] - 1.0).abs() < 0.2, "{} {}", rate[798], rate[398]);
    }

    #[test]
    fn slow_memory_facilitates_or_suppresses() {
        for (index, up) in [(0, true), (1, false)] {
            let neuron = neuron(NeuronKind::LongMemory, index);
            let tau = neuron.time_constant().unwrap().ms();
            assert!((500.0..1000.0).contains(&tau));
            let rate = neuron.relative_rate(&[1.0; 300], PLAIN, dt());
            assert_eq!(rate[0], neuron.curve.apply(1.0));
            assert_eq!(rate[299] > rate[0], up);
            // After one time constant the memory has gone 1 - 1/e of the way.
            let at = (tau / 5.0).round();
            let q = 1.0 - (1.0 - RESTING_MEMORY) * (-at * 5.0 / tau).exp();
            let expected = rate[0] * (neuron.strength().unwrap() * (q / RESTING_MEMORY - 1.0).tanh()).exp();
            assert!((rate[at as usize] - expected).abs() < 1e-9 * expected);
        }
    }

    #[test]
    fn only_neurons_with_state_have_a_time_constant() {
        for kind in [NeuronKind::Linear, NeuronKind::Ln, NeuronKind::Adaptation, NeuronKind::GainControl] {
            assert_eq!(neuron(kind, 0).time_constant().is_some(), kind.has_state(), "{kind}");
        }
    }

    /// Rates for a sound of 300 bins whose first half is louder, or more varied, the larger `past` is.
    fn rates(neuron: &NeuronModel, past: f64, future: f64) -> Vec<f64> {
        let mut stream = Seed::new(9).stream("sound");
        let sound = Array2::from_shape_fn((8, 300), |(_, t)| {
            let noise = stream.normal();
            if t < 150 {
                past * (1.0 + noise)
            } else if t < 200 {
                noise
            } else {
                future * noise
            }
        });
        let raw = neuron.raw_drive(&sound, -4.0, dt());
        neuron.relative_rate(&raw, PLAIN, dt())
    }

    #[test]
    fn neurons_with_state_remember_what_their_field_has_forgotten_and_others_do_not() {
        let kinds = [
            NeuronKind::Linear,
            NeuronKind::Ln,
            NeuronKind::Adaptation,
            NeuronKind::GainControl,
            NeuronKind::LongMemory,
        ];
        for (kind, index) in kinds.into_iter().flat_map(|kind| [(kind, 0), (kind, 1), (kind, 2)]) {
            let neuron = neuron(kind, index);
            let (soft, loud) = (rates(&neuron, 0.2, 1.0), rates(&neuron, 2.0, 1.0));
            // From bin 165 on, the field of 12 lags lies in the common part; 75 ms and more after the difference.
            let (soft, loud) = (&soft[165..], &loud[165..]);
            let difference: f64 = soft.iter().zip(loud).map(|(a, b)| (a - b).abs()).sum();
            let relative = difference / soft.iter().sum::<f64>();
            if kind.has_state() {
                assert!(relative > 0.02, "{kind} {index}: {relative}");
            } else {
                assert_eq!(difference, 0.0, "{kind} {index}");
            }
        }
    }

    #[test]
    fn no_neuron_hears_the_future() {
        for kind in [NeuronKind::Ln, NeuronKind::Adaptation, NeuronKind::GainControl, NeuronKind::LongMemory]
        {
            let neuron = neuron(kind, 0);
            let (one, other) = (rates(&neuron, 1.0, 1.0), rates(&neuron, 1.0, -3.0));
            assert_eq!(one[..200], other[..200], "{kind}");
            assert_ne!(one[200..], other[200..], "{kind}");
        }
    }
}
