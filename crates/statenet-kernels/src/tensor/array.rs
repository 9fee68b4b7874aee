//! Arrays of a length that the compiler knows, from results.

use candle_core::bail;

/// N results in an array.
pub(crate) fn collect<T, const N: usize>(
    results: impl IntoIterator<Item = candle_core::Result<T>>,
) -> candle_core::Result<[T; N]> {
    let all = results.into_iter().collect::<candle_core::Result<Vec<T>>>()?;
    let n = all.len();
    match all.try_into() {
        Ok(all) => Ok(all),
        Err(_) => bail!("an operation on {N} tensors was given {n}"),
    }
}
