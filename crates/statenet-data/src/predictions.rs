//! Predicted rates, which carry the ids of their neurons and the names of their stimuli, in memory and on disk.

use std::{collections::BTreeMap, path::Path};

use ndarray::{Array2, Axis};
use serde_json::{Value, json};
use statenet_core::{TimeBin, Warning, atomic::write_file, json as strict_json};

use crate::{
    error::{Error, Result},
    names,
    readers::{UNIT, arrays::read_npy_2d, fields::Fields},
    recording::Recording,
    writers::write_npy_2d,
};

/// The file that names the neurons of a folder of predictions.
const FILE: &str = "predictions.json";
/// `format` in that file.
const FORMAT: &str = "statenet-predictions";
/// `version` in that file.
const VERSION: usize = 1;

/// Predicted rates `(N, T)`, spikes per bin, of N neurons to some stimuli.
///
/// On disk a folder: `STIMULUS.npy` for each stimulus, and `predictions.json` with
/// `{"format": "statenet-predictions", "version": 1, "neurons": [ids], "not_trained": [ids], "stimuli": [names], "unit": "spikes/bin", "dt_ms": 5.0, "warnings": []}`. A folder of other software may
/// lack that file: the order of rows is then taken as the recording's, of which [`Predictions::neurons`] being empty tells.
///
/// ```
/// use ndarray::array;
/// use statenet_data::Predictions;
///
/// let rates = vec![array![[0.5, 1.0], [0.0, 0.1]]];
/// let predictions = Predictions::new(["u1", "u2"], ["song"], rates)?;
/// let folder = tempfile::tempdir()?;
/// predictions.write(folder.path(), &[])?;
/// let read = Predictions::read(folder.path(), &["song"])?;
/// assert_eq!(read.of_neurons(&["u2"])?.rates(), [array![[0.0, 0.1]]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    neurons: Vec<String>,
    stimuli: Vec<String>,
    rates: Vec<Array2<f32>>,
    dt: Option<TimeBin>,
    not_trained: Vec<String>,
}

impl Predictions {
    /// Rates `(N, T)` of neurons to stimuli, one array for each. `neurons` may be empty if they are unknown.
    ///
    /// # Errors
    /// [`Error::Predictions`] if there is not an array for each stimulus or not a row for each neuron; [`Error::Duplicate`] for
    /// a name that occurs twice.
    pub fn new<N: Into<String>, S: Into<String>>(
        neurons: impl IntoIterator<Item = N>,
        stimuli: impl IntoIterator<Item = S>,
        rates: Vec<Array2<f32>>,
    ) -> Result<Self> {
        let neurons: Vec<String> = neurons.into_iter().map(Into::into).collect();
        let stimuli: Vec<String> = stimuli.into_iter().map(Into::into).collect();
        crate::recording::unique("neuron", neurons.iter().map(String::as_str))?;
        crate::recording::unique("stimulus", stimuli.iter().map(String::as_str))?;
        if stimuli.len() != rates.len() {
            let (got, expected) =
                (format!("{} arrays", rates.len()), format!("one for each of {} stimuli", stimuli.len()));
            return Err(Error::Predictions { got, expected });
        }
        let n = if neurons.is_empty() { rates.first().map_or(0, Array2::nrows) } else { neurons.len() };
        if let Some((name, wrong)) = stimuli.iter().zip(&rates).find(|(_, r)| r.nrows() != n) {
            let got = format!("{} rows for stimulus {name}", wrong.nrows());
            return Err(Error::Predictions { got, expected: format!("one for each of {n} neurons") });
        }
        Ok(Self { neurons, stimuli, rates, dt: None, not_trained: Vec::new() })
    }

    /// Rates of all neurons of a recording, in its order, to some of its stimuli.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::StimulusOutOfRange`].
    pub fn for_recording(recording: &Recording, stimuli: &[usize], rates: Vec<Array2<f32>>) -> Result<Self> {
        let names = stimuli.iter().map(|&s| Ok(recording.stimulus(s)?.name().to_owned()));
        let new = Self::new(recording.neuron_ids(), names.collect::<Result<Vec<_>>>()?, rates)?;
        Ok(Self { dt: Some(recording.dt()), ..new })
    }

