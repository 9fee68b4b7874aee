//! Recipes found by cross-validation: a random search over the settings of a fit, and over dropout where the model has it, with successive
//! halving over epochs.
//!
//! ```text
//! training and validation stimuli in K folds; alike sounds in one fold
//! for each rung: each trial that is left is fitted K times for the rung's epochs, and goes on where the rung before ended:
//!     fold i scores, fold i + 1 stops the fit, the others train
//!     the better half goes on to twice the epochs
//! of the last rung: the trial that regularises most, of those within one standard error of the best
//! ```
//! Every stimulus scores once, in a fit that it neither trained nor stopped: a single part of few validation stimuli rewards what happens to suit
//! them. Random search is that of Bergstra & Bengio (2012), successive halving that of Jamieson & Talwalkar (2016), the rule of one standard
//! error that of Breiman et al. (1984, section 3.4.3), here of the differences to the best, fold by fold, since the folds are the same for all.
//!
//! Test stimuli are taken out of the recording before anything else: nothing here can see them.
//!
//! A trial that has ended is a file, and is not repeated; fits that are under way go on from their states. A search that was interrupted or
//! killed ends as one that was not.

mod choice;
mod named;
mod recipe;
mod run;
mod rungs;
mod space;
mod trial;

pub use self::{
    recipe::{Cost, RecipeFields, RecipeFile, SearchRecord},
    run::{Search, SearchConfig},
    rungs::Rung,
    space::{Dimension, Of, Space, Values},
    trial::{FoldResult, Trial, TrialResult},
};
