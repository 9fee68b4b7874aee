//! What takes the time of a selective scan: eight channels, a block of bins, two states at once.
//!
//! The compiler makes vectors of the eight lanes where everything that a bin reads is read before anything is written.
//! Loops over bins carry a state along; a loop that does not would be cut across the lanes, so decays are computed by
//! loops over plain numbers.

#![allow(
    clippy::needless_range_loop,
    reason = "an index into slices cut to one length is compiled with the loop; long chains of zip are not"
)]

use crate::simd::{
    dispatch::multiversion,
    float::{LANES, MulAdd, Real},
    vector::each,
};

/// Bins from one kept state to the next.
pub(super) const BLOCK: usize = 16;

/// A vector for each bin of a block.
pub(super) type Bins<F> = [[F; LANES]; BLOCK];

/// Zeros.
pub(super) const fn zeros<F: Real>() -> Bins<F> {
    [[F::ZERO; LANES]; BLOCK]
}

/// B and C of a block of rows (bins, N) in pairs, state by state.
#[inline(always)]
pub(super) fn pair<F: Real>(b: &[F], c: &[F], to: &mut [[[F; 2]; BLOCK]]) {
    let states = to.len();
    for (n, to) in to.iter_mut().enumerate() {
        for (i, to) in (0..b.len() / states).zip(to) {
            *to = [b[i * states + n], c[i * states + n]];
        }
    }
}

/// The decays of a tile in a block of bins.
pub(super) struct Decays<F> {
    /// exp(d A) of each state.
    values: Vec<Bins<F>>,
    /// A of two states for powers of 2, again for each bin.
    rates: [Bins<F>; 2],
}

impl<F: Real> Decays<F> {
    pub(super) fn new(states: usize) -> Self {
        Self { values: vec![zeros(); states], rates: [zeros(); 2] }
    }

    /// From d of the first `bins` and A of the states, two at a time, because a loop loads the constants of the
    /// exponential once.
    #[inline(always)]
    pub(super) fn compute(&mut self, delta: &Bins<F>, bins: usize, a: &[[F; LANES]]) {
        let delta = delta[..bins].as_flattened();
        let to_base_2 = F::of(std::f64::consts::LOG2_E);
        for (a, values) in a.chunks(2).zip(self.values.chunks_mut(2)) {
            for (rates, a) in self.rates.iter_mut().zip(a) {
                rates[..bins].fill(each(|l| a[l] * to_base_2));
            }
            let [first, second] = &self.rates;
            match values {
                [to, more] => {
                    let (first, second) = (first[..bins].as_flattened(), second[..bins].as_flattened());
                    let (to, more) = (to[..bins].as_flattened_mut(), more[..bins].as_flattened_mut());
                    powers_of_two(delta, first, second, to, more);
                }
                [to] => power_of_two(delta, first[..bins].as_flattened(), to[..bins].as_flattened_mut()),
                _ => {}
            }
        }
    }
}

multiversion! {
    /// 2^(d A) of one state.
    fn power_of_two<F, M>(delta: &[F], rates: &[F], to: &mut [F]) {
        let n = to.len();
        let (delta, rates) = (&delta[..n], &rates[..n]);
        for k in 0..n {
            to[k] = (delta[k] * rates[k]).exp2::<M>();
        }
    }
}

multiversion! {
    /// 2^(d A) of two states.
    fn powers_of_two<F, M>(delta: &[F], first: &[F], second: &[F], to: &mut [F], more: &mut [F]) {
        let n = to.len();
        let (delta, first, second, more) = (&delta[..n], &first[..n], &second[..n], &mut more[..n]);
        for k in 0..n {
            to[k] = (delta[k] * first[k]).exp2::<M>();
            more[k] = (delta[k] * second[k]).exp2::<M>();
        }
    }
}

/// What a tile reads and writes in a block of bins on its way forward.
pub(super) struct Ahead<'a, F> {
    pub(super) bins: usize,
    /// B and C of each state and bin.
    pub(super) weights: &'a [[[F; 2]; BLOCK]],
    pub(super) decays: &'a Decays<F>,
    /// In each bin d x, and what becomes y.
    pub(super) input_and_y: &'a mut [[[F; LANES]; 2]; BLOCK],
    /// The states.
    pub(super) h: &'a mut [[F; LANES]],
}

impl<F: Real> Ahead<'_, F> {
    /// All states.
    #[inline(always)]
    pub(super) fn run<M: MulAdd>(&mut self) {
        let states = self.h.len();
        for n in (0..states / 2).map(|pair| 2 * pair) {
            self.states::<M, 2>(n);
        }
        if states % 2 == 1 {
            self.states::<M, 1>(states - 1);
        }
    }

    /// R states from the n-th on.
    #[inline(always)]
    fn states<M: MulAdd, const R: usize>(&mut self, n: usize) {
        let Self { bins, weights, decays, input_and_y, h } = self;
        let (Some(weights), Some(decays), Some(h)) = (
            weights[n..].first_chunk::<R>(),
            decays.values[n..].first_chunk::<R>(),
            h[n..].first_chunk_mut::<R>(),
        ) else {
            return;
        };
        let mut state = *h;
        for i in 0..BLOCK.min(*bins) {
            let [input, mut y] = input_and_y[i];
            for r in 0..R {
                let ([b, c], decay, before) = (weights[r][i], decays[r][i], state[r]);
                let after = each(|l| M::mul_add(decay[l], before[l], input[l] * b));
                y = each(|l| M::mul_add(after[l], c, y[l]));
                state[r] = after;
            }
            input_and_y[i][1] = y;
        }
        *h = state;
    }
}

