//! Rows of numbers and labels, checked as they are read.

use std::io::Read;

use glam_memory::core::MAX_LABEL_BYTES;

use crate::error::{Error, Fault, Result};
use crate::layout::Layout;
use crate::number;
use crate::table::Table;

/// One observation, or one cue.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Row {
    /// The line it starts on.
    pub(crate) line: u64,
    /// The inputs.
    pub(crate) x: Vec<f32>,
    /// The targets that are numbers.
    pub(crate) y: Vec<f32>,
    /// The label, where the target is one.
    pub(crate) label: String,
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
        Ok(Self { table, layout, kind, at_first, row: Row::default(), count: 0 })
    }

    /// Reads the next row; false at the end, which is no end of a file without rows.
    pub(crate) fn advance(&mut self) -> Result<bool> {
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
        self.numbers()?;
        if self.kind == Kind::Labels {
            self.label()?;
        }
        Ok(true)
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

    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.table.bytes()
    }

    /// True where reading on may wait for whoever writes the file.
    pub(crate) fn must_wait(&self) -> bool {
        self.table.must_wait()
    }

    /// A fault of the last row, in `column` where one is to blame.
    pub(crate) fn fault(&self, column: Option<usize>, fault: Fault) -> Error {
        let mut error = self.table.fault(Some(self.row.line), column, fault);
        if let (Error::Data(located), Some(column)) = (&mut error, column) {
            located.place.name = self.layout.name(column);
        }
        error
    }

    fn numbers(&mut self) -> Result<()> {
        let (record, layout) = (self.table.record(), &self.layout);
        self.row.x.clear();
        for &column in &layout.inputs {
            match number::parse(record.field(column)) {
                Ok(number) => self.row.x.push(number),
                Err(fault) => return Err(self.fault(Some(column), fault)),
            }
        }
        self.row.y.clear();
        if self.kind == Kind::Labels {
            return Ok(());
        }
        for &column in &layout.targets {
            match number::parse(record.field(column)) {
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
            Ok("") => Fault::Missing,
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
