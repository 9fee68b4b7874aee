//! HDF5 by the crate `hdf5-reader`, with limits on what is read, and errors that name the path inside of the file.

use std::{fs::File, sync::Arc};

use hdf5_reader::{
    Attribute, ByteOrder, Dataset, Datatype, FileStorage, Hdf5File, OpenOptions, StringSize, VarLenKind,
    group::Group,
};
use ndarray::{ArrayD, IxDyn};
use statenet_core::Need;

use super::{Listed, Members};
use crate::formats::FormatError;

/// Deflate compresses by at most 1032 to 1.
const MAX_RATIO: u64 = 1032;
/// The smallest limit for what one dataset unpacks to, in bytes.
const LEAST_BYTES: u64 = 1 << 20;
/// The most datasets in a list.
const MOST_LISTED: usize = 1000;
/// The deepest group in a list.
const DEEPEST: usize = 12;

/// An open HDF5 file.
pub struct Hdf5 {
    file: Hdf5File,
    /// The most bytes that one dataset may have.
    limit: u64,
}

impl Hdf5 {
    /// A file in memory.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if the bytes are not an HDF5 file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, FormatError> {
        let limit = limit(bytes.len() as u64);
        let file = Hdf5File::from_vec_with_options(bytes, options(limit)).map_err(in_file("/"))?;
        Ok(Self { file, limit })
    }

    /// A file on disk, of which only what is asked for is read.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if it is not an HDF5 file.
    pub fn from_file(file: File) -> Result<Self, FormatError> {
        let storage = FileStorage::from_file(file).map_err(in_file("/"))?;
        let limit = limit(hdf5_reader::Storage::len(&storage));
        let file =
            Hdf5File::from_storage_with_options(Arc::new(storage), options(limit)).map_err(in_file("/"))?;
        Ok(Self { file, limit })
    }

    /// The names of what a group holds.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if it is not there.
    pub fn members(&self, group: &str) -> Result<Members, FormatError> {
        let (groups, datasets) =
            self.file.group(group).and_then(|group| group.member_names()).map_err(in_file(group))?;
        Ok(Members { groups, datasets })
    }

    /// Whether there is a dataset or group at a path.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.file.dataset(path).is_ok() || self.file.group(path).is_ok()
    }

    /// The datasets of the file, at most a thousand, down to a depth of twelve groups.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if the file is damaged.
    pub fn list(&self) -> Result<Vec<Listed>, FormatError> {
        let mut listed = Vec::new();
        let root = self.file.root_group().map_err(in_file("/"))?;
        list(&root, "", DEEPEST, &mut listed)?;
        Ok(listed)
    }

    /// A dataset of whole or real numbers, or of booleans. Whole numbers beyond 2^53 are rounded.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`], [`FormatError::Hdf5Object`] if it is not there, cannot be read or does not hold numbers;
    /// [`FormatError::Memory`].
    pub fn numbers(&self, path: &str) -> Result<ArrayD<f64>, FormatError> {
        let dataset = self.dataset(path)?;
        let shape = shape(&dataset, path)?;
        let number = number(dataset.dtype()).ok_or_else(|| unfit(path, dataset.dtype(), "numbers"))?;
        let bytes = self.bytes(&dataset, path, shape.iter().product(), 8)?;
        let values = bytes.chunks_exact(number.bytes.max(1)).map(|bytes| number.decode(bytes)).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), values)
            .map_err(|source| FormatError::Hdf5 { inside: path.to_owned(), source: Box::new(source) })
    }

    /// A column of whole numbers of any width that are not negative.
    ///
    /// # Errors
    /// Those of [`numbers`](Self::numbers), and for numbers that are negative or not whole.
    pub fn indices(&self, path: &str) -> Result<Vec<u64>, FormatError> {
        let values = self.numbers(path)?;
        let whole =
            |&value: &f64| (value >= 0.0 && value.fract() == 0.0 && value < 9e15).then_some(value as u64);
        values
            .iter()
            .map(|value| {
                whole(value)
                    .ok_or_else(|| unfit_text(path, value.to_string(), "a whole number from 0 to 9e15"))
            })
            .collect()
    }

    /// A dataset of texts, or a single one.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`], [`FormatError::Hdf5Object`] if it is not there, cannot be read or does not hold texts.
    pub fn texts(&self, path: &str) -> Result<Vec<String>, FormatError> {
        let dataset = self.dataset(path)?;
        let n: usize = shape(&dataset, path)?.iter().product();
        match dataset.dtype() {
            Datatype::String { size: StringSize::Fixed(_), .. } => {
                self.ensure(&dataset, path, n, 24)?;
                dataset.read_strings().map_err(in_file(path))
            }
            Datatype::String { .. } | Datatype::VarLen { kind: VarLenKind::String, .. } => {
                let references = self.bytes(&dataset, path, n, 24)?;
                let mut texts = Vec::with_capacity(n);
                // Any number of them can lie at the same place of the file: what they take together is limited.
                let mut left = self.limit;
                for reference in references.chunks_exact(dataset.vlen_reference_size().max(1)) {
                    let bytes = dataset.resolve_vlen_reference_bytes(reference, 1).map_err(in_file(path))?;
                    left = left.checked_sub(bytes.len() as u64).ok_or_else(|| {
                        unfit_text(path, "longer texts".to_owned(), "texts not longer than the file can hold")
                    })?;
                    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
                    texts.push(String::from_utf8_lossy(bytes.get(..end).unwrap_or(&bytes)).into_owned());
                }
                Ok(texts)
            }
            other => Err(unfit(path, other, "texts")),
        }
    }

    /// The texts of an attribute of a group or dataset; `None` if it has no such attribute.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if there is no such object, or the attribute does not hold texts.
    pub fn attribute_texts(&self, path: &str, name: &str) -> Result<Option<Vec<String>>, FormatError> {
        let attribute = self.attribute(path, name)?;
        attribute.map(|attribute| attribute.read_strings().map_err(in_file(path))).transpose()
    }

    /// An attribute that is one number; `None` if there is no such attribute.
    ///
    /// # Errors
    /// [`FormatError::Hdf5`] if there is no such object, or the attribute is not a number.
    pub fn attribute_number(&self, path: &str, name: &str) -> Result<Option<f64>, FormatError> {
        let attribute = self.attribute(path, name)?;
        attribute.map(|attribute| attribute.read_as_f64().map_err(in_file(path))).transpose()
    }

    fn attribute(&self, path: &str, name: &str) -> Result<Option<Attribute>, FormatError> {
        let attributes = match self.file.dataset(path) {
            Ok(dataset) => dataset.attributes(),
            Err(_) => self.file.group(path).and_then(|group| group.attributes()).map_err(in_file(path))?,
        };
        Ok(attributes.into_iter().find(|attribute| attribute.name == name))
    }

    fn dataset(&self, path: &str) -> Result<Dataset, FormatError> {
        self.file.dataset(path).map_err(in_file(path))
    }

    /// The bytes of a dataset that becomes `n` values of `value_bytes` each, if the memory suffices for both.
    fn bytes(
        &self,
        dataset: &Dataset,
        path: &str,
        n: usize,
        value_bytes: usize,
    ) -> Result<Vec<u8>, FormatError> {
        self.ensure(dataset, path, n, value_bytes)?;
        dataset.read_raw_bytes().map_err(in_file(path))
    }

    fn ensure(&self, dataset: &Dataset, path: &str, n: usize, value_bytes: usize) -> Result<(), FormatError> {
        let bytes = dataset.raw_byte_len().map_err(in_file(path))?;
        if bytes as u64 > self.limit || n as u64 > self.limit {
            return Err(unfit_text(
                path,
                format!("{bytes} bytes"),
                "not more than a file of this size can hold",
            ));
        }
        Need::of_values(&[n], value_bytes)
            .and(Need::of_values(&[bytes], 1))
            .ensure(format!("reading {path}"), "use a machine with more memory")?;
        Ok(())
    }
}

