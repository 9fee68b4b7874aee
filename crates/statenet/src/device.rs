//! Devices by name: `cpu`, `cuda:0`, `metal:0`.

use std::str::FromStr;

use candle_core::Device;

/// The name of a device.
///
/// ```
/// use statenet::device::DeviceName;
///
/// assert!("cpu".parse::<DeviceName>()?.open().is_ok());
/// let message = "tpu".parse::<DeviceName>().unwrap_err().to_string();
/// assert_eq!(message, "device is \"tpu\", expected cpu, cuda:N or metal:N");
/// # Ok::<(), statenet::device::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceName {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU by its number.
    Cuda(usize),
    /// An Apple GPU by its number.
    Metal(usize),
}

/// What can go wrong when a device is opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no device of that name.
    #[error("device is {got:?}, expected cpu, cuda:N or metal:N")]
    Name {
        /// The name asked for.
        got: String,
    },
    /// The program was built without the feature for this device.
    #[error("device {device} needs the feature {feature}, which this program was built without")]
    NotBuilt {
        /// The device.
        device: DeviceName,
        /// The feature of the crate `statenet`.
        feature: &'static str,
    },
    /// The device does not exist or does not respond.
    #[error("device {device} cannot be opened")]
    Open {
        /// The device.
        device: DeviceName,
        /// Candle's error.
        #[source]
        source: candle_core::Error,
    },
}

impl DeviceName {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error::NotBuilt`] if the program was built without the device's feature, [`Error::Open`] if the device does not exist.
    pub fn open(self) -> Result<Device, Error> {
        let opened = match self {
            Self::Cpu => return Ok(Device::Cpu),
            Self::Cuda(_) if !cfg!(feature = "cuda") => {
                return Err(Error::NotBuilt { device: self, feature: "cuda" });
            }
            Self::Metal(_) if !cfg!(feature = "metal") => {
                return Err(Error::NotBuilt { device: self, feature: "metal" });
            }
            Self::Cuda(n) => Device::new_cuda(n),
            Self::Metal(n) => Device::new_metal(n),
        };
        opened.map_err(|source| Error::Open { device: self, source })
    }
}

impl std::fmt::Display for DeviceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Metal(n) => write!(f, "metal:{n}"),
        }
    }
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let unknown = || Error::Name { got: name.to_owned() };
        let (kind, number) = name.split_once(':').unwrap_or((name, "0"));
        let n = number.parse().map_err(|_| unknown())?;
        match (kind, name) {
            (_, "cpu") => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(n)),
            ("metal", _) => Ok(Self::Metal(n)),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in ["cpu", "cuda:0", "cuda:3", "metal:1"] {
            assert_eq!(name.parse::<DeviceName>().unwrap().to_string(), name);
        }
        assert!("cuda:x".parse::<DeviceName>().is_err());
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_was_not_built_names_its_feature() {
        let message = DeviceName::Cuda(0).open().unwrap_err().to_string();
        assert_eq!(message, "device cuda:0 needs the feature cuda, which this program was built without");
    }
}
