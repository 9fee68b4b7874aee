//! Legendre memory unit (Voelker et al. 2019): a linear memory that holds the last theta bins of a scalar as M
//! coefficients of Legendre polynomials, and H units that write and read it.
//!
//! ```text
//! u' = e_x x + e_h h + e_m m            m' = Ad m + Bd u'            h' = tanh(W_x x + W_h h + W_m m')
//! Ad = exp(A)   Bd = A^-1 (Ad - 1) B    A[i,j] = (2i+1)/theta (i < j: -1, else (-1)^(i-j+1))
//!                                       B[i]   = (2i+1)/theta (-1)^i
//! ```
//! In (B, I, T) or (B, T, I), out (B, T, H). Memory: unbounded, faithful over theta bins. Before t = 0: h = m = 0.
//! Parameters: I (1 + H) + H (1 + H) + M (1 + H). Ad and Bd follow from M and theta and are not trained.
//!
//! Voelker AR, Kajić I, Eliasmith C (2019). Legendre memory units: continuous-time representation in recurrent neural
//! networks. NeurIPS 32.

use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use statenet_kernels::{Layout, LmuWeights, Step, steps};

use crate::{
    config::limits::expect_size,
    error::{During, Result, config_error},
    layers::small_matrix::Matrix,
    model::{
        memory::Memory,
        stage::{Stage, Units},
        state::State,
    },
    params::{init::Init, store::Scope},
};

/// Legendre memory unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LmuConfig {
    /// Hidden units, at least 1. Default: as many as inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<usize>,
    /// Coefficients M of the memory, 1 to 1024. Default 128.
    pub memory: usize,
    /// Bins that the memory spans, above 0. Default 99.
    pub theta: f64,
}

impl Default for LmuConfig {
    fn default() -> Self {
        Self { hidden: None, memory: 128, theta: 99.0 }
    }
}

impl LmuConfig {
    pub(crate) fn validate(&self, field: &str) -> Result<()> {
        expect_size(&format!("{field}.hidden"), self.hidden.unwrap_or(1), 1)?;
        if !(1..=1024).contains(&self.memory) {
            return Err(config_error(&format!("{field}.memory"), self.memory, "1 to 1024"));
        }
        if !(self.theta.is_finite() && self.theta > 0.0) {
            return Err(config_error(&format!("{field}.theta"), self.theta, "a number of bins above 0"));
        }
        Ok(())
    }
}

pub(crate) struct Lmu {
    e_x: Tensor,
    e_h: Tensor,
    e_m: Tensor,
    w_x: Tensor,
    w_h: Tensor,
    w_m: Tensor,
    ad: Tensor,
    bd: Tensor,
    hidden: usize,
    memory: usize,
    /// How the input lies.
    layout: Layout,
    h_name: String,
    m_name: String,
}

impl Lmu {
    pub(crate) fn new(config: &LmuConfig, input: Units, scope: &mut Scope<'_>) -> Result<Self> {
        let Units { n: inputs, layout } = input;
        let (hidden, memory) = (config.hidden.unwrap_or(inputs), config.memory);
        let lecun = |fan_in: usize| Init::within((3.0 / fan_in.max(1) as f64).sqrt());
        let xavier = |a: usize, b: usize| Init::Normal { mean: 0.0, std: (2.0 / (a + b) as f64).sqrt() };
        let e_x = scope.parameter("e_x", inputs, lecun(inputs))?;
        let (dtype, device) = (e_x.dtype(), e_x.device().clone());
        let (ad, bd) = transition(memory, config.theta, dtype, &device).during("discretizing a memory")?;
        Ok(Self {
            e_x,
            e_h: scope.parameter("e_h", hidden, lecun(hidden))?,
            e_m: scope.parameter("e_m", memory, Init::ZEROS)?,
            w_x: scope.parameter("W_x", (hidden, inputs), xavier(hidden, inputs))?,
            w_h: scope.parameter("W_h", (hidden, hidden), xavier(hidden, hidden))?,
            w_m: scope.parameter("W_m", (hidden, memory), xavier(hidden, memory))?,
            ad,
            bd,
            hidden,
            memory,
            layout,
            h_name: scope.name("h"),
            m_name: scope.name("m"),
        })
    }

    /// W_x and below it e_x, (H + 1, I).
    fn weight_x(&self) -> Result<Tensor> {
        let joined = self.e_x.unsqueeze(0).and_then(|e_x| Tensor::cat(&[&self.w_x, &e_x], 0));
        joined.during("concatenating weights")
    }