fn limit(file_bytes: u64) -> u64 {
    file_bytes.saturating_mul(MAX_RATIO).max(LEAST_BYTES)
}

fn options(limit: u64) -> OpenOptions {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    OpenOptions::default().with_max_read_bytes(limit).with_max_chunk_bytes(limit)
}

fn list(group: &Group, at: &str, depth: usize, listed: &mut Vec<Listed>) -> Result<(), FormatError> {
    let (groups, datasets) = group.members().map_err(in_file(at))?;
    for dataset in datasets {
        if listed.len() >= MOST_LISTED {
            return Ok(());
        }
        let path = format!("{at}/{}", dataset.name());
        let numeric = number(dataset.dtype()).is_some();
        listed.push(Listed { shape: shape(&dataset, &path)?, path, numeric });
    }
    if depth > 0 {
        for group in groups {
            list(&group, &format!("{at}/{}", group.name()), depth - 1, listed)?;
        }
    }
    Ok(())
}

fn shape(dataset: &Dataset, path: &str) -> Result<Vec<usize>, FormatError> {
    let too_long =
        |_| unfit_text(path, "an axis of more than 2^32".to_owned(), "a shape that fits the memory");
    let shape: Vec<usize> =
        dataset.shape().iter().map(|&n| usize::try_from(n).map_err(too_long)).collect::<Result<_, _>>()?;
    let n = shape.iter().try_fold(1_usize, |product, &n| product.checked_mul(n));
    n.map(|_| shape).ok_or_else(|| {
        unfit_text(path, "too many elements to count".to_owned(), "a shape that fits the memory")
    })
}

