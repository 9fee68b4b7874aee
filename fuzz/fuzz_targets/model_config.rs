//! See `targets/model_config.rs`.

#![no_main]

statenet_fuzz::driver!(model_config);
