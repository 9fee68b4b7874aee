//! What an operation says of itself to be held to the laws: its name, how its inputs are drawn, its forms, and the laws that it
//! cannot obey.

use std::sync::Arc;

use candle_core::Tensor;
use statenet_kernels::{Result, Step};

use crate::harness::{Memory, Numbers, check};

/// What holds for every operation that can have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Law {
    /// Fused equals plain: results and gradients, f64 and f32, however inputs lie in memory; and the gradients equal
    /// differences.
    Plain,
    /// The same where loops over bins begin a new block.
    Blocks,
    /// The number of threads does not show in the bits.
    Threads,
    /// A stimulus gives the bits that it gives alone.
    Rows,
    /// Stimuli that are identical are computed as any others.
    Identical,
    /// A change of the input after a bin leaves the output up to it as it was, bit for bit.
    Causal,
    /// Two chunks, the second from the state that the first leaves, equal the whole.
    Chunks,
    /// Bin by bin, the single-step form equals the whole.
    Steps,
    /// Only tracked inputs get a gradient, and each its bits whatever else is tracked.
    Tracked,
    /// A long clip has finite gradients and a graph that Candle can walk.
    Long,
    /// Arguments of another shape or dtype are refused, by name.
    Arguments,
}

impl Law {
    pub(crate) const ALL: [Self; 11] = [
        Self::Plain,
        Self::Blocks,
        Self::Threads,
        Self::Rows,
        Self::Identical,
        Self::Causal,
        Self::Chunks,
        Self::Steps,
        Self::Tracked,
        Self::Long,
        Self::Arguments,
    ];
}

/// An operation under test.
pub(crate) struct OpCase {
    /// Its name in the crate.
    pub(crate) name: &'static str,
    /// Which of several kinds it is, or nothing.
    pub(crate) kind: &'static str,
    /// Draws sizes, options and numbers.
    pub(crate) draw: fn(&mut Draw) -> Instance,
    /// Bins at which its loops begin a new block, one before and one after.
    pub(crate) blocks: &'static [usize],
    /// Laws that it cannot obey, and why.
    pub(crate) without: &'static [(Law, &'static str)],
}

impl OpCase {
    pub(crate) fn title(&self) -> String {
        if self.kind.is_empty() { self.name.to_owned() } else { format!("{} ({})", self.name, self.kind) }
    }

    /// The name that errors bear: of its kind, where an operation has kinds with names of their own.
    pub(crate) fn error_name(&self) -> &'static str {
        if self.kind.is_empty() { self.name } else { self.kind }
    }

    /// Why it cannot obey a law, if it cannot.
    pub(crate) fn reason_without(&self, law: Law) -> Option<&'static str> {
        self.without.iter().find(|(without, _)| *without == law).map(|(_, reason)| *reason)
    }

    pub(crate) fn drawn(&self, seed: u64, extent: Extent) -> Instance {
        (self.draw)(&mut Draw { numbers: Numbers(seed), extent, batch: None, time: None })
    }

    pub(crate) fn sized(&self, seed: u64, extent: Extent, batch: usize, time: usize) -> Instance {
        let (batch, time) = (Some(batch), Some(time));
        (self.draw)(&mut Draw { numbers: Numbers(seed), extent, batch, time })
    }
}

/// How large what is drawn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Anything within its range.
    Drawn,
    /// The least, with all that may be left out left out.
    Least,
    /// Enough to be shared among threads and to fill vectors, with nothing left out.
    Wide,
}

/// Draws the sizes and numbers of an [`Instance`].
pub(crate) struct Draw {
    pub(crate) numbers: Numbers,
    pub(crate) extent: Extent,
    batch: Option<usize>,
    time: Option<usize>,
}

impl Draw {
    /// A size from `least` to below `end`; `wide` where the extent is wide.
    pub(crate) fn size(&mut self, least: usize, end: usize, wide: usize) -> usize {
        let drawn = least + (self.numbers.next() % (end - least) as u64) as usize;
        match self.extent {
            Extent::Drawn => drawn,
            Extent::Least => least,
            Extent::Wide => wide,
        }
    }

    /// One of several options.
    pub(crate) fn one_of<T: Copy>(&mut self, options: &[T]) -> T {
        options[(self.numbers.next() % options.len() as u64) as usize]
    }

    /// Whether something that may be left out is there.
    pub(crate) fn given(&mut self) -> bool {
        let drawn = self.numbers.next().is_multiple_of(2);
        match self.extent {
            Extent::Drawn => drawn,
            Extent::Least => false,
            Extent::Wide => true,
        }
    }

    /// Stimuli: what the law asks for, or below `end`.
    pub(crate) fn batch(&mut self, end: usize) -> usize {
        let drawn = self.size(1, end, 2);
        self.batch.unwrap_or(drawn)
    }

