//! Recorded and recalled torques over time, one panel a joint, as an SVG picture; and what all pictures
//! share.

use std::error::Error;
use std::path::{Path, PathBuf};

use ndarray::{ArrayView1, ArrayView2};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: u32 = 1_120;
const HEIGHT: u32 = 880;
const HEAD_HEIGHT: u32 = 74;
const FOOT_HEIGHT: u32 = 34;
const SIDE_WIDTH: u32 = 34;
const TICK_LABEL_HEIGHT: u32 = 26;
const TICK_LABEL_WIDTH: u32 = 40;
const PANEL_MARGIN_RIGHT: u32 = 16;
pub(crate) const MARGIN: i32 = 24;
const COLUMN_COUNT: usize = 2;

pub(crate) const FONT: &str = "Helvetica, Arial, sans-serif";
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const QUIET_INK: RGBColor = RGBColor(0x5f, 0x5f, 0x5f);
pub(crate) const GRID: RGBColor = RGBColor(0xe6, 0xe6, 0xe6);
// Two colours that every kind of colour vision tells apart, also in grey.
const RECORDED: RGBColor = RGBColor(0x7f, 0xa9, 0xd3);
const RECALLED: RGBColor = RGBColor(0xb8, 0x32, 0x1c);
const RECORDED_WIDTH: u32 = 3;
const RECALLED_WIDTH: u32 = 1;

/// What is written around the curves.
#[derive(Clone, Debug)]
pub struct Captions {
    /// The first line.
    pub title: String,
    /// The second line: which run, and recalled by what.
    pub subtitle: String,
}

/// Why the picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The torques have different shapes, or are too few to draw.
    #[error(
        "recorded {recorded:?} and recalled {recalled:?} torques: equal shapes, at least 2 rows, are needed"
    )]
    Shape {
        /// Rows and joints of the recorded torques.
        recorded: (usize, usize),
        /// Rows and joints of the recalled torques.
        recalled: (usize, usize),
    },
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<dyn Error + Send + Sync>,
    },
}

/// A path at whose end nobody wonders what was written: the argument of a program that draws.
///
/// # Errors
///
/// Returns what to do about a path that does not end in `.svg`.
pub fn svg(path: &str) -> Result<PathBuf, &'static str> {
    let path = PathBuf::from(path);
    let is_svg = path.extension().is_some_and(|extension| extension == "svg");
    if is_svg {
        Ok(path)
    } else {
        Err("the picture is an SVG file: give it a name that ends in .svg")
    }
}

/// Makes the folder that the picture will lie in.
///
/// # Errors
///
/// Returns an error if it cannot be made.
pub fn make_folder_of(picture: &Path) -> Result<(), PlotError> {
    let Some(folder) = picture.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|source| PlotError::Write { path: folder.to_owned(), source: source.into() })
}

/// Draws torques, of shape `(samples, joints)`, to the SVG file at `path`.
///
/// # Errors
///
/// Returns an error if the shapes do not fit, or the file cannot be written.
pub fn draw_torques(
    captions: &Captions,
    recorded: ArrayView2<'_, f32>,
    recalled: ArrayView2<'_, f32>,
    samples_per_second: f64,
    path: &Path,
) -> Result<(), PlotError> {
    if recorded.dim() != recalled.dim() || recorded.nrows() < 2 || recorded.ncols() == 0 {
        return Err(PlotError::Shape { recorded: recorded.dim(), recalled: recalled.dim() });
    }
    let mut text = String::new();
    let drawn = draw(captions, recorded, recalled, samples_per_second, &mut text)
        .map_err(|error| error.to_string());
    drawn
        .map_err(Into::into)
        .and_then(|()| std::fs::write(path, with_round_joins(&text)).map_err(Into::into))
        .map_err(|source| PlotError::Write { path: path.to_owned(), source })
}

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(
    captions: &Captions,
    recorded: ArrayView2<'_, f32>,
    recalled: ArrayView2<'_, f32>,
    samples_per_second: f64,
    text: &mut String,
) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::with_string(text, (WIDTH, HEIGHT)).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, body) = root.split_vertically(HEAD_HEIGHT);
    draw_head(&head, captions)?;

    let row_count = recorded.ncols().div_ceil(COLUMN_COUNT);
    let (side, body) = body.split_horizontally(SIDE_WIDTH);
    let (body, foot) = body.split_vertically(HEIGHT - HEAD_HEIGHT - FOOT_HEIGHT);
    draw_axis_names(&side, &foot)?;
    let panels = body.split_evenly((row_count, COLUMN_COUNT));
    let seconds = (recorded.nrows() - 1) as f64 / samples_per_second;
    for (joint, area) in panels.iter().enumerate().take(recorded.ncols()) {
        let panel = Panel { joint, time: 0.0..seconds, samples_per_second };
        panel.draw(area, recorded.column(joint), recalled.column(joint))?;
    }
    root.present()?;
    Ok(())
}

/// The first two lines of a picture.
pub(crate) fn draw_titles(
    head: &Area<'_>,
    title: &str,
    subtitle: &str,
) -> Result<(), Box<dyn Error>> {
    let left = Pos::new(HPos::Left, VPos::Center);
    let large = (FONT, 21).into_font().style(FontStyle::Bold).color(&INK).pos(left);
    let small = (FONT, 15).into_font().color(&QUIET_INK).pos(left);
    head.draw_text(title, &large, (MARGIN, 28))?;
    head.draw_text(subtitle, &small, (MARGIN, 54))?;
    Ok(())
}

