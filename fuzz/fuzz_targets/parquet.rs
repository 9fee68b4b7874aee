//! See `targets/parquet.rs`.

#![no_main]

statenet_fuzz::driver!(parquet, catches_panics);
