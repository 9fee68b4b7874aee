//! Fitting response models: ridge regression and a resumable gradient fitter with early stopping
