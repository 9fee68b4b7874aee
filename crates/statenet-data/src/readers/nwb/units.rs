//! The table of units.

use serde_json::Value;

use super::NwbUnit;
use crate::{
    formats::{FormatError, hdf5::Hdf5},
    recording::{Metadata, Neuron},
};

/// Columns that are no facts about a unit.
const NO_FACTS: [&str; 4] = ["id", "spike_times", "electrodes", "electrode_group"];

pub(super) fn read(file: &Hdf5) -> Result<Vec<NwbUnit>, FormatError> {
    let ids = file.numbers("units/id")?;
    let times = file.numbers("units/spike_times")?;
    let ends = file.indices("units/spike_times_index")?;
    let times = times.iter().copied().collect::<Vec<f64>>();
    let wrong = |inside: &str, got: String, expected| FormatError::Hdf5Object {
        inside: format!("units/{inside}"),
        got,
        expected,
    };
    if ends.len() != ids.len() {
        let got = format!("{} entries for {} units", ends.len(), ids.len());
        return Err(wrong("spike_times_index", got, "one entry for each unit"));
    }
    let facts = facts(file, ids.len())?;
    let mut start = 0;
    let mut units = Vec::with_capacity(ids.len());
    for ((id, end), metadata) in ids.iter().zip(ends).zip(facts) {
        let of_unit = usize::try_from(end).ok().and_then(|end| {
            let train = times.get(start..end);
            start = end;
            train
        });
        let Some(train) = of_unit else {
            let got = format!("{end} after {start}");
            return Err(wrong(
                "spike_times_index",
                got,
                "ends that increase, up to the number of spike times",
            ));
        };
        if let Some(time) = train.iter().find(|time| !time.is_finite()) {
            return Err(wrong("spike_times", time.to_string(), "times in seconds"));
        }
        let mut spike_times = train.to_vec();
        spike_times.sort_by(f64::total_cmp);
        units.push(NwbUnit { neuron: Neuron::new(id.to_string()).with_metadata(metadata), spike_times });
    }
    Ok(units)
}

/// The columns with a number or a text for each unit.
fn facts(file: &Hdf5, n_units: usize) -> Result<Vec<Metadata>, FormatError> {
    let mut facts = vec![Metadata::new(); n_units];
    let columns = file.members("units")?.datasets;
    let is_ragged = |column: &String| columns.contains(&format!("{column}_index"));
    for column in &columns {
        if NO_FACTS.contains(&column.as_str()) || column.ends_with("_index") || is_ragged(column) {
            continue;
        }
        let path = format!("units/{column}");
        let values: Vec<Value> = match (file.numbers(&path), file.texts(&path)) {
            (Ok(numbers), _) if numbers.ndim() == 1 => {
                numbers.iter().map(|&number| Value::from(number)).collect()
            }
            (_, Ok(texts)) => texts.into_iter().map(Value::from).collect(),
            // Waveforms, references to other tables.
            _ => continue,
        };
        if values.len() == n_units {
            for (facts, value) in facts.iter_mut().zip(values) {
                facts.insert(column.clone(), value);
            }
        }
    }
    Ok(facts)
}
