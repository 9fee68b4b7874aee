//! See `targets/published.rs`.

#![no_main]

statenet_fuzz::driver!(published);