/// What a tile reads and adds to in each bin on its way back.
#[derive(Clone, Copy)]
pub(super) struct Bin<F> {
    pub(super) delta: [F; LANES],
    /// d x.
    pub(super) input: [F; LANES],
    /// The gradient of y.
    pub(super) of_y: [F; LANES],
    /// The gradient of d through the decay.
    pub(super) by_decay: [F; LANES],
    /// The gradient of d x.
    pub(super) by_input: [F; LANES],
}

impl<F: Real> Bin<F> {
    pub(super) const ZEROS: Self = {
        let zeros = [F::ZERO; LANES];
        Self { delta: zeros, input: zeros, of_y: zeros, by_decay: zeros, by_input: zeros }
    };
}

/// What a tile reads and writes in a block of bins on its way back.
pub(super) struct Back<'a, F> {
    pub(super) bins: usize,
    /// B and C of each state and bin.
    pub(super) weights: &'a [[[F; 2]; BLOCK]],
    pub(super) decays: &'a Decays<F>,
    /// The states before the first bin.
    pub(super) tape: &'a [[F; LANES]],
    pub(super) a: &'a [[F; LANES]],
    pub(super) each: &'a mut [Bin<F>; BLOCK],
    /// Room for two states before each bin.
    pub(super) before: &'a mut [[[F; LANES]; 2]; BLOCK],
    /// The gradients of the states.
    pub(super) g: &'a mut [[F; LANES]],
    /// The gradients of A.
    pub(super) of_a: &'a mut [[F; LANES]],
    /// Those of B and C of each state and bin: sums over channels that are still eight numbers each.
    pub(super) of_weights: &'a mut [[[[F; LANES]; 2]; BLOCK]],
}

impl<F: Real> Back<'_, F> {
    /// All states.
    #[inline(always)]
    pub(super) fn run<M: MulAdd>(&mut self) {
        let states = self.g.len();
        for n in (0..states / 2).map(|pair| 2 * pair) {
            self.states::<M, 2>(n);
        }
        if states % 2 == 1 {
            self.states::<M, 1>(states - 1);
        }
    }

    /// R states from the n-th on, through the block and back.
    #[inline(always)]
    fn states<M: MulAdd, const R: usize>(&mut self, n: usize) {
        let Self { bins, weights, decays, tape, a, each: all, before, g, of_a, of_weights } = self;
        let (Some(weights), Some(decays), Some(tape), Some(a), Some(g), Some(of_a), Some(of_weights)) = (
            weights[n..].first_chunk::<R>(),
            decays.values[n..].first_chunk::<R>(),
            tape[n..].first_chunk::<R>(),
            a[n..].first_chunk::<R>(),
            g[n..].first_chunk_mut::<R>(),
            of_a[n..].first_chunk_mut::<R>(),
            of_weights[n..].first_chunk_mut::<R>(),
        ) else {
            return;
        };
        let mut state = *tape;
        for i in 0..BLOCK.min(*bins) {
            let input = all[i].input;
            for r in 0..R {
                let ([b, _], decay, earlier) = (weights[r][i], decays[r][i], state[r]);
                before[i][r] = earlier;
                state[r] = each(|l| M::mul_add(decay[l], earlier[l], input[l] * b));
            }
        }
        let (mut carried, mut rate_grads) = (*g, *of_a);
        for i in (0..BLOCK.min(*bins)).rev() {
            let Bin { delta, input, of_y, mut by_decay, mut by_input } = all[i];
            for r in 0..R {
                let ([b, c], decay, rate) = (weights[r][i], decays[r][i], a[r]);
                let (earlier, after) = (before[i][r], state[r]);
                let [of_b, of_c] = of_weights[r][i];
                let (own, rate_grad) = (carried[r], rate_grads[r]);
                let of_state = each(|l| M::mul_add(of_y[l], c, own[l]));
                let of_earlier = each(|l| of_state[l] * decay[l]);
                let of_rate = each(|l| of_earlier[l] * earlier[l]);
                let of_c = each(|l| M::mul_add(of_y[l], after[l], of_c[l]));
                let of_b = each(|l| M::mul_add(of_state[l], input[l], of_b[l]));
                rate_grads[r] = each(|l| M::mul_add(of_rate[l], delta[l], rate_grad[l]));
                by_decay = each(|l| M::mul_add(of_rate[l], rate[l], by_decay[l]));
                by_input = each(|l| M::mul_add(of_state[l], b, by_input[l]));
                (carried[r], state[r]) = (of_earlier, earlier);
                of_weights[r][i] = [of_b, of_c];
            }
            (all[i].by_decay, all[i].by_input) = (by_decay, by_input);
        }
        (*g, *of_a) = (carried, rate_grads);
    }
}
