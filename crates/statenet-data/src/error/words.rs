//! The words of messages.

use statenet_core::Input;

use crate::{preprocess::Smoothing, split::part::Part};

/// The first few of a list.
pub(crate) fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

pub(super) fn brackets(index: &[usize]) -> String {
    let inside: Vec<String> = index.iter().map(ToString::to_string).collect();
    format!("[{}]", inside.join(", "))
}

pub(super) fn joined(parts: &[Part]) -> String {
    let names: Vec<String> = parts.iter().map(ToString::to_string).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

pub(super) fn plural(input: Input) -> &'static str {
    match input {
        Input::Cochleagram => "cochleagrams",
        Input::Sound => "sound",
    }
}

pub(super) fn in_words(smoothing: Option<Smoothing>) -> String {
    match smoothing {
        None => "as recorded".to_owned(),
        Some(Smoothing::None) => "as recorded, to stay so".to_owned(),
        Some(Smoothing::Hann { width }) => format!("smoothed by a Hann window of {} ms", width.ms()),
        Some(Smoothing::HannReference { width }) => {
            format!("smoothed by the reference's Hann window of {} ms", width.ms())
        }
    }
}

pub(super) fn of_part(part: Option<Part>) -> String {
    part.map(|part| format!(" in the {part} part")).unwrap_or_default()
}
