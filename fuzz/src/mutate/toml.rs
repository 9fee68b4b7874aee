//! Changes of TOML: as of the JSON of the same content.

use super::json;
use crate::random::Random;

/// Changes one to three places; `None` if the bytes are not TOML, or what comes out has no TOML.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let table: toml::Table = toml::from_str(std::str::from_utf8(bytes).ok()?).ok()?;
    let mut document = serde_json::to_value(table).ok()?;
    json::change(&mut document, random);
    Some(toml::to_string(&document).ok()?.into_bytes())
}
