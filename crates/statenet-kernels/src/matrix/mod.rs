//! Products and layouts of small matrices.

pub(crate) mod gemm;
pub(crate) mod outer_product;
pub(crate) mod packed;
pub(crate) mod transpose;
