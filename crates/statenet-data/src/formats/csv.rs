//! Tables of text: numbers only, or columns by name.

use std::io::Read;

use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};
use ndarray::Array2;
use statenet_core::Need;

use super::FormatError;

/// How many numbers may be added before the memory is looked at again.
const STEP: usize = 1 << 22;

/// A table of numbers without a header, a line a row; an empty cell and `nan` are NaN.
///
/// # Errors
/// [`FormatError::Csv`] for a cell that is not a number, and lines of different lengths; [`FormatError::Memory`].
pub fn numbers(text: impl Read) -> Result<Array2<f32>, FormatError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let (mut values, mut n_rows, mut n_columns) = (Vec::new(), 0, 0);
    let mut row = ByteRecord::new();
    let mut next_check = STEP;
    while reader.read_byte_record(&mut row).map_err(broken)? {
        let line = row.position().map_or(0, csv::Position::line);
        if n_rows == 0 {
            n_columns = row.len();
        } else if row.len() != n_columns {
            let got = format!("{} cells", row.len());
            return Err(FormatError::Csv {
                line,
                got,
                expected: format!("{n_columns}, as in the first line"),
            });
        }
        for cell in &row {
            values.push(number(cell).ok_or_else(|| wrong(line, cell))?);
        }
        n_rows += 1;
        if values.len() >= next_check {
            // A vector that grows holds both its old and its new values for a moment.
            Need::of_values(&[values.len(), 3], 4)
                .ensure("a table of numbers", "use a machine with more memory")?;
            next_check = values.len() + STEP;
        }
    }
    let shape = (n_rows, n_columns);
    Array2::from_shape_vec(shape, values).map_err(|source| FormatError::Decode { source: Box::new(source) })
}

fn number(cell: &[u8]) -> Option<f32> {
    let text = std::str::from_utf8(cell).ok()?.trim();
    if text.is_empty() {
        return Some(f32::NAN);
    }
    text.parse::<f32>().ok()
}

fn wrong(line: u64, cell: &[u8]) -> FormatError {
    let got = format!("{:?}", String::from_utf8_lossy(cell.get(..cell.len().min(40)).unwrap_or(cell)));
    FormatError::Csv { line, got, expected: "a number".to_owned() }
}

fn broken(source: csv::Error) -> FormatError {
    FormatError::Decode { source: Box::new(source) }
}

/// A table whose first line names its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    names: StringRecord,
    rows: Vec<StringRecord>,
}

impl Table {
    /// Parses a table; space around cells is left out.
    ///
    /// # Errors
    /// [`FormatError::Decode`] for text that is not UTF-8 or lines of different lengths.
    pub fn parse(text: &[u8]) -> Result<Self, FormatError> {
        // A byte order mark is no part of the first name.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text);
        let names = reader.headers().map_err(broken)?.clone();
        let rows = reader.records().collect::<Result<_, _>>().map_err(broken)?;
        Ok(Self { names, rows })
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The cells of a column.
    ///
    /// # Errors
    /// [`FormatError::Csv`] if there is no such column.
    pub fn column(&self, name: &str) -> Result<Vec<&str>, FormatError> {
        let Some(at) = self.names.iter().position(|column| column == name) else {
            let got = format!("columns {}", self.names.iter().take(20).collect::<Vec<_>>().join(", "));
            return Err(FormatError::Csv { line: 1, got, expected: format!("one called {name}") });
        };
        Ok(self.rows.iter().map(|row| row.get(at).unwrap_or_default()).collect())
    }

    /// A column of numbers; an empty cell is NaN.
    ///
    /// # Errors
    /// [`FormatError::Csv`] if there is no such column, or a cell is not a number.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, FormatError> {
        let of_cell = |(row, cell): (usize, &str)| {
            if cell.is_empty() {
                return Ok(f64::NAN);
            }
            let line = self.rows.get(row).and_then(StringRecord::position).map_or(0, csv::Position::line);
            cell.parse().map_err(|_| wrong(line, cell.as_bytes()))
        };
        self.column(name)?.into_iter().enumerate().map(of_cell).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn numbers_of_savetxt_are_read() {
        let text = "0.000000000000000000e+00,1.5e+00\r\n2, 3\n";
        assert_eq!(numbers(text.as_bytes()).unwrap(), array![[0.0, 1.5], [2.0, 3.0]]);
        let missing = numbers("nan,\n".as_bytes()).unwrap();
        assert!(missing.dim() == (1, 2) && missing.iter().all(|value| value.is_nan()));
        assert_eq!(numbers(&b""[..]).unwrap().dim(), (0, 0));
    }

    #[test]
    fn what_is_no_number_is_named_with_its_line() {
        let text = |table: &str| numbers(table.as_bytes()).unwrap_err().to_string();
        assert_eq!(text("1,2\n3\n"), "line 2: found 1 cells, expected 2, as in the first line");
        assert_eq!(text("1\nx\n"), "line 2: found \"x\", expected a number");
    }

    #[test]
    fn columns_are_found_by_name() {
        let table = Table::parse("\u{feff}start,name\n 0.5,a\n,b\n".as_bytes()).unwrap();
        assert_eq!((table.n_rows(), table.names().collect::<Vec<_>>()), (2, vec!["start", "name"]));
        assert_eq!(table.column("name").unwrap(), ["a", "b"]);
        let starts = table.numbers("start").unwrap();
        assert!(starts[0] == 0.5 && starts[1].is_nan());
        assert_eq!(
            table.column("end").unwrap_err().to_string(),
            "line 1: found columns start, name, expected one called end"
        );
        assert_eq!(table.numbers("name").unwrap_err().to_string(), "line 2: found \"a\", expected a number");
    }
}
