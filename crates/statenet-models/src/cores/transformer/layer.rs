//! One layer: attention and a network per bin, each with a path around it and normalised after (as in the paper).

use candle_core::{Device, Tensor};
use statenet_kernels::{Layout, Step, Then, steps};

use super::{TransformerConfig, attention::Attention};
use crate::{
    channel_norm::ChannelNorm,
    error::{During, Result},
    frames::{Around, Map},
    init::Init,
    mode::Mode,
    params::Scope,
    state::State,
};

pub(super) struct Layer {
    attention: Attention,
    weight_1: Tensor,
    bias_1: Tensor,
    weight_2: Tensor,
    bias_2: Tensor,
    norm_1: ChannelNorm,
    norm_2: ChannelNorm,
    units: usize,
    dropout: f64,
    name: String,
}

impl Layer {
    pub(super) fn new(config: &TransformerConfig, units: usize, scope: &mut Scope<'_>) -> Result<Self> {
        const WIDER: usize = 4;
        let attention = Attention::new(config, units, &mut scope.enter("self_attn"))?;
        let linear = |scope: &mut Scope<'_>, name: &str, outputs: usize, inputs: usize| {
            let mut linear = scope.enter(name);
            let init = Init::fan_in(inputs);
            Ok::<_, crate::Error>((
                linear.parameter("weight", (outputs, inputs), init)?,
                linear.parameter("bias", outputs, init)?,
            ))
        };
        let (weight_1, bias_1) = linear(scope, "linear1", WIDER * units, units)?;
        let (weight_2, bias_2) = linear(scope, "linear2", units, WIDER * units)?;
        let norm_1 = ChannelNorm::new(units, &mut scope.enter("norm1"))?;
        let norm_2 = ChannelNorm::new(units, &mut scope.enter("norm2"))?;
        let (dropout, name) = (config.dropout, scope.name("dropout"));
        Ok(Self { attention, weight_1, bias_1, weight_2, bias_2, norm_1, norm_2, units, dropout, name })
    }

    pub(super) fn init_state(&self, batch: usize, like: &Tensor, state: &mut State) -> Result<()> {
        self.attention.init_state(batch, like, state)
    }

    /// (B, D, T) to (B, D, T).
    pub(super) fn run(&self, x: &Tensor, state: &mut State, mode: Mode<'_>) -> Result<Tensor> {
        let channels = Layout::ChannelsFirst;
        let attended = self.drop(self.attention.run(x, state)?, "attended", mode)?;
        let x = add_and_norm(x, &attended, &self.norm_1)?;
        let inner = statenet_kernels::affine(&x, channels, &self.weight_1, Some(&self.bias_1), channels)?;
        let inner = self.drop(inner.relu().during("rectifying")?, "inner", mode)?;
        let outer = statenet_kernels::affine(&inner, channels, &self.weight_2, Some(&self.bias_2), channels)?;
        add_and_norm(&x, &self.drop(outer, "outer", mode)?, &self.norm_2)
    }

    /// In a training pass, zeroes a share of the numbers and scales the rest up.
    fn drop(&self, x: Tensor, place: &str, mode: Mode<'_>) -> Result<Tensor> {
        let Mode::Train(pass) = mode else { return Ok(x) };
        if self.dropout == 0.0 {
            return Ok(x);
        }
        let mut noise = pass.noise(&format!("{}.{place}", self.name));
        let kept = (1.0 / (1.0 - self.dropout)) as f32;
        let mask: Vec<f32> =
            (0..x.elem_count()).map(|_| if noise.unit() < self.dropout { 0.0 } else { kept }).collect();
        Tensor::from_vec(mask, x.dims(), &Device::Cpu)
            .and_then(|mask| &x * mask.to_dtype(x.dtype())?.to_device(x.device())?)
            .during("dropping numbers")
    }

    pub(super) fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let Some(attention) = self.attention.step()? else { return Ok(None) };
        let around = |links| Around::new(links, vec![1.0; self.units]);
        let first = steps::Affine::new(&self.weight_1, Some(&self.bias_1))?;
        let rectify = Map::new(first.n_outputs(), |x| x.max(0.0));
        let second = steps::Affine::new(&self.weight_2, Some(&self.bias_2))?;
        Ok(Some(vec![
            Box::new(around(vec![attention])?),
            self.norm_1.step(1, Then::Identity)?,
            Box::new(around(vec![Box::new(first), Box::new(rectify), Box::new(second)])?),
            self.norm_2.step(1, Then::Identity)?,
        ]))
    }
}

fn add_and_norm(x: &Tensor, y: &Tensor, norm: &ChannelNorm) -> Result<Tensor> {
    let sum = (x + y).and_then(|sum| sum.unsqueeze(2)).during("adding a path")?;
    norm.apply(&sum, Then::Identity)?.squeeze(2).during("adding a path")
}
