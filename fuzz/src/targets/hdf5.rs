//! HDF5 files: everything in them that can be read.

use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder, WriteOptions};
use statenet_data::{formats::hdf5::Hdf5, readers::nwb};

use super::told;
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "hdf5",
    kind: Kind::Bytes,
    most_bytes: 1 << 14,
    largest_block,
    seeds,
    sealed: None,
    check,
};

/// Deflate packs 1032 to 1, and a byte may become a number of eight; no less than a megabyte of them.
fn largest_block(bytes: usize) -> usize {
    (1 << 26) + 24 * 1032 * bytes
}

fn check(bytes: &[u8]) -> bool {
    let file = match Hdf5::parse(bytes.to_vec()) {
        Ok(file) => file,
        Err(error) => return told(&error),
    };
    let listed = match file.list() {
        Ok(listed) => listed,
        Err(error) => return told(&error),
    };
    let mut taken = true;
    for dataset in &listed {
        let read = if dataset.numeric {
            file.numbers(&dataset.path).map(|values| assert_eq!(values.shape(), dataset.shape.as_slice()))
        } else {
            file.texts(&dataset.path)
                .map(|texts| assert_eq!(texts.len(), dataset.shape.iter().product::<usize>()))
        };
        for result in [
            read,
            file.attribute_texts(&dataset.path, "unit").map(|_| ()),
            file.attribute_number(&dataset.path, "rate").map(|_| ()),
        ] {
            if let Err(error) = result {
                taken = told(&error);
            }
        }
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("a.nwb");
    std::fs::write(&path, bytes).expect("a scratch file can be written");
    if let Err(error) = nwb::read(&path, &nwb::NwbOptions::default()) {
        told(&error);
    }
    taken
}

/// A file of datasets.
pub(super) fn write(datasets: Vec<DatasetBuilder>) -> Vec<u8> {
    let builder = datasets.into_iter().fold(Hdf5Builder::new(), Hdf5Builder::dataset);
    builder.into_plan().and_then(|plan| plan.encode(WriteOptions::default())).expect("a small file")
}

/// Numbers of a shape.
pub(super) fn numbers(path: &str, shape: &[u64], values: &[f64]) -> DatasetBuilder {
    DatasetBuilder::typed_data(path, shape.to_vec(), values).expect("a small dataset")
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let rate = AttributeBuilder::scalar("rate", 1000.0_f64).expect("a number");
    let unit = AttributeBuilder::fixed_string("unit", "V");
    let names = |path: &str| DatasetBuilder::vlen_string_data(path, vec![2], &["a", "b"]).expect("two texts");
    let index =
        DatasetBuilder::typed_data("units/spike_times_index", vec![2], &[1_u8, 3]).expect("two numbers");
    let nwb = vec![
        numbers("units/id", &[2], &[1.0, 2.0]),
        numbers("units/spike_times", &[3], &[0.1, 0.2, 1.3]),
        index,
        names("units/location"),
        numbers("intervals/trials/start_time", &[2], &[0.0, 1.0]),
        numbers("intervals/trials/stop_time", &[2], &[0.5, 1.5]),
        names("intervals/trials/stimulus"),
        numbers("stimulus/presentation/a/data", &[500], &[0.5; 500]),
        numbers("stimulus/presentation/a/starting_time", &[], &[0.0]).attribute(rate.clone()),
    ];
    let fixed = DatasetBuilder::fixed_string_data("g/fixed", vec![2], &["ab", "c"]).expect("two texts");
    let chunks =
        numbers("g/chunked", &[8, 8], &[0.25; 64]).chunked(vec![4, 4]).attribute(rate).attribute(unit);
    vec![("nwb".to_owned(), write(nwb)), ("kinds".to_owned(), write(vec![fixed, chunks, names("g/h/texts")]))]
}
