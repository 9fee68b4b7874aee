//! Whole training steps through the public API, as in the fitter: forward pass, masked loss, check that it is finite,
//! backward pass, gradient norm, AdamW.

use candle_core::{DType, Device, Tensor};
use statenet::{
    models::{Mode, Pass},
    prelude::{Loss, ModelConfig, ResponseModel, Seed},
    train::optimizers::{AdamW, AdamWConfig},
};

use crate::{N_BANDS, N_NEURONS, normal};

/// A model and one batch.
pub struct Fit {
    model: Box<dyn ResponseModel>,
    optimizer: AdamW,
    sound: Tensor,
    target: Tensor,
    mask: Tensor,
}

impl Fit {
    /// Of a model with first weights from a seed, on sounds and targets of noise.
    ///
    /// # Errors
    /// If the model cannot be built or there is no memory for the batch.
    pub fn new(config: &ModelConfig, batch: usize, n_bins: usize) -> anyhow::Result<Self> {
        let model = config.build(Seed::new(0), &Device::Cpu)?;
        let optimizer = AdamW::for_params(model.params(), AdamWConfig::default())?;
        let sound = normal("sound", &[batch, 1, N_BANDS, n_bins])?;
        let target = normal("target", &[batch, N_NEURONS, n_bins])?.abs()?;
        let mask = Tensor::ones(target.dims(), DType::F32, &Device::Cpu)?;
        Ok(Self { model, optimizer, sound, target, mask })
    }

    /// One step.
    ///
    /// # Errors
    /// If an operation fails or the loss is no number.
    pub fn step(&mut self) -> anyhow::Result<()> {
        let pass = Pass::new(Seed::new(0), None);
        let rate = self.model.forward(&self.sound, Mode::Train(&pass))?;
        let loss = Loss::Mse.apply(&rate, &self.target, &self.mask, None)?;
        anyhow::ensure!(loss.to_dtype(DType::F64)?.to_scalar::<f64>()?.is_finite(), "the loss is no number");
        let grads = loss.backward()?;
        let mut norm = 0.0;
        for param in self.model.params().trained() {
            if let Some(grad) = grads.get(param.var.as_tensor()) {
                norm +=
                    grad.flatten_all()?.to_vec1::<f32>()?.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>();
            }
        }
        self.optimizer.scaled_step(&grads, 1.0 / norm.sqrt().max(1.0))?;
        self.model.params().fold(&pass)?;
        Ok(())
    }
}
