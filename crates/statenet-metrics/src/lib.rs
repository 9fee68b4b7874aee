//! Scores of neural response models: losses, CCraw, CCnorm, FVE, signal and noise power, ceilings and intervals
