//! Parquet by the crate `parquet`, column by column, with limits on what is allocated, and errors that name the column.

use std::panic::{self, AssertUnwindSafe};

use bytes::Bytes;
use parquet::{
    basic::{Compression, ConvertedType, LogicalType, Type},
    column::reader::{ColumnReader, ColumnReaderImpl},
    data_type::{ByteArray, DataType},
    errors::ParquetError,
    file::{
        metadata::ColumnChunkMetaData,
        reader::{FileReader, SerializedFileReader},
    },
    schema::types::ColumnDescriptor,
};

use super::{Cell, Column, pages};
use crate::formats::FormatError;

/// Rows that are read at once.
const BATCH: usize = 1 << 13;

/// An open Parquet file.
pub struct Parquet {
    bytes: Bytes,
    file: SerializedFileReader<Bytes>,
    columns: Vec<Column>,
}

impl Parquet {
    /// A file in memory.
    ///
    /// # Errors
    /// [`FormatError::Parquet`] if the bytes are not a Parquet file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, FormatError> {
        const PLACE: &str = "the list of columns";
        let bytes = Bytes::from(bytes);
        let file = guarded(PLACE, || SerializedFileReader::new(bytes.clone()))?;
        let columns = guarded(PLACE, || {
            let schema = file.metadata().file_metadata().schema_descr();
            Ok(schema.columns().iter().map(|column| described(column)).collect())
        })?;
        Ok(Self { bytes, file, columns })
    }

    /// The columns, in the order of the file.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of rows.
    ///
    /// # Errors
    /// [`FormatError::Parquet`] for a number that cannot be.
    pub fn n_rows(&self) -> Result<usize, FormatError> {
        let groups = self.file.metadata().row_groups().iter().map(|group| usize::try_from(group.num_rows()));
        let n = groups.into_iter().try_fold(0_usize, |n, group| n.checked_add(group.ok()?));
        n.ok_or_else(|| damaged("the list of columns", "the number of rows is negative or too large"))
    }

    /// The rows of these columns, by their place in [`columns`](Self::columns), some at a time.
    ///
    /// # Errors
    /// [`FormatError::Parquet`] for a column that is not there, not read or compressed in a way that is not read, and for pages that claim more
    /// than their bytes can hold; [`FormatError::Memory`].
    pub fn batches(&self, columns: &[usize]) -> Result<Batches<'_>, FormatError> {
        for (number, group) in self.file.metadata().row_groups().iter().enumerate() {
            for &column in columns {
                let known = self.columns.get(column);
                let name = known.map_or("a column", |column| &column.name);
                if let Some(kind) = known.and_then(|column| column.unread) {
                    return Err(damaged(name, &format!("it holds {kind}, which are not read")));
                }
                let chunk = group.columns().get(column);
                let chunk =
                    chunk.ok_or_else(|| damaged(name, &format!("row group {number} lacks the column")))?;
                let (ratio, bytes) = (ratio(chunk, name)?, self.chunk(chunk, name)?);
                pages::check(bytes, ratio, name)?;
            }
        }
        Ok(Batches { file: self, columns: columns.to_vec(), group: 0, readers: Vec::new(), rows_left: 0 })
    }

    /// The bytes of a column in a row group.
    fn chunk(&self, chunk: &ColumnChunkMetaData, name: &str) -> Result<&[u8], FormatError> {
        let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        let place = usize::try_from(start).ok().zip(usize::try_from(chunk.compressed_size()).ok());
        let bytes =
            place.and_then(|(start, length)| self.bytes.get(start..)?.get(..length)).filter(|_| start >= 4);
        bytes.ok_or_else(|| damaged(name, "it lies outside of the file"))
    }
}

/// The rows of some columns.
pub struct Batches<'a> {
    file: &'a Parquet,
    columns: Vec<usize>,
    /// The row group that comes next.
    group: usize,
    /// The columns of the row group that is being read.
    readers: Vec<Reader>,
    rows_left: usize,
}

