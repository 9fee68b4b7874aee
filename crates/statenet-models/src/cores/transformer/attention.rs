//! Causal attention over a window of bins, with the keys and values of the bins before.
//!
//! ```text
//! [q, k, v] = W_in x + b_in        y = W_out attend(q, k, v) + b_out        scores q k / sqrt(D / heads)
//! ```
//! With a window the keys and values of the last `window` bins are kept in a ring, as the single-frame step has it:
//! how many bins it holds and which slot comes next are its `counts`. Without, all are kept.

use candle_core::Tensor;
use statenet_kernels::{
    Layout, SelfAttention, Step, StepSizes, affine, causal_attention, causal_attention_dropped,
    causal_self_attention, steps,
};

use super::{
    config::{Positions, TransformerConfig},
    dropout::Dropout,
    positions::{Rotary, count, set_count},
};
use crate::{
    error::{During, Error, Result},
    model::{mode::Mode, state::State},
    params::{init::Init, store::Scope},
};

pub(super) struct Attention {
    in_weight: Tensor,
    in_bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
    heads: usize,
    units: usize,
    window: Option<usize>,
    rotary: Option<Rotary>,
    dropout: Dropout,
    names: Names,
}

/// Names in a state.
struct Names {
    position: String,
    counts: String,
    keys: String,
    values: String,
}

impl Attention {
    pub(super) fn new(config: &TransformerConfig, units: usize, scope: &mut Scope<'_>) -> Result<Self> {
        // Xavier's bound for the three maps stacked, as in PyTorch.
        let stacked = Init::within((6.0 / (4 * units) as f64).sqrt());
        let in_weight = scope.parameter("in_proj_weight", (3 * units, units), stacked)?;
        let in_bias = scope.parameter("in_proj_bias", 3 * units, Init::ZEROS)?;
        let mut out = scope.enter("out_proj");
        let out_weight = out.parameter("weight", (units, units), Init::fan_in(units))?;
        let out_bias = out.parameter("bias", units, Init::ZEROS)?;
        let rotary = match config.positions {
            Positions::Rotary => Some(Rotary::new(units / config.heads)),
            Positions::Sinusoidal => None,
        };
        let names = Names {
            position: scope.name("position"),
            counts: scope.name("counts"),
            keys: scope.name("keys"),
            values: scope.name("values"),
        };
        let (heads, window) = (config.heads, config.window);
        let dropout = Dropout::new(config.attention_dropout, scope.name("dropout"));
        Ok(Self { in_weight, in_bias, out_weight, out_bias, heads, units, window, rotary, dropout, names })
    }

    fn depth(&self) -> usize {
        self.units / self.heads
    }

    fn scale(&self) -> f64 {
        1.0 / (self.depth() as f64).sqrt()
    }

    fn ring_shape(&self, batch: usize, window: usize) -> [usize; 4] {
        [batch, self.heads, window, self.depth()]
    }

    pub(super) fn init_state(&self, batch: usize, like: &Tensor, state: &mut State) -> Result<()> {
        if self.rotary.is_some() {
            set_count(state, &self.names.position, batch, 0, like)?;
        }
        let Some(window) = self.window else {
            // Keys and values come with the first chunk.
            return set_count(state, &self.names.counts, batch, 0, like);
        };
        state.set_zeros(&self.names.counts, &[batch, 2], like.dtype(), like.device())?;
        for name in [&self.names.keys, &self.names.values] {
            state.set_zeros(name, &self.ring_shape(batch, window), like.dtype(), like.device())?;
        }
        Ok(())
    }

    /// (B, D, T) to (B, D, T), from the first bin on.
    ///
    /// Dropped pairs of bins come within the attention: with them the parts are run one after the other.
    pub(super) fn forward(&self, x: &Tensor, mode: Mode<'_>) -> Result<Tensor> {
        let (batch, _, n_bins) = x.dims3().during("reading units")?;
        let kept = self.dropout.kept(&[batch, self.heads, n_bins, n_bins], x, mode)?;
        let turns = self.turns(0, x)?;
        if kept.is_some() {
            let [q, k, v] = self.queries_keys_values(x, turns.as_ref())?;
            return self.attend(&q, &k, &v, kept.as_ref());
        }
        let attention = SelfAttention {
            in_weight: &self.in_weight,
            in_bias: &self.in_bias,
            out_weight: &self.out_weight,
            out_bias: &self.out_bias,
            heads: self.heads,
            window: self.window,
            turns: turns.as_ref(),
        };
        Ok(causal_self_attention(x, attention)?)
    }

