//! See `targets/table.rs`.

#![no_main]

statenet_fuzz::driver!(table);
