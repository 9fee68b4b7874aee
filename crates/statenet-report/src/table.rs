//! Tables of typed cells, written as sortable HTML, aligned plain text or Markdown.

use crate::{
    error::{Error, Result},
    interval::Interval,
    markup::Markup,
};

/// Shown instead of a missing number.
const MISSING: &str = "\u{2014}";

/// One cell of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text, aligned left.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number, or an em dash if it is missing (`None`, NaN or infinite).
    Number {
        /// The number.
        value: Option<f64>,
        /// Number of decimals.
        decimals: usize,
    },
    /// A number with its interval, as in `0.817 [0.801, 0.832]`, sorted by the number.
    Estimate {
        /// The number.
        value: Option<f64>,
        /// Its interval, if known.
        interval: Option<Interval>,
        /// Number of decimals.
        decimals: usize,
    },
}

impl Cell {
    /// A number that may be missing.
    #[must_use]
    pub fn number(value: impl Into<Option<f64>>, decimals: usize) -> Self {
        Self::Number { value: value.into(), decimals }
    }

    /// A number with an interval, either of which may be missing.
    #[must_use]
    pub fn estimate(
        value: impl Into<Option<f64>>,
        interval: impl Into<Option<Interval>>,
        decimals: usize,
    ) -> Self {
        Self::Estimate { value: value.into(), interval: interval.into(), decimals }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// The number by which the cell is sorted; `None` for a text.
    fn sort_key(&self) -> Option<f64> {
        match self {
            Self::Text(_) => None,
            Self::Integer(n) => Some(*n as f64),
            Self::Number { value, .. } | Self::Estimate { value, .. } => value.filter(|v| v.is_finite()),
        }
    }
}

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Number { value, decimals } => f.write_str(&fixed(*value, *decimals)),
            Self::Estimate { value, interval, decimals } => {
                f.write_str(&fixed(*value, *decimals))?;
                match interval.filter(|i| i.is_finite()) {
                    Some(i) => {
                        write!(f, " [{}, {}]", fixed(Some(i.low), *decimals), fixed(Some(i.high), *decimals))
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_string())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<usize> for Cell {
    fn from(n: usize) -> Self {
        Self::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }
}

/// A number with fixed decimals, without a minus sign before zeros; a dash if it is not finite.
fn fixed(value: Option<f64>, decimals: usize) -> String {
    let Some(value) = value.filter(|v| v.is_finite()) else {
        return MISSING.to_string();
    };
    // An f64 has at most 17 significant digits, and from 1e15 on no meaningful decimals.
    let text =
        if value.abs() >= 1e15 { format!("{value:.3e}") } else { format!("{value:.*}", decimals.min(17)) };
    match text.strip_prefix('-') {
        Some(positive) if positive.bytes().all(|b| b == b'0' || b == b'.') => positive.to_string(),
        _ => text,
    }
}

/// A table: named columns and rows of typed [`Cell`]s.
///
/// ```
/// use statenet_report::{Cell, Interval, Table};
///
/// let mut table = Table::new(["model", "parameters", "CCnorm"]);
/// table.push(["ln".into(), 312.into(), Cell::number(0.49, 3)])?;
/// table.push(["statenet-gru".into(), 93_000.into(), Cell::estimate(0.817, Interval::new(0.80, 0.83), 3)])?;
/// assert_eq!(table.to_text().lines().next(), Some("model         parameters                CCnorm"));
/// # Ok::<(), statenet_report::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::RowLength`] if there is not one cell per column.
    pub fn push(&mut self, cells: impl IntoIterator<Item = Cell>) -> Result<()> {
        let cells: Vec<Cell> = cells.into_iter().collect();
        if cells.len() != self.columns.len() {
            return Err(Error::RowLength {
                row: self.rows.len(),
                got: cells.len(),
                expected: self.columns.len(),
            });
        }
        self.rows.push(cells);
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// The table as text for terminals, with aligned columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let rows = self.texts();
        let widths = self.widths(&rows);
        let line = |cells: &[String]| {
            let padded: Vec<String> =
                (0..cells.len()).map(|c| pad(&cells[c], widths[c], self.is_numeric(c))).collect();
            format!("{}\n", padded.join("  ").trim_end())
        };
        let rule: Vec<String> = widths.iter().map(|&w| "-".repeat(w)).collect();
        let mut text = line(&self.columns) + &line(&rule);
        for row in &rows {
            text.push_str(&line(row));
        }
        text
    }

    /// The table in GitHub's Markdown, with aligned columns.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let escape = |cell: &String| cell.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
        let rows: Vec<Vec<String>> =
            self.texts().iter().map(|row| row.iter().map(escape).collect()).collect();
        let columns: Vec<String> = self.columns.iter().map(escape).collect();
        let widths: Vec<usize> = (0..columns.len())
            .map(|c| {
                let cells = rows.iter().map(|row| length(&row[c]));
                cells.chain([length(&columns[c]), 3]).max().unwrap_or(3)
            })
            .collect();
        let line = |cells: &[String]| {
            let padded: Vec<String> =
                (0..cells.len()).map(|c| pad(&cells[c], widths[c], self.is_numeric(c))).collect();
            format!("| {} |\n", padded.join(" | "))
        };
        let rule: Vec<String> = (0..columns.len())
            .map(|c| {
                let end = if self.is_numeric(c) { ":" } else { "-" };
                format!("{}{end}", "-".repeat(widths[c] - 1))
            })
            .collect();
        let mut text = line(&columns) + &line(&rule);
        for row in &rows {
            text.push_str(&line(row));
        }
        text
    }

    /// Writes the table as HTML that can be sorted by clicking on a column's title.
    pub(crate) fn write_html(&self, markup: &mut Markup) {
        let align = |c: usize| if self.is_numeric(c) { "number" } else { "text" };
        markup.open("div", &[("class", &"scroll")]);
        markup.open("table", &[("class", &"sortable")]);
        markup.open("thead", &[]);
        markup.open("tr", &[]);
        for (c, name) in self.columns.iter().enumerate() {
            markup.open("th", &[("scope", &"col"), ("class", &align(c))]);
            markup.element("button", &[("type", &"button")], name);
            markup.close();
        }
        markup.close();
        markup.close();
        markup.newline();
        markup.open("tbody", &[]);
        for row in &self.rows {
            markup.open("tr", &[]);
            for (c, cell) in row.iter().enumerate() {
                let text = cell.to_string();
                match cell.sort_key() {
                    Some(key) => {
                        markup.element("td", &[("class", &align(c)), ("data-value", &key)], &text);
                    }
                    None => markup.element("td", &[("class", &align(c))], &text),
                }
            }
            markup.close();
            markup.newline();
        }
        markup.close();
        markup.close();
        markup.close();
        markup.newline();
    }

    /// Whether a column has cells and none of them is text.
    fn is_numeric(&self, column: usize) -> bool {
        !self.rows.is_empty() && !self.rows.iter().any(|row| row[column].is_text())
    }

    fn texts(&self) -> Vec<Vec<String>> {
        let text = |cell: &Cell| cell.to_string().replace('\n', " ");
        self.rows.iter().map(|row| row.iter().map(text).collect()).collect()
    }

    fn widths(&self, rows: &[Vec<String>]) -> Vec<usize> {
        (0..self.columns.len())
            .map(|c| {
                let cells = rows.iter().map(|row| length(&row[c]));
                cells.chain([length(&self.columns[c])]).max().unwrap_or(0)
            })
            .collect()
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

fn pad(text: &str, width: usize, to_the_right: bool) -> String {
    let space = " ".repeat(width.saturating_sub(length(text)));
    if to_the_right { space + text } else { text.to_string() + &space }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores() -> Table {
        let mut table = Table::new(["model", "parameters", "CCnorm", "FVE"]);
        table
            .push([
                "ridge|40".into(),
                1361.into(),
                Cell::estimate(0.687, Interval::new(0.70, 0.66), 3),
                Cell::number(f64::NAN, 3),
            ])
            .unwrap();
        table
            .push(["<script>".into(), 12.into(), Cell::estimate(None, None, 3), Cell::number(-0.0001, 3)])
            .unwrap();
        table
    }

    #[test]
    fn text_is_aligned_and_missing_numbers_are_dashes() {
        insta::assert_snapshot!(scores().to_text(), @r"
        model     parameters                CCnorm    FVE
        --------  ----------  --------------------  -----
        ridge|40        1361  0.687 [0.660, 0.700]      —
        <script>          12                     —  0.000
        ");
    }

    #[test]
    fn markdown_escapes_its_own_bars() {
        insta::assert_snapshot!(scores().to_markdown(), @r"
        | model     | parameters |               CCnorm |   FVE |
        | --------- | ---------: | -------------------: | ----: |
        | ridge\|40 |       1361 | 0.687 [0.660, 0.700] |     — |
        | <script>  |         12 |                    — | 0.000 |
        ");
    }

    #[test]
    fn html_escapes_and_sorts_by_the_number() {
        let mut markup = Markup::default();
        scores().write_html(&mut markup);
        let html = markup.finish();
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
        assert!(html.contains("data-value=\"0.687\">0.687 [0.660, 0.700]"), "{html}");
        assert!(!html.contains("NaN"));
    }

    #[test]
    fn a_row_of_another_length_is_an_error_that_says_both() {
        let error = scores().push(["ln".into()]).unwrap_err();
        assert_eq!(error.to_string(), "row 2 of the table has 1 cells, expected 4, one per column");
    }

    #[test]
    fn extreme_numbers_stay_short_and_an_empty_table_has_its_header() {
        assert_eq!(fixed(Some(f64::MAX), 3), "1.798e308");
        assert_eq!(fixed(Some(f64::INFINITY), 3), MISSING);
        assert_eq!(Table::new(["a", "b"]).to_text(), "a  b\n-  -\n");
        let none: [&str; 0] = [];
        assert_eq!(Table::new(none).to_text(), "\n\n");
    }
}