impl Batches<'_> {
    fn read(&mut self) -> Result<Option<Batch>, FormatError> {
        while self.rows_left == 0 {
            let groups = self.file.file.metadata().row_groups();
            let Some(group) = groups.get(self.group) else { return Ok(None) };
            self.rows_left = usize::try_from(group.num_rows()).unwrap_or(0);
            let row_group = guarded("a row group", || self.file.file.get_row_group(self.group))?;
            self.readers.clear();
            for &column in &self.columns {
                let name = self.file.columns.get(column).map_or("a column", |column| &column.name);
                let reader = guarded(name, || row_group.get_column_reader(column))?;
                let Some(descriptor) = group.columns().get(column).map(ColumnChunkMetaData::column_descr)
                else {
                    continue;
                };
                self.readers.push(Reader {
                    name: name.to_owned(),
                    reader,
                    optional: (descriptor.max_def_level() > 0).then(|| descriptor.max_def_level()),
                    unsigned: is_unsigned(descriptor),
                });
            }
            self.group += 1;
        }
        let n_rows = self.rows_left.min(BATCH);
        let columns = self.readers.iter_mut().map(|reader| reader.read(n_rows)).collect::<Result<_, _>>()?;
        self.rows_left -= n_rows;
        Ok(Some(Batch { n_rows, columns }))
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<Batch, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.read();
        if batch.is_err() {
            // Nothing follows an error.
            (self.group, self.rows_left) = (usize::MAX, 0);
        }
        batch.transpose()
    }
}

/// Some rows of some columns.
pub struct Batch {
    n_rows: usize,
    columns: Vec<Cells>,
}

impl Batch {
    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The cell of a row, in the column with this place among those that were asked for.
    #[must_use]
    pub fn cell(&self, column: usize, row: usize) -> Cell<'_> {
        self.columns.get(column).and_then(|cells| cells.get(row)).unwrap_or(Cell::Missing)
    }
}

/// The cells of one column.
struct Cells {
    values: Values,
    /// Where the value of each row is, `None` for null; no list where every row has one.
    places: Option<Vec<Option<usize>>>,
}

enum Values {
    Whole(Vec<i128>),
    Real(Vec<f64>),
    Text(Vec<ByteArray>),
}

impl Cells {
    fn get(&self, row: usize) -> Option<Cell<'_>> {
        let place = match &self.places {
            Some(places) => places.get(row).copied().flatten()?,
            None => row,
        };
        match &self.values {
            Values::Whole(values) => values.get(place).map(|&value| Cell::Whole(value)),
            Values::Real(values) => values.get(place).map(|&value| Cell::Real(value)),
            // A text that was never set has no bytes, and asking for them would be a panic.
            Values::Text(values) => {
                values.get(place).map(|text| Cell::Text(if text.is_empty() { &[] } else { text.data() }))
            }
        }
    }
}

/// A column of a row group that is being read.
struct Reader {
    name: String,
    reader: ColumnReader,
    /// The level at which a value of an optional column is there.
    optional: Option<i16>,
    unsigned: bool,
}

impl Reader {
    fn read(&mut self, n_rows: usize) -> Result<Cells, FormatError> {
        let Self { name, reader, optional, unsigned } = self;
        let unsigned = *unsigned;
        let mut levels = Vec::new();
        let read = guarded(name, || {
            let levels = &mut levels;
            Ok(match reader {
                ColumnReader::Int32ColumnReader(reader) => {
                    Values::Whole(values(reader, n_rows, levels, |x| {
                        if unsigned { i128::from(x as u32) } else { i128::from(x) }
                    })?)
                }
                ColumnReader::Int64ColumnReader(reader) => {
                    Values::Whole(values(reader, n_rows, levels, |x| {
                        if unsigned { i128::from(x as u64) } else { i128::from(x) }
                    })?)
                }
                ColumnReader::FloatColumnReader(reader) => {
                    Values::Real(values(reader, n_rows, levels, f64::from)?)
                }
                ColumnReader::DoubleColumnReader(reader) => {
                    Values::Real(values(reader, n_rows, levels, |x| x)?)
                }
                ColumnReader::ByteArrayColumnReader(reader) => {
                    Values::Text(values(reader, n_rows, levels, |x| x)?)
                }
                _ => return Err(ParquetError::General("neither numbers nor texts".to_owned())),
            })
        })?;
        let n_values = match &read {
            Values::Whole(values) => values.len(),
            Values::Real(values) => values.len(),
            Values::Text(values) => values.len(),
        };
        let places = optional.map(|there| {
            let mut next = 0;
            let place = |&level: &i16| (level == there).then(|| (next, next += 1).0);
            levels.iter().map(place).collect::<Vec<_>>()
        });
        let n_read = places.as_ref().map_or(n_values, Vec::len);
        if n_read != n_rows {
            return Err(damaged(name, "it has fewer rows than its row group"));
        }
        Ok(Cells { values: read, places })
    }
}