fn draw_head(head: &Area<'_>, captions: &Captions) -> Result<(), Box<dyn Error>> {
    draw_titles(head, &captions.title, &captions.subtitle)?;
    let left = Pos::new(HPos::Left, VPos::Center);
    let key = (FONT, 15).into_font().color(&INK).pos(left);
    let right = WIDTH as i32 - MARGIN;
    for (x, colour, width, name) in [
        (right - 220, RECORDED, RECORDED_WIDTH, "recorded"),
        (right - 102, RECALLED, RECALLED_WIDTH + 1, "recalled"),
    ] {
        head.draw(&PathElement::new(vec![(x, 28), (x + 30, 28)], colour.stroke_width(width)))?;
        head.draw_text(name, &key, (x + 38, 28))?;
    }
    Ok(())
}

/// The names of the axes: once for all panels upwards, once a column along.
fn draw_axis_names(side: &Area<'_>, foot: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let name = (FONT, 15).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
    let upwards = name.transform(FontTransform::Rotate270);
    let middle = (HEIGHT - HEAD_HEIGHT - FOOT_HEIGHT) as i32 / 2;
    side.draw_text("torque (Nm)", &upwards, (MARGIN, middle))?;
    let column_width = (WIDTH - SIDE_WIDTH) / COLUMN_COUNT as u32;
    for column in 0..COLUMN_COUNT as u32 {
        let start = column * column_width + TICK_LABEL_WIDTH;
        let end = (column + 1) * column_width - PANEL_MARGIN_RIGHT;
        foot.draw_text("time (s)", &name, ((start + end) as i32 / 2, 12))?;
    }
    Ok(())
}

/// One joint's place in the picture.
struct Panel {
    joint: usize,
    time: std::ops::Range<f64>,
    samples_per_second: f64,
}

impl Panel {
    fn draw(
        &self,
        area: &Area<'_>,
        recorded: ArrayView1<'_, f32>,
        recalled: ArrayView1<'_, f32>,
    ) -> Result<(), Box<dyn Error>> {
        let tick = (FONT, 13).into_font().color(&QUIET_INK);
        let mut chart = ChartBuilder::on(area)
            .margin_right(PANEL_MARGIN_RIGHT)
            .caption(
                format!("joint {}", self.joint + 1),
                (FONT, 15).into_font().style(FontStyle::Bold).color(&INK),
            )
            .x_label_area_size(TICK_LABEL_HEIGHT)
            .y_label_area_size(TICK_LABEL_WIDTH)
            .build_cartesian_2d(self.time.clone(), torque_range(recorded, recalled))?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .axis_style(QUIET_INK)
            .label_style(tick)
            .x_labels(6)
            .y_labels(5)
            .x_label_formatter(&|seconds| short(*seconds))
            .y_label_formatter(&|torque| short(*torque))
            .draw()?;
        self.draw_curve(&mut chart, recorded, RECORDED.stroke_width(RECORDED_WIDTH))?;
        self.draw_curve(&mut chart, recalled, RECALLED.stroke_width(RECALLED_WIDTH))?;
        Ok(())
    }

    fn draw_curve(
        &self,
        chart: &mut ChartContext<'_, SVGBackend<'_>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
        torques: ArrayView1<'_, f32>,
        style: ShapeStyle,
    ) -> Result<(), Box<dyn Error>> {
        let points = torques
            .iter()
            .enumerate()
            .map(|(sample, &torque)| (sample as f64 / self.samples_per_second, f64::from(torque)));
        chart.draw_series(LineSeries::new(points, style)).map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// Dense curves grow spikes where a thick line turns sharply, unless its corners are round.
fn with_round_joins(svg: &str) -> String {
    svg.replace("<polyline ", "<polyline stroke-linejoin=\"round\" ")
}

/// From the lowest to the highest finite torque, with a little room.
fn torque_range(
    recorded: ArrayView1<'_, f32>,
    recalled: ArrayView1<'_, f32>,
) -> std::ops::Range<f64> {
    let finite = recorded.iter().chain(recalled).copied().filter(|torque| torque.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), torque| {
        (low.min(f64::from(torque)), high.max(f64::from(torque)))
    });
    if low > high {
        return -1.0..1.0;
    }
    let room = ((high - low) * 0.06).max(1e-3);
    low - room..high + room
}

/// A tick label without needless digits, with a real minus sign.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.replace('-', "\u{2212}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn captions() -> Captions {
        Captions { title: "Title & more".into(), subtitle: "run 5".into() }
    }

    #[test]
    fn the_picture_names_every_joint_and_unit() {
        let path = std::env::temp_dir().join(format!("glam-plot-{}.svg", std::process::id()));
        let torques = Array2::from_shape_fn((50, 6), |(row, joint)| (row * joint) as f32 * 0.01);
        draw_torques(&captions(), torques.view(), torques.view(), 250.0, &path).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        for joint in 1..=6 {
            assert!(svg.contains(&format!("joint {joint}")));
        }
        for text in ["time (s)", "torque (Nm)", "recorded", "recalled", "Title &amp; more"] {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn shapes_that_differ_are_refused() {
        let (a, b) = (Array2::zeros((5, 6)), Array2::zeros((4, 6)));
        let drawn = draw_torques(&captions(), a.view(), b.view(), 250.0, Path::new("unused.svg"));
        assert!(matches!(drawn, Err(PlotError::Shape { recorded: (5, 6), recalled: (4, 6) })));
    }

    #[test]
    fn tick_labels_have_no_needless_digits() {
        assert_eq!([-2.0, -0.0, 0.5, 10.0].map(short), ["−2", "0", "0.5", "10"]);
    }
}
