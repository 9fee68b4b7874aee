//! Ridge regression of the linear STRF, in closed form (Theunissen et al. 2001; Machens et al. 2004).
//!
//! ```text
//! W = argmin_W sum_t (y[t] - c - sum_fk W[f,k] x[f,t-k])^2 + penalty |W|^2
//! ```
//! over the training bins; the intercept c is not penalised. The number of lags, and the penalty of each neuron, are chosen by
//! the score on validation stimuli.

mod fit;
mod gram;
mod lag_matrix;

pub use self::fit::{Ridge, RidgeFit};
