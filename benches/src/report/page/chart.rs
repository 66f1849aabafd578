//! A chart as SVG.

use super::canvas::Svg;
use super::palette::{Style, Styles, series};
use super::{bars, lines, marker};
use crate::report::{Chart, Drawing, ReportError};

/// A drawn chart.
pub(super) struct Drawn {
    /// The chart; nothing where nothing was measured.
    pub(super) svg: Option<Svg>,
    /// Each learner of the chart, with a piece of its line or bar.
    pub(super) legend: Vec<(String, Style, Svg)>,
}

/// Draws a chart with the styles of its section.
pub(super) fn draw(chart: &Chart, styles: &Styles) -> Result<Drawn, ReportError> {
    let failed = |reason: super::canvas::Failure| ReportError::Drawing {
        chart: chart.title.clone(),
        reason: reason.to_string(),
    };
    let (svg, swatch): (_, fn(Style) -> _) = match &chart.drawing {
        Drawing::Lines(lines) => (lines::draw(lines, styles), marker::line_swatch),
        Drawing::Bars(bars) => (bars::draw(bars, styles), marker::bar_swatch),
    };
    let mut legend: Vec<(String, Style, Svg)> = Vec::new();
    for series in series(chart) {
        if legend.iter().all(|(name, ..)| *name != series.name) {
            let style = styles.get(series);
            legend.push((series.name.clone(), style, swatch(style).map_err(failed)?));
        }
    }
    Ok(Drawn { svg: svg.map_err(failed)?, legend })
}
