//! Headers that claim far more than their file holds are refused, and nothing is allocated by what they claim: each target has
//! a limit for single blocks, and a reader that asks for more ends the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use statenet_fuzz::{Folder, Target, by_name};

const CLAIM: u64 = 1_000_000_000_000;

fn target(name: &str) -> &'static Target {
    by_name(name).unwrap()
}

fn refused(name: &str, bytes: &[u8]) {
    assert!(!target(name).run(bytes), "{name} takes a file that claims {CLAIM} of something");
}

/// The seed of a name.
fn seed(name: &str, called: &str) -> Vec<u8> {
    let seeds = (target(name).seeds)();
    seeds.into_iter().find(|(seed, _)| seed == called).unwrap().1
}

/// A seed that is a folder, with one file changed.
fn folder(name: &str, called: &str, file: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut folder = Folder::unpack(&seed(name, called));
    let content = folder.files.remove(file).unwrap();
    folder.files.insert(file.to_owned(), change(content));
    folder.pack()
}

fn in_json(bytes: Vec<u8>, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::from_slice(&bytes).unwrap();
    change(&mut value);
    serde_json::to_vec(&value).unwrap()
}

fn npy() -> Vec<u8> {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({CLAIM}, 1, 1), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend([0; 10]);
    bytes
}

fn safetensors() -> Vec<u8> {
    let header =
        format!(r#"{{"core.x":{{"dtype":"F32","shape":[{CLAIM}],"data_offsets":[0,{}]}}}}"#, 4 * CLAIM);
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend([0; 10]);
    bytes
}

/// Only the length of the header, and nothing behind it.
fn long_header() -> Vec<u8> {
    CLAIM.to_le_bytes().to_vec()
}

#[test]
fn arrays() {
    refused("npy", &npy());
    let npz = statenet_data::formats::npz::encode(&[("counts", npy())]).unwrap();
    refused("npz", &npz);
    refused("recording", &folder("recording", "plain", "stimuli/s0.npy", |_| npy()));
    refused("recording", &folder("recording", "plain", "responses/s0.npz", |_| npz.clone()));
    refused("sounds", &folder("sounds", "all", "counts.npy", |_| npy()));
    refused("predictions", &folder("predictions", "needed", "s5.npy", |_| npy()));
}

#[test]
fn sizes_inside_an_archive() {
    // The sizes of the file in it, packed and not, where the directory of the archive says them.
    let mut npz = seed("npz", "f4");
    let at = npz.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    npz[at + 20..at + 28].copy_from_slice(&[0xfe; 8]);
    // Taken or refused: what counts is that no more is allocated than the file can hold.
    target("npz").run(&npz);
}

#[test]
fn sounds() {
    let mut wav = seed("wav", "16bit");
    wav[40..44].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    refused("wav", &wav);
}

#[test]
fn tensors() {
    for claims in [safetensors(), long_header()] {
        refused("stream_state", &claims);
        refused("checkpoint", &folder("checkpoint", "ln", "model.safetensors", |_| claims.clone()));
        refused("published", &folder("published", "ln", "model.safetensors", |_| claims.clone()));
        refused("fit_state", &folder("fit_state", "after-one-epoch", "fit.safetensors", |_| claims.clone()));
    }
}

#[test]
fn numbers_in_json() {
    let recording = |field: &'static str, value: Value| {
        folder("recording", "plain", "recording.json", |json| {
            in_json(json, |json| json["stimuli"][0][field] = value)
        })
    };
    refused("recording", &recording("bins", json!(CLAIM)));
    refused("recording", &recording("repeats", json!(CLAIM)));
    refused("split", format!(r#"{{"train": [0], "val": [1], "test": [{CLAIM}]}}"#).as_bytes());
}

#[test]
fn sizes_of_a_model_whose_parameters_are_few() {
    let wide = |json: Vec<u8>| in_json(json, |json| json["config"]["axes"]["n_bands"] = json!(1 << 20));
    for name in ["ln", "statenet-gru", "transformer", "dnet"] {
        refused("checkpoint", &folder("checkpoint", name, "config.json", wide));
    }
    let many = |json: Vec<u8>| in_json(json, |json| json["out_neurons"] = json!(1 << 20));
    refused("published", &folder("published", "ln", "config.json", many));
}

#[test]
fn matlab_arrays() {
    // The lengths of the axes of `spk`, and what a compressed variable claims to unpack to.
    let mut arrays = seed("mat5", "arrays");
    let shape = [5u32, 12, 2, 3, 2].map(u32::to_le_bytes).concat();
    let at = arrays.windows(shape.len()).position(|bytes| bytes == shape).unwrap();
    arrays[at + 8..at + 12].copy_from_slice(&(1u32 << 30).to_le_bytes());
    refused("mat5", &arrays);
    let claim =
        miniz_oxide::deflate::compress_to_vec_zlib(&[14u32, u32::MAX].map(u32::to_le_bytes).concat(), 6);
    let mut packed = seed("mat5", "arrays")[..128].to_vec();
    packed.extend(15u32.to_le_bytes());
    packed.extend((claim.len() as u32).to_le_bytes());
    packed.extend(claim);
    refused("mat5", &packed);
}
