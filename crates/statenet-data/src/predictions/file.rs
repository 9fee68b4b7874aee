//! `predictions.json`: what the arrays of a folder of predictions are.

use std::path::Path;

use serde_json::{Value, json};
use statenet_core::{ResponseUnit, TimeBin, Warning, atomic::write_file, json as strict_json};

use crate::{
    error::{Error, Result},
    readers::fields::Fields,
};

/// The file that names the neurons of a folder of predictions.
pub(super) const FILE: &str = "predictions.json";
/// `format` in that file.
const FORMAT: &str = "statenet-predictions";
/// `version` in that file.
const VERSION: usize = 1;

/// What `predictions.json` says of the arrays beside it, for arrays that are written one by one; [`Predictions`](super::Predictions) writes
/// both.
///
/// It names the stimuli whose arrays belong to it, so that a later run can tell them from files of others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictionsFile {
    /// Ids of the neurons, in the order of the rows; empty if unknown.
    pub neurons: Vec<String>,
    /// Ids of neurons that the model had no training data of.
    pub not_trained: Vec<String>,
    /// Names of the stimuli.
    pub stimuli: Vec<String>,
    /// The unit of the rates, if known.
    pub unit: Option<ResponseUnit>,
    /// The width of a bin, if known.
    pub dt: Option<TimeBin>,
}

impl PredictionsFile {
    /// Writes `predictions.json` into a folder, atomically. `warnings` are kept in it.
    ///
    /// # Errors
    /// [`Error::Write`] if the file cannot be written.
    pub fn write(&self, folder: impl AsRef<Path>, warnings: &[Warning]) -> Result<()> {
        let about = json!({
            "format": FORMAT,
            "version": VERSION,
            "neurons": self.neurons,
            "not_trained": self.not_trained,
            "stimuli": self.stimuli,
            "unit": self.unit,
            "dt_ms": self.dt.map(TimeBin::ms),
            "warnings": warnings,
        });
        let text = format!("{about:#}\n");
        Ok(write_file(&folder.as_ref().join(FILE), |writer| writer.write_all(text.as_bytes()))?)
    }

    /// Reads the file but for the stimuli; the default if there is no such file.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(source) => return Err(Error::Io { path: path.to_path_buf(), action: "read", source }),
        };
        let json =
            strict_json::parse(&bytes).map_err(|source| Error::Json { path: path.to_path_buf(), source })?;
        let mut fields = Fields::new(path, String::new(), json)?;
        fields.expect_format(FORMAT, VERSION)?;
        let unit = fields.optional_unit("unit")?;
        let dt = match fields.value("dt_ms") {
            None => None,
            Some(value) => {
                let dt = value.as_f64().and_then(|ms| TimeBin::from_millis(ms).ok());
                let wrong = || fields.error("dt_ms", value.to_string(), "above 0 and at most 10000");
                Some(dt.ok_or_else(wrong)?)
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
        Ok(Self { neurons, not_trained, stimuli: Vec::new(), unit, dt })
    }
}

/// A list of ids.
fn ids(fields: &Fields<'_>, name: &str, list: Vec<Value>) -> Result<Vec<String>> {
    let id = |(i, value)| match value {
        Value::String(id) => Ok(id),
        other => Err(fields.error(&format!("{name}[{i}]"), other.to_string(), "the id of a neuron")),
    };
    list.into_iter().enumerate().map(id).collect()
}
