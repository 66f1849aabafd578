//! The colours of the page, and which learner has which.
//!
//! A drawing writes the colours of the light mode. The page's style replaces each of them by a
//! variable, which has another value in the dark mode, and gives lines in it their pattern. Two
//! learners of one colour therefore have colours in the drawing that differ by what no eye sees.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use super::canvas::UNIT;
use crate::report::{Block, Chart, Drawing, Series};

/// A colour in the light and in the dark mode.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tone {
    /// The name of the variable in the style.
    pub(super) name: &'static str,
    /// In the light mode.
    pub(super) light: RGBColor,
    /// In the dark mode.
    pub(super) dark: RGBColor,
}

const fn tone(name: &'static str, light: u32, dark: u32) -> Tone {
    Tone { name, light: rgb(light), dark: rgb(dark) }
}

const fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

/// What everything lies on.
pub(super) const PAPER: Tone = tone("paper", 0xFF_FF_FF, 0x14_17_1C);
/// Text.
pub(super) const INK: Tone = tone("ink", 0x1C_22_2E, 0xE7_E9_ED);
/// Text of less weight.
pub(super) const QUIET: Tone = tone("quiet", 0x59_61_70, 0xA5_AD_BA);
/// Lines between and behind.
pub(super) const GRID: Tone = tone("grid", 0xDF_E2_E7, 0x30_36_40);
/// Links.
pub(super) const LINK: Tone = tone("link", 0x1F_4F_C0, 0x8F_B5_FF);
/// Behind code.
pub(super) const SHADE: Tone = tone("shade", 0xF4_F5_F7, 0x1D_21_28);

/// The learners' colours, GLAM's first. They differ in lightness where eyes with two kinds of cones see
/// them alike.
pub(super) const SERIES: [Tone; 8] = [
    tone("s0", 0xC2_41_0C, 0xFF_8A_4C),
    tone("s1", 0x24_56_C8, 0x5F_9B_FF),
    tone("s2", 0x0A_6A_5E, 0x1F_8F_74),
    tone("s3", 0xD0_5F_A8, 0xFF_9F_D8),
    tone("s4", 0x26_2B_3A, 0xF2_E8_5E),
    tone("s5", 0x88_80_72, 0xA8_A2_95),
    tone("s6", 0x3D_90_D4, 0xA6_EF_FF),
    tone("s7", 0x6A_2C_91, 0x92_50_DE),
];

/// Widths of lines; a pattern is given to these widths alone, not to the lines of a marker.
pub(super) const THIN: f64 = 2.2;
/// The width of GLAM's lines.
pub(super) const THICK: f64 = 3.8;
/// The width of a marked place's line, which no other quiet line has: it is dashed.
pub(super) const MARK: f64 = 1.4;

/// Dashes and gaps, in units of a drawing; the first is a line without gaps.
const PATTERNS: [&[u32]; 8] =
    [&[], &[12, 4], &[5, 4], &[14, 4, 3, 4], &[3, 3], &[20, 5], &[9, 3, 3, 3, 3, 3], &[6, 8]];

/// Learners of one colour that can still be told apart.
const ROUNDS: usize = 3;

/// How a learner is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Style {
    colour: usize,
    round: usize,
}

impl Style {
    fn ours(count: usize) -> Self {
        Self { colour: 0, round: count % ROUNDS }
    }

    fn other(count: usize) -> Self {
        let others = SERIES.len() - 1;
        Self { colour: 1 + count % others, round: count / others % ROUNDS }
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..SERIES.len()).flat_map(|colour| (0..ROUNDS).map(move |round| Self { colour, round }))
    }

    /// Whether it is drawn stronger than the others.
    pub(super) fn is_ours(self) -> bool {
        self.colour == 0
    }

    /// The colour that a drawing writes.
    pub(super) fn sentinel(self) -> RGBColor {
        let RGBColor(red, green, blue) = SERIES[self.colour].light;
        RGBColor(red, green, blue ^ self.round as u8)
    }

    /// The width of its line.
    pub(super) fn width(self) -> f64 {
        if self.is_ours() { THICK } else { THIN }
    }

    /// The number of its marker.
    pub(super) fn marker(self) -> usize {
        self.colour + 3 * self.round
    }

    fn pattern(self) -> &'static [u32] {
        let others = PATTERNS.len() - 1;
        match (self.colour, self.round) {
            (0, round) => PATTERNS[2 * round],
            (colour, round) => PATTERNS[1 + (colour - 1 + 3 * round) % others],
        }
    }
}

/// Who is drawn how, in one section.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Styles(Vec<(String, Style)>);

