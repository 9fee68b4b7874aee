//! Models of auditory neurons behind one trait: Linear, LN and StateNet, with streaming, checkpoints and laws
