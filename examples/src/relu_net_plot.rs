//! A ReLU net as a table of linear maps: how often its patterns recur, and its maps, as SVG pictures.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use glam_memory::net::{CensusReport, PatternCensus};
use ndarray::ArrayView2;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::plot::{FONT, GRID, INK, MARGIN, PlotError, QUIET_INK, draw_titles};
use crate::table::grouped;

// Red adds, blue takes away: every kind of colour vision tells them apart.
const ADDS: RGBColor = RGBColor(0xb2, 0x18, 0x2b);
const TAKES: RGBColor = RGBColor(0x21, 0x66, 0xac);
const BAR: RGBColor = RGBColor(0x7f, 0xa9, 0xd3);
/// Shades of each colour of an image: few enough that neighbours are often alike.
const SHADES: f64 = 24.0;

type Drawing<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// The robot arm's net.
#[derive(Debug, Clone)]
pub struct ArmPicture<'a> {
    /// The first line.
    pub title: String,
    /// The patterns of the net at the test rows.
    pub census: &'a CensusReport,
    /// Its map at one state: torques by positions, speeds and accelerations of as many joints, in
    /// standard deviations of them.
    pub weights: ArrayView2<'a, f64>,
    /// Which state.
    pub state: &'a str,
}

/// A net of images.
#[derive(Debug, Clone)]
pub struct ImagePicture {
    /// The first line.
    pub title: String,
    /// What stands in the row.
    pub images: Vec<ShownImage>,
}

/// An image and what the net makes of it.
#[derive(Debug, Clone)]
pub struct ShownImage {
    /// A square image, 0 to 255 a pixel.
    pub pixels: Vec<f32>,
    /// Its class.
    pub truth: String,
    /// The class that the net gives it.
    pub predicted: String,
    /// The probability of that.
    pub probability: f32,
    /// The equivalent weights of that class, one a pixel.
    pub weights: Vec<f64>,
    /// Degrees between the image and the weights.
    pub angle: Option<f64>,
}

/// Draws how often patterns recur, layer by layer, and one map, to the SVG file at `path`.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn draw_arm(picture: &ArmPicture<'_>, path: &Path) -> Result<(), PlotError> {
    written(path, (1_120, 560), String::new(), |root| {
        let subtitle = format!(
            "Left: how often patterns recur at {} test rows. Right: the map of one pattern, which is the \
             net at one state of the arm",
            grouped(picture.census.cues as usize)
        );
        draw_titles(root, &picture.title, &subtitle)?;
        let layers = picture.census.layers.iter();
        let mut panels: Vec<(String, &PatternCensus)> =
            layers.map(|layer| (format!("layer {}", layer.layer), &layer.patterns)).collect();
        panels.push(("all layers".to_owned(), &picture.census.path));
        let height = 440 / panels.len() as i32;
        for (place, (name, patterns)) in (0..).zip(&panels) {
            draw_bars(root, (MARGIN, 84 + place * height), (380, height), name, patterns)?;
        }
        let name = "how often a pattern was met; above the bars: patterns";
        root.draw_text(name, &text(15, &INK, HPos::Center), (MARGIN + 190, 540))?;
        draw_weights(root, (440, 84), picture.state, picture.weights)
    })
}

