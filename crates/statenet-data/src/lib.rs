//! Recordings of auditory neurons: folders on disk, splits, batches, smoothing, standardisation, simulated populations
