//! What a fitted response model listens to: receptive fields and gradient maps
