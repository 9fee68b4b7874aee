//! MATLAB's files of version 7.3, which are HDF5, and datasets of any HDF5 file: the file of `golden/mat73`.

use std::path::Path;

use ndarray::{Array2, Array3};
use statenet_data::{
    RawRecording, RawResponse, RawSound,
    readers::{ArrayOptions, NamedArrays, hdf5, mat},
};

use super::whole;

fn path() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/mat73/session.mat"))
}

fn arrays(axes: &str) -> ArrayOptions {
    ArrayOptions { axes: Some(axes.to_owned()), ..ArrayOptions::default() }
}

/// `(N, R, T)` of the only stimulus.
fn counts(raw: &RawRecording) -> Array3<f32> {
    let responses: Vec<&Array2<f32>> = raw.stimuli[0]
        .responses
        .iter()
        .map(|response| match response {
            RawResponse::Binned { values, .. } => values,
            _ => panic!("no counts"),
        })
        .collect();
    let (n_repeats, n_bins) = responses[0].dim();
    Array3::from_shape_fn((responses.len(), n_repeats, n_bins), |(n, r, t)| responses[n][[r, t]])
}

#[cfg(not(feature = "formats"))]
#[test]
fn without_the_feature_files_of_version_73_name_it() {
    for error in [
        mat::list(path()).unwrap_err(),
        mat::read(path(), &NamedArrays::default()).unwrap_err(),
        hdf5::read(path(), &NamedArrays { arrays: arrays("nt"), ..NamedArrays::default() }).unwrap_err(),
    ] {
        let text = whole(&error, Path::new("/nowhere"));
        assert!(
            text.ends_with(
                "HDF5 needs the feature formats: cargo install statenet-cli, or --features formats"
            ),
            "{text}"
        );
        let _ = (counts as fn(&RawRecording) -> Array3<f32>, RawSound::Missing);
    }
}

#[cfg(feature = "formats")]
mod in_hdf5 {
    use super::*;

    fn matlab(responses: &str, stimuli: Option<&str>, axes: &str) -> Result<RawRecording, String> {
        let options = NamedArrays {
            responses: (!responses.is_empty()).then(|| responses.to_owned()),
            stimuli: stimuli.map(str::to_owned),
            arrays: arrays(axes),
        };
        mat::read(path(), &options).map_err(|error| whole(&error, Path::new("/nowhere")))
    }

    /// As `make.py` has them.
    fn expected() -> Array3<f32> {
        Array3::from_shape_fn((2, 3, 40), |(n, r, t)| ((100 * n + 10 * r + t) % 7) as f32)
    }

    #[test]
    fn axes_are_those_of_matlab() {
        let raw = matlab("spk", Some("stim"), "nrt,ft").unwrap();
        assert_eq!(counts(&raw), expected());
        let RawSound::Cochleagram { values, .. } = &raw.stimuli[0].sound else { panic!("no cochleagram") };
        assert_eq!(values, Array2::from_shape_fn((4, 40), |(f, t)| (40 * f + t) as f32 / 8.0));
        let of_struct = matlab("data.counts", None, "nt").unwrap();
        assert_eq!(counts(&of_struct), Array3::from_shape_fn((2, 1, 40), |(n, _, t)| (40 * n + t) as f32));
    }

    #[test]
    fn as_hdf5_the_same_file_has_its_axes_in_the_opposite_order() {
        let options = |responses: Option<&str>, axes: &str| NamedArrays {
            responses: responses.map(str::to_owned),
            stimuli: None,
            arrays: arrays(axes),
        };
        let raw = hdf5::read(path(), &options(Some("spk"), "trn")).unwrap();
        assert_eq!(counts(&raw), expected());
        let by_path = hdf5::read(path(), &options(Some("/data/counts"), "tn")).unwrap();
        assert_eq!(by_path.neurons.len(), 2);
        let none = hdf5::read(path(), &options(None, "tn")).unwrap_err().to_string();
        assert!(
            none.contains("no variable is named for the responses") && none.contains("/spk (40x3x2)"),
            "{none}"
        );
        assert!(hdf5::list(path()).unwrap().iter().any(|dataset| dataset.path == "/data/counts"));
    }

    #[test]
    fn a_dataset_that_claims_more_than_its_file_can_hold_is_refused() {
        let path = path().with_file_name("claims.h5");
        let options = NamedArrays { responses: Some("a".to_owned()), stimuli: None, arrays: arrays("t") };
        let error =
            hdf5::read(&path, &options).map_err(|error| whole(&error, Path::new("/nowhere"))).unwrap_err();
        assert!(error.contains("a holds 8796093022208 bytes, expected not more than"), "{error}");
    }

    #[test]
    fn variables_are_listed_and_what_is_no_array_of_numbers_is_refused() {
        let mut listed: Vec<String> = mat::list(path()).unwrap().iter().map(ToString::to_string).collect();
        listed.sort();
        let expected = [
            "cells (1x1 cell)",
            "data.counts (2x40 uint8)",
            "name (1x4 char)",
            "nothing (1x2 double)",
            "spk (2x3x40 double)",
            "stim (4x40 single)",
        ];
        assert_eq!(listed, expected);
        let fault = |variable: &str| matlab(variable, None, "nt").unwrap_err();
        assert!(fault("").contains("spk (2x3x40 double)"));
        assert!(
            fault("cells").contains("cells holds cell, expected an array of numbers"),
            "{}",
            fault("cells")
        );
        assert!(fault("name").contains("name holds char, expected an array of numbers"));
        assert!(fault("nothing").contains("nothing holds an empty array"));
        assert!(fault("nowhere").contains("nowhere: cannot be read from the HDF5 file"));
    }
}