/// How a number lies in the file.
#[derive(Clone, Copy)]
struct Number {
    kind: Kind,
    bytes: usize,
    big_endian: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Signed,
    Unsigned,
    Real,
}

fn number(datatype: &Datatype) -> Option<Number> {
    let of = |kind, size: &u8, order: &ByteOrder| Number {
        kind,
        bytes: usize::from(*size),
        big_endian: matches!(order, ByteOrder::BigEndian),
    };
    match datatype {
        Datatype::FixedPoint { size, signed, byte_order } if (1..=8).contains(size) => {
            Some(of(if *signed { Kind::Signed } else { Kind::Unsigned }, size, byte_order))
        }
        Datatype::FloatingPoint { size, byte_order } if matches!(size, 2 | 4 | 8) => {
            Some(of(Kind::Real, size, byte_order))
        }
        Datatype::Bitfield { size, byte_order } if (1..=8).contains(size) => {
            Some(of(Kind::Unsigned, size, byte_order))
        }
        // Booleans.
        Datatype::Enum { base, .. } => number(base),
        _ => None,
    }
}

impl Number {
    fn decode(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        for (i, &byte) in bytes.iter().take(8).enumerate() {
            let at = if self.big_endian { self.bytes - 1 - i } else { i };
            if let Some(place) = wide.get_mut(at) {
                *place = byte;
            }
        }
        let bits = u64::from_le_bytes(wide);
        match self.kind {
            Kind::Unsigned => bits as f64,
            Kind::Signed => {
                let unused = 64 - 8 * self.bytes as u32;
                ((bits << unused) as i64 >> unused) as f64
            }
            Kind::Real => match self.bytes {
                2 => half::f16::from_bits(bits as u16).to_f64(),
                4 => f64::from(f32::from_bits(bits as u32)),
                _ => f64::from_bits(bits),
            },
        }
    }
}

fn in_file(path: &str) -> impl Fn(hdf5_reader::error::Error) -> FormatError + '_ {
    let inside = if path.is_empty() { "/" } else { path };
    move |source| FormatError::Hdf5 { inside: inside.to_owned(), source: Box::new(source) }
}

fn unfit(path: &str, got: &Datatype, expected: &'static str) -> FormatError {
    let got = match got {
        Datatype::FixedPoint { .. } | Datatype::FloatingPoint { .. } | Datatype::Bitfield { .. } => "numbers",
        Datatype::String { .. } | Datatype::VarLen { kind: VarLenKind::String, .. } => "texts",
        Datatype::Compound { .. } => "records of several fields",
        Datatype::Reference { .. } => "references to other parts of the file",
        Datatype::VarLen { .. } => "lists of different lengths",
        _ => "of a kind that is not read",
    };
    unfit_text(path, got.to_owned(), expected)
}

