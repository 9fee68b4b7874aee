//! See `targets/recipe.rs`.

#![no_main]

statenet_fuzz::driver!(recipe);