/// Draws the images in a row, and under each the weights of the class that the net gives it, to the SVG
/// file at `path`.
///
/// # Errors
///
/// Returns an error if the file cannot be written.
pub fn draw_images(picture: &ImagePicture, path: &Path) -> Result<(), PlotError> {
    let place = |number: usize| MARGIN + number as i32 * 124;
    let mut rasters = String::new();
    for (number, image) in picture.images.iter().enumerate() {
        let ink = |&pixel: &f32| blend(INK, f64::from(pixel) / 255.0);
        rasters += &raster(image.pixels.iter().map(ink).collect(), (place(number), 100));
        let most = nearly_largest(&image.weights);
        let signed = |weight: &f64| diverging(weight / most);
        rasters += &raster(image.weights.iter().map(signed).collect(), (place(number), 222));
    }
    let width = (place(picture.images.len()) + MARGIN - 12).max(900);
    written(path, (width as u32, 420), rasters, |root| {
        let subtitle = "Under each test image: the weights that its pixels have there for the class that the \
                        net names, before the softmax. Red adds, blue takes away; each to its own scale";
        draw_titles(root, &picture.title, subtitle)?;
        for (number, image) in picture.images.iter().enumerate() {
            let (left, middle) = (place(number), place(number) + 56);
            for top in [100, 222] {
                let frame = [(left - 1, top - 1), (left + 112, top + 112)];
                root.draw(&Rectangle::new(frame, GRID.stroke_width(1)))?;
            }
            let centred = |size, colour| text(size, colour, HPos::Center);
            root.draw_text(&image.truth, &centred(14, &INK), (middle, 88))?;
            let right = image.predicted == image.truth;
            let name = format!("{}{}", if right { "" } else { "not " }, image.predicted);
            let colour = if right { INK } else { ADDS };
            root.draw_text(&name, &centred(14, &colour), (middle, 348))?;
            let probability = format!("{:.1} %", 100.0 * image.probability);
            root.draw_text(&probability, &centred(13, &QUIET_INK), (middle, 366))?;
            let angle = image.angle.map_or_else(String::new, |angle| format!("{angle:.1}°"));
            root.draw_text(&angle, &centred(15, &INK), (middle, 388))?;
        }
        let note = "Degrees between image and weights: near 0 the terms agree, and errors of pixels are \
                    averaged out; near 90 they cancel, and the sum stands out little from noise";
        root.draw_text(note, &text(13, &QUIET_INK, HPos::Left), (MARGIN, 408))?;
        Ok(())
    })
}

/// Lets `draw` draw on white, adds `rasters`, and writes the file.
fn written(
    path: &Path,
    size: (u32, u32),
    rasters: String,
    draw: impl Fn(&Drawing<'_>) -> Drawn,
) -> Result<(), PlotError> {
    let mut svg = String::new();
    let drawn = || -> Drawn {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        draw(&root)?;
        root.present()?;
        Ok(())
    };
    let drawn = { drawn }().map_err(|error| error.to_string());
    drawn
        .map_err(Into::into)
        .and_then(|()| {
            let svg = svg.replace("</svg>", &(rasters + "</svg>"));
            std::fs::write(path, svg).map_err(Into::into)
        })
        .map_err(|source| PlotError::Write { path: path.to_owned(), source })
}

fn text<'a>(size: i32, colour: &'a RGBColor, along: HPos) -> TextStyle<'a> {
    (FONT, size).into_font().color(colour).pos(Pos::new(along, VPos::Center))
}

fn bold(size: i32, along: HPos) -> TextStyle<'static> {
    let pos = Pos::new(along, VPos::Center);
    (FONT, size).into_font().style(FontStyle::Bold).color(&INK).pos(pos)
}

/// One bar for each range of how often a pattern was met, as high as there are such patterns.
fn draw_bars(
    root: &Drawing<'_>,
    (left, top): (i32, i32),
    (width, height): (i32, i32),
    name: &str,
    patterns: &PatternCensus,
) -> Drawn {
    root.draw_text(name, &bold(15, HPos::Left), (left, top + 8))?;
    let least = if patterns.complete { "" } else { "at least " };
    let facts = format!(
        "{} units, {least}{} patterns; {:.0} % of rows had an earlier one",
        patterns.units,
        grouped(patterns.distinct),
        100.0 * patterns.seen_before
    );
    root.draw_text(&facts, &text(13, &QUIET_INK, HPos::Right), (left + width, top + 8))?;
    let (floor, room) = (top + height - 34, height - 74);
    let most = patterns.recurrence.iter().map(|bin| bin.count).max().unwrap_or(1).max(1);
    let step = width / patterns.recurrence.len().clamp(6, 20) as i32;
    for (place, bin) in (0..).zip(&patterns.recurrence) {
        let (start, middle) = (left + place * step, left + place * step + step / 2);
        let high = (f64::from(room) * bin.count as f64 / most as f64).round() as i32;
        if bin.count > 0 {
            // At least a line, for what is there.
            let corners = [(start + 2, floor - high.max(1)), (start + step - 2, floor)];
            root.draw(&Rectangle::new(corners, BAR.filled()))?;
            let count = grouped(bin.count as usize);
            root.draw_text(&count, &text(12, &INK, HPos::Center), (middle, floor - high - 9))?;
        }
        let range = if bin.from == bin.to {
            bin.from.to_string()
        } else {
            format!("{}\u{2013}{}", bin.from, bin.to)
        };
        root.draw_text(&range, &text(11, &QUIET_INK, HPos::Center), (middle, floor + 12))?;
    }
    root.draw(&PathElement::new(vec![(left, floor), (left + width, floor)], QUIET_INK))?;
    Ok(())
}

