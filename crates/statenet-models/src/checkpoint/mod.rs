//! Checkpoints: a folder with `config.json` and `model.safetensors`, and nothing else needed to predict.
//!
//! `config.json` is `{"format": 1, "config": .., "neurons": .., "training": ..}`: the model's config whole,
//! how its cochleagrams were scaled, whose rates it gives, and what the trainer wants to remember. The folder is
//! written beside its destination, flushed and renamed, so that it is there whole or not at all.
//!
//! [`load`](load()) also reads folders that the published implementation wrote (deepSTRF 0.1.0), by their names, and
//! [`save_published`] writes such folders, of the models that it has.

pub(crate) mod contents;
mod json;
mod load;
mod published;
mod save;

pub use self::{
    contents::{CONFIG_FILE, TENSORS_FILE},
    load::{load, load_into, load_with},
    published::{Nested, Prefilter, PublishedOptions, load_published, save_published},
    save::save,
};