    /// The same for bins that follow others.
    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let (batch, _, n_bins) = x.dims3().during("reading units")?;
        let mut start = 0;
        if self.rotary.is_some() {
            start = count(state, &self.names.position, batch)?;
            set_count(state, &self.names.position, batch, start + n_bins, x)?;
        }
        let [q, k, v] = self.queries_keys_values(x, self.turns(start, x)?.as_ref())?;
        let (keys, values) = self.with_past(&k, &v, state)?;
        self.attend(&q, &keys, &values, None)
    }

    /// How queries and keys are turned, if positions are rotary; the first bin is number `start`.
    fn turns(&self, start: usize, x: &Tensor) -> Result<Option<Tensor>> {
        let Some(rotary) = &self.rotary else { return Ok(None) };
        let n_bins = x.dim(2).during("reading units")?;
        rotary.turns(start, n_bins, x).during("turning queries and keys").map(Some)
    }

    /// (B, heads, T, D) each.
    fn queries_keys_values(&self, x: &Tensor, turns: Option<&Tensor>) -> Result<[Tensor; 3]> {
        let (batch, units, n_bins) = x.dims3().during("reading units")?;
        let (from, to) = (Layout::ChannelsFirst, Layout::TimeFirst);
        let qkv = affine(x, from, &self.in_weight, Some(&self.in_bias), to)?;
        let part = |i: usize| -> candle_core::Result<Tensor> {
            let part = qkv.narrow(2, i * units, units)?.contiguous()?;
            part.reshape((batch, n_bins, self.heads, self.depth()))?.transpose(1, 2)?.contiguous()
        };
        let part = |i: usize| part(i).during("splitting heads");
        let (mut q, mut k, v) = (part(0)?, part(1)?, part(2)?);
        if let Some(turns) = turns {
            q = Rotary::turn(&q, turns).during("turning queries")?;
            k = Rotary::turn(&k, turns).during("turning keys")?;
        }
        Ok([q, k, v])
    }

    /// What the queries see of keys and values, through the last map: (B, D, T).
    fn attend(&self, q: &Tensor, keys: &Tensor, values: &Tensor, kept: Option<&Tensor>) -> Result<Tensor> {
        let (batch, _, n_bins, _) = q.dims4().during("reading queries")?;
        let (scale, window) = (self.scale(), self.window);
        let attended = match kept {
            Some(kept) => causal_attention_dropped(q, keys, values, scale, window, kept)?,
            None => causal_attention(q, keys, values, scale, window)?,
        };
        let joined =
            attended.transpose(1, 2).and_then(|y| y.contiguous()?.reshape((batch, n_bins, self.units)));
        let joined = joined.during("joining heads")?;
        let (from, to) = (Layout::TimeFirst, Layout::ChannelsFirst);
        Ok(affine(&joined, from, &self.out_weight, Some(&self.out_bias), to)?)
    }

    /// Keys and values with those before them, oldest first; the state goes on to the chunk's end.
    fn with_past(&self, k: &Tensor, v: &Tensor, state: &mut State) -> Result<(Tensor, Tensor)> {
        let (batch, _, n_bins, _) = k.dims4().during("reading keys")?;
        let Some(window) = self.window else {
            let before = count(state, &self.names.counts, batch)?;
            let mut joined = Vec::with_capacity(2);
            for (name, new) in [(&self.names.keys, k), (&self.names.values, v)] {
                let all = if before == 0 {
                    new.clone()
                } else {
                    let past = state.get(name, &self.ring_shape(batch, before))?;
                    Tensor::cat(&[past, new], 2).during("joining keys")?
                };
                state.set(name, &all);
                joined.push(all);
            }
            set_count(state, &self.names.counts, batch, before + n_bins, k)?;
            return pair(joined);
        };
        let (slot, filled) = self.ring(window, batch, state)?;
        let kept = (filled + n_bins).min(window);
        let mut joined = Vec::with_capacity(2);
        for (name, new) in [(&self.names.keys, k), (&self.names.values, v)] {
            let ring = state.get(name, &self.ring_shape(batch, window))?;
            let run = || -> candle_core::Result<_> {
                let mut parts = Vec::new();
                if filled == window {
                    parts.push(ring.narrow(2, slot, window - slot)?);
                }
                if slot > 0 {
                    parts.push(ring.narrow(2, 0, slot)?);
                }
                parts.push(new.clone());
                let all = Tensor::cat(&parts, 2)?;
                let last = all.narrow(2, all.dim(2)? - kept, kept)?;
                Ok((last.pad_with_zeros(2, 0, window - kept)?.force_contiguous()?, all))
            };
            let (ring, all) = run().during("turning a ring")?;
            state.set(name, &ring);
            joined.push(all);
        }
        let counts = [(kept % window) as f64, kept as f64].repeat(batch);
        let counts = Tensor::from_vec(counts, (batch, 2), &candle_core::Device::Cpu)
            .and_then(|c| c.to_dtype(k.dtype())?.to_device(k.device()));
        state.set(&self.names.counts, &counts.during("counting a ring")?);
        pair(joined)
    }

    /// The place of the next bin in the ring of every stream, and how many it holds.
    ///
    /// # Errors
    /// [`Error::State`] for numbers that no stream leaves behind: a ring that is not full yet is filled up to its place.
    fn ring(&self, window: usize, batch: usize, state: &State) -> Result<(usize, usize)> {
        let name = &self.names.counts;
        let counts = state.get(name, &[batch, 2])?.to_dtype(candle_core::DType::F64);
        let counts = counts.and_then(|c| c.to_vec2::<f64>()).during("reading a ring")?;
        let first = counts.first().map_or(&[0.0, 0.0][..], Vec::as_slice);
        let ring = match *first {
            [slot, filled] if slot.fract() == 0.0 && filled.fract() == 0.0 => {
                // Numbers below 0 or beyond any count saturate, and fit nothing below.
                let (place, held) = (slot as usize, filled as usize);
                let is_ring = (held == window && place < window) || (held < window && place == held);
                (is_ring && slot >= 0.0 && filled >= 0.0).then_some((place, held))
            }
            _ => None,
        };
        ring.filter(|_| counts.iter().all(|row| row == first)).ok_or_else(|| Error::State {
            name: name.clone(),
            got: format!("{counts:?}"),
            expected: format!(
                "for each of {batch} streams the same place in a ring of {window} bins, and how many it holds"
            ),
        })
    }

    /// `None` without a window: the state would grow.
    pub(super) fn step(&self) -> Result<Option<Box<dyn Step>>> {
        let Some(window) = self.window else { return Ok(None) };
        let (units, depth) = (self.units, self.depth());
        Ok(Some(Box::new(AttentionStep {
            in_proj: steps::Affine::new(&self.in_weight, Some(&self.in_bias))?,
            rotary: self.rotary.as_ref().map(|_| Rotary::new(depth)),
            attend: steps::CausalAttention::new(self.heads, depth, self.scale(), window)?,
            out_proj: steps::Affine::new(&self.out_weight, Some(&self.out_bias))?,
            qkv: vec![0.0; 3 * units],
            attended: vec![0.0; units],
        })))
    }
}

