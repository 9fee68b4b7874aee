//! The models of Pennington & David 2023: a low-rank LN, and a 1-D CNN of a population.

use statenet_core::Axes;

use super::{published, window::default_lags};
use crate::{
    activations::{ActivationConfig, CurveConfig},
    build::{architecture::PipelineConfig, model_config::ModelConfig},
    cores::{Conv1dConfig, CoreConfig, LowRankConfig},
    readouts::{LinearReadoutConfig, ReadoutConfig},
};

/// 12 spectral filters, each through a temporal one of 200 ms, shared by all neurons; a weighted sum and a double exponential each.
#[must_use]
pub fn low_rank_ln(axes: &Axes) -> ModelConfig {
    let lags = default_lags(axes);
    of_core(axes, CoreConfig::LowRank(LowRankConfig { lags, ..LowRankConfig::default() }))
}

/// 70 such filters, rectified, and 90 rectified hidden units.
#[must_use]
pub fn cnn1d(axes: &Axes) -> ModelConfig {
    let lags = default_lags(axes);
    of_core(axes, CoreConfig::Conv1d(Conv1dConfig { lags, hidden: Some(90), ..Conv1dConfig::default() }))
}

fn of_core(axes: &Axes, core: CoreConfig) -> ModelConfig {
    let activation = ActivationConfig::DoubleExponential(CurveConfig::default());
    let readout = LinearReadoutConfig { leak: None, bias: false, activation };
    published(axes, PipelineConfig::new(core, ReadoutConfig::Linear(readout)))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{Mode, ResponseModel as _};

    #[test]
    fn the_receptive_field_of_a_neuron_is_what_a_click_in_a_band_adds_to_its_drive() {
        // Without a curve.
        let axes =
            Axes { response_unit: "mV".parse().unwrap(), ..Axes::new(5, 3, TimeBin::whole_millis::<5>()) };
        let config = low_rank_ln(&axes);
        let model = crate::Registry::new().build(&config, Seed::new(2), DType::F64, &Device::Cpu).unwrap();
        let fields = model.receptive_fields().unwrap().unwrap().to_vec3::<f64>().unwrap();
        assert_eq!((fields.len(), fields[0].len(), fields[0][0].len()), (3, 5, 40));
        let respond = |click: Option<usize>| {
            let mut x = vec![0f64; 5 * 50];
            if let Some(band) = click {
                x[band * 50 + 2] = 1.0;
            }
            let x = Tensor::from_vec(x, (1, 1, 5, 50), &Device::Cpu).unwrap();
            model.forward(&x, Mode::Eval).unwrap().squeeze(0).unwrap().to_vec2::<f64>().unwrap()
        };
        let silence = respond(None);
        let clicks: Vec<_> = (0..5).map(|band| respond(Some(band))).collect();
        for (n, field) in fields.iter().enumerate() {
            for (band, (of_band, responses)) in field.iter().zip(&clicks).enumerate() {
                for (lag, weight) in of_band.iter().rev().enumerate() {
                    let added = responses[n][2 + lag] - silence[n][2 + lag];
                    assert!((added - weight).abs() < 1e-12, "{n} {band} {lag}: {added} {weight}");
                }
            }
        }
        assert!(
            cnn1d(&axes).build(Seed::new(2), &Device::Cpu).unwrap().receptive_fields().unwrap().is_none()
        );
    }

    #[test]
    fn they_have_the_published_numbers_of_parameters() {
        let axes = Axes::new(34, 53, TimeBin::whole_millis::<5>());
        let n = |config: ModelConfig| config.build(Seed::new(0), &Device::Cpu).unwrap().params().n_trained();
        assert_eq!(n(low_rank_ln(&axes)), 34 * 12 + 40 * 12 + 12 * 53 + 4 * 53);
        assert_eq!(n(low_rank_ln(&axes)), 1_736);
        assert_eq!(n(cnn1d(&axes)), 34 * 70 + 40 * 70 + 70 + 70 * 90 + 90 + 90 * 53 + 4 * 53);
        assert_eq!(n(cnn1d(&axes)), 16_622);
    }
}
