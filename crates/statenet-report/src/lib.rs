//! Figures (SVG), tables and self-contained HTML reports of fitted response models
