//! Predicted rates, which carry the ids of their neurons and the names of their stimuli, in memory and on disk.

mod file;

use std::{collections::BTreeMap, path::Path};

use ndarray::{Array2, Axis};
use statenet_core::{ResponseUnit, TimeBin, Warning};

pub use self::file::PredictionsFile;
use crate::{
    error::{Error, Result},
    names,
    predictions::file::FILE,
    readers::arrays::read_npy_2d,
    recording::Recording,
    writers::write_npy_2d,
};

/// Predicted rates `(N, T)` of N neurons to some stimuli: spikes per bin, or responses in another unit.
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
    unit: Option<ResponseUnit>,
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
        let unit = Some(ResponseUnit::SpikesPerBin);
        Ok(Self { neurons, stimuli, rates, dt: None, not_trained: Vec::new(), unit })
    }

    /// Rates of all neurons of a recording, in its order and unit, to some of its stimuli.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::StimulusOutOfRange`].
    pub fn for_recording(recording: &Recording, stimuli: &[usize], rates: Vec<Array2<f32>>) -> Result<Self> {
        let names = stimuli.iter().map(|&s| Ok(recording.stimulus(s)?.name().to_owned()));
        let new = Self::new(recording.neuron_ids(), names.collect::<Result<Vec<_>>>()?, rates)?;
        Ok(Self { dt: Some(recording.dt()), unit: Some(recording.response_unit().clone()), ..new })
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

    /// Rates `(N, T)`, in the [unit](Self::unit) of the responses, an array for each stimulus.
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

    /// The unit of the rates: spikes per bin unless they were given another; `None` if they were read from a folder that does not say it.
    #[must_use]
    pub fn unit(&self) -> Option<&ResponseUnit> {
        self.unit.as_ref()
    }

    /// The same, in this unit.
    #[must_use]
    pub fn with_unit(self, unit: ResponseUnit) -> Self {
        Self { unit: Some(unit), ..self }
    }

    /// Checks that the rates are in the unit of a recording's responses, if their unit is known. `holder` is whose rates they are, in words.
    ///
    /// # Errors
    /// [`Error::ResponseUnit`].
    pub fn expect_unit(&self, recording: &Recording, holder: &str) -> Result<()> {
        let expected = recording.response_unit();
        match &self.unit {
            Some(got) if got != expected => {
                let (got, expected) = (got.clone(), expected.clone());
                Err(Error::ResponseUnit { holder: holder.to_owned(), got, expected })
            }
            _ => Ok(()),
        }
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
        let rows = self.rows_of(ids)?;
        let neurons: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
        if rows.iter().copied().eq(0..self.n_neurons()) {
            return Ok(Self { neurons, ..self.clone() });
        }
        let rates = self.rates.iter().map(|rates| rates.select(Axis(0), &rows)).collect();
        let not_trained = self.not_trained.clone();
        let chosen = Self::new(neurons, self.stimuli.clone(), rates)?;
        Ok(Self { dt: self.dt, not_trained, unit: self.unit.clone(), ..chosen })
    }

    /// Which rows of the rates are those of these neurons, in their order; rows without ids are taken to be in that order.
    ///
    /// # Errors
    /// As [`of_neurons`](Self::of_neurons).
    pub fn rows_of<S: AsRef<str>>(&self, ids: &[S]) -> Result<Vec<usize>> {
        let named: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
        if self.neurons.is_empty() {
            if ids.len() == self.n_neurons() {
                return Ok((0..ids.len()).collect());
            }
            let got = format!("{} rows and no ids of neurons", self.n_neurons());
            return Err(Error::Predictions {
                got,
                expected: format!("a row for each of {} neurons", ids.len()),
            });
        }
        let rows: BTreeMap<&str, usize> =
            self.neurons.iter().enumerate().map(|(row, id)| (id.as_str(), row)).collect();
        let row = |id: &String| rows.get(id.as_str()).copied();
        let unknown: Vec<String> = named.iter().filter(|id| row(id).is_none()).cloned().collect();
        if !unknown.is_empty() {
            let (holder, n_neurons) = ("the model or its predictions".to_owned(), self.neurons.len());
            return Err(Error::UnknownNeurons { holder, ids: unknown, n_neurons });
        }
        Ok(named.iter().filter_map(row).collect())
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
        let (neurons, not_trained, stimuli) =
            (self.neurons.clone(), self.not_trained.clone(), self.stimuli.clone());
        PredictionsFile { neurons, not_trained, stimuli, unit: self.unit.clone(), dt: self.dt }
            .write(folder, warnings)
    }

    /// Reads the rates of some stimuli from a folder, with the ids of their neurons if `predictions.json` is there.
    ///
    /// # Errors
    /// Each names the file: [`Error::Io`], [`Error::ArrayFile`], [`Error::Json`], [`Error::Field`]; [`Error::Shape`] for an
    /// array without a row for each neuron.
    pub fn read<S: AsRef<str>>(folder: impl AsRef<Path>, stimuli: &[S]) -> Result<Self> {
        let folder = folder.as_ref();
        let PredictionsFile { neurons, not_trained, unit, dt, .. } =
            PredictionsFile::read(&folder.join(FILE))?;
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
        Ok(Self { dt, not_trained, unit, ..Self::new(neurons, stimuli.iter().map(AsRef::as_ref), rates)? })
    }
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
    fn the_unit_is_kept_and_compared() {
        let folder = tempfile::tempdir().unwrap();
        two().with_unit("mV".parse().unwrap()).write(folder.path(), &[]).unwrap();
        let read = Predictions::read(folder.path(), &["x"]).unwrap().of_neurons(&["a"]).unwrap();
        assert_eq!(read.unit().map(ToString::to_string).as_deref(), Some("mV"));
        let spikes = crate::SimulationConfig::small().simulate().unwrap().recording;
        let error = read.expect_unit(&spikes, "predictions").unwrap_err();
        assert_eq!(error.to_string(), "predictions: responses are in mV, expected spikes/bin");
        two().expect_unit(&spikes, "predictions").unwrap();
    }

    #[test]
    fn without_the_file_the_order_counts() {
        let folder = tempfile::tempdir().unwrap();
        two().write(folder.path(), &[]).unwrap();
        fs::remove_file(folder.path().join(FILE)).unwrap();
        let read = Predictions::read(folder.path(), &["x"]).unwrap();
        assert!(read.neurons().is_empty() && read.dt().is_none() && read.unit().is_none());
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
        assert!(
            message(&of("[]", "Hz"))
                .starts_with("predictions.json: unit is Hz, expected spikes/bin: multiply")
        );
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
