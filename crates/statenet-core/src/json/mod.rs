//! JSON as people's files have it: byte-order marks are skipped, and what serde_json would pass over or call only "expected
//! value" is an error that names the field: keys that occur twice, NaN and infinity.

mod faults;
mod text;

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::shortened;

/// Why bytes are not the JSON that was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// The bytes are no text.
    #[error("the file is not text in UTF-8 or UTF-16: byte {at} belongs to no character")]
    NotText {
        /// The first byte that is part of no character.
        at: usize,
    },
    /// A number is written in a way that JSON does not have.
    #[error(
        "{field} is {got} (line {line}), expected a finite number, since JSON has no NaN and no infinity"
    )]
    NotANumber {
        /// The field, such as `stimuli[3].bins`.
        field: String,
        /// What is written there.
        got: String,
        /// The line, from 1.
        line: usize,
    },
    /// An object has a key twice, so that one of the two values would be lost.
    #[error("{field} occurs twice (again in line {line}), expected once")]
    Twice {
        /// The field, such as `stimuli[3].bins`.
        field: String,
        /// The line of the second, from 1.
        line: usize,
    },
    /// The text is not JSON, or not of the expected form.
    #[error("{}", said(.0))]
    Form(serde_json::Error),
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self::Form(error)
    }
}

/// What serde says, which can quote a name as long as the file, with the place at its end.
fn said(error: &serde_json::Error) -> String {
    const MOST: usize = 1000;
    let (text, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
    match text.strip_suffix(&place) {
        Some(what) => shortened(what, MOST) + &place,
        None => shortened(&text, MOST),
    }
}

/// Reads a value from the bytes of a JSON file in UTF-8, or in UTF-16 with a byte-order mark.
///
/// ```
/// use statenet_core::json;
///
/// let with_mark = b"\xef\xbb\xbf{\"dt_ms\": 5.0}";
/// let value: serde_json::Value = json::parse(with_mark)?;
/// assert_eq!(value["dt_ms"], 5.0);
/// let error = json::parse::<serde_json::Value>(br#"{"neurons": [{"depth": NaN}]}"#).unwrap_err();
/// assert!(error.to_string().starts_with("neurons[0].depth is NaN (line 1), expected a finite number"));
/// # Ok::<(), json::JsonError>(())
/// ```
///
/// # Errors
/// [`JsonError`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    Ok(serde_json::from_str(&checked_text(bytes)?)?)
}

/// The text of a JSON file, for a parser of one's own, once it was looked at: no key twice, no NaN.
///
/// # Errors
/// [`JsonError`], but for [`JsonError::Form`].
pub fn checked_text(bytes: &[u8]) -> Result<Cow<'_, str>, JsonError> {
    let text = text(bytes)?;
    match faults::first(&text) {
        Some(fault) => Err(fault),
        None => Ok(text),
    }
}

/// The text of a file in UTF-8, or in UTF-16 with a byte-order mark, without the mark.
///
/// # Errors
/// [`JsonError::NotText`].
pub fn text(bytes: &[u8]) -> Result<Cow<'_, str>, JsonError> {
    text::decode(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn value(bytes: &[u8]) -> Result<Value, String> {
        parse(bytes).map_err(|e| e.to_string())
    }

    #[test]
    fn marks_of_every_encoding_are_skipped() {
        let text = r#"{"name": "Müller 夜鶯"}"#;
        let utf16 = |mark: u16, swap: bool| -> Vec<u8> {
            let units = std::iter::once(mark).chain(text.encode_utf16());
            units.flat_map(|u| if swap { u.to_be_bytes() } else { u.to_le_bytes() }).collect()
        };
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes(), &marked, &utf16(0xfeff, false), &utf16(0xfeff, true)] {
            assert_eq!(value(bytes).unwrap(), json!({"name": "Müller 夜鶯"}));
        }
    }

    #[test]
    fn an_error_does_not_quote_all_of_a_long_name_and_says_the_place() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Short {}
        let text = format!("{{\"{}\": 1}}", "x".repeat(5000));
        let error = parse::<Short>(text.as_bytes()).unwrap_err().to_string();
        assert!(error.len() < 1100 && error.ends_with("xxx... at line 1 column 5003"), "{error}");
    }

    #[test]
    fn what_json_lacks_is_named_with_its_field() {
        let cases = [
            ("{\"a\": {\"b\": [1, -Infinity]}}", "a.b[1] is -Infinity (line 1)"),
            ("{\"a\": 1,\n\"b\": nan}", "b is nan (line 2)"),
            ("[{}, inf]", "[1] is inf (line 1)"),
            ("{\"a\": {\"b\": 1,\n \"b\": 2}}", "a.b occurs twice (again in line 2), expected once"),
            ("{\"a\\u0062\": 1, \"ab\": 2}", "ab occurs twice (again in line 1), expected once"),
        ];
        for (text, start) in cases {
            let error = value(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(start), "{text}: {error}");
        }
        // The same words inside a text, and the same key in two objects, are fine.
        assert!(value(br#"{"a": "NaN", "b": [{"x": 1}, {"x": "\"NaN"}]}"#).is_ok());
        assert_eq!(
            value(b"\"\xff\"").unwrap_err(),
            "the file is not text in UTF-8 or UTF-16: byte 1 belongs to no character"
        );
        assert!(value(b"{\"a\": nano}").unwrap_err().contains("line 1 column"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_value_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = value(&bytes);
        }

        #[test]
        fn any_text_of_brackets_and_words_is_a_value_or_an_error(text in r#"[\[\]{},:"\\aN1\n -]{0,60}"#) {
            let ours = value(text.as_bytes());
            if let Ok(ours) = ours {
                prop_assert_eq!(ours, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
