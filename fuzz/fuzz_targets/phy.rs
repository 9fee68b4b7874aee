//! See `targets/phy.rs`.

#![no_main]

statenet_fuzz::driver!(phy);
