//! What a person's file holds, as an error quotes it.

/// A text of at most `most` characters: a longer one is cut, and ends in three dots.
///
/// ```
/// assert_eq!(statenet_core::shortened("a short one", 60), "a short one");
/// assert_eq!(statenet_core::shortened("rather too long", 9), "rather...");
/// ```
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}
