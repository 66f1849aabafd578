//! What is known of a memory before rows are compared with it.

use std::fs;
use std::path::{Path, PathBuf};

use glam_memory::store::Error as StoreError;
use glam_memory::{Config, Memory, Targets};

use crate::columns::Columns;
use crate::error::{Conflict, Error, Fault, Place, Result};
use crate::layout::Layout;

/// A memory that is there.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) path: PathBuf,
    pub(crate) config: Config,
    pub(crate) columns: Option<Columns>,
    /// The classes seen, in output order.
    pub(crate) labels: Vec<String>,
    pub(crate) sequence: u64,
}

impl Known {
    /// What there is to know of `memory`, which is at `path`.
    pub(crate) fn of(path: &Path, memory: &Memory) -> Result<Self> {
        let known = Self {
            path: path.to_owned(),
            config: memory.config(),
            columns: Columns::read(path)?,
            labels: memory.labels(),
            sequence: memory.sequence(),
        };
        match &known.columns {
            Some(columns) if !known.fits(columns) => {
                let path = path.join(crate::columns::FILE_NAME);
                Err(Error::DamagedNames { path })
            }
            _ => Ok(known),
        }
    }

    /// Looks at the memory at `path` without changing a byte; `None` where one can be made.
    pub(crate) fn look(path: &Path) -> Result<Option<Self>> {
        match Memory::open_read_only(path) {
            Ok(memory) => Self::of(path, &memory).map(Some),
            Err(glam_memory::Error::Store(StoreError::Missing { .. })) => Ok(None),
            Err(glam_memory::Error::Store(StoreError::NotAMemory { .. }))
                if path.is_dir() && !path.join("MANIFEST").exists() =>
            {
                if is_as_good_as_empty(path)? {
                    Ok(None)
                } else {
                    let path = path.to_owned();
                    Err(glam_memory::Error::from(StoreError::NotEmpty { path }).into())
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it starts as a net, so that it answers before anything is written.
    pub(crate) fn starts(&self) -> bool {
        self.config.basis().is_some_and(|basis| basis.starts())
    }

    /// Inputs that it takes.
    pub(crate) fn inputs(&self) -> usize {
        self.config.inputs()
    }

    /// Columns that its inputs take in a file.
    pub(crate) fn input_columns(&self) -> usize {
        match &self.columns {
            Some(columns) => columns.encodings().len(),
            None => self.inputs(),
        }
    }

    /// Columns that its targets take in a file.
    pub(crate) fn target_columns(&self) -> usize {
        match self.config.targets() {
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => 1,
        }
    }

    pub(crate) fn learns_labels(&self) -> bool {
        matches!(self.config.targets(), Targets::Labels)
    }

    /// The targets' names, or y1, y2, and so on.
    pub(crate) fn target_names(&self) -> Vec<String> {
        match &self.columns {
            Some(columns) if columns.named() => columns.target_names(),
            _ => (1..=self.target_columns()).map(|target| format!("y{target}")).collect(),
        }
    }

    /// Fails where `--labels` is given to a memory of numbers, or left out for one of labels.
    pub(crate) fn check_kind(&self, labels: bool) -> Result<()> {
        match self.config.targets() {
            Targets::Labels if !labels => Err(self.conflict(Conflict::Labels)),
            Targets::Numbers(targets) if labels => {
                Err(self.conflict(Conflict::Numbers { targets: targets.into() }))
            }
            _ => Ok(()),
        }
    }

    /// Fails where the rows of `file` become other numbers of inputs and targets than it takes.
    pub(crate) fn check_width(&self, file: &str, layout: &Layout) -> Result<()> {
        let (inputs, targets) = (layout.width(), layout.targets.len());
        if (inputs, targets) == (self.inputs(), self.target_columns()) {
            return Ok(());
        }
        let fault = Fault::Counts {
            memory: self.path.clone(),
            inputs: self.inputs() as u64,
            targets: self.target_columns() as u64,
            got_inputs: inputs as u64,
            got_targets: targets as u64,
        };
        Err(Error::at(Place { file: file.to_owned(), ..Place::default() }, fault))
    }

    /// Fails where there is nothing to recall.
    pub(crate) fn check_written(&self) -> Result<()> {
        if self.sequence == 0 && !self.starts() {
            return Err(self.conflict(Conflict::Empty));
        }
        Ok(())
    }

    pub(crate) fn conflict(&self, conflict: Conflict) -> Error {
        Error::Conflict { memory: self.path.clone(), conflict: Box::new(conflict) }
    }

    /// A read that failed. Rows were checked before, so it is the memory that is to blame.
    pub(crate) fn failed(&self, error: glam_memory::Error) -> Error {
        match error {
            glam_memory::Error::Core(source)
            | glam_memory::Error::Store(StoreError::Core(source)) => {
                self.conflict(Conflict::Failed(source))
            }
            error => error.into(),
        }
    }

    fn fits(&self, columns: &Columns) -> bool {
        columns.width() == self.inputs() && columns.targets() == self.target_columns()
    }
}

/// True where nothing is in the way of a new memory: nothing at all, or what a creation that was
/// interrupted left. The creation itself looks closer.
fn is_as_good_as_empty(path: &Path) -> Result<bool> {
    let failed =
        |source| Error::File { path: path.to_owned(), action: "list the directory", source };
    for entry in fs::read_dir(path).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let name = name.to_string_lossy();
        if !(name == "LOCK" || name == "log-1" || name.ends_with(".new")) {
            return Ok(false);
        }
    }
    Ok(true)
}