/// The next rows of a column; `levels` gets the level of each row of an optional one.
fn values<T: DataType, V>(
    reader: &mut ColumnReaderImpl<T>,
    n_rows: usize,
    levels: &mut Vec<i16>,
    convert: impl Fn(T::T) -> V,
) -> Result<Vec<V>, ParquetError> {
    let mut values = Vec::new();
    reader.read_records(n_rows, Some(levels), None, &mut values)?;
    Ok(values.into_iter().map(convert).collect())
}

/// A column by its name, and why it is not read.
fn described(column: &ColumnDescriptor) -> Column {
    const DATES: &str = "dates, times or durations";
    let is_plain = matches!(
        column.converted_type(),
        ConvertedType::NONE
            | ConvertedType::UTF8
            | ConvertedType::ENUM
            | ConvertedType::JSON
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64
    );
    let unread = match (column.physical_type(), column.logical_type_ref()) {
        _ if column.max_rep_level() > 0 => Some("lists"),
        _ if matches!(column.converted_type(), ConvertedType::DECIMAL) => Some("decimals"),
        _ if matches!(
            column.converted_type(),
            ConvertedType::DATE
                | ConvertedType::TIME_MILLIS
                | ConvertedType::TIME_MICROS
                | ConvertedType::TIMESTAMP_MILLIS
                | ConvertedType::TIMESTAMP_MICROS
        ) =>
        {
            Some(DATES)
        }
        (_, Some(LogicalType::Decimal(_))) => Some("decimals"),
        (_, Some(LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_))) => Some(DATES),
        (Type::INT32 | Type::INT64, None | Some(LogicalType::Integer(_))) if is_plain => None,
        (Type::FLOAT | Type::DOUBLE, None) if is_plain => None,
        (Type::BYTE_ARRAY, None | Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
            if is_plain =>
        {
            None
        }
        (Type::BOOLEAN, _) => Some("truth values"),
        (Type::INT96, _) => Some(DATES),
        _ => Some("values of a kind that is not read"),
    };
    Column { name: column.path().string(), unread }
}

fn is_unsigned(column: &ColumnDescriptor) -> bool {
    let converted = matches!(
        column.converted_type(),
        ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64
    );
    converted || matches!(column.logical_type_ref(), Some(LogicalType::Integer(kind)) if !kind.is_signed)
}

/// How many bytes a compressed byte can become at most.
fn ratio(chunk: &ColumnChunkMetaData, name: &str) -> Result<u64, FormatError> {
    match chunk.compression() {
        Compression::UNCOMPRESSED => Ok(1),
        // 64 bytes again, in a copy of three.
        Compression::SNAPPY => Ok(22),
        // A block of 128 KiB that repeats one byte, in four.
        Compression::ZSTD(_) => Ok(1 << 15),
        other => {
            let codec = format!("{other:?}");
            let codec = codec.split('(').next().unwrap_or_default();
            Err(damaged(
                name,
                &format!("it is compressed by {codec}, expected snappy, zstd or no compression"),
            ))
        }
    }
}

/// Runs the crate's code, whose assertions about damaged data are panics: here these are errors.
fn guarded<T>(place: &str, read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, FormatError> {
    match panic::catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result
            .map_err(|source| FormatError::Parquet { place: place.to_owned(), source: Box::new(source) }),
        Err(_) => Err(damaged(place, "it is damaged")),
    }
}

/// The error about a column or another part of a file.
pub(super) fn damaged(place: &str, what: &str) -> FormatError {
    FormatError::Parquet { place: place.to_owned(), source: what.into() }
}
