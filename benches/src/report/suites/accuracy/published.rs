//! Figures that others published on the same stored splits, to stand beside.

/// Root mean square errors over all 20 splits: Monte Carlo dropout as tuned by Mukhoti, Stenetorp and Gal
/// ("On the importance of strong baselines in Bayesian deep learning", 2018), and the best that papers
/// which compare on these sets quote, by what.
pub(super) const RMSE: [(&str, f64, f64, &str); 6] = [
    ("yacht", 0.67, 0.476, "deep Gaussian process"),
    ("boston housing", 2.90, 2.46, "support vectors"),
    ("concrete", 4.82, 4.15, "WGBoost"),
    ("kin8nm", 0.079, 0.065, "deep Gaussian process"),
    ("power-plant", 4.01, 3.19, "WGBoost"),
    ("wine quality, red", 0.62, 0.61, "WGBoost"),
];
