//! Variants of CCnorm and r2_ER from publications, under the names of their authors, for comparison with published numbers.
//!
//! | module | difference from [`cc_norm`](crate::scores::cc_norm) |
//! |---|---|
//! | [`schoppe2016`] | covariance, variance and signal power over the concatenation of all stimuli, with a single mean |
//! | [`hsu2004`] | CC / CCmax of each stimulus, averaged over stimuli |
//! | [`pennington2023`] | of single trials, over the concatenation; [`cc_ttrc`](crate::scores::cc_ttrc) is within stimuli |
//! | [`pospisil2021`] | r2_ER with noise of one variance, independent between bins; [`r2_er`](crate::scores::r2_er) needs neither |
//! | [`reference_0_1`] | mixed: covariance over the concatenation, signal power within stimuli; can exceed 1 without bound |

pub mod hsu2004;
pub mod pennington2023;
pub mod pospisil2021;
pub mod reference_0_1;
pub mod schoppe2016;