/// A map as coloured cells: one row a torque, one column an input.
fn draw_weights(
    root: &Drawing<'_>,
    (left, top): (i32, i32),
    state: &str,
    weights: ArrayView2<'_, f64>,
) -> Drawn {
    let (cell, high, gap) = (32, 46, 8);
    let title = format!("equivalent weights {state}");
    root.draw_text(&title, &bold(15, HPos::Left), (left, top + 8))?;
    let joints = weights.nrows().max(1);
    let (first, floor) = (top + 52, top + 52 + joints as i32 * high);
    let most = weights.iter().fold(f64::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
    let across = |input: usize| left + 50 + input as i32 * cell + (input / joints) as i32 * gap;
    for (joint, row) in weights.rows().into_iter().enumerate() {
        let above = first + joint as i32 * high;
        let name = format!("torque {}", joint + 1);
        root.draw_text(&name, &text(13, &INK, HPos::Right), (left + 42, above + high / 2))?;
        for (input, weight) in row.iter().enumerate() {
            let corners = [(across(input), above), (across(input) + cell - 1, above + high - 1)];
            root.draw(&Rectangle::new(corners, diverging(weight / most).filled()))?;
            let colour = if weight.abs() > 0.6 * most { WHITE } else { INK };
            let middle = (across(input) + cell / 2, above + high / 2);
            root.draw_text(&hundredths(*weight), &text(10, &colour, HPos::Center), middle)?;
        }
    }
    for input in 0..weights.ncols() {
        let number = (input % joints + 1).to_string();
        let middle = across(input) + cell / 2;
        root.draw_text(&number, &text(12, &QUIET_INK, HPos::Center), (middle, floor + 12))?;
    }
    for (kind, name) in ["position", "speed", "acceleration"].into_iter().enumerate() {
        let middle = across(kind * joints) + joints as i32 * cell / 2;
        root.draw_text(name, &text(13, &INK, HPos::Center), (middle, first - 14))?;
        root.draw_text("joint", &text(12, &QUIET_INK, HPos::Center), (middle, floor + 28))?;
    }
    let (start, end, line) = (left + 50, across(weights.ncols()) - gap - 1, floor + 62);
    let blocks = 2 * SHADES as i32 + 1;
    let edge = |block: i32| start + (end - start) * block / blocks;
    for block in 0..blocks {
        let corners = [(edge(block), line), (edge(block + 1), line + 12)];
        let share = f64::from(block) / SHADES - 1.0;
        root.draw(&Rectangle::new(corners, diverging(share).filled()))?;
    }
    for (x, value) in [(start, -most), ((start + end) / 2, 0.0), (end, most)] {
        let label = hundredths(value);
        root.draw_text(&label, &text(12, &QUIET_INK, HPos::Center), (x, line + 24))?;
    }
    let note =
        "standard deviations of the torque for one of the input, all other inputs as they are";
    root.draw_text(note, &text(13, &INK, HPos::Center), ((start + end) / 2, line + 44))?;
    Ok(())
}

/// Two decimals with a real minus sign.
fn hundredths(number: f64) -> String {
    let text = format!("{number:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text.replace('-', "\u{2212}") }
}

/// From white at 0 to the colour itself at 1.
fn blend(colour: RGBColor, share: f64) -> RGBColor {
    let share = (share.clamp(0.0, 1.0) * SHADES).round() / SHADES;
    let part = |part: u8| (255.0 - share * (255.0 - f64::from(part))).round() as u8;
    RGBColor(part(colour.0), part(colour.1), part(colour.2))
}

/// Blue at -1, white at 0, red at 1.
fn diverging(share: f64) -> RGBColor {
    if share < 0.0 { blend(TAKES, -share) } else { blend(ADDS, share) }
}

/// The size that one in a hundred weights exceeds, so that a few do not make all others pale.
fn nearly_largest(weights: &[f64]) -> f64 {
    let mut sizes: Vec<f64> = weights.iter().map(|weight| weight.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let place = sizes.len().saturating_sub(1 + sizes.len() / 100);
    sizes.get(place).copied().unwrap_or(1.0).max(f64::MIN_POSITIVE)
}

/// A square of pixels with its upper left corner at `corner`, 4 by 4 each: one path a colour, as an
/// element a pixel would make a large file. White is left out.
fn raster(pixels: Vec<RGBColor>, (left, top): (i32, i32)) -> String {
    let side = (pixels.len() as f64).sqrt().round().max(1.0) as usize;
    let mut paths = BTreeMap::<(u8, u8, u8), String>::new();
    for (row, line) in pixels.chunks(side).enumerate() {
        let mut column = 0;
        for run in line.chunk_by(|one, next| one == next) {
            let RGBColor(red, green, blue) = run[0];
            if run[0] != WHITE {
                let path = paths.entry((red, green, blue)).or_default();
                *path += &format!("M{column} {row}h{}v1H{column}z", run.len());
            }
            column += run.len();
        }
    }
    let mut svg = format!(
        "<g transform=\"translate({left} {top}) scale(4)\" shape-rendering=\"crispEdges\">\n"
    );
    for ((red, green, blue), path) in paths {
        svg += &format!("<path fill=\"#{red:02x}{green:02x}{blue:02x}\" d=\"{path}\"/>\n");
    }
    svg + "</g>\n"
}

#[cfg(test)]
mod tests {
    use glam_memory::net::{Activation, Census, Layer, Net, Output};
    use ndarray::array;

    use super::*;

    #[test]
    fn pixels_of_a_colour_are_one_path() {
        let (red, blue) = (diverging(1.0), diverging(-1.0));
        assert_eq!((red, blue, diverging(0.0)), (ADDS, TAKES, WHITE));
        let svg = raster(vec![red, red, blue, red], (5, 7));
        assert!(svg.starts_with("<g transform=\"translate(5 7) scale(4)\""));
        assert!(svg.contains("<path fill=\"#b2182b\" d=\"M0 0h2v1H0zM1 1h1v1H1z\"/>"), "{svg}");
        assert!(svg.contains("<path fill=\"#2166ac\" d=\"M0 1h1v1H0z\"/>"));
        assert!(!raster(vec![WHITE; 4], (0, 0)).contains("path"));
    }

    #[test]
    fn a_picture_of_images_says_what_the_net_says() {
        let path = std::env::temp_dir().join(format!("glam-images-{}.svg", std::process::id()));
        let image = |truth: &str, angle| ShownImage {
            pixels: vec![0.0, 255.0, 0.0, 90.0],
            truth: truth.to_owned(),
            predicted: "Bag".to_owned(),
            probability: 0.75,
            weights: vec![1.0, -2.0, 0.0, 0.5],
            angle,
        };
        let images = vec![image("Bag", Some(81.25)), image("Coat", None)];
        draw_images(&ImagePicture { title: "Title".into(), images }, &path).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for text in ["Title", "Bag", "Coat", "not Bag", "75.0 %", "81.2°", "scale(4)"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(svg.ends_with("</svg>\n"));
    }

    #[test]
    fn a_picture_of_the_arm_names_layers_and_inputs() {
        let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu);
        let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear);
        let net = Net::new(vec![hidden.unwrap(), last.unwrap()], Output::Linear).unwrap();
        let mut census = Census::new(&net);
        [-1.0, -2.0, 3.0].into_iter().for_each(|x| census.add(&[x]).unwrap());
        let (census, weights) = (census.report(), array![[0.5, -0.25, 0.001]]);
        let (title, state) = ("Title".to_owned(), "at rest");
        let picture = ArmPicture { title, census: &census, weights: weights.view(), state };
        let path = std::env::temp_dir().join(format!("glam-arm-{}.svg", std::process::id()));
        draw_arm(&picture, &path).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for text in ["layer 1", "all layers", "at rest", "acceleration", "−0.25", "torque 1"] {
            assert!(svg.contains(text), "{text}");
        }
        assert!(svg.contains("2 units, 2 patterns; 33 % of rows had an earlier one"));
    }

    #[test]
    fn few_large_weights_do_not_set_the_scale() {
        let mut weights: Vec<f64> = (0..200).map(|number| f64::from(number % 10) - 5.0).collect();
        weights[0] = 1e9;
        assert_eq!(nearly_largest(&weights), 5.0);
        assert!(nearly_largest(&[]) > 0.0);
    }
}
