//! Stateful and classical models of auditory neurons: fit, score, stream and interpret
