//! The trait of all readouts.

use candle_core::Tensor;

use crate::{activations::Nonlinearity, error::Result, model::stage::Stage};

/// The last stage, features to drives `(B, N, T)`, and the nonlinearity that turns drives into rates.
pub(crate) trait Readout: Stage {
    fn nonlinearity(&self) -> &Nonlinearity;

    /// Moves the readout's offset so that it gives these rates (N) where its input is at its mean.
    fn init_to_mean_rates(&self, mean_rates: &[f64]) -> Result<()>;

    /// The receptive field of every neuron after the normalisation, `(N, F, K)` in f64, channels summed, last column
    /// lag 0; `None` for a readout of hidden units.
    fn receptive_fields(&self) -> Result<Option<Tensor>> {
        Ok(None)
    }

    /// The same of a readout of units that have these receptive fields, `(units, F, K)` in f64; `None` unless its drive is a
    /// weighted sum of them.
    fn receptive_fields_of(&self, _units: &Tensor) -> Result<Option<Tensor>> {
        Ok(None)
    }
}
