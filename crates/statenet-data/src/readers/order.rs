//! The order of names in which numbers count by their value: stim2 before stim10.

use std::{cmp::Ordering, iter::Peekable, str::Bytes};

/// Compares names so that numbers in them count by their value; names that are equal so are compared as texts.
pub(crate) fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.bytes().peekable(), b.bytes().peekable());
    loop {
        let is_digit = |next: Option<&u8>| next.is_some_and(u8::is_ascii_digit);
        let order = match (is_digit(left.peek()), is_digit(right.peek())) {
            (true, true) => number(&mut left).cmp(&number(&mut right)),
            _ => match (left.next(), right.next()) {
                (None, None) => return a.cmp(b),
                (x, y) => x.cmp(&y),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// The digits at the start, without leading zeros, as how many there are and what they are: numbers of any length compare so.
fn number(bytes: &mut Peekable<Bytes<'_>>) -> (usize, Vec<u8>) {
    let mut digits = Vec::new();
    while let Some(digit) = bytes.next_if(u8::is_ascii_digit) {
        if digit != b'0' || !digits.is_empty() {
            digits.push(digit);
        }
    }
    (digits.len(), digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_their_value() {
        let mut names = ["stim10", "stim2", "stim02", "a", "stim1.wav", "stim", "stim1b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "stim", "stim1.wav", "stim1b", "stim02", "stim2", "stim10"]);
    }

    proptest::proptest! {
        #[test]
        fn it_is_an_order(names in proptest::collection::vec("[ab0-9]{0,4}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            proptest::prop_assert_eq!(natural(a, b), natural(b, a).reverse());
            if natural(a, b).is_le() && natural(b, c).is_le() {
                proptest::prop_assert!(natural(a, c).is_le());
            }
            proptest::prop_assert_eq!(natural(a, b).is_eq(), a == b);
        }
    }
}
