//! One layer: attention and a network per bin, each with a path around it and normalised after (as in the paper).

use candle_core::Tensor;
use statenet_kernels::{Layout, Step, Then, affine, affine_then, steps};

use super::{attention::Attention, config::TransformerConfig, dropout::Dropout};
use crate::{
    error::{During, Result},
    layers::{
        channel_norm::ChannelNorm,
        steps::{Around, Map},
    },
    model::{mode::Mode, state::State},
    params::{init::Init, store::Scope},
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
    dropouts: [Dropout; 3],
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
        let dropouts = ["attended", "inner", "outer"]
            .map(|place| Dropout::new(config.dropout, scope.name(&format!("dropout.{place}"))));
        Ok(Self { attention, weight_1, bias_1, weight_2, bias_2, norm_1, norm_2, units, dropouts })
    }

    pub(super) fn init_state(&self, batch: usize, like: &Tensor, state: &mut State) -> Result<()> {
        self.attention.init_state(batch, like, state)
    }

    /// (B, D, T) to (B, D, T), from the first bin on.
    pub(super) fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        self.follow(x, self.attention.forward(x, mode)?, mode)
    }

    /// The same for bins that follow others.
    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        self.follow(x, self.attention.chunk(x, state)?, Mode::Eval)
    }

    /// What comes after the attention.
    fn follow(&self, x: &Tensor, attended: Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let channels = Layout::ChannelsFirst;
        let [of_attended, of_inner, of_outer] = &self.dropouts;
        let x = add_and_norm(x, &of_attended.apply(attended, mode)?, &self.norm_1)?;
        let inner = affine_then(&x, channels, &self.weight_1, Some(&self.bias_1), channels, Then::Relu)?;
        let inner = of_inner.apply(inner, mode)?;
        let outer = affine(&inner, channels, &self.weight_2, Some(&self.bias_2), channels)?;
        add_and_norm(&x, &of_outer.apply(outer, mode)?, &self.norm_2)
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
