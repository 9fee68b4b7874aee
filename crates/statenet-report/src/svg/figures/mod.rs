//! The kinds of figures, one in each file.

pub(crate) mod bars;
pub(crate) mod curves;
pub(crate) mod heatmap;
pub(crate) mod histogram;
pub(crate) mod panel;
pub(crate) mod points;
pub(crate) mod raster;
pub(crate) mod scatter;
pub(crate) mod strips;
pub(crate) mod traces;

use crate::svg::{
    document::Svg,
    draw::frame::{self, Draw},
};

/// Any kind of figure, for a [`Panel`](crate::Panel). Each kind converts with `into()`.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// Bars with intervals.
    Bars(bars::Bars),
    /// Curves over epochs, lags or frequencies.
    Curves(curves::Curves),
    /// A heatmap.
    Heatmap(heatmap::Heatmap),
    /// A histogram.
    Histogram(histogram::Histogram),
    /// Figures in a stack or grid.
    Panel(panel::Panel),
    /// Scores against a number on a logarithmic axis.
    Points(points::Points),
    /// Spikes of each repeat.
    Raster(raster::Raster),
    /// One score against another.
    Scatter(scatter::Scatter),
    /// Scores of each neuron, a row per model.
    Strips(strips::Strips),
    /// Recorded and predicted rates.
    Traces(traces::Traces),
}

impl Figure {
    /// Draws the figure.
    #[must_use]
    pub fn render(&self) -> Svg {
        frame::render(self.as_draw())
    }

    pub(crate) fn as_draw(&self) -> &dyn Draw {
        match self {
            Self::Bars(figure) => figure,
            Self::Curves(figure) => figure,
            Self::Heatmap(figure) => figure,
            Self::Histogram(figure) => figure,
            Self::Panel(figure) => figure,
            Self::Points(figure) => figure,
            Self::Raster(figure) => figure,
            Self::Scatter(figure) => figure,
            Self::Strips(figure) => figure,
            Self::Traces(figure) => figure,
        }
    }
}

macro_rules! renders_and_converts {
    ($($kind:ident in $module:ident;)*) => {$(
        impl $module::$kind {
            /// Draws the figure.
            #[must_use]
            pub fn render(&self) -> Svg {
                frame::render(self)
            }
        }

        impl From<$module::$kind> for Figure {
            fn from(figure: $module::$kind) -> Self {
                Self::$kind(figure)
            }
        }
    )*};
}
renders_and_converts! {
    Bars in bars;
    Curves in curves;
    Heatmap in heatmap;
    Histogram in histogram;
    Panel in panel;
    Points in points;
    Raster in raster;
    Scatter in scatter;
    Strips in strips;
    Traces in traces;
}
