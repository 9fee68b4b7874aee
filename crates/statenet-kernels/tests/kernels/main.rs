//! Laws of every operation: the fused form equals its plain reference in value and gradients, its gradients
//! equal finite differences, batches do not mix, time does not run backwards, threads do not show.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod affine;
mod candle;
mod causal_attention;
mod causal_conv2d;
mod causal_strf;
mod channel_norm;
mod curves;
mod encoders;
mod gru;
mod harness;
mod leaky;
mod lmu;
mod local_encoder;
mod losses;
mod lstm;
mod modules;
mod plasticity;
mod recurrent;
mod rnn;
mod selective_scan;
mod short_filter;
mod softplus;
mod state_space;
mod stepping;
mod steps;
mod sublstm;
