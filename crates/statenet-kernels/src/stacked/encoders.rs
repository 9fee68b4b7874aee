//! What stands before and behind the recurrences of K models.

use candle_core::Tensor;

use super::{Stacked, first, one_by_one, pack};
use crate::{
    dense::affine::{self, cpu::Affine},
    error::Result,
    filters::local_encoder::{self, cpu::LocalEncoder},
    tensor::{
        arguments::Check,
        custom_op::{apply, is_fused},
        layout::Layout,
    },
};

/// [`affine`](crate::affine()) of K models: x (K, B, I, T) or (K, B, T, I), weight (K, O, I), bias (K, O); returns
/// (K, B, O, T) or (K, B, T, O).
///
/// # Errors
/// As the single form; [`Error::Shape`](crate::Error::Shape) also where tensors differ in K.
pub fn affine(
    x: &Tensor,
    from: Layout,
    weight: &Tensor,
    bias: Option<&Tensor>,
    to: Layout,
) -> Result<Tensor> {
    let mut named = vec![("x", x), ("weight", weight)];
    named.extend(bias.map(|bias| ("bias", bias)));
    let (models, one) = first(affine::OP, &named)?;
    let sizes = affine::check(&one[0], from, &one[1], one.get(2))?;
    Check::new(affine::OP).devices(&named)?;
    let tensors: Vec<_> = named.iter().map(|(_, tensor)| *tensor).collect();
    let kernel = Stacked { one: Affine { sizes, from, to }, models };
    if is_fused(&kernel, x) {
        return apply(kernel, &tensors);
    }
    let plain = |x: &[Tensor]| Ok([crate::affine(&x[0], from, &x[1], x.get(2), to)?]);
    let [y] = one_by_one(affine::OP, models, &tensors, plain)?;
    Ok(y)
}

/// [`local_encoder`](crate::local_encoder()) of K models: x (K, B, Ci, F, T), weights (K, C, Ci K', L), biases (K, C, L),
/// gain and bias (K, C); returns (K, B, C, L, T).
///
/// # Errors
/// As the single form; [`Error::Shape`](crate::Error::Shape) also where tensors differ in K.
pub fn local_encoder(
    x: &Tensor,
    weights: &Tensor,
    biases: &Tensor,
    gain: &Tensor,
    bias: &Tensor,
    stride: usize,
    eps: f64,
) -> Result<Tensor> {
    let op = local_encoder::OP;
    let named = [("x", x), ("weights", weights), ("biases", biases), ("gain", gain), ("bias", bias)];
    let (models, one) = first(op, &named)?;
    let sizes = local_encoder::check(&one[0], &one[1], &one[2], &one[3], &one[4], stride, eps)?;
    Check::new(op).devices(&named)?;
    let kernel = Stacked { one: LocalEncoder { sizes, eps }, models };
    if is_fused(&kernel, x) {
        return apply(kernel, &[x, weights, &pack(op, &[biases, gain, bias])?]);
    }
    let tensors = named.map(|(_, tensor)| tensor);
    let plain = |x: &[Tensor]| Ok([crate::local_encoder(&x[0], &x[1], &x[2], &x[3], &x[4], stride, eps)?]);
    let [y] = one_by_one(op, models, &tensors, plain)?;
    Ok(y)
}
