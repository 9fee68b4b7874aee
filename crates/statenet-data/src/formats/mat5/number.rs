//! Numbers of several bytes in either order.

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// A number of N bytes.
pub(super) trait Number<const N: usize>: Sized {
    /// From its bytes in an order.
    fn from_bytes(bytes: [u8; N], order: ByteOrder) -> Self;
}

macro_rules! numbers {
    ($($type:ty: $n:literal)*) => {
        $(
            impl Number<$n> for $type {
                fn from_bytes(bytes: [u8; $n], order: ByteOrder) -> Self {
                    match order {
                        ByteOrder::Little => Self::from_le_bytes(bytes),
                        ByteOrder::Big => Self::from_be_bytes(bytes),
                    }
                }
            }
        )*
    };
}

numbers! { i8: 1 u8: 1 i16: 2 u16: 2 i32: 4 u32: 4 i64: 8 u64: 8 f32: 4 f64: 8 }

/// All whole numbers in the bytes; a part of a number at the end is left out.
pub(super) fn all<const N: usize, T: Number<N>>(bytes: &[u8], order: ByteOrder) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|&number| T::from_bytes(number, order)).collect()
}
