//! Population 1-D CNN (Pennington & David 2023): spectral filters through temporal ones, rectified, and a layer of rectified
//! hidden units.
//!
//! ```text
//! z[r,t] = relu(sum_k v[r,k] sum_{c,f} w[r,c,f] x[c,f,t-(K-1)+k] + b[r])        r < R
//! u[h,t] = relu(sum_r V[h,r] z[r,t] + a[h])
//! ```
//! In (B, C, F, T), out (B, H, T), or z itself without hidden units. Memory: K frames. Before t = 0: frames of zeros.
//! Parameters: R (C F + K + 1) + H (R + 1). Biases start at 0.1, so that few units are silent.
//!
//! Pennington JR, David SV (2023). A convolutional neural network provides a generalizable model of natural sound
//! coding by neural populations in auditory cortex. PLoS Computational Biology 19:e1011110.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_kernels::{Layout, Step, Then, affine_then, steps};

use super::low_rank::{LowRank, LowRankConfig};
use crate::{
    config::limits::expect_size,
    error::{During, Result},
    layers::steps::Map,
    model::{memory::Memory, mode::Mode, stage::Stage, state::State},
    params::{init::Init, store::Scope},
};

/// Filters over frequency, then over time, and hidden units, all rectified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conv1dConfig {
    /// Filters R, at least 1. Default 70.
    pub channels: usize,
    /// Frames that they span, the current one included; at least 1. Default 40.
    pub lags: usize,
    /// Hidden units H, at least 1. Default: none, the readout sees the filters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
}

impl Default for Conv1dConfig {
    fn default() -> Self {
        Self { channels: 70, lags: 40, hidden: None }
    }
}

impl Conv1dConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_size(&format!("{field}.channels"), self.channels, 1)?;
        expect_size(&format!("{field}.lags"), self.lags, 1)?;
        self.hidden.map_or(Ok(()), |hidden| expect_size(&format!("{field}.hidden"), hidden, 1))
    }

    pub(crate) fn slug(&self) -> String {
        let hidden = self.hidden.map_or_else(String::new, |hidden| format!("-h{hidden}"));
        format!("cnn1d-c{}{hidden}-t{}", self.channels, self.lags)
    }

    /// Units that a readout sees.
    pub(super) fn units(&self) -> usize {
        self.hidden.unwrap_or(self.channels)
    }
}

const BIAS: Init = Init::Constant(0.1);

pub(crate) struct Conv1d {
    filters: LowRank,
    n_filters: usize,
    /// Weight and bias.
    hidden: Option<(Tensor, Tensor)>,
}

impl Conv1d {
    pub(crate) fn new(config: &Conv1dConfig, input: (usize, usize), scope: &mut Scope<'_>) -> Result<Self> {
        let fields = LowRankConfig { rank: config.channels, lags: config.lags };
        let filters = LowRank::with_bias(&fields, input, Some(BIAS), &mut scope.enter("filters"))?;
        let layer = |hidden: usize| -> Result<_> {
            // Half of the inputs are 0: He et al. 2015.
            let init = Init::within((6.0 / config.channels as f64).sqrt());
            let mut scope = scope.enter("hidden");
            let weight = scope.parameter("weight", (hidden, config.channels), init)?;
            Ok((weight, scope.parameter("bias", hidden, BIAS)?))
        };
        Ok(Self { filters, n_filters: config.channels, hidden: config.hidden.map(layer).transpose()? })
    }

    fn follow(&self, z: &Tensor) -> Result<Tensor> {
        let z = z.relu().during("rectifying units")?;
        let layout = Layout::ChannelsFirst;
        match &self.hidden {
            Some((weight, bias)) => Ok(affine_then(&z, layout, weight, Some(bias), layout, Then::Relu)?),
            None => Ok(z),
        }
    }
}

impl Stage for Conv1d {
    fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.follow(&self.filters.forward(x, mode)?)
    }

    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.filters.init_state(batch, state)
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.follow(&self.filters.chunk(x, state)?)
    }

    fn memory(&self) -> Memory {
        self.filters.memory()
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let rectify = |n: usize| -> Box<dyn Step> { Box::new(Map::new(n, |x| x.max(0.0))) };
        let mut all = vec![self.filters.step()?, rectify(self.n_filters)];
        if let Some((weight, bias)) = &self.hidden {
            let hidden = steps::Affine::new(weight, Some(bias))?;
            let n = hidden.n_outputs();
            all.push(Box::new(hidden));
            all.push(rectify(n));
        }
        Ok(Some(all))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::Seed;

    use super::*;
    use crate::params::store::ParamStore;

    #[test]
    fn filters_and_hidden_units_are_rectified() {
        let cpu = &Device::Cpu;
        let mut store = ParamStore::new(Seed::new(0), DType::F64, cpu);
        let config = Conv1dConfig { channels: 2, lags: 1, hidden: Some(1) };
        let core = Conv1d::new(&config, (1, 1), &mut store.root()).unwrap();
        let values = [
            ("filters.spectral", Tensor::new(&[[[1f64]], [[-1.0]]], cpu).unwrap()),
            ("filters.temporal", Tensor::new(&[[[1f64]], [[2.0]]], cpu).unwrap()),
            ("filters.bias", Tensor::new(&[0f64, 0.5], cpu).unwrap()),
            ("hidden.weight", Tensor::new(&[[1f64, -1.0]], cpu).unwrap()),
            ("hidden.bias", Tensor::new(&[3f64], cpu).unwrap()),
        ];
        store.load(&values.map(|(name, value)| (name.to_owned(), value)).into(), "test").unwrap();
        let x = Tensor::new(&[[[[2f64, -1.0, -4.0]]]], cpu).unwrap();
        let y = core.forward(&x, Mode::Eval).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
        // Filters (2, 0), (0, 2.5), (0, 8.5).
        assert_eq!(y, [5.0, 0.5, 0.0]);
    }
}
