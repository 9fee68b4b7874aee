//! See `targets/fit_state.rs`.

#![no_main]

statenet_fuzz::driver!(fit_state);
