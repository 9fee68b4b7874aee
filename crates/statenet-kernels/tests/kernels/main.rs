//! The laws that every operation is held to ([`laws`]), and by file what holds for one of them only.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod affine;
mod candle;
mod cases;
mod causal_attention;
mod causal_conv2d;
mod causal_self_attention;
mod causal_strf;
mod channel_norm;
mod curves;
mod depthwise_conv1d;
mod dropout;
mod encoders;
mod gated;
mod harness;
mod laws;
mod leaky;
mod lmu;
mod local_encoder;
mod losses;
mod normed_conv2d;
mod obeyed;
mod op_case;
mod plasticity;
mod selective_scan;
mod softplus;
mod state_space;
mod steps;
mod tables;
