//! Named pieces of a recording.

use crate::formats::{FormatError, csv::Table};

/// A named piece of a recording, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Epoch {
    pub(super) name: String,
    pub(super) start: f64,
    pub(super) end: f64,
}

/// The epochs of a table with the columns name, start and end, in any order; those without times are left out.
pub(super) fn parse(table: &[u8]) -> Result<Vec<Epoch>, FormatError> {
    let table = Table::parse(table)?;
    let (names, starts, ends) = (table.column("name")?, table.numbers("start")?, table.numbers("end")?);
    let epochs = names.into_iter().zip(starts).zip(ends);
    let timed = epochs.filter(|((_, start), end)| start.is_finite() && end.is_finite());
    Ok(timed.map(|((name, start), end)| Epoch { name: name.to_owned(), start, end }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_come_in_any_order_and_rows_without_times() {
        let epochs = parse(b",end,name,start\n0,1.5,STIM_a,0.5\n1,nan,TRIAL,0\n2,,x,\n").unwrap();
        assert_eq!(epochs, [Epoch { name: "STIM_a".to_owned(), start: 0.5, end: 1.5 }]);
        assert!(parse(b"start,end\n0,1\n").is_err());
    }
}
