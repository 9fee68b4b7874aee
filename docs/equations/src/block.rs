//! The lines of a block of equations as one line of HTML.
//!
//! ```text
//! [label:]  equation  [two spaces or more  equation ..]  [# remark with `equations` in it]
//! ```
//!
//! First equations are lined up at their relations; a line without one stands behind them. An empty line leaves a gap.

use crate::{mathml, notation};

/// HTML of a block, or the number of the line that cannot be read and why.
pub(crate) fn to_html(lines: &[&str]) -> Result<String, (usize, String)> {
    let labels = lines.iter().any(|line| split_label(line).0.is_some());
    let mut html = format!("<div class=\"equations{}\">", if labels { " labelled" } else { "" });
    for (number, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            html.push_str("<div class=\"gap\"></div>");
            continue;
        }
        html.push_str(&to_row(line, labels).map_err(|message| (number, message))?);
    }
    html.push_str("</div>\n");
    Ok(html)
}

/// The cells of one line: label, left side, and everything else.
fn to_row(line: &str, labels: bool) -> Result<String, String> {
    let (line, remark) = match line.split_once("# ") {
        Some((line, remark)) => (line, Some(remark.trim())),
        None => (line, None),
    };
    let (label, line) = split_label(line);
    let mut row = String::new();
    if labels {
        row.push_str(&format!("<div class=\"label\">{}</div>", mathml::escape(label.unwrap_or_default())));
    }
    let mut rest: Vec<String> = Vec::new();
    for (at, text) in cells(line).enumerate() {
        let (left, right) = mathml::sides(&notation::parse(text)?);
        match left {
            Some(left) if at == 0 => {
                row.push_str(&format!("<div class=\"left\">{left}</div>"));
                rest.push(right);
            }
            Some(left) => rest.push(format!("<span class=\"more\">{left} {right}</span>")),
            None if at == 0 => {
                row.push_str("<div class=\"left\"></div>");
                rest.push(right);
            }
            None => rest.push(format!("<span class=\"more\">{right}</span>")),
        }
    }
    if rest.is_empty() {
        row.push_str("<div class=\"left\"></div>");
    }
    if let Some(remark) = remark {
        rest.push(format!("<span class=\"remark\">{}</span>", to_remark(remark)?));
    }
    row.push_str(&format!("<div class=\"right\">{}</div>", rest.join(" ")));
    Ok(row)
}

/// A label of words and a colon at the start of a line, and what follows it.
fn split_label(line: &str) -> (Option<&str>, &str) {
    match line.split_once(": ") {
        Some((label, rest))
            if !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || " -".contains(c)) =>
        {
            (Some(label.trim()), rest)
        }
        _ => (None, line),
    }
}

/// Equations between two spaces or more.
fn cells(line: &str) -> impl Iterator<Item = &str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty())
}

/// Words, with what stands between backticks set as equations.
fn to_remark(text: &str) -> Result<String, String> {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        html.push_str(&if at % 2 == 0 {
            mathml::escape(part)
        } else {
            mathml::math(&[notation::parse(part)?])
        });
    }
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::to_html;

    #[test]
    fn a_line_has_a_left_side_a_right_side_and_a_remark() {
        let html = to_html(&["y = f(x)    # `x` heard"]).unwrap();
        let expected =
            "<div class=\"left\"><math displaystyle=\"true\"><mi>y</mi></math></div><div class=\"right\">";
        assert!(html.contains(expected), "{html}");
        assert!(
            html.contains(
                "<span class=\"remark\"><math displaystyle=\"true\"><mi>x</mi></math> heard</span>"
            ),
            "{html}"
        );
        assert!(!html.contains("\n\n") && !html.contains("class=\"label\""), "{html}");
    }

    #[test]
    fn further_equations_keep_their_left_sides_together() {
        let html = to_html(&["a = b    c = d"]).unwrap();
        assert!(
            html.contains("<span class=\"more\"><math displaystyle=\"true\"><mi>c</mi></math> <math"),
            "{html}"
        );
    }

    #[test]
    fn labels_have_a_column_of_their_own() {
        let html = to_html(&["long memory: a = b", "c = d"]).unwrap();
        assert!(html.contains("<div class=\"label\">long memory</div>"), "{html}");
        assert!(html.contains("<div class=\"label\"></div>"), "{html}");
    }

    #[test]
    fn the_line_of_an_error_is_known() {
        assert_eq!(to_html(&["a", "b = (c"]).unwrap_err(), (1, "`(` is not closed".to_owned()));
    }
}
