//! What a JSON text holds that a parser would take or misname: keys that occur twice, numbers that JSON does not have.

use std::{collections::BTreeSet, fmt::Write};

use super::JsonError;

/// An object or a list that is open where the scan stands.
enum Open {
    Object {
        seen: BTreeSet<String>,
        /// The key whose value is being read; before it is read, `None`.
        key: Option<String>,
    },
    List {
        index: usize,
    },
}

/// The first fault. Anything else that is wrong with the text is left to the parser.
pub(super) fn first(text: &str) -> Option<JsonError> {
    let mut open: Vec<Open> = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '{' => {
                open.push(Open::Object { seen: BTreeSet::new(), key: None });
                1
            }
            '[' => {
                open.push(Open::List { index: 0 });
                1
            }
            '}' | ']' => {
                open.pop();
                1
            }
            ',' => {
                match open.last_mut() {
                    Some(Open::Object { key, .. }) => *key = None,
                    Some(Open::List { index }) => *index += 1,
                    None => {}
                }
                1
            }
            '"' => {
                let length = quoted(rest)?;
                if let Some(Open::Object { seen, key: key @ None }) = open.last_mut() {
                    let name: String = serde_json::from_str(rest.get(..length)?).ok()?;
                    let again = !seen.insert(name.clone());
                    *key = Some(name);
                    if again {
                        return Some(JsonError::Twice { field: field(&open), line });
                    }
                }
                length
            }
            '\n' => {
                line += 1;
                1
            }
            c if c.is_ascii_alphabetic() || c == '-' || c == '+' => {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-._".contains(c)));
                let word = rest.get(..end.unwrap_or(rest.len()))?;
                if is_not_finite(word) {
                    return Some(JsonError::NotANumber { field: field(&open), got: word.to_owned(), line });
                }
                word.len()
            }
            c => c.len_utf8(),
        };
        rest = rest.get(length..)?;
    }
    None
}

/// Whether a word is how some language writes NaN or infinity.
fn is_not_finite(word: &str) -> bool {
    let bare = word.trim_start_matches(['-', '+']).to_ascii_lowercase();
    matches!(bare.as_str(), "nan" | "inf" | "infinity")
}

/// The length in bytes of the quoted text at the start, quotes included; `None` if it does not end.
fn quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The field where the scan stands, such as `stimuli[3].bins`.
fn field(open: &[Open]) -> String {
    let mut path = String::new();
    for level in open {
        match level {
            Open::Object { key: Some(key), .. } => {
                let dot = if path.is_empty() { "" } else { "." };
                let _never_fails = write!(path, "{dot}{key}");
            }
            Open::Object { key: None, .. } => {}
            Open::List { index } => {
                let _never_fails = write!(path, "[{index}]");
            }
        }
    }
    if path.is_empty() { "the value".to_owned() } else { path }
}
