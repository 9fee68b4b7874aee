//! Dreams in sound: a waveform that neurons of a model that hears answer to most, or least.
//!
//! ```text
//! x <- x + step of Adam along d/dx response(x),   then scaled to the given loudness
//! ```
//! The gradient goes through the front end to the samples. Loudness is the only limit: without it louder would be better.

use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use statenet_core::Seed;
use statenet_models::{Mode, waveform::WaveformModel};

use super::{Direction, When};
use crate::{
    batched_gradients::numbers,
    error::{During, Error, Result},
    target::Target,
};

/// How a waveform is dreamed.
#[derive(Clone, Debug)]
pub struct WaveformDreamConfig {
    /// Up or down the response. Default up.
    pub direction: Direction,
    /// Which bins of the response count. Default the last.
    pub when: When,
    /// Samples of the sound, at least one bin. Default 24,000, half a second at 48 kHz.
    pub n_samples: usize,
    /// The sound to begin with, `n_samples` long. Default noise.
    pub start: Option<Vec<f32>>,
    /// Root mean square of the samples, above 0. Default 0.1.
    pub loudness: f64,
    /// Steps, at least 1. Default 200.
    pub steps: usize,
    /// The first step's size as a share of the loudness, above 0. Default 0.1.
    pub step_size: f64,
    /// Where noise grows from. Default 0.
    pub seed: Seed,
}

impl Default for WaveformDreamConfig {
    fn default() -> Self {
        Self {
            direction: Direction::Maximize,
            when: When::Last,
            n_samples: 24_000,
            start: None,
            loudness: 0.1,
            steps: 200,
            step_size: 0.1,
            seed: Seed::new(0),
        }
    }
}

/// A dreamed waveform.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveformDream {
    /// What was asked to answer.
    pub target: Target,
    /// The sound, at the model's sample rate.
    pub samples: Vec<f32>,
    /// What the target answers to it.
    pub response: f64,
    /// What it answered before each step.
    pub course: Vec<f64>,
}

