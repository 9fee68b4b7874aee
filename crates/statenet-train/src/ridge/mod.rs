//! Ridge regression of the linear STRF, in closed form (Theunissen et al. 2001; Machens et al. 2004).
//!
//! ```text
//! W = argmin_W sum_t (y[t] - c - sum_fk W[f,k] x[f,t-k])^2 + penalty |W|^2
//! ```
//! over the training bins, the intercept unpenalised. The number of lags and, per neuron, the penalty are those with the
//! best score on validation stimuli.

mod fit;
mod gram;
mod lag_matrix;

pub use self::fit::{Ridge, RidgeFit};
