//! Changes of JSON that leave it JSON, and some that readers of text must survive.

use serde_json::{Map, Number, Value, json};

use crate::random::Random;

/// Changes one to three places of a document; `None` if the bytes are not JSON.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    change(&mut document, random);
    let text = if random.one_in(2) { format!("{document:#}") } else { document.to_string() };
    Some(if random.one_in(12) { disguised(&text, random) } else { text.into_bytes() })
}

/// Changes one to three places of a document.
pub(super) fn change(document: &mut Value, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let place = random.below(count(document));
        let donor = nth(document, random.below(count(document))).cloned().unwrap_or_default();
        if let Some(value) = nth_mut(document, &mut { place }) {
            change_one(value, donor, random);
        }
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

fn nth_mut<'a>(value: &'a mut Value, n: &mut usize) -> Option<&'a mut Value> {
    if *n == 0 {
        return Some(value);
    }
    *n -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|v| nth_mut(v, n)),
        Value::Object(map) => map.values_mut().find_map(|v| nth_mut(v, n)),
        _ => None,
    }
}

fn nth(value: &Value, n: usize) -> Option<&Value> {
    fn walk<'a>(value: &'a Value, n: &mut usize) -> Option<&'a Value> {
        if *n == 0 {
            return Some(value);
        }
        *n -= 1;
        match value {
            Value::Array(list) => list.iter().find_map(|v| walk(v, n)),
            Value::Object(map) => map.values().find_map(|v| walk(v, n)),
            _ => None,
        }
    }
    walk(value, &mut { n })
}

fn change_one(value: &mut Value, donor: Value, random: &mut Random) {
    match (random.below(8), &mut *value) {
        (0, _) => *value = special(random),
        (1, _) => *value = donor,
        (_, Value::Object(map)) => change_map(map, donor, random),
        (_, Value::Array(list)) => change_list(list, donor, random),
        (_, Value::Number(number)) => *value = changed_number(number, random),
        (_, Value::String(text)) => change_text(text, random),
        (_, Value::Bool(b)) => *b = !*b,
        (_, Value::Null) => *value = special(random),
    }
}

fn change_map(map: &mut Map<String, Value>, donor: Value, random: &mut Random) {
    let keys: Vec<String> = map.keys().cloned().collect();
    let key = if keys.is_empty() { String::new() } else { random.pick(&keys).clone() };
    match random.below(5) {
        0 => {
            map.shift_remove(&key);
        }
        1 => {
            let value = map.shift_remove(&key).unwrap_or_default();
            let mut other = key;
            change_text(&mut other, random);
            map.insert(other, value);
        }
        2 => {
            map.insert(random.pick(&["x", "", "note", "kind", "audio", "smoothing"]).to_string(), donor);
        }
        3 => {
            map.insert(key, special(random));
        }
        _ => {
            map.insert(key, donor);
        }
    }
}

fn change_list(list: &mut Vec<Value>, donor: Value, random: &mut Random) {
    let at = random.below(list.len());
    match random.below(6) {
        0 if !list.is_empty() => {
            list.remove(at);
        }
        1 if !list.is_empty() => list.insert(at, list[at].clone()),
        2 if !list.is_empty() => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        3 => list.clear(),
        4 => list.push(special(random)),
        _ => list.push(donor),
    }
}

fn changed_number(number: &Number, random: &mut Random) -> Value {
    let x = number.as_f64().unwrap_or(0.0);
    match (random.below(7), number.as_i64()) {
        (0, Some(i)) => json!(i.wrapping_add(1)),
        (1, Some(i)) => json!(i.wrapping_sub(1)),
        (2, Some(i)) => json!(i.wrapping_mul(2)),
        (3, _) => json!(-x),
        (4, _) => json!(x * 0.5),
        (5, _) => json!(x * 1000.0),
        (6, _) => json!(random.below(9)),
        _ => json!(random.below(70)),
    }
}

/// Changes a text, or a name: one character more, less or other, or another text altogether.
pub(super) fn change_text(text: &mut String, random: &mut Random) {
    const TEXTS: [&str; 24] = [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "../x",
        "a\\b",
        "con",
        "NUL",
        "é",
        "e\u{301}",
        "\u{feff}",
        "\u{0}",
        "\n",
        " ",
        "train",
        "stimulus",
        "1e309",
        "-0",
        "u01",
        "x.npy",
        "none",
        "\u{1f3b5}",
        "_orig_mod.",
    ];
    let mut letters: Vec<char> = text.chars().collect();
    let at = random.below(letters.len());
    match random.below(6) {
        0 if !letters.is_empty() => {
            letters.remove(at);
        }
        1 => letters.insert(at, *random.pick(&['a', '0', '.', '/', ' ', '-', 'Z', 'ß', '\u{7f}'])),
        2 if !letters.is_empty() => letters[at] = *random.pick(&['b', '9', '.', '/', ':', '\t']),
        3 => letters = letters.iter().cycle().take(letters.len() * (1 + random.below(40))).copied().collect(),
        4 => letters.extend(random.pick(&TEXTS).chars()),
        _ => letters = random.pick(&TEXTS).chars().collect(),
    }
    letters.truncate(400);
    *text = letters.into_iter().collect();
}

fn special(random: &mut Random) -> Value {
    match random.below(24) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(0),
        4 => json!(1),
        5 => json!(-1),
        6 => json!(-0.0),
        7 => json!(0.5),
        8 => json!(1e-320),
        9 => json!(1e308),
        10 => json!(-1e300),
        11 => json!(u64::MAX),
        12 => json!(i64::MIN),
        13 => json!(1u64 << 32),
        14 => json!(1u64 << 20),
        15 => json!(1_000_000_000_000u64),
        16 => json!(16_777_217),
        17 => json!([]),
        18 => json!({}),
        19 => json!([[]]),
        20 => json!({"x": 1}),
        21 => json!("../x"),
        22 => json!(random.below(1000)),
        _ => json!(""),
    }
}

/// The text as some programs write it, or nearly JSON.
fn disguised(text: &str, random: &mut Random) -> Vec<u8> {
    let utf16 = |mark: bool, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let mark = mark.then_some('\u{feff}').into_iter();
        let text: String = mark.chain(text.chars()).collect();
        text.encode_utf16().flat_map(bytes).collect()
    };
    match random.below(10) {
        0 => format!("\u{feff}{text}").into_bytes(),
        1 => utf16(true, u16::to_le_bytes),
        2 => utf16(true, u16::to_be_bytes),
        3 => utf16(false, u16::to_le_bytes),
        4 => text.replacen('0', "NaN", 1).into_bytes(),
        5 => text.replacen("1", "-Infinity", 1).into_bytes(),
        6 => text.replacen(',', ",,", 1).into_bytes(),
        7 => {
            // The first key once more.
            let key = text.split('"').nth(1).unwrap_or("x");
            text.replacen('{', &format!("{{\"{key}\": 7, "), 1).into_bytes()
        }
        8 => "[".repeat(100 + random.below(300)).into_bytes(),
        _ => format!("{text}{text}").into_bytes(),
    }
}