    /// Ids of the neurons, in the order of the rows; empty if unknown.
    #[must_use]
    pub fn neurons(&self) -> &[String] {
        &self.neurons
    }

    /// Number of neurons N.
    #[must_use]
    pub fn n_neurons(&self) -> usize {
        self.rates.first().map_or(self.neurons.len(), Array2::nrows)
    }

    /// Names of the stimuli.
    #[must_use]
    pub fn stimuli(&self) -> &[String] {
        &self.stimuli
    }

    /// Rates `(N, T)`, spikes per bin, an array for each stimulus.
    #[must_use]
    pub fn rates(&self) -> &[Array2<f32>] {
        &self.rates
    }

    /// The arrays of [`rates`](Self::rates).
    #[must_use]
    pub fn into_rates(self) -> Vec<Array2<f32>> {
        self.rates
    }

    /// The width of a bin, if known.
    #[must_use]
    pub fn dt(&self) -> Option<TimeBin> {
        self.dt
    }

    /// The same, with the width of a bin.
    #[must_use]
    pub fn with_dt(self, dt: TimeBin) -> Self {
        Self { dt: Some(dt), ..self }
    }

    /// Ids of neurons that the model had no training data of: their rates are those of weights that were never fitted.
    #[must_use]
    pub fn not_trained(&self) -> &[String] {
        &self.not_trained
    }

    /// The same, with ids of neurons that the model had no training data of.
    #[must_use]
    pub fn with_not_trained(self, not_trained: Vec<String>) -> Self {
        Self { not_trained, ..self }
    }

    /// The rates of one stimulus, `(N, T)`.
    ///
    /// # Errors
    /// [`Error::Predictions`] if there are none.
    pub fn of_stimulus(&self, name: &str) -> Result<&Array2<f32>> {
        let place = self.stimuli.iter().position(|stimulus| stimulus == name);
        place.and_then(|place| self.rates.get(place)).ok_or_else(|| Error::Predictions {
            got: format!("none for stimulus {name}"),
            expected: "one for each stimulus that is scored".to_owned(),
        })
    }

    /// Only the neurons of these ids, in that order.
    ///
    /// # Errors
    /// [`Error::UnknownNeurons`] with the ids that are not there; where ids are unknown, [`Error::Predictions`] for another number.
    pub fn of_neurons<S: AsRef<str>>(&self, ids: &[S]) -> Result<Self> {
        let named: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
        if self.neurons.is_empty() {
            if ids.len() == self.n_neurons() {
                return Ok(Self { neurons: named, ..self.clone() });
            }
            let got = format!("{} rows and no ids of neurons", self.n_neurons());
            return Err(Error::Predictions {
                got,
                expected: format!("a row for each of {} neurons", ids.len()),
            });
        }
        if self.neurons == named {
            return Ok(self.clone());
        }
        let rows: BTreeMap<&str, usize> =
            self.neurons.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        let row = |id: &String| rows.get(id.as_str()).copied();
        let unknown: Vec<String> = named.iter().filter(|id| row(id).is_none()).cloned().collect();
        if !unknown.is_empty() {
            let (holder, n_neurons) = ("the model or its predictions".to_owned(), self.neurons.len());
            return Err(Error::UnknownNeurons { holder, ids: unknown, n_neurons });
        }
        let chosen: Vec<usize> = named.iter().filter_map(row).collect();
        let rates = self.rates.iter().map(|rates| rates.select(Axis(0), &chosen)).collect();
        let not_trained = self.not_trained.clone();
        Ok(Self { dt: self.dt, not_trained, ..Self::new(named, self.stimuli.clone(), rates)? })
    }

