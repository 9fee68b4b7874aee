//! What the release says about each unit.

use std::path::{Component, Path};

use serde_json::Value;

use crate::{
    error::{Error, Result},
    formats::{
        FormatError,
        mat5::{self, MatArray},
    },
    readers::arrays::bytes,
    recording::{Metadata, Neuron},
};

pub(super) const AREA: &str = "A1";
const FILE: &str = "MetadataSHEnCneurons.mat";

/// A unit of the release.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// Its spike file below `spikesandwav`, with / between the parts.
    pub(super) path: String,
    metadata: Metadata,
    single: bool,
}

/// The units of the release, in its order.
pub(super) fn read(folder: &Path) -> Result<Vec<Unit>> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Err(Error::NoFile {
            folder: folder.to_path_buf(),
            expected: "MetadataSHEnCneurons.mat: the folder of the NS1 release (OSF ayw2p) holds this file and the folder spikesandwav",
        });
    }
    let in_file = |source| Error::ArrayFile { path: path.clone(), array: "the units", source };
    let neurons = mat5::read(&bytes(&path)?, "neuron").map_err(in_file)?;
    if neurons.is_empty() || neurons.fields("path").is_none() {
        let got = neurons.described();
        let expected = "a struct array with the fields path, depth, singleT and others, one struct a unit";
        return Err(in_file(FormatError::MatlabClass { got, expected }));
    }
    (0..neurons.len()).map(|index| unit(&neurons, index).map_err(in_file)).collect()
}

fn unit(neurons: &MatArray, index: usize) -> Result<Unit, FormatError> {
    let field = |name: &str| neurons.field_of(index, name);
    let text = |name: &str| field(name).and_then(MatArray::text);
    let path = text("path").unwrap_or_default();
    let parts: Option<Vec<&str>> = Path::new(&path)
        .components()
        .map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let foreign = path.contains(['\\', '\0', ':']);
    let Some([folders @ .., _]) = parts.as_deref().filter(|_| !foreign) else {
        return Err(FormatError::Matlab {
            place: format!("the path of unit {}", index + 1),
            got: format!("{path:?}"),
            expected: "a file below spikesandwav",
        });
    };
    let mut metadata = Metadata::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            metadata.insert(name.to_owned(), value);
        }
    };
    put("area", Some(AREA.into()));
    put("animal", folders.first().map(|&experiment| experiment.into()));
    put("site", folders.get(1..).filter(|site| !site.is_empty()).map(|site| site.join("/").into()));
    let number = |name: &str| field(name).and_then(MatArray::number).map(number);
    put("depth_um", number("depth"));
    put("noise_ratio", number("NoiseRatio"));
    put("single_t", text("singleT").map(Value::from));
    put("single_n", number("singleN"));
    put("n_electrodes", number("NrOfElectrodes"));
    put("electrode_number", number("ElectrodeNumber"));
    put("source", Some(path.clone().into()));
    let depth = field("depth").and_then(MatArray::number).unwrap_or(-1.0);
    let single = depth >= 0.0 && matches!(text("singleT").as_deref(), Some("Yes" | "Maybe"));
    Ok(Unit { path, metadata, single })
}

/// A number as JSON, whole if it is.
fn number(x: f64) -> Value {
    if x.fract() == 0.0 && x.abs() < 1e9 { Value::from(x as i64) } else { Value::from(x) }
}

impl Unit {
    /// Whether publications use it: single, and at a depth of 0 or more.
    pub(super) fn is_single(&self) -> bool {
        self.single
    }

    /// The unit, named after its file.
    pub(super) fn neuron(self) -> Neuron {
        let id = self.path.strip_suffix(".mat").unwrap_or(&self.path).replace('/', "-");
        Neuron::new(id).with_metadata(self.metadata)
    }
}
