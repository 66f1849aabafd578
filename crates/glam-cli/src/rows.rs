//! Rows of numbers and labels, checked as they are read.

use std::io::Read;

use glam_memory::core::{MAX_LABEL_BYTES, WEIGHTS};

use glam_memory::core::Error as CoreError;
use glam_memory::net::NetError;

use crate::cell::{self, Cell};
use crate::encoding::Encoding;
use crate::error::{Error, Fault, Result};
use crate::known::Known;
use crate::layout::Layout;
use crate::message::quoted;
use crate::number;
use crate::survey::Survey;
use crate::table::Table;
use crate::tally::Tally;

/// One observation, or one cue.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    /// The line it starts on.
    pub(crate) line: u64,
    /// The inputs; NaN where a value is missing.
    pub(crate) x: Vec<f32>,
    /// The targets that are numbers; NaN where one is not known.
    pub(crate) y: Vec<f32>,
    /// The label, where the target is one.
    pub(crate) label: String,
    /// How many rows it counts as, where a column says so.
    pub(crate) weight: Option<f32>,
}

/// What the target columns hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Numbers,
    Labels,
}

/// The rows of a file.
pub(crate) struct Rows<R> {
    table: Table<R>,
    layout: Layout,
    kind: Kind,
    /// Whether the table stands at a first row that is data and was not handed out yet.
    at_first: bool,
    row: Row,
    count: u64,
    /// Whether rows without a known target are skipped rather than refused.
    skips: bool,
    /// Whether weights are read.
    weighs: bool,
    tally: Tally,
    /// What the input columns were found to hold, where that is not known: rows then have no
    /// inputs.
    survey: Option<Survey>,
}

impl<R: Read> Rows<R> {
    /// Reads the first row of `reader`, a file called `file`, and has `layout` look at it.
    pub(crate) fn open(
        file: &str,
        reader: R,
        kind: Kind,
        layout: impl FnOnce(&Table<R>) -> Result<Layout>,
    ) -> Result<Self> {
        let mut table = Table::new(file, reader);
        if !table.advance()? {
            return Err(table.fault(None, None, Fault::Empty));
        }
        let layout = layout(&table)?;
        let at_first = layout.names.is_none();
        let tally = Tally::new(layout.inputs.len(), layout.targets.len());
        let row = Row::default();
        Ok(Self {
            table,
            layout,
            kind,
            at_first,
            row,
            count: 0,
            skips: false,
            weighs: false,
            tally,
            survey: None,
        })
    }

    /// Finds out what the input columns hold, rather than making inputs of them.
    pub(crate) fn survey(&mut self) {
        self.survey = Some(Survey::default());
    }

    /// What the survey found in the rows read so far.
    pub(crate) fn surveyed(&mut self) -> Result<Survey> {
        let mut survey = self.survey.take().unwrap_or_default();
        match survey.refused() {
            Some((input, line, fault)) => {
                let column = self.layout.inputs.get(input).copied();
                Err(self.layout.named(self.table.fault(Some(line), column, fault)))
            }
            None => Ok(survey),
        }
    }

    /// From now on reads the weights of rows.
    pub(crate) fn weigh(&mut self) {
        self.weighs = true;
    }

    /// From now on skips rows without a known target, and counts them.
    pub(crate) fn skip_unknown(&mut self) {
        self.skips = true;
    }

    /// Reads the next row; false at the end, which is no end of a file without rows.
    pub(crate) fn advance(&mut self) -> Result<bool> {
        loop {
            if !std::mem::take(&mut self.at_first) {
                let header = self.table.record().line;
                if !self.table.advance()? {
                    return match self.count {
                        0 => Err(self.table.fault(Some(header), None, Fault::NoRows)),
                        _ => Ok(false),
                    };
                }
            }
            self.count += 1;
            self.row.line = self.table.record().line;
            self.inputs()?;
            self.weight()?;
            match self.kind {
                Kind::Labels => self.label()?,
                Kind::Numbers => self.targets()?,
            }
            if self.is_known() {
                return Ok(true);
            }
            if !self.skips {
                let targets = self.layout.targets.len() as u64;
                let column = self.layout.targets.first().copied();
                return Err(self.fault(column, Fault::NoTarget { targets }));
            }
            self.tally.skipped += 1;
        }
    }

    /// The row that [`Rows::advance`] read.
    pub(crate) fn row(&self) -> &Row {
        &self.row
    }