    /// Writes `STIMULUS.npy` for each stimulus and `predictions.json`, each atomically, into a folder, which is made if need be.
    /// `warnings` are kept in the JSON.
    ///
    /// # Errors
    /// [`Error::UnsafeName`] for a stimulus whose name cannot be a file name; [`Error::Write`] if a file cannot be written.
    pub fn write(&self, folder: impl AsRef<Path>, warnings: &[Warning]) -> Result<()> {
        let folder = folder.as_ref();
        for name in &self.stimuli {
            names::check("stimulus", name)?;
        }
        for (name, rates) in self.stimuli.iter().zip(&self.rates) {
            write_npy_2d(folder.join(format!("{name}.npy")), rates.view())?;
        }
        Self::describe(folder, &self.neurons, &self.not_trained, &self.stimuli, self.dt, warnings)
    }

    /// Writes `predictions.json` alone, for arrays that are written one by one. It names the stimuli whose arrays belong to it, so that a
    /// later run can tell them from files of others.
    ///
    /// # Errors
    /// [`Error::Write`] if the file cannot be written.
    pub fn describe(
        folder: impl AsRef<Path>,
        neurons: &[String],
        not_trained: &[String],
        stimuli: &[String],
        dt: Option<TimeBin>,
        warnings: &[Warning],
    ) -> Result<()> {
        let about = json!({
            "format": FORMAT,
            "version": VERSION,
            "neurons": neurons,
            "not_trained": not_trained,
            "stimuli": stimuli,
            "unit": UNIT,
            "dt_ms": dt.map(TimeBin::ms),
            "warnings": warnings,
        });
        let text = format!("{about:#}\n");
        Ok(write_file(&folder.as_ref().join(FILE), |writer| writer.write_all(text.as_bytes()))?)
    }

    /// Reads the rates of some stimuli from a folder, with the ids of their neurons if `predictions.json` is there.
    ///
    /// # Errors
    /// Each names the file: [`Error::Io`], [`Error::ArrayFile`], [`Error::Json`], [`Error::Field`]; [`Error::Shape`] for an
    /// array without a row for each neuron.
    pub fn read<S: AsRef<str>>(folder: impl AsRef<Path>, stimuli: &[S]) -> Result<Self> {
        let folder = folder.as_ref();
        let (neurons, not_trained, dt) = about(&folder.join(FILE))?;
        let mut rates = Vec::with_capacity(stimuli.len());
        for stimulus in stimuli {
            names::check("stimulus", stimulus.as_ref())?;
            let path = folder.join(format!("{}.npy", stimulus.as_ref()));
            let read = read_npy_2d(&path, "rates")?;
            let n = if neurons.is_empty() {
                rates.first().map_or(read.nrows(), Array2::nrows)
            } else {
                neurons.len()
            };
            statenet_core::expect_shape("rates", read.shape(), &[n.into(), statenet_core::Dim::Any("T")])
                .map_err(|shape| Error::Shape { place: crate::Place::File(path), shape })?;
            rates.push(read);
        }
        Ok(Self { dt, not_trained, ..Self::new(neurons, stimuli.iter().map(AsRef::as_ref), rates)? })
    }
}

/// The ids of neurons, those of neurons that were not trained, and the width of a bin in `predictions.json`; none if there is no such file.
fn about(path: &Path) -> Result<(Vec<String>, Vec<String>, Option<TimeBin>)> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new(), None)),
        Err(source) => return Err(Error::Io { path: path.to_path_buf(), action: "read", source }),
    };
    let json =
        strict_json::parse(&bytes).map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
    let mut fields = Fields::new(path, String::new(), json)?;
    fields.expect_format(FORMAT, VERSION)?;
    let unit = fields.text("unit")?;
    if unit != UNIT {
        return Err(fields.error("unit", unit, UNIT));
    }
    let dt = match fields.value("dt_ms") {
        None => None,
        Some(value) => {
            let dt = value.as_f64().and_then(|ms| TimeBin::from_millis(ms).ok());
            Some(dt.ok_or_else(|| fields.error("dt_ms", value.to_string(), "above 0 and at most 10000"))?)
        }
    };
    let list = fields.list("neurons")?;
    let neurons = ids(&fields, "neurons", list)?;
    let list = fields.optional_list("not_trained")?.unwrap_or_default();
    let not_trained = ids(&fields, "not_trained", list)?;
    if let Err(Error::Duplicate { name, .. }) =
        crate::recording::unique("neuron", neurons.iter().map(String::as_str))
    {
        return Err(fields.error("neurons", format!("{name:?} twice"), "unique ids"));
    }
    Ok((neurons, not_trained, dt))
}

