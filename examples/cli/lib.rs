//! What the examples share: arguments, progress bars, the files that they leave and the pages that they draw.
//!
//! Everything that computes is in the library; what is here belongs to a command line.

pub mod choice;
pub mod dropped;
pub mod failure;
pub mod fit_args;
pub mod fit_report;
pub mod interpret;
pub mod machine;
pub mod output;
pub mod progress;
pub mod sound;
pub mod summary;

/// The book's Rust, compiled and run.
#[cfg(doctest)]
mod book {
    macro_rules! pages {
        ($($page:ident: $text:literal;)*) => {$(
            #[doc = include_str!(concat!("../../docs/src/", $text))]
            struct $page;
        )*};
    }
    pages! {
        Tutorial: "start/tutorial.md";
        OwnModel: "how-to/own-model.md";
        PropertyTests: "how-to/property-tests.md";
        Resume: "how-to/resume.md";
        Streaming: "how-to/streaming.md";
        GradientMaps: "theory/interpretation/gradient-maps.md";
        Dstrf: "theory/interpretation/dstrf.md";
        Dreams: "theory/interpretation/dreams.md";
        Scores: "theory/scores.md";
        Tuning: "theory/interpretation/tuning.md";
        Memory: "theory/interpretation/memory.md";
        Experiments: "theory/interpretation/experiments.md";
    }
}
