//! pprox files: read with and without a stated unit of times.

use statenet_data::{
    RawResponse,
    readers::pprox::{self, PproxOptions, TimeUnit},
};

use super::{some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "pprox",
    kind: Kind::Json,
    most_bytes: 1 << 13,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

fn check(bytes: &[u8]) -> bool {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let path = scratch.path().join("unit.pprox");
    std::fs::write(&path, bytes).expect("a scratch file can be written");
    let read = |unit| pprox::read(&path, &PproxOptions { unit, audio: None });
    let plain = read(None);
    match (&plain, read(Some(TimeUnit::Milliseconds))) {
        (Ok(plain), Ok(stated)) => {
            let repeats = |raw: &statenet_data::RawRecording| -> Vec<usize> {
                raw.stimuli.iter().flat_map(|s| s.responses.iter().map(RawResponse::n_repeats)).collect()
            };
            assert_eq!(repeats(plain), repeats(&stated));
        }
        (Ok(_), Err(error)) => panic!("a file that tells its unit is refused where one is stated: {error}"),
        (Err(error), _) => {
            told(error);
        }
    }
    plain.is_ok()
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let head = r#""$schema": "https://meliza.org/spec:2/pprox.json#", "unitname": "u1", "area": "CMM""#;
    let plain = format!(
        r#"{{{head}, "pprox": [{{"stimulus": "a", "events": [-0.5, 0.1]}}, {{"stimulus": "a", "events": []}}]}}"#
    );
    let trials = r#"{"$schema": "https://meliza.org/spec:2/stimtrial.json#", "unit": 3, "pprox": [{"offset": 1.5, "interval": [0, 2],
        "stimulus": {"name": "b", "interval": [0.5, 1.5]}, "events": [0.7, 1.9]}]}"#;
    let stated = r#"{"time_unit": "ms", "pprox": [{"stimulus": 4, "stimulus_on": 100, "events": [150]}]}"#;
    [("plain", plain.as_str()), ("trials", trials), ("milliseconds", stated)]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec()
}
