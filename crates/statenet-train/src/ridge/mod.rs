//! Ridge regression of the linear STRF, in closed form (Theunissen et al. 2001; Machens et al. 2004).
//!
//! ```text
//! W = argmin_W sum_t (y[t] - c - sum_fk W[f,k] x[f,t-k])^2 + penalty |W|^2
//! ```
//! over the training bins; the intercept c is not penalised. The number of lags, and the penalty of each neuron, are chosen by
//! the score on validation stimuli.
//!
//! Neurons that were recorded in the same bins share the matrix of the equations, and its factor for each penalty serves all
//! numbers of lags. With fewer bins than weights the equations are solved in their dual form. Time and memory are linear in
//! the number of neurons; memory does not depend on how many patterns of missing bins there are.

mod design;
mod factor;
mod fit;
mod group;
mod moments;
mod need;
mod products;
mod scored;
mod training;

pub use self::fit::{Ridge, RidgeFit};
