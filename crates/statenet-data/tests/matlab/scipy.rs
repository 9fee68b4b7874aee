//! MATLAB files: agreement with scipy, on files that it wrote (`golden/mat5`) and on published ones.

use std::{fs, path::Path};

use serde_json::Value;
use statenet_data::formats::mat5::{self, Class, MatArray, MatValue};

fn check(path: &str, array: &MatArray, expected: &Value) {
    if let Some(shape) = expected.get("shape") {
        assert_eq!(*shape, Value::from(array.shape()), "{path}");
    }
    if let Some(numbers) = expected.get("numbers") {
        let number =
            |value: &Value| value.as_f64().unwrap_or_else(|| f64::from(u8::from(value.as_bool().unwrap())));
        let numbers: Vec<f64> = numbers.as_array().unwrap().iter().map(number).collect();
        assert_eq!(array.to_f64(), Some(numbers), "{path}");
    } else if let Some(texts) = expected.get("texts") {
        assert_eq!(*texts, Value::from(array.texts().unwrap()), "{path}");
    } else if let Some(cells) = expected.get("cells") {
        for (i, cell) in cells.as_array().unwrap().iter().enumerate() {
            check(&format!("{path}{{{i}}}"), array.cell(i).unwrap(), cell);
        }
    } else if let Some(fields) = expected.get("fields") {
        let fields = fields.as_object().unwrap();
        assert_eq!(array.field_names(), fields.keys().collect::<Vec<_>>(), "{path}");
        for (name, values) in fields {
            for (i, value) in values.as_array().unwrap().iter().enumerate() {
                check(&format!("{path}({i}).{name}"), array.field_of(i, name).unwrap(), value);
            }
        }
    } else {
        assert_eq!(expected["class"], array.class().name(), "{path}");
        assert_eq!(*array.value(), MatValue::Unread, "{path}");
    }
}

#[test]
fn files_of_scipy_are_read_as_scipy_reads_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mat5");
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let files = expected.as_object().unwrap();
    assert_eq!(files.len(), 6);
    for (file, variables) in files {
        let bytes = fs::read(folder.join(file)).unwrap();
        let variables = variables.as_object().unwrap();
        let read = mat5::parse(&bytes).unwrap();
        assert_eq!(read.len(), variables.len(), "{file}");
        for (name, array) in &read {
            check(&format!("{file}: {name}"), array, &variables[name]);
        }
        for n in 0..bytes.len() {
            let _ = (mat5::list(&bytes[..n]), mat5::parse(&bytes[..n]));
        }
    }
}

/// The sums are numpy's, of what scipy 1.17.1 reads.
mod needs_data {
    use super::*;
    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_mouse_is_read_as_scipy_reads_it() {
        let file = outside::folder("STATENET_DATA", "data").join("mouse_raw/sample_data.mat");
        let variables = mat5::parse(&fs::read(file).unwrap()).unwrap();
        let names: Vec<String> =
            variables.iter().map(|(name, array)| format!("{name} {}", array.described())).collect();
        assert_eq!(names, ["spk 16x104000 double", "stim 23x104000 double", "bin_size 1x1 double"]);
        for (name, sum, weighted) in
            [("spk", 38_307.0, 19_187_052.0), ("stim", 8320.0, 4_198_075.0), ("bin_size", 0.05, 0.0)]
        {
            let array = &variables.iter().find(|(n, _)| *n == name).unwrap().1;
            let values = array.to_f64().unwrap();
            assert_eq!(values.iter().sum::<f64>(), sum, "{name}");
            let weights = values.iter().enumerate().map(|(i, x)| x * (i % 1009) as f64);
            assert_eq!(weights.sum::<f64>(), weighted, "{name}");
        }
    }

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn the_metadata_of_ns1_are_read_as_scipy_reads_them() {
        let file = outside::folder("STATENET_DATA", "data").join("ns1_raw/MetadataSHEnCneurons.mat");
        let neurons = mat5::read(&fs::read(file).unwrap(), "neuron").unwrap();
        assert_eq!((neurons.class(), neurons.shape()), (Class::Struct, &[1, 119][..]));
        assert_eq!(
            neurons.field_names(),
            ["path", "NrOfElectrodes", "ElectrodeNumber", "depth", "NoiseRatio", "singleT", "singleN"]
        );
        let sum = |field| neurons.fields(field).unwrap().iter().map(|x| x.number().unwrap()).sum::<f64>();
        assert_eq!(
            (sum("depth"), sum("NoiseRatio"), sum("singleN"), sum("ElectrodeNumber")),
            (73150.0, 2026.5489887852057, 136.0, 1377.0)
        );
        assert_eq!(
            neurons.field_of(118, "path").unwrap().text().as_deref(),
            Some("dataAC/E1/cluster.07.data.mat")
        );
    }
}