/// A list of ids.
fn ids(fields: &Fields<'_>, name: &str, list: Vec<Value>) -> Result<Vec<String>> {
    let id = |(i, value)| match value {
        Value::String(id) => Ok(id),
        other => Err(fields.error(&format!("{name}[{i}]"), other.to_string(), "the id of a neuron")),
    };
    list.into_iter().enumerate().map(id).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ndarray::array;

    use super::*;

    fn two() -> Predictions {
        let rates = vec![array![[1.0, 2.0], [3.0, 4.0]], array![[5.0], [6.0]]];
        Predictions::new(["b", "a"], ["x", "y"], rates).unwrap().with_dt(TimeBin::whole_millis::<5>())
    }

    #[test]
    fn rows_follow_ids_through_files() {
        let folder = tempfile::tempdir().unwrap();
        two().write(folder.path(), &[Warning::new("dt", "odd", "here")]).unwrap();
        let read = Predictions::read(folder.path(), &["y", "x"]).unwrap();
        assert_eq!((read.neurons(), read.dt()), (two().neurons(), two().dt()));
        let a = read.of_neurons(&["a"]).unwrap();
        assert_eq!(a.of_stimulus("x").unwrap(), array![[3.0, 4.0]]);
        assert_eq!(read.of_neurons(&["a", "b"]).unwrap().rates()[0], array![[6.0], [5.0]]);
        let error = read.of_neurons(&["a", "c", "d"]).unwrap_err().to_string();
        assert_eq!(error, "the model or its predictions has none of these neurons: c, d (it has 2 others)");
    }

    #[test]
    fn without_the_file_the_order_counts() {
        let folder = tempfile::tempdir().unwrap();
        two().write(folder.path(), &[]).unwrap();
        fs::remove_file(folder.path().join(FILE)).unwrap();
        let read = Predictions::read(folder.path(), &["x"]).unwrap();
        assert!(read.neurons().is_empty() && read.dt().is_none());
        assert_eq!(read.of_neurons(&["u", "v"]).unwrap().neurons(), ["u", "v"]);
        assert!(read.of_neurons(&["u"]).unwrap_err().to_string().contains("2 rows and no ids of neurons"));
    }

    #[test]
    fn every_fault_of_the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        two().write(folder.path(), &[]).unwrap();
        let message = |text: &str| {
            fs::write(folder.path().join(FILE), text).unwrap();
            let error = Predictions::read(folder.path(), &["x"]).unwrap_err().to_string();
            error.replace(&format!("{}/", folder.path().display()), "")
        };
        let of = |neurons: &str, unit: &str| {
            format!(
                r#"{{"format": "statenet-predictions", "version": 1, "neurons": {neurons}, "unit": "{unit}", "dt_ms": 5}}"#
            )
        };
        assert_eq!(message("[1"), "predictions.json: cannot read as JSON");
        assert_eq!(message(&of("[]", "Hz")), "predictions.json: unit is Hz, expected spikes/bin");
        assert_eq!(
            message(&of("[1]", "spikes/bin")),
            "predictions.json: neurons[0] is 1, expected the id of a neuron"
        );
        assert_eq!(
            message(&of(r#"["a","a"]"#, "spikes/bin")),
            "predictions.json: neurons is \"a\" twice, expected unique ids"
        );
        assert_eq!(message(&of(r#"["a"]"#, "spikes/bin")), "x.npy: rates has shape (2, 2), expected (1, T)");
        assert!(Predictions::read(folder.path(), &["../x"]).is_err());
    }
}
