//! What a report is made of, before it is HTML or Markdown.

/// A whole report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The title.
    pub title: String,
    /// What a visitor sees first: what it is, when it is better, when it is worse, what it costs.
    pub lead: Vec<Block>,
    /// One section a suite.
    pub sections: Vec<Section>,
    /// What stands at the end, small: the command, the machine, the versions. A line that is `code` from
    /// end to end is a command, set in a box of its own.
    pub colophon: Vec<String>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its name in links and in `--suite`.
    pub id: String,
    /// Its heading.
    pub title: String,
    /// What it shows, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[expect(clippy::large_enum_variant, reason = "a report has some dozens of them")]
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading within the section.
    Heading(String),
    /// A paragraph. `code` in backticks, **strong** in double asterisks.
    Text(String),
    /// A list of such paragraphs.
    List(Vec<String>),
    /// A chart with its table.
    Chart(Chart),
    /// A table of its own.
    Table(Table),
    /// A strip of pictures.
    Strip(Strip),
}

/// A chart, and the table of the same numbers that stands under it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What to see in it.
    pub caption: String,
    /// What is drawn.
    pub drawing: Drawing,
    /// The numbers.
    pub table: Table,
}

/// What a chart draws.
#[derive(Debug, Clone, PartialEq)]
pub enum Drawing {
    /// Lines or points over numbers.
    Lines(Lines),
    /// Bars over names.
    Bars(Bars),
}

/// One line for each series.
#[derive(Debug, Clone, PartialEq)]
pub struct Lines {
    /// The x axis.
    pub x: Axis,
    /// The y axis.
    pub y: Axis,
    /// The lines.
    pub series: Vec<Series>,
    /// Places on the x axis that are marked.
    pub marks: Vec<Mark>,
}

/// One group of bars for each name, lying, as names are long.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The axis of the values.
    pub value: Axis,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// One bar in each group: point i is (i, value); a group without a point has no bar.
    pub series: Vec<Series>,
    /// Places on the value axis that are marked.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it counts, with the unit.
    pub label: String,
    /// Whether equal ratios have equal distances.
    pub log: bool,
    /// The ends, where they are not those of the numbers.
    pub range: Option<(f64, f64)>,
}

/// The numbers of one learner.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Whether it is GLAM: drawn stronger, in the first colour.
    pub ours: bool,
    /// (x, y), by rising x.
    pub points: Vec<(f64, f64)>,
    /// A standard deviation for each point, or nothing.
    pub spread: Vec<f64>,
}

/// A marked place.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub at: f64,
    /// What is there.
    pub label: String,
}

/// A table. The first column is words, the others are right-aligned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows, where no chart says so.
    pub caption: String,
    /// The heads of the columns.
    pub columns: Vec<String>,
    /// The rows; each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Whether it is the best of those it is compared with: set in bold.
    pub best: bool,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), best: false }
    }
}

/// Rows of small pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// What to see in it.
    pub caption: String,
    /// The name of each row, and its pictures.
    pub rows: Vec<(String, Vec<Picture>)>,
}

/// A gray picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Row by row, 0 black, 255 white.
    pub pixels: Vec<u8>,
}