    /// Rows read so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What the target columns hold.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What was missing in the rows read so far.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.table.bytes()
    }

    /// True where reading on may wait for whoever writes the file.
    pub(crate) fn must_wait(&self) -> bool {
        self.table.must_wait()
    }

    /// A fault of the file as a whole.
    pub(crate) fn fault_of_file(&self, fault: Fault) -> Error {
        self.table.fault(None, None, fault)
    }

    /// A fault of the last row, in `column` where one is to blame.
    pub(crate) fn fault(&self, column: Option<usize>, fault: Fault) -> Error {
        self.layout.named(self.table.fault(Some(self.row.line), column, fault))
    }

    /// A fault of the last row that a net has found; it names the column of a missing value.
    pub(crate) fn refused_by_net(&self, error: NetError) -> Error {
        let column = match error {
            NetError::Input { index } => self.layout.inputs.get(index).copied(),
            _ => None,
        };
        self.fault(column, Fault::Refused(error.into()))
    }

    /// A read of the last row that failed: the memory is to blame, or what its net does not take.
    pub(crate) fn failed(&self, known: &Known, error: glam_memory::Error) -> Error {
        use glam_memory::store::Error as StoreError;
        match error {
            glam_memory::Error::Core(CoreError::Net(error))
            | glam_memory::Error::Store(StoreError::Core(CoreError::Net(error))) => {
                self.refused_by_net(error)
            }
            error => known.failed(error),
        }
    }

    /// True where something is known of what belongs to the inputs, or nothing is asked.
    fn is_known(&self) -> bool {
        let numbers = &self.row.y;
        numbers.is_empty() || numbers.iter().any(|number| !number.is_nan())
    }

    fn inputs(&mut self) -> Result<()> {
        let (record, layout) = (self.table.record(), &self.layout);
        let x = &mut self.row.x;
        x.clear();
        let columns = layout.inputs.iter().zip(&layout.encodings);
        for (input, (&column, encoding)) in columns.enumerate() {
            let field = record.field(column);
            let read = match (&mut self.survey, encoding) {
                (Some(survey), _) => {
                    survey.look(input, self.row.line, field).map_err(|fault| match fault {
                        Fault::Date { text, .. } => {
                            Fault::Date { text, ignore: Some(layout.option(column)) }
                        }
                        fault => fault,
                    })
                }
                (None, Encoding::Number) => number_or_nan(field).map(|number| x.push(number)),
                (None, Encoding::Categories(categories)) => categories.encode(field, x),
            };
            if let Err(fault) = read {
                return Err(self.fault(Some(column), fault));
            }
            self.tally.inputs[input] += u64::from(cell::is_missing(field));
        }
        Ok(())
    }

    fn weight(&mut self) -> Result<()> {
        let Some(column) = self.layout.weights.filter(|_| self.weighs) else { return Ok(()) };
        let field = self.table.record().field(column);
        let fault = match number::parse(field) {
            _ if cell::is_missing(field) => Fault::NoWeight,
            Ok(weight) if WEIGHTS.contains(&weight) => {
                self.row.weight = Some(weight);
                return Ok(());
            }
            _ => Fault::Weight { text: quoted(&String::from_utf8_lossy(field)) },
        };
        Err(self.fault(Some(column), fault))
    }

    fn targets(&mut self) -> Result<()> {
        let (record, layout) = (self.table.record(), &self.layout);
        self.row.y.clear();
        for (target, &column) in layout.targets.iter().enumerate() {
            let field = record.field(column);
            if cell::is_missing(field) {
                self.row.y.push(f32::NAN);
                self.tally.targets[target] += 1;
                continue;
            }
            match number::parse(field) {
                Ok(number) => self.row.y.push(number),
                Err(Fault::NotANumber { text, .. }) => {
                    let hint = "correct it, or add `--labels` where the target is a class";
                    return Err(self.fault(Some(column), Fault::NotANumber { text, hint }));
                }
                Err(fault) => return Err(self.fault(Some(column), fault)),
            }
        }
        Ok(())
    }

    fn label(&mut self) -> Result<()> {
        let Some(&column) = self.layout.targets.first() else { return Ok(()) };
        let field = self.table.record().field(column);
        let fault = match std::str::from_utf8(field) {
            Ok("") => Fault::NoLabel,
            Ok(label) if label.len() > MAX_LABEL_BYTES => {
                Fault::LongLabel { got: label.len() as u64, max: MAX_LABEL_BYTES as u64 }
            }
            Ok(label) => {
                self.row.label.clear();
                self.row.label.push_str(label);
                return Ok(());
            }
            Err(_) => Fault::NotText,
        };
        Err(self.fault(Some(column), fault))
    }
}

/// The number in a cell of an input column of numbers.
fn number_or_nan(field: &[u8]) -> Result<f32, Fault> {
    match cell::parse(field)? {
        Cell::Number(number) => Ok(number),
        Cell::Missing => Ok(f32::NAN),
        Cell::Text => Err(Fault::NotANumber {
            text: quoted(&String::from_utf8_lossy(field)),
            hint: "this column is one of numbers: correct the cell, leave it empty or remove the row",
        }),
    }
}