    fn weights(&self) -> LmuWeights<'_> {
        let Self { w_h, w_m, e_h, e_m, ad, bd, .. } = self;
        LmuWeights { w_h, w_m, e_h, e_m, ad, bd }
    }
}

impl Stage for Lmu {
    fn init_state(&self, batch: usize, state: &mut State) -> Result<()> {
        for (name, n) in [(&self.h_name, self.hidden), (&self.m_name, self.memory)] {
            state.set_zeros(name, &[batch, n], self.w_h.dtype(), self.w_h.device())?;
        }
        Ok(())
    }

    fn chunk(&self, x: &Tensor, state: &mut State) -> Result<Tensor> {
        let batch = x.dim(0).during("reading a batch")?;
        let h = state.get(&self.h_name, &[batch, self.hidden])?;
        let m = state.get(&self.m_name, &[batch, self.memory])?;
        let inputs = statenet_kernels::affine(x, self.layout, &self.weight_x()?, None, Layout::TimeFirst)?;
        let (states, h, m) = statenet_kernels::lmu(&inputs, self.weights(), h, m)?;
        state.set(&self.h_name, &h);
        state.set(&self.m_name, &m);
        Ok(states)
    }

    fn memory(&self) -> Memory {
        Memory::Unbounded
    }

    fn steps(&self) -> Result<Option<Vec<Box<dyn Step>>>> {
        let inputs = steps::Affine::new(&self.weight_x()?, None)?;
        Ok(Some(vec![Box::new(inputs), Box::new(steps::Lmu::new(self.weights())?)]))
    }
}

/// Ad (M, M) and Bd (M): the memory over one bin in which its input holds (zero-order hold).
pub(crate) fn transition(
    memory: usize,
    theta: f64,
    dtype: DType,
    device: &Device,
) -> candle_core::Result<(Tensor, Tensor)> {
    let sign = |odd: usize| if odd % 2 == 1 { -1.0 } else { 1.0 };
    // The exponential of [[A, B], [0, 0]] is [[Ad, Bd], [0, 1]].
    let joined = Matrix::from_fn(memory + 1, |i, j| {
        let rate = (2 * i + 1) as f64 / theta;
        match (i < memory, j < memory) {
            (false, _) => 0.0,
            (true, false) => rate * sign(i),
            (true, true) if i < j => -rate,
            (true, true) => rate * sign(i - j + 1),
        }
    });
    let discrete = joined.exp();
    let entries: Vec<f64> = (0..memory * memory).map(|k| discrete.at(k / memory, k % memory)).collect();
    let column: Vec<f64> = (0..memory).map(|i| discrete.at(i, memory)).collect();
    let place = |values: Vec<f64>, shape: &[usize]| {
        Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
    };
    Ok((place(entries, &[memory, memory])?, place(column, &[memory])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_is_the_published_one() {
        let (ad, bd) = transition(128, 99.0, DType::F64, &Device::Cpu).unwrap();
        let (ad, bd) = (ad.to_vec2::<f64>().unwrap(), bd.to_vec1::<f64>().unwrap());
        let rows = [
            (&ad[0], [0.989_896_77, -0.009_996_73, -0.009_799_24, -0.009_496_80]),
            (&ad[1], [0.029_990_19, 0.969_705_82, -0.029_697_68, -0.028_784_28]),
            (&bd, [0.010_103_26, -0.029_990_19, 0.048_996_21, -0.066_477_63]),
        ];
        for (row, expected) in rows {
            assert!(row.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-7));
        }
    }

    #[test]
    fn the_memory_holds_a_delayed_sound() {
        // The first polynomial is 1 everywhere, all polynomials are 1 at the old end: their sum is the sound theta ago.
        let theta = 40.0;
        let (ad, bd) = transition(12, theta, DType::F64, &Device::Cpu).unwrap();
        let mut m = Tensor::zeros((12, 1), DType::F64, &Device::Cpu).unwrap();
        let sound = |t: f64| (t / 9.0).sin();
        for t in 0..200 {
            let u = bd.affine(sound(f64::from(t)), 0.0).unwrap().reshape((12, 1)).unwrap();
            m = (ad.matmul(&m).unwrap() + u).unwrap();
        }
        let held = m.sum_all().unwrap().to_scalar::<f64>().unwrap();
        assert!((held - sound(199.5 - theta)).abs() < 0.02, "{held} {}", sound(199.5 - theta));
    }
}
