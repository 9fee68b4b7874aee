//! Ways to parameterise the weights of a receptive field: `(outputs, channels, F, lags)`, the last column lag 0.
//!
//! | name | weights | parameters per output and channel |
//! |---|---|---|
//! | `full` | one for every band and lag | F K |
//! | `separable` | R products of a spectral and a temporal profile | R (F + K) |
//! | `gaussians` | G Gaussians over bands and lags | 5 G |
//! | `raised_cosines` | J smooth functions of the lag for every band | F J |
//!
//! Each output has a bias as well.

mod filter;
mod full;
mod gaussians;
mod raised_cosines;
mod separable;
mod strf;
mod weights;

pub(crate) use self::filter::Filter;
pub use self::{
    full::FullConfig, gaussians::GaussiansConfig, raised_cosines::RaisedCosinesConfig,
    separable::SeparableConfig, strf::StrfConfig,
};
