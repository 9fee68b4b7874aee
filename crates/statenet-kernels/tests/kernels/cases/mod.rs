//! Every operation of the crate, as the laws see it.

mod dense;
mod filters;
mod pointwise;
mod recurrent;
mod scans;

use candle_core::{DType, Tensor};

use crate::op_case::OpCase;

/// Every operation, in the order of the table in the crate's documentation.
pub(crate) const ALL: [&[OpCase]; 5] =
    [&dense::CASES, &recurrent::CASES, &scans::CASES, &filters::CASES, &pointwise::CASES];

/// Operations whose output has no time.
const NO_TIME: &str = "its output has no time";

fn one(y: Tensor) -> Vec<Tensor> {
    vec![y]
}

fn two((y, last): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![y, last]
}

fn several((y, last): (Tensor, Vec<Tensor>)) -> Vec<Tensor> {
    std::iter::once(y).chain(last).collect()
}

/// A constant of an operation in the dtype of an input.
fn like(constant: &Tensor, x: &Tensor) -> Tensor {
    constant.to_dtype(x.dtype()).unwrap()
}

/// The constant of f32 for a step.
fn single(constant: &Tensor) -> Tensor {
    constant.to_dtype(DType::F32).unwrap()
}
