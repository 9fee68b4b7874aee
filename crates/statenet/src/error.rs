//! One error for programs that use several crates of the library.

macro_rules! errors {
    ($($(#[$attribute:meta])* $variant:ident($error:ty);)*) => {
        /// What can go wrong anywhere in the library; messages are those of the crate that found it.
        ///
        /// ```
        /// use statenet::prelude::*;
        ///
        /// fn bands() -> statenet::Result<usize> {
        ///     let recording = SimulationConfig::small().simulate()?.recording;
        ///     let model = zoo::ln(&recording.axes()).build(Seed::new(0), &Device::Cpu)?;
        ///     Ok(model.n_bands())
        /// }
        /// assert!(bands()? > 0);
        /// # Ok::<(), statenet::Error>(())
        /// ```
        #[derive(Debug, thiserror::Error)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$attribute])* #[error(transparent)] $variant(Box<$error>),)*
        }

        $($(#[$attribute])* impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })*
    };
}

errors! {
    /// A quantity, a shape, or a file that cannot be written.
    Core(statenet_core::Error);
    /// A recording, a split, a file of data.
    Data(statenet_data::Error);
    /// A config, a model, a checkpoint.
    Models(statenet_models::Error);
    /// A fused operation.
    Kernels(statenet_kernels::Error);
    /// A score or a loss.
    Metrics(statenet_metrics::Error);
    /// A fit or an evaluation.
    Train(statenet_train::Error);
    /// An interpretation.
    Interp(statenet_interp::Error);
    /// A figure, a table or a page.
    #[cfg(feature = "report")]
    Report(statenet_report::Error);
    /// A device that is not there.
    Device(crate::device::Error);
    /// A tensor operation.
    Tensor(candle_core::Error);
}

/// A result of the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;
