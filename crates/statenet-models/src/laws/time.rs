//! Laws of time: causality, prefixes, streaming.

use candle_core::{DType, Device, Tensor};

use super::compare::{broken, expect_close, expect_equal, tolerance};
use crate::{
    build::response_model::ResponseModel,
    error::{During, Result},
    model::{memory::Memory, mode::Mode},
    streaming::{real_time::RealTime, stream::in_chunks},
    tensors::f64_values,
};

/// Changing the stimulus from bin `t` on changes no rate before `t`: the same bits.
///
/// `cochleagram` is `(B, 1, F, T)` with T above `t`.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn causal(model: &dyn ResponseModel, cochleagram: &Tensor, t: usize) -> Result<()> {
    let n_bins = cochleagram.dim(3).during("reading a cochleagram")?;
    let (past, future) = (narrow(cochleagram, 0, t)?, narrow(cochleagram, t, n_bins - t)?);
    let other = future.affine(-1.7, 0.9).during("changing the future")?;
    let changed =
        if t == 0 { other } else { Tensor::cat(&[&past, &other], 3).during("changing the future")? };
    let (a, b) = (model.forward(cochleagram, Mode::Eval)?, model.forward(&changed, Mode::Eval)?);
    if t == 0 {
        return Ok(());
    }
    let before = |rates: &Tensor| rates.narrow(2, 0, t).during("slicing rates");
    expect_equal("causality", &format!("rates before bin {t}"), &before(&a)?, &before(&b)?)
}

/// The first `t` bins alone give the first `t` bins of the whole.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn prefix_stable(model: &dyn ResponseModel, cochleagram: &Tensor, t: usize) -> Result<()> {
    let whole = model.forward(cochleagram, Mode::Eval)?.narrow(2, 0, t).during("slicing rates")?;
    let prefix = model.forward(&narrow(cochleagram, 0, t)?, Mode::Eval)?;
    expect_close("prefix stability", &format!("first {t} bins"), &whole, &prefix, tolerance(model.dtype()))
}

/// A model of finite memory forgets: changing the stimulus before the frames that it says it sees changes no rate after
/// them, on whole stimuli and in a stream. A model of unbounded memory obeys, and so does a cochleagram no longer than
/// the memory.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn forgets(model: &dyn ResponseModel, cochleagram: &Tensor) -> Result<()> {
    const LAW: &str = "finite memory";
    let (batch, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let Memory::Frames(frames) = model.memory() else { return Ok(()) };
    // Rates from the second half on, which see nothing of the first bins.
    let from = n_bins / 2;
    let Some(n_changed) = (from + 1).checked_sub(frames).filter(|&n| n > 0) else { return Ok(()) };
    let other = narrow(cochleagram, 0, n_changed)?.affine(-1.7, 0.9).during("changing the past")?;
    let rest = narrow(cochleagram, n_changed, n_bins - n_changed)?;
    let changed = Tensor::cat(&[&other, &rest], 3).during("changing the past")?;
    let late = |rates: &Tensor| rates.narrow(2, from, n_bins - from).during("slicing rates");
    let (a, b) = (model.forward(cochleagram, Mode::Eval)?, model.forward(&changed, Mode::Eval)?);
    expect_close(
        LAW,
        &format!("rates from bin {from} on"),
        &late(&a)?,
        &late(&b)?,
        tolerance(model.dtype()),
    )?;
    let mut state = model.init_state(batch)?;
    model.chunk(&narrow(&changed, 0, from)?, &mut state)?;
    let streamed = model.chunk(&narrow(&changed, from, n_bins - from)?, &mut state)?;
    expect_close(LAW, "a stream with another past", &late(&a)?, &streamed, tolerance(model.dtype()))
}

