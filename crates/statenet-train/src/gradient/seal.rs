//! A JSON text that ends with the digest of all its other bytes, so that no change of it goes unnoticed.

use statenet_core::Digest;

/// What stands between the text and the sixteen digits of its digest, and after them.
const BEFORE: &str = ",\"digest\":\"";
const AFTER: &str = "\"}";
const N_DIGITS: usize = 16;

/// Adds the field `digest` at the end of a JSON object that has other fields.
pub(crate) fn seal(object: &str) -> String {
    let open = object.trim_end().strip_suffix('}').unwrap_or(object);
    format!("{open}{BEFORE}{}{AFTER}", Digest::of(open.as_bytes()))
}

/// The JSON object without its digest.
///
/// # Errors
/// What is wrong, in words, if any byte is not as it was written.
pub(crate) fn unseal(bytes: &[u8]) -> Result<String, String> {
    let cut_short = || "its end is missing".to_owned();
    let n_open = bytes.len().checked_sub(BEFORE.len() + N_DIGITS + AFTER.len()).ok_or_else(cut_short)?;
    let (open, end) = bytes.split_at_checked(n_open).ok_or_else(cut_short)?;
    if end != format!("{BEFORE}{}{AFTER}", Digest::of(open)).as_bytes() {
        return Err(if end.starts_with(BEFORE.as_bytes()) && end.ends_with(AFTER.as_bytes()) {
            "its bytes are not those that were written".to_owned()
        } else {
            cut_short()
        });
    }
    String::from_utf8([open, b"}"].concat()).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_object_is_json_and_is_read_back() {
        let sealed = seal(r#"{"format":2,"course":[1.5]}"#);
        let value: serde_json::Value = serde_json::from_str(&sealed).unwrap();
        assert_eq!(value["digest"].as_str().map(str::len), Some(N_DIGITS));
        assert_eq!(unseal(sealed.as_bytes()).unwrap(), r#"{"format":2,"course":[1.5]}"#);
    }

    #[test]
    fn every_changed_and_every_missing_byte_is_noticed() {
        let sealed = seal(r#"{"format":2,"course":[1.5]}"#).into_bytes();
        for at in 0..sealed.len() {
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                unseal(&changed).unwrap_err();
            }
            unseal(&sealed[..at]).unwrap_err();
            unseal(&sealed[at + 1..]).unwrap_err();
        }
    }
}
