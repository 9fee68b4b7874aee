//! Files of spike times: a line for each repeat.

use std::path::Path;

use crate::{
    error::{Error, Result},
    readers::arrays::bytes,
};

/// The spike times of each repeat, in seconds. A line without times is a repeat without spikes.
///
/// # Errors
/// [`Error::Io`]; [`Error::TableValue`] for what is not a finite number.
pub(super) fn read(path: &Path) -> Result<Vec<Vec<f64>>> {
    parse(&bytes(path)?, path)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Vec<Vec<f64>>> {
    let text = String::from_utf8_lossy(bytes);
    let line = |(number, line): (usize, &str)| {
        line.split_whitespace().map(|time| seconds(time, number, path)).collect()
    };
    text.lines().enumerate().map(line).collect()
}

fn seconds(time: &str, line: usize, path: &Path) -> Result<f64> {
    let ms = time.parse().ok().filter(|ms: &f64| ms.is_finite());
    ms.map(|ms| ms / 1e3).ok_or_else(|| Error::TableValue {
        path: path.to_path_buf(),
        line: line as u64 + 1,
        column: "a spike time",
        got: time.chars().take(40).collect(),
        expected: "a number of ms",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_repeat() {
        let repeats = parse(b"1 2.5\r\n\n-3\n", Path::new("spike1")).unwrap();
        assert_eq!(repeats, [vec![0.001, 0.0025], vec![], vec![-0.003]]);
        let error = parse(b"1\n2 x", Path::new("spike1")).unwrap_err().to_string();
        assert_eq!(error, "spike1: a spike time in line 2 is x, expected a number of ms");
    }
}
