//! Fused, differentiable operations for Candle: recurrences, causal filters, normalisation, output curves, masked losses
