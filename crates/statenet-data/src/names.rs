//! Checks names that are used as file names, as in `predictions/MODEL/STIMULUS.npy`.

use crate::error::{Error, Result};

/// The longest name in bytes: file systems allow 255, and extensions are added.
const MAX_BYTES: usize = 120;

/// Checks that a name can be a file name on every system.
pub(crate) fn check(what: &'static str, name: &str) -> Result<()> {
    let length = (1..=MAX_BYTES).contains(&name.len());
    let edges = !name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']);
    let inside = !name.contains(|c: char| {
        c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    });
    if length && edges && inside { Ok(()) } else { Err(Error::UnsafeName { what, name: name.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sounds_are_fine() {
        for name in ["nat01", "source.1.sound.0", "song 3 (loud)", "夜鶯", &"x".repeat(120)] {
            check("stimulus", name).unwrap();
        }
    }

    #[test]
    fn names_that_leave_the_folder_are_not() {
        for name in
            ["", ".", "..", "../a", "a/b", "a\\b", "C:", ".hidden", "a ", "a\n", "a\0", &"x".repeat(121)]
        {
            let error = check("stimulus", name).unwrap_err();
            assert!(matches!(error, Error::UnsafeName { .. }), "{name:?}");
        }
        let message = check("stimulus", "..").unwrap_err().to_string();
        assert!(message.starts_with("stimulus name \"..\" cannot be a file name, expected 1 to 120 bytes"));
    }
}