    /// Bins: what the law asks for, or below `end`.
    pub(crate) fn time(&mut self, end: usize) -> usize {
        let drawn = self.size(1, end, end - 1);
        self.time.unwrap_or(drawn)
    }

    pub(crate) fn signed(&mut self, shape: &[usize]) -> Tensor {
        self.numbers.signed(shape)
    }

    pub(crate) fn tensor(&mut self, shape: &[usize], low: f64, high: f64) -> Tensor {
        self.numbers.tensor(shape, low, high)
    }
}

pub(crate) type Op = Arc<dyn Fn(&[Tensor]) -> Result<Vec<Tensor>> + Send + Sync>;
type MakeStep = Arc<dyn Fn(&[Tensor]) -> Result<Box<dyn Step>>>;

/// An operation with sizes, options and inputs.
pub(crate) struct Instance {
    /// f64 tensors, all of which get gradients.
    pub(crate) x: Vec<Tensor>,
    /// Their names in the signature.
    pub(crate) names: Vec<&'static str>,
    /// Those with an axis of stimuli in front.
    pub(crate) of_stimuli: Vec<usize>,
    /// Those with an axis of time, and which it is.
    pub(crate) timed: Vec<(usize, usize)>,
    pub(crate) fused: Op,
    pub(crate) plain: Op,
    /// The axis of time of output 0.
    pub(crate) out_time: usize,
    pub(crate) carried: Carried,
    pub(crate) step: Option<MakeStep>,
    /// Largest deviation of the steps from the f32 whole, relative to its largest number.
    pub(crate) step_tolerance: f64,
}

/// What goes from one chunk to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// Nothing.
    Nothing,
    /// As many of the last inputs as there are outputs behind output 0.
    States,
    /// The last bins of input 0, `bins` along its axis of time, as input `at`; zeros if it is left out.
    Context { at: usize, bins: usize },
    /// All bins so far of the timed inputs behind the first.
    Earlier,
}

impl Instance {
    /// An instance of an operation on stimuli in time, whose other properties follow.
    pub(crate) fn new<const N: usize>(inputs: [(&'static str, Tensor); N]) -> Self {
        let (names, x) = inputs.into_iter().unzip();
        let nothing: Op = Arc::new(|_| Ok(Vec::new()));
        Self {
            x,
            names,
            of_stimuli: vec![0],
            timed: Vec::new(),
            fused: nothing.clone(),
            plain: nothing,
            out_time: 0,
            carried: Carried::Nothing,
            step: None,
            step_tolerance: 1e-5,
        }
    }

    /// One more input.
    pub(crate) fn with(mut self, name: &'static str, tensor: Tensor) -> Self {
        self.names.push(name);
        self.x.push(tensor);
        self
    }

    pub(crate) fn of_stimuli(mut self, inputs: &[usize]) -> Self {
        self.of_stimuli = inputs.to_vec();
        self
    }

    /// Axes of time of inputs, and of output 0.
    pub(crate) fn timed(mut self, inputs: &[(usize, usize)], output: usize) -> Self {
        self.timed = inputs.to_vec();
        self.out_time = output;
        self
    }

    pub(crate) fn carried(mut self, carried: Carried) -> Self {
        self.carried = carried;
        self
    }

    pub(crate) fn fused(
        mut self,
        op: impl Fn(&[Tensor]) -> Result<Vec<Tensor>> + Send + Sync + 'static,
    ) -> Self {
        self.fused = Arc::new(op);
        self
    }

    pub(crate) fn plain(
        mut self,
        op: impl Fn(&[Tensor]) -> Result<Vec<Tensor>> + Send + Sync + 'static,
    ) -> Self {
        self.plain = Arc::new(op);
        self
    }

    pub(crate) fn step<S: Step + 'static>(mut self, make: impl Fn(&[Tensor]) -> Result<S> + 'static) -> Self {
        self.step = Some(Arc::new(move |x| Ok(Box::new(make(x)?))));
        self
    }

    pub(crate) fn step_tolerance(mut self, tolerance: f64) -> Self {
        self.step_tolerance = tolerance;
        self
    }

    pub(crate) fn run(&self, x: &[Tensor]) -> Vec<Tensor> {
        (self.fused)(x).unwrap()
    }

    pub(crate) fn compare(&self, memory: Memory) {
        check(|x| self.run(x), |x| (self.plain)(x).unwrap(), &self.x, memory);
    }

    pub(crate) fn n_states(&self) -> usize {
        self.run(&self.x).len() - 1
    }

    pub(crate) fn time(&self) -> usize {
        let (input, axis) = self.timed[0];
        self.x[input].dim(axis).unwrap()
    }
}
