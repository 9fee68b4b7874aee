//! See `targets/stream_state.rs`.

#![no_main]

statenet_fuzz::driver!(stream_state);