fn pair(joined: Vec<Tensor>) -> Result<(Tensor, Tensor)> {
    <[Tensor; 2]>::try_from(joined)
        .map(|[keys, values]| (keys, values))
        .map_err(|_| candle_core::Error::Msg("keys and values".to_owned()))
        .during("joining keys")
}

/// One bin; the state is the bin's number, if positions are rotary, and that of the kernels' step.
struct AttentionStep {
    in_proj: steps::Affine,
    rotary: Option<Rotary>,
    attend: steps::CausalAttention,
    out_proj: steps::Affine,
    qkv: Vec<f32>,
    attended: Vec<f32>,
}

impl Step for AttentionStep {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn sizes(&self) -> StepSizes {
        StepSizes {
            inputs: self.in_proj.n_inputs(),
            state: self.attend.n_state() + usize::from(self.rotary.is_some()),
            outputs: self.out_proj.n_outputs(),
        }
    }

    fn multiplications(&self) -> u64 {
        let turns = if self.rotary.is_some() { 4 * self.attended.len() as u64 } else { 0 };
        self.in_proj.multiplications()
            + turns
            + self.attend.multiplications()
            + self.out_proj.multiplications()
    }

    fn bin(&mut self, input: &[f32], state: &mut [f32], output: &mut [f32]) {
        self.in_proj.bin(input, &mut [], &mut self.qkv);
        let mut ring = state;
        if let Some(rotary) = &self.rotary {
            let (position, rest) = ring.split_at_mut(1);
            ring = rest;
            let queries_and_keys = 2 * self.attended.len();
            rotary.turn_bin(&mut self.qkv[..queries_and_keys], position[0]);
            position[0] += 1.0;
        }
        self.attend.bin(&self.qkv, ring, &mut self.attended);
        self.out_proj.bin(&self.attended, &mut [], output);
    }
}
