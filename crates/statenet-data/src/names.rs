//! Names as file names: stimuli must have names that can be one, as in `predictions/MODEL/STIMULUS.npy`; ids of neurons may be
//! anything, and get file names made from them.

use std::collections::BTreeSet;

use statenet_core::Digest;

use crate::error::{Error, Result};

/// The longest name in bytes: file systems allow 255, and extensions are added.
const MAX_BYTES: usize = 120;
/// The longest file name made from an id, before its digest.
const MADE_BYTES: usize = 80;
/// Characters that some file system does not take.
const REFUSED: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// Names that Windows keeps for devices, whatever their case and extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Checks that a name can be a file name on every system.
pub(crate) fn check(what: &'static str, name: &str) -> Result<()> {
    let length = (1..=MAX_BYTES).contains(&name.len());
    let edges = !name.starts_with(['.', ' ']) && !name.ends_with(['.', ' ']);
    let inside = !name.contains(|c: char| c.is_control() || REFUSED.contains(&c));
    if length && edges && inside && !is_device(name) {
        Ok(())
    } else {
        Err(Error::UnsafeName { what, name: name.to_owned() })
    }
}

/// Whether Windows would open a device in place of a file of this name.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().filter_map(|port| stem.strip_prefix(port));
    let port = |rest: &str| matches!(rest.chars().collect::<Vec<_>>().as_slice(), [c] if "0123456789¹²³".contains(*c));
    DEVICES.contains(&stem.as_str()) || numbered.into_iter().any(port)
}

/// A file name, without extension, for each id: the id itself where that can be one on Linux, macOS and Windows, else what remains
/// of it with a digest of the whole.
///
/// No two are equal, also where a file system does not tell upper from lower case, none leaves its folder, and the name of
/// an id depends on the ids before it only if they are alike but for case.
///
/// ```
/// use statenet_data::file_names;
///
/// let names = file_names(&["u1", "../../escaped", "U1", ""]);
/// assert_eq!(names[0], "u1");
/// assert!(names[1].starts_with("escaped-"), "{}", names[1]);
/// assert!(names[2].starts_with("U1-") && names[3].starts_with("neuron-"));
/// ```
#[must_use]
pub fn file_names<S: AsRef<str>>(ids: &[S]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    let mut names = vec![String::new(); ids.len()];
    // An id that is a file name keeps it, wherever it stands in the list.
    for (name, id) in names.iter_mut().zip(ids) {
        let id = id.as_ref();
        if check("neuron", id).is_ok() && id.len() <= MADE_BYTES && taken.insert(id.to_lowercase()) {
            id.clone_into(name);
        }
    }
    for (name, id) in names.iter_mut().zip(ids).filter(|(name, _)| name.is_empty()) {
        let id = id.as_ref();
        let made = format!("{}-{}", readable(id), Digest::of(id.as_bytes()));
        let mut candidate = made.clone();
        for copy in 2_usize.. {
            if taken.insert(candidate.to_lowercase()) {
                break;
            }
            candidate = format!("{made}-{copy}");
        }
        *name = candidate;
    }
    names
}

/// What of an id can be in a file name; `neuron` if nothing.
fn readable(id: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let text: String = id.trim_matches(|c: char| !c.is_alphanumeric()).chars().map(kept).collect();
    let end = (0..=MADE_BYTES.min(text.len())).rev().find(|&end| text.is_char_boundary(end));
    let text = text.get(..end.unwrap_or(0)).unwrap_or_default();
    if text.is_empty() { "neuron".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_sounds_are_fine() {
        for name in [
            "nat01",
            "source.1.sound.0",
            "song 3 (loud)",
            "夜鶯",
            "com",
            "console",
            "com10",
            &"x".repeat(120),
        ] {
            check("stimulus", name).unwrap();
        }
    }

    #[test]
    fn names_that_leave_the_folder_or_open_a_device_are_not() {
        for name in [
            "",
            ".",
            "..",
            "../a",
            "a/b",
            "a\\b",
            "C:",
            ".hidden",
            "a ",
            "a\n",
            "a\0",
            "con",
            "NUL.txt",
            "Lpt1",
            "com¹.x",
            "aux .y",
            &"x".repeat(121),
        ] {
            let error = check("stimulus", name).unwrap_err();
            assert!(matches!(error, Error::UnsafeName { .. }), "{name:?}");
        }
        let message = check("stimulus", "..").unwrap_err().to_string();
        assert!(message.starts_with("stimulus name \"..\" cannot be a file name, expected 1 to 120 bytes"));
    }

    proptest! {
        #[test]
        fn file_names_are_safe_and_distinct_for_any_ids(
            ids in prop::collection::btree_set("[a-cA-C./\\\\ :\0夜é_-]{0,6}|con|NUL|x{79,130}", 0..30),
        ) {
            let ids: Vec<String> = ids.into_iter().collect();
            let names = file_names(&ids);
            for (name, id) in names.iter().zip(&ids) {
                prop_assert!(check("neuron", name).is_ok(), "{id:?} became {name:?}");
            }
            let distinct: BTreeSet<String> = names.iter().map(|n| n.to_lowercase()).collect();
            prop_assert_eq!(distinct.len(), ids.len());
        }
    }
}
