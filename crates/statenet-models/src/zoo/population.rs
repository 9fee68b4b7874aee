//! The models of Pennington & David 2023: a low-rank LN, and a 1-D CNN of a population.

use statenet_core::Axes;

use super::{published, window::default_lags};
use crate::{
    activations::{ActivationConfig, CurveConfig},
    build::model_config::{ModelConfig, PipelineConfig},
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
    use candle_core::Device;
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::ResponseModel as _;

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
