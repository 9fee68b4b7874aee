//! Recursive filters at every sample, as matrix products over blocks of b samples.
//!
//! ```text
//! y[f,n] = sum_{m<=n} h[f,n-m] x[m] + sum_i free[f,n,i] s[f,i]        n, m = 0..b-1, samples of a block
//! s[f,i] = sum_{m=1}^L after[f,i,m] x[-m]                             the filter's numbers before the block
//! ```
//! In (B, 1, S), out (B, F, S), S a number of bins. `after` is where an impulse of m samples ago has moved the numbers, `free` the
//! response to them alone. Impulse responses end after L samples: what a stream keeps is samples, and its memory is bounded. Graphs
//! are as shallow as those of a filter without feedback.

use candle_core::{DType, Device, Tensor};

use super::cascade::Cascade;
use crate::{
    error::{During, Result},
    layers::filter_bank::Bank,
    model::state::State,
    params::store::Scope,
};

/// Blocks have at most so many samples: the products within a block grow with its square.
const LONGEST_BLOCK: usize = 512;

/// One filter a band.
pub(super) struct RecursiveBank {
    past: Bank,
    within: Bank,
    /// (F n_states, 1, L + b)
    after: Tensor,
    /// (F b, 1, b)
    response: Tensor,
    /// (F, b, n_states)
    free: Tensor,
    reach: usize,
}

impl RecursiveBank {
    /// Filters with as many sections each, that forget after `n_samples`, in bins of `hop` samples.
    pub(super) fn new(
        filters: &[Cascade],
        n_samples: usize,
        hop: usize,
        like: (DType, &Device),
        scope: &mut Scope<'_>,
    ) -> Result<Self> {
        let block = (1..=hop.min(LONGEST_BLOCK)).rev().find(|b| hop.is_multiple_of(*b)).unwrap_or(1);
        let n_states = filters.first().map_or(0, Cascade::n_states);
        let (mut after, mut response, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for filter in filters {
            after.extend(after_impulse(filter, n_samples, block));
            response.extend(toeplitz(filter, block));
            free.extend(free_response(filter, block));
        }
        let tensor = |values: Vec<f64>, shape: [usize; 3]| {
            Tensor::from_vec(values, &shape, &Device::Cpu).and_then(|t| t.to_dtype(like.0)?.to_device(like.1))
        };
        let n = filters.len();
        let op = "making recursive filters";
        Ok(Self {
            past: Bank::new(1, n_samples + block, block, like, scope.name("past")),
            within: Bank::new(1, block, block, like, scope.name("block")),
            after: tensor(after, [n * n_states, 1, n_samples + block]).during(op)?,
            response: tensor(response, [n * block, 1, block]).during(op)?,
            free: tensor(free, [n, block, n_states]).during(op)?,
            reach: n_samples + block,
        })
    }

    /// Samples back from the newest to the first that a sample of the result depends on.
    pub(super) fn reach(&self) -> usize {
        self.reach
    }

    pub(super) fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        self.past.init_state(batch, state)?;
        self.within.init_state(batch, state)
    }

    /// `x` (B, 1, S) to (B, F, S).
    pub(super) fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let numbers = self.past.chunk(x, &self.after, None, state)?;
        let within = self.within.chunk(x, &self.response, None, state)?;
        let sum = || -> candle_core::Result<Tensor> {
            let (n, block, n_states) = self.free.dims3()?;
            let (batch, _, n_blocks) = within.dims3()?;
            let numbers = numbers.reshape((batch, n, n_states, n_blocks))?;
            let free = self.free.unsqueeze(0)?.broadcast_as((batch, n, block, n_states))?.contiguous()?;
            let y = (within.reshape((batch, n, block, n_blocks))? + free.matmul(&numbers)?)?;
            y.transpose(2, 3)?.contiguous()?.reshape((batch, n, n_blocks * block))
        };
        sum().during("filtering sound")
    }
}

/// The filter's numbers before a block, by the samples before it, oldest first; the samples of the block have no part in them.
fn after_impulse(filter: &Cascade, n_samples: usize, block: usize) -> Vec<f64> {
    let taps = n_samples + block;
    let mut weights = vec![0.0; filter.n_states() * taps];
    let mut state = vec![0.0; filter.n_states()];
    for m in 1..=n_samples {
        filter.step(if m == 1 { 1.0 } else { 0.0 }, &mut state);
        for (i, s) in state.iter().enumerate() {
            weights[i * taps + n_samples - m] = *s;
        }
    }
    weights
}

/// (b, b): sample n of a block by sample m of it.
fn toeplitz(filter: &Cascade, block: usize) -> Vec<f64> {
    let mut state = vec![0.0; filter.n_states()];
    let h: Vec<f64> = (0..block).map(|n| filter.step(if n == 0 { 1.0 } else { 0.0 }, &mut state)).collect();
    let h = &h;
    (0..block).flat_map(|n| (0..block).map(move |m| if m <= n { h[n - m] } else { 0.0 })).collect()
}

/// (b, n_states): sample n of a block by each number before it.
fn free_response(filter: &Cascade, block: usize) -> Vec<f64> {
    let n_states = filter.n_states();
    let mut weights = vec![0.0; block * n_states];
    for i in 0..n_states {
        let mut state = vec![0.0; n_states];
        state[i] = 1.0;
        for n in 0..block {
            weights[n * n_states + i] = filter.step(0.0, &mut state);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use statenet_core::{Hertz, Seed};

    use super::*;
    use crate::ParamStore;

    #[test]
    fn blocks_give_what_the_recurrence_gives_sample_by_sample() {
        let cpu = &Device::Cpu;
        let bands = [150.0, 700.0, 4000.0];
        let filter = |hz: f64| {
            let zero = |j, _| if j == 0 { 1.0 } else { 0.0 };
            Cascade::new(Hertz::new(hz).unwrap(), 0.5 * hz + 200.0, 8_000.0, 3, zero)
        };
        let mut stream = Seed::new(1).stream("sound");
        let x: Vec<f64> = (0..1_040).map(|_| stream.normal()).collect();
        // Bins of 40 samples, of a prime number, and of more samples than a block has.
        for hop in [40, 13, 520] {
            let filters: Vec<_> = bands.into_iter().map(filter).collect();
            let longest = filters[0].n_samples("low_hz", Hertz::whole::<150>()).unwrap();
            let mut store = ParamStore::new(Seed::new(0), DType::F64, cpu);
            let bank =
                RecursiveBank::new(&filters, longest, hop, (DType::F64, cpu), &mut store.root()).unwrap();
            let mut state = State::new();
            bank.init_state(1, &mut state).unwrap();
            let mut got = vec![Vec::new(); bands.len()];
            for chunk in x.chunks(520) {
                let chunk = Tensor::new(chunk, cpu).unwrap().reshape((1, 1, ())).unwrap();
                let y = bank.chunk(&chunk, &mut state).unwrap().squeeze(0).unwrap().to_vec2::<f64>().unwrap();
                got.iter_mut().zip(y).for_each(|(all, y)| all.extend(y));
            }
            for (filter, got) in filters.iter().zip(got) {
                let mut numbers = vec![0.0; filter.n_states()];
                for (n, (x, y)) in x.iter().zip(got).enumerate() {
                    let expected = filter.step(*x, &mut numbers);
                    assert!((y - expected).abs() < 1e-8, "hop {hop}, sample {n}: {y} {expected}");
                }
            }
        }
    }
}
