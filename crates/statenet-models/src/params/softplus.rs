//! Parameters that are kept positive by a softplus, sp(x) = ln(1 + e^x).

/// The x at which sp(x) = y, y above 0.
pub(crate) fn inverse_softplus(y: f64) -> f64 {
    y + (-(-y).exp_m1()).ln()
}