impl Styles {
    /// Gives styles in the order in which the learners appear in the charts.
    pub(super) fn of(blocks: &[Block]) -> Self {
        let mut styles = Self::default();
        let charts = blocks.iter().filter_map(|block| match block {
            Block::Chart(chart) => Some(series(chart)),
            _ => None,
        });
        for series in charts.flatten() {
            if styles.find(&series.name).is_none() {
                let alike = styles.0.iter().filter(|(_, s)| s.is_ours() == series.ours).count();
                let style = if series.ours { Style::ours(alike) } else { Style::other(alike) };
                styles.0.push((series.name.clone(), style));
            }
        }
        styles
    }

    /// The style of a series.
    pub(super) fn get(&self, series: &Series) -> Style {
        let unknown = if series.ours { Style::ours(0) } else { Style::other(0) };
        self.find(&series.name).unwrap_or(unknown)
    }

    fn find(&self, name: &str) -> Option<Style> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, style)| *style)
    }
}

/// What a chart draws.
pub(super) fn series(chart: &Chart) -> &[Series] {
    match &chart.drawing {
        Drawing::Lines(lines) => &lines.series,
        Drawing::Bars(bars) => &bars.series,
    }
}

/// A colour as SVG and the style write it.
pub(super) fn hex(colour: RGBColor) -> String {
    let RGBColor(red, green, blue) = colour;
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// The part of the page's style that is about colours.
pub(super) fn css() -> String {
    let fixed = [PAPER, INK, QUIET, GRID, LINK, SHADE];
    let variables = |pick: fn(&Tone) -> RGBColor| -> String {
        let tones = fixed.iter().chain(&SERIES);
        tones.map(|tone| format!("--{}:{};", tone.name, hex(pick(tone)))).collect()
    };
    let mut css = format!(
        ":root{{{}}}\n@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        variables(|tone| tone.light),
        variables(|tone| tone.dark)
    );
    let mut replace = |from: RGBColor, name: &str| {
        for place in ["stroke", "fill"] {
            let _ = writeln!(css, "svg [{place}=\"{}\" i]{{{place}:var(--{name})}}", hex(from));
        }
    };
    for tone in [PAPER, INK, QUIET, GRID] {
        replace(tone.light, tone.name);
    }
    for style in Style::all() {
        replace(style.sentinel(), SERIES[style.colour].name);
    }
    let mut dash = |colour: RGBColor, width: f64, pattern: &[u32]| {
        let lengths: Vec<String> =
            pattern.iter().map(|length| (f64::from(*length) * UNIT).to_string()).collect();
        let _ = writeln!(
            css,
            "polyline[stroke=\"{}\" i][stroke-width=\"{}\"]{{stroke-dasharray:{}}}",
            hex(colour),
            (width * UNIT).round(),
            lengths.join(" ")
        );
    };
    dash(QUIET.light, MARK, &[4, 4]);
    for style in Style::all().filter(|style| !style.pattern().is_empty()) {
        dash(style.sentinel(), style.width(), style.pattern());
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let part = |value: u8| match f64::from(value) / 255.0 {
            v if v <= 0.04045 => v / 12.92,
            v => ((v + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue)
    }

    /// The contrast of two colours as the Web Content Accessibility Guidelines define it.
    fn contrast(a: RGBColor, b: RGBColor) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn contrasts_are_those_that_the_guidelines_ask_for() {
        assert!((contrast(RGBColor(0, 0, 0), RGBColor(255, 255, 255)) - 21.0).abs() < 1e-9);
        for mode in [|tone: Tone| tone.light, |tone: Tone| tone.dark] {
            for text in [INK, QUIET, LINK, SERIES[0]] {
                for behind in [PAPER, SHADE] {
                    let contrast = contrast(mode(text), mode(behind));
                    assert!(contrast >= 4.5, "{} on {}: {contrast}", text.name, behind.name);
                }
            }
            for drawn in SERIES {
                let contrast = contrast(mode(drawn), mode(PAPER));
                assert!(contrast >= 3.0, "{}: {contrast}", drawn.name);
            }
        }
    }

    #[test]
    fn no_two_styles_are_drawn_alike() {
        let all: Vec<Style> = Style::all().collect();
        let fixed = [PAPER, INK, QUIET, GRID].map(|tone| hex(tone.light));
        for (i, a) in all.iter().enumerate() {
            assert!(!fixed.contains(&hex(a.sentinel())));
            for b in &all[..i] {
                assert_ne!(hex(a.sentinel()), hex(b.sentinel()));
                assert!(a.colour != b.colour || a.pattern() != b.pattern(), "{a:?} {b:?}");
            }
        }
    }
}
