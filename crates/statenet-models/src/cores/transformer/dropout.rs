//! Dropout in training passes (Srivastava et al. 2014): a share of the numbers is zeroed, the rest scaled up.

use candle_core::{Device, Tensor};

use crate::{
    error::{During, Result},
    model::mode::Mode,
};

pub(super) struct Dropout {
    share: f64,
    name: String,
}

impl Dropout {
    /// The noise is that of `name`.
    pub(super) fn new(share: f64, name: String) -> Self {
        Self { share, name }
    }

    /// What numbers of this shape are multiplied by: 0 or 1 / (1 - share). `None` outside of training or without a share.
    pub(super) fn kept(&self, shape: &[usize], like: &Tensor, mode: Mode<'_>) -> Result<Option<Tensor>> {
        let Mode::Train(pass) = mode else { return Ok(None) };
        if self.share == 0.0 {
            return Ok(None);
        }
        let mut noise = pass.noise(&self.name);
        let kept = (1.0 / (1.0 - self.share)) as f32;
        let n: usize = shape.iter().product();
        let mask: Vec<f32> = (0..n).map(|_| if noise.unit() < self.share { 0.0 } else { kept }).collect();
        let mask = Tensor::from_vec(mask, shape, &Device::Cpu)
            .and_then(|mask| mask.to_dtype(like.dtype())?.to_device(like.device()));
        mask.during("drawing what is dropped").map(Some)
    }

    pub(super) fn apply(&self, x: Tensor, mode: Mode<'_>) -> Result<Tensor> {
        match self.kept(x.dims(), &x, mode)? {
            Some(kept) => Ok(statenet_kernels::dropout(&x, &kept)?),
            None => Ok(x),
        }
    }
}

#[cfg(test)]
mod tests {
    use statenet_core::{Axes, Seed, TimeBin};

    use super::*;
    use crate::{
        build::{architecture::Architecture, model_config::ModelConfig},
        cores::CoreConfig,
        model::mode::Pass,
        zoo,
    };

    fn with_dropout(dropout: f64, attention_dropout: f64) -> ModelConfig {
        let mut config = zoo::transformer(&Axes::new(4, 2, TimeBin::from_millis(5.0).unwrap()));
        let Architecture::Pipeline(pipeline) = &mut config.model else { return config };
        if let CoreConfig::Transformer(transformer) = &mut pipeline.core {
            (transformer.dropout, transformer.attention_dropout) = (dropout, attention_dropout);
        }
        config
    }

    #[test]
    fn what_is_dropped_depends_on_the_seed_of_the_pass_and_nothing_is_in_evaluation() {
        let x: Vec<f32> = (0..4 * 30).map(|i| (i as f32).sin()).collect();
        let x = Tensor::from_vec(x, (1, 1, 4, 30), &Device::Cpu).unwrap();
        for (dropout, attention_dropout) in [(0.0, 0.0), (0.3, 0.0), (0.0, 0.3)] {
            let model = with_dropout(dropout, attention_dropout).build(Seed::new(0), &Device::Cpu).unwrap();
            let rates = |mode: Mode<'_>| {
                model.forward(&x, mode).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
            };
            let pass = |seed| rates(Mode::Train(&Pass::new(Seed::new(seed), None)));
            assert_eq!(pass(1), pass(1));
            let drops = dropout + attention_dropout > 0.0;
            assert_eq!(pass(1) != pass(2), drops, "{dropout} {attention_dropout}");
            assert_eq!(pass(1) != rates(Mode::Eval), drops, "{dropout} {attention_dropout}");
        }
    }

    #[test]
    fn a_share_is_dropped_and_the_rest_keeps_the_mean() {
        let pass = Pass::new(Seed::new(3), None);
        let ones = Tensor::ones(20_000, candle_core::DType::F32, &Device::Cpu).unwrap();
        let dropout = Dropout::new(0.25, "layer".to_owned());
        let y = dropout.apply(ones, Mode::Train(&pass)).unwrap().to_vec1::<f32>().unwrap();
        let dropped = y.iter().filter(|y| **y == 0.0).count() as f64 / y.len() as f64;
        assert!((dropped - 0.25).abs() < 0.01, "{dropped}");
        assert!(y.iter().all(|y| *y == 0.0 || *y == (1.0f64 / 0.75) as f32));
    }
}
