//! Estimates the width of texts, and shortens texts that are too wide.
//!
//! The reader's font is unknown. Estimates are for DejaVu Sans, the widest common sans-serif font, so that texts fit in
//! others too.

/// Estimated width of a text in px.
pub(crate) fn width(text: &str, font_px: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * font_px
}

/// Estimated width of a character in em.
fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' => 0.28,
        ' ' | '.' | ',' | ':' | ';' | '|' | 'I' | '/' | '\\' => 0.34,
        'f' | 't' | 'r' | '-' | '(' | ')' | '[' | ']' | '!' => 0.41,
        'm' | 'M' | 'W' | '%' | '@' | '\u{2026}' | '\u{2014}' => 1.0,
        'w' | '+' | '=' | '<' | '>' | '~' | '\u{2212}' | '\u{d7}' => 0.84,
        '0'..='9' | 'a'..='z' | '_' | '\u{b0}'..='\u{ff}' => 0.64,
        'A'..='Z' => 0.78,
        // Characters of wide scripts are one em wide. Marks and spaces are narrower, so that this is an upper bound.
        c if u32::from(c) >= 0x1100 => 1.05,
        _ => 0.7,
    }
}

/// The text, or its beginning and end with an ellipsis between if it is wider than `limit` px, since names of neurons can
/// differ at either end.
pub(crate) fn shorten(text: &str, font_px: f64, limit: f64) -> String {
    if width(text, font_px) <= limit {
        return text.to_string();
    }
    let chars: Vec<char> = text.chars().collect();
    let budget = limit / font_px - em('\u{2026}');
    let (mut head, mut tail, mut used) = (0, 0, 0.0);
    while head + tail < chars.len() {
        let from_head = head <= tail;
        let next = if from_head { chars[head] } else { chars[chars.len() - 1 - tail] };
        if used + em(next) > budget {
            break;
        }
        used += em(next);
        if from_head {
            head += 1;
        } else {
            tail += 1;
        }
    }
    let head: String = chars[..head].iter().collect();
    let tail: String = chars[chars.len() - tail..].iter().collect();
    format!("{}\u{2026}{}", head.trim_end(), tail.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "dataAC-E1P04.R.SH.En.C-cluster.04.data";

    #[test]
    fn a_long_name_keeps_both_ends_and_fits() {
        let short = shorten(ID, 12.0, 130.0);
        assert!(short.starts_with("dataAC-E") && short.ends_with("04.data"), "{short}");
        assert!(width(&short, 12.0) <= 130.0);
        assert_eq!(shorten(ID, 12.0, 500.0), ID);
    }

    #[test]
    fn no_room_leaves_an_ellipsis() {
        assert_eq!(shorten(ID, 12.0, 0.0), "\u{2026}");
        assert_eq!(shorten("", 12.0, 0.0), "");
    }
}
