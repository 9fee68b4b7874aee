//! See `targets/flac.rs`.

#![no_main]

statenet_fuzz::driver!(flac);