/// Dreams one waveform for a target of neurons.
///
/// # Errors
/// [`Error::Setting`] for a hidden unit, a start of another length, no steps, or a loudness or step that is not above 0;
/// [`Error::OutOfRange`] for a neuron that the model does not have; [`Error::Model`] if the sound is shorter than a bin;
/// [`Error::NoGradient`] if an operation in the model cuts the graph.
pub fn dream_waveform(
    model: &WaveformModel,
    target: &Target,
    config: &WaveformDreamConfig,
) -> Result<WaveformDream> {
    config.validate(target)?;
    let n_neurons = model.axes().n_neurons;
    let weights = target.weights();
    if let Some(&(got, _)) = weights.iter().find(|(n, _)| *n >= n_neurons) {
        return Err(Error::OutOfRange { what: "neuron", got, n: n_neurons });
    }
    let mut of_neurons = vec![0f64; n_neurons];
    weights.iter().for_each(|&(neuron, weight)| of_neurons[neuron] += weight);
    let place = |values: Vec<f64>, shape: (usize, usize, usize)| {
        Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(model.dtype())?.to_device(model.device())
    };
    let weights = place(of_neurons, (1, n_neurons, 1)).during("weighting neurons")?;
    let begun = place(config.begin(), (1, 1, config.n_samples)).during("beginning a dream")?;
    let begun = scaled(&begun, config.loudness)?;
    let sound = Var::from_tensor(&begun).during("making a sound a variable")?;
    let hear = |sound: &Tensor| -> Result<Tensor> {
        let rates = model.forward(sound, Mode::Eval)?;
        let value = || {
            let answers = rates.broadcast_mul(&weights)?.sum(1)?;
            match config.when {
                When::Last => answers.narrow(1, answers.dim(1)? - 1, 1)?.sum_all(),
                When::All => answers.mean_all(),
            }
        };
        value().during("reading rates")
    };
    let step_size = config.step_size * config.loudness;
    let adam = ParamsAdamW { lr: step_size, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut adam = AdamW::new(vec![sound.clone()], adam).during("preparing Adam")?;
    let sign = match config.direction {
        Direction::Maximize => -1.0,
        Direction::Minimize => 1.0,
    };
    let mut course = Vec::with_capacity(config.steps);
    for step in 0..config.steps {
        let value = hear(sound.as_tensor())?;
        course.extend(numbers(&value)?);
        let grads = (value * sign).and_then(|loss| loss.backward()).during("backward")?;
        if grads.get(sound.as_tensor()).is_none() {
            return Err(Error::NoGradient { model: model.config().slug() });
        }
        adam.set_learning_rate(step_size * (1.0 - step as f64 / config.steps as f64));
        adam.step(&grads).during("a step of Adam")?;
        let within = scaled(&sound.as_detached_tensor(), config.loudness)?;
        sound.set(&within).during("limiting a dream")?;
    }
    let last = sound.as_detached_tensor();
    let response = numbers(&hear(&last)?)?.first().copied().unwrap_or(f64::NAN);
    let samples = numbers(&last)?.into_iter().map(|x| x as f32).collect();
    Ok(WaveformDream { target: target.clone(), samples, response, course })
}

impl WaveformDreamConfig {
    fn validate(&self, target: &Target) -> Result<()> {
        let setting = |setting, got: String, expected| Err(Error::Setting { setting, got, expected });
        if target.is_hidden() {
            return setting("target of a dreamed waveform", "a hidden unit".to_owned(), "neurons".to_owned());
        }
        if self.steps == 0 {
            return setting("number of steps", "0".to_owned(), "1 or more".to_owned());
        }
        for (name, value) in [("loudness", self.loudness), ("step size", self.step_size)] {
            if !(value > 0.0 && value.is_finite()) {
                return setting(name, value.to_string(), "a finite number above 0".to_owned());
            }
        }
        match &self.start {
            Some(start) if start.len() != self.n_samples => {
                setting("length of the start", start.len().to_string(), "n_samples".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn begin(&self) -> Vec<f64> {
        match &self.start {
            Some(start) => start.iter().map(|&x| f64::from(x)).collect(),
            None => {
                let mut stream = self.seed.stream("waveform");
                (0..self.n_samples).map(|_| stream.normal()).collect()
            }
        }
    }
}

/// A sound at a root mean square; silence stays.
fn scaled(sound: &Tensor, loudness: f64) -> Result<Tensor> {
    let power = numbers(&sound.sqr().and_then(|x| x.mean_all()).during("measuring a sound")?)?;
    let rms = power.first().map_or(0.0, |p| p.sqrt());
    if rms == 0.0 {
        return Ok(sound.clone());
    }
    (sound * (loudness / rms)).during("scaling a sound")
}

#[cfg(test)]
mod tests {
    use statenet_core::{Axes, SampleRate, TimeBin};
    use statenet_models::{
        waveform::{WaveformAxes, WaveformConfig, front_ends::FrontEndConfig},
        zoo,
    };

    use super::*;

    fn model() -> WaveformModel {
        let rate = SampleRate::new(8000.0).unwrap();
        let axes = WaveformAxes::new(rate, TimeBin::whole_millis::<5>(), 2);
        let front_end = FrontEndConfig::Sincnet(Default::default());
        let bands = Axes::new(front_end.n_bands(), 2, axes.dt);
        let config = WaveformConfig::heard(&axes, front_end, zoo::ln(&bands));
        config.build(Seed::new(1), &Device::Cpu).unwrap()
    }

    #[test]
    fn a_dream_is_as_loud_as_asked_for_and_answered_more_than_its_start() {
        let config = WaveformDreamConfig { n_samples: 800, steps: 12, ..WaveformDreamConfig::default() };
        let target = Target::Neuron(1);
        let dream = dream_waveform(&model(), &target, &config).unwrap();
        assert!(dream.response > dream.course[0], "{} {}", dream.response, dream.course[0]);
        let power = dream.samples.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 800.0;
        assert!((power.sqrt() - 0.1).abs() < 1e-4);
        let down = WaveformDreamConfig { direction: Direction::Minimize, ..config.clone() };
        assert!(dream_waveform(&model(), &target, &down).unwrap().response < dream.course[0]);
        assert_eq!(dream, dream_waveform(&model(), &target, &config).unwrap());
    }

    #[test]
    fn what_cannot_be_dreamed_is_said() {
        let config = WaveformDreamConfig { n_samples: 800, steps: 1, ..WaveformDreamConfig::default() };
        let message = |target: Target, config: &WaveformDreamConfig| {
            dream_waveform(&model(), &target, config).unwrap_err().to_string()
        };
        assert_eq!(message(Target::Neuron(2), &config), "neuron is 2, expected an index below 2");
        let hidden = Target::Hidden { entry: "h".to_owned(), unit: 0 };
        let expected = "target of a dreamed waveform is a hidden unit, expected neurons";
        assert_eq!(message(hidden, &config), expected);
        let short = WaveformDreamConfig { start: Some(vec![0.0; 3]), ..config.clone() };
        assert_eq!(message(Target::Neuron(0), &short), "length of the start is 3, expected n_samples");
        let silent = WaveformDreamConfig { loudness: 0.0, ..config };
        assert_eq!(message(Target::Neuron(0), &silent), "loudness is 0, expected a finite number above 0");
    }
}