fn unfit_text(path: &str, got: String, expected: &'static str) -> FormatError {
    FormatError::Hdf5Object { inside: path.to_owned(), got, expected }
}

#[cfg(test)]
mod tests {
    use hdf5_writer::{AttributeBuilder, DatasetBuilder, Hdf5Builder, WriteOptions};
    use ndarray::array;

    use super::*;

    fn file() -> Vec<u8> {
        let builder = Hdf5Builder::new()
            .dataset(DatasetBuilder::typed_data("g/a", vec![2, 2], &[1_i16, -2, 3, 4]).unwrap())
            .dataset(DatasetBuilder::typed_data("index", vec![2], &[3_u8, 255]).unwrap())
            .dataset(
                DatasetBuilder::typed_data("real", vec![2], &[0.5_f32, -1e9])
                    .unwrap()
                    .attribute(AttributeBuilder::scalar("rate", 100.0_f64).unwrap())
                    .attribute(AttributeBuilder::fixed_string("unit", "V")),
            )
            .dataset(DatasetBuilder::fixed_string_data("fixed", vec![2], &["ab", "c"]).unwrap())
            .dataset(DatasetBuilder::vlen_string_data("texts", vec![2], &["nightingale", ""]).unwrap());
        builder.into_plan().unwrap().encode(WriteOptions::default()).unwrap()
    }

    #[test]
    fn datasets_and_attributes_are_read_by_path() {
        let file = Hdf5::parse(file()).unwrap();
        assert_eq!(file.numbers("/g/a").unwrap(), array![[1.0, -2.0], [3.0, 4.0]].into_dyn());
        assert_eq!(file.numbers("real").unwrap(), array![0.5, -1e9].into_dyn());
        assert_eq!(file.indices("index").unwrap(), [3, 255]);
        assert_eq!(file.texts("fixed").unwrap(), ["ab", "c"]);
        assert_eq!(file.texts("texts").unwrap(), ["nightingale", ""]);
        assert_eq!(file.attribute_number("real", "rate").unwrap(), Some(100.0));
        assert_eq!(file.attribute_texts("real", "unit").unwrap(), Some(vec!["V".to_owned()]));
        assert_eq!(file.attribute_texts("g", "unit").unwrap(), None);
        assert_eq!(file.members("/").unwrap().groups, ["g"]);
        assert!(file.has("g/a") && file.has("g") && !file.has("g/b"));
        assert_eq!(file.list().unwrap().len(), 5);
    }

    #[test]
    fn errors_name_the_path_inside() {
        let file = Hdf5::parse(file()).unwrap();
        assert_eq!(file.numbers("g/b").unwrap_err().to_string(), "g/b: cannot be read from the HDF5 file");
        assert_eq!(file.numbers("texts").unwrap_err().to_string(), "texts holds texts, expected numbers");
        assert_eq!(file.texts("real").unwrap_err().to_string(), "real holds numbers, expected texts");
        assert_eq!(
            file.indices("g/a").unwrap_err().to_string(),
            "g/a holds -2, expected a whole number from 0 to 9e15"
        );
        assert!(Hdf5::parse(b"no file".to_vec()).is_err());
    }

    #[test]
    fn a_file_cut_off_anywhere_is_an_error_or_read() {
        let whole = file();
        for length in (0..whole.len()).step_by(7) {
            let Ok(file) = Hdf5::parse(whole[..length].to_vec()) else { continue };
            let _ = (file.list(), file.numbers("g/a"), file.texts("texts"));
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_of_any_width_and_order(value in -100_i8..100, width in 1_usize..9, big_endian: bool) {
            let bytes = i64::from(value).to_le_bytes();
            let mut bytes = bytes[..width].to_vec();
            if big_endian {
                bytes.reverse();
            }
            let number = Number { kind: Kind::Signed, bytes: width, big_endian };
            proptest::prop_assert_eq!(number.decode(&bytes), f64::from(value));
        }
    }
}