/// Steps and chunks of these sizes give what whole stimuli give, also after frames that were only advanced over.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn streaming(model: &dyn ResponseModel, cochleagram: &Tensor, sizes: &[usize]) -> Result<()> {
    let (batch, _, _, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let whole = model.forward(cochleagram, Mode::Eval)?;
    for &size in sizes {
        let chunked = in_chunks(model, cochleagram, size)?;
        expect_close("streaming", &format!("chunks of {size}"), &whole, &chunked, tolerance(model.dtype()))?;
    }
    let (mut state, half) = (model.init_state(batch)?, n_bins / 2);
    if half > 0 {
        model.advance(&narrow(cochleagram, 0, half)?, &mut state)?;
        let rest = model.chunk(&narrow(cochleagram, half, n_bins - half)?, &mut state)?;
        let expected = whole.narrow(2, half, n_bins - half).during("slicing rates")?;
        expect_close(
            "streaming",
            "a stream whose first half was advanced over",
            &expected,
            &rest,
            tolerance(model.dtype()),
        )?;
    }
    let mut state = model.init_state(batch)?;
    let size_bytes = state.size_bytes();
    let mut rates = Vec::with_capacity(n_bins);
    for t in 0..n_bins {
        let frame = narrow(cochleagram, t, 1)?.squeeze(3).during("slicing a frame")?;
        rates.push(model.step(&frame, &mut state)?);
    }
    let stepped = Tensor::stack(&rates, 2).during("stacking rates")?;
    expect_close("streaming", "single steps", &whole, &stepped, tolerance(model.dtype()))?;
    if state.size_bytes() != size_bytes && model.memory() != Memory::Unbounded {
        return Err(broken(
            "streaming",
            format!("the state grew from {size_bytes} to {} bytes", state.size_bytes()),
        ));
    }
    Ok(())
}

/// Frame by frame without tensors gives what whole stimuli give, also where it takes a stream over from the model
/// and hands it back. A model without a real-time form obeys.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn real_time(model: &dyn ResponseModel, cochleagram: &Tensor) -> Result<()> {
    if model.steps()?.is_none() {
        return Ok(());
    }
    let (_, _, n_bands, n_bins) = cochleagram.dims4().during("reading a cochleagram")?;
    let sound = cochleagram.narrow(0, 0, 1).during("slicing a cochleagram")?;
    let whole = model.forward(&sound, Mode::Eval)?;
    let frames = f64_values(
        &sound.reshape((n_bands, n_bins)).and_then(|s| s.t()).during("transposing a cochleagram")?,
    )?;
    let frames: Vec<f32> = frames.into_iter().map(|x| x as f32).collect();
    let mut live = RealTime::new(model)?;
    let mut rates = vec![0f32; model.n_neurons() * n_bins];
    let third = n_bins / 3;
    let mut run = |live: &mut RealTime, bins: std::ops::Range<usize>| {
        let pairs = frames.chunks_exact(n_bands).zip(rates.chunks_exact_mut(model.n_neurons()));
        let mut pairs = pairs.skip(bins.start).take(bins.len());
        pairs.try_for_each(|(frame, rates)| live.frame(frame, rates))
    };
    run(&mut live, 0..third)?;
    let mut state = live.state()?;
    if third > 0 {
        // The model has the middle third.
        model.chunk(&narrow(&sound, third, third)?, &mut state)?;
        run(&mut live, third..2 * third)?;
    }
    live.reset();
    live.set_state(&state)?;
    run(&mut live, 2 * third..n_bins)?;
    let rates = Tensor::from_vec(rates, (1, n_bins, model.n_neurons()), &Device::Cpu)
        .and_then(|r| r.transpose(1, 2))
        .during("reading rates")?;
    expect_close("real time", "frames", &whole, &rates, tolerance(DType::F32))
}

/// A state made anew after a stream gives what the first stream gave: nothing is left in the model.
///
/// # Errors
/// [`Error::Law`](crate::Error::Law) if it is broken.
pub fn reset_is_new(model: &dyn ResponseModel, cochleagram: &Tensor) -> Result<()> {
    let batch = cochleagram.dim(0).during("reading a cochleagram")?;
    let first = model.chunk(cochleagram, &mut model.init_state(batch)?)?;
    let again = model.chunk(cochleagram, &mut model.init_state(batch)?)?;
    expect_equal("reset", "the second stream", &first, &again)
}

fn narrow(cochleagram: &Tensor, start: usize, n: usize) -> Result<Tensor> {
    cochleagram.narrow(3, start, n).during("slicing a cochleagram")
}
