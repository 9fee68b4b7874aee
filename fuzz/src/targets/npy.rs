//! npy files: parsed, written, parsed again, equal.

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use statenet_data::formats::npy;

use super::{some_numbers_a_byte, told};
use crate::{Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "npy",
    kind: Kind::Npy,
    most_bytes: 1 << 16,
    largest_block: some_numbers_a_byte,
    seeds,
    sealed: None,
    check,
};

fn check(bytes: &[u8]) -> bool {
    let array = match npy::parse(bytes) {
        Ok((_, array)) => array,
        Err(error) => return told(&error),
    };
    let written = npy::encode(array.view()).expect("an array that was read can be written");
    let (_, again) = npy::parse(&written).expect("what we write we can read");
    same(&array, &again);
    true
}

/// Bit for bit, but for the bits of NaN.
pub(super) fn same(a: &ArrayD<f32>, b: &ArrayD<f32>) {
    assert_eq!(a.shape(), b.shape());
    assert!(a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())));
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    fn of<T: ndarray_npy::WritableElement>(name: &str, value: fn(usize) -> T) -> (String, Vec<u8>) {
        let array = ArrayD::from_shape_fn(IxDyn(&[2, 3]), |i| value(3 * i[0] + i[1]));
        (name.to_owned(), npy::encode(array.view()).expect("a small array"))
    }
    let columns = ArrayD::from_shape_fn(IxDyn(&[2, 1, 3]).f(), |i| i[2] as f32);
    vec![
        of("i1", |i| i as i8),
        of("i2", |i| i as i16),
        of("i4", |i| i as i32),
        of("i8", |i| i as i64),
        of("u1", |i| i as u8),
        of("u2", |i| i as u16),
        of("u4", |i| i as u32),
        of("u8", |i| i as u64),
        of("f4", |i| i as f32),
        of("f8", |i| i as f64),
        ("columns".to_owned(), npy::encode(columns.view()).expect("a small array")),
    ]
}
