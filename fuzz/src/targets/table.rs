//! Tables of spikes and of onsets, as CSV and as JSON: the counts are the same after a table of the spikes is written anew.

use std::fmt::Write;

use statenet_data::{
    RawRecording, RawResponse,
    readers::table::{self, TableOptions},
};

use super::{some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "table",
    kind: Kind::Bytes,
    most_bytes: 1 << 9,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

/// A folder without sounds, with these bytes as a table.
fn read(bytes: &[u8], name: &str, onsets: Option<&str>) -> statenet_data::Result<RawRecording> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(scratch.path().join(name), bytes).expect("a scratch file can be written");
    if let Some(onsets) = onsets {
        std::fs::write(scratch.path().join("onsets.csv"), onsets).expect("a scratch file can be written");
    }
    table::read(scratch.path(), &TableOptions::default())
}

fn check(bytes: &[u8]) -> bool {
    let is_json = bytes.first().is_some_and(|first| b"[{".contains(first));
    let name = if is_json { "spikes.json" } else { "spikes.csv" };
    // On one clock no sound can be found, and the table is only parsed.
    if let Err(error) = read(bytes, name, Some("stimulus,onset_s\na,1\n")) {
        told(&error);
    }
    let first = match read(bytes, name, None) {
        Ok(first) => first,
        Err(error) => return told(&error),
    };
    // Without commas or quotes in names a table can be written as it is.
    let names = first.stimuli.iter().map(|stimulus| stimulus.name.as_str());
    let ids = first.neurons.iter().map(statenet_data::Neuron::id);
    let plain = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !names.chain(ids).all(plain) {
        return true;
    }
    let again = read(written(&first).as_bytes(), "spikes.csv", None).expect("what we write we can read");
    assert_eq!(again.neurons, first.neurons);
    assert_eq!(again.stimuli, first.stimuli);
    true
}

/// The spikes as a table, with a row for each repeat without one.
fn written(raw: &RawRecording) -> String {
    let mut table = "unit,stimulus,repeat,time_s\n".to_owned();
    for stimulus in &raw.stimuli {
        for (neuron, response) in raw.neurons.iter().zip(&stimulus.responses) {
            let RawResponse::Spikes(repeats) = response else { continue };
            for (repeat, spikes) in repeats.iter().enumerate() {
                let mut row = |time: &str| {
                    writeln!(table, "{},{},{repeat},{time}", neuron.id(), stimulus.name)
                        .expect("a text grows");
                };
                row("");
                spikes.iter().flatten().for_each(|time| row(&format!("{time:e}")));
            }
        }
    }
    table
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let csv = "unit,stimulus,repeat,time_s\nu1,a,0,0.01\nu2,b,1,0.25\nu2,b,2,\n";
    let other = "repeat;time_ms;Unit;sound\n1;10;u1;a.wav\n2; 7.5;u2;b.wav\n";
    let rows = r#"[{"unit":"u1","stimulus":"a","repeat":0,"time_s":0.5},{"unit":"u2","stimulus":"a","repeat":1,"time_s":null}]"#;
    let columns = r#"{"unit":[1,2],"stimulus":["a","b"],"repeat":[0,1],"time_ms":[1.5,-2]}"#;
    [("csv", csv), ("other", other), ("rows", rows), ("columns", columns)]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .to_vec()
}
