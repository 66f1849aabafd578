//! Making a new memory.

use std::path::Path;
use std::sync::Arc;

use glam_core::{Basis, Config, ConfigBuilder, Family, Model, Precision, Rehearse, Targets};
use glam_store::{Durability, Store};

use crate::error::{Error, Result};
use crate::memory::Memory;

/// Settings of a new memory. Inputs and targets must be right; everything else has a default that
/// serves every data set.
///
/// ```
/// use glam_memory::Memory;
/// let memory = Memory::builder(4).labels().seed(7).in_memory()?;
/// memory.write(&[0.1, 0.2, 0.3, 0.4], "left")?;
/// assert_eq!(memory.classify(&[0.1, 0.2, 0.3, 0.4])?.label, "left");
/// # Ok::<(), glam_memory::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "a builder makes nothing until `in_memory` or `create` is called"]
pub struct Builder {
    inputs: usize,
    targets: Targets,
    settings: Vec<Setting>,
    durability: Durability,
}

/// One setting, kept until the targets are known.
#[derive(Debug, Clone)]
enum Setting {
    Seed(u64),
    Precision(Precision),
    Families(Vec<Family>),
    Tables(usize),
    View(usize),
    Levels(Vec<u8>),
    WarmUp(usize),
    MaxBytes(u64),
    Window(u32),
    Rehearse(Rehearse),
    HistoryBytes(u64),
    Basis(Arc<Basis>),
}

impl Builder {
    pub(crate) fn new(inputs: usize) -> Self {
        Self {
            inputs,
            targets: Targets::Numbers(1),
            settings: Vec::new(),
            durability: Durability::Buffered,
        }
    }

    fn with(mut self, setting: Setting) -> Self {
        self.settings.push(setting);
        self
    }

    /// Learn `targets` numbers per observation. Default: one.
    pub fn targets(mut self, targets: usize) -> Self {
        self.targets = Targets::Numbers(u32::try_from(targets).unwrap_or(u32::MAX));
        self
    }

    /// Learn one class label per observation; classes need not be known beforehand.
    pub fn labels(mut self) -> Self {
        self.targets = Targets::Labels;
        self
    }

    /// The seed of every random draw. Default 1.
    pub fn seed(self, seed: u64) -> Self {
        self.with(Setting::Seed(seed))
    }

    /// How slots keep their covariance. Default [`Precision::Full`].
    pub fn precision(self, precision: Precision) -> Self {
        self.with(Setting::Precision(precision))
    }

    /// Gate families, dealt to the tables in turn. Default: picked by the memory.
    pub fn families(self, families: impl Into<Vec<Family>>) -> Self {
        self.with(Setting::Families(families.into()))
    }

    /// Number of tables. Default: picked by the memory.
    pub fn tables(self, tables: usize) -> Self {
        self.with(Setting::Tables(tables))
    }

    /// Inputs that a table sees. Default: picked by the memory.
    pub fn view(self, view: usize) -> Self {
        self.with(Setting::View(view))
    }

    /// Levels of a table, rising. Default: picked by the memory.
    pub fn levels(self, levels: impl Into<Vec<u8>>) -> Self {
        self.with(Setting::Levels(levels.into()))
    }

    /// Observations after which normaliser and gates are fixed. Default 1,024.
    pub fn warm_up(self, observations: usize) -> Self {
        self.with(Setting::WarmUp(observations))
    }

    /// The most bytes that slots, their table and the kept history may take. Default: no bound.
    pub fn max_bytes(self, bytes: u64) -> Self {
        self.with(Setting::MaxBytes(bytes))
    }

    /// Writes over which what was learned is forgotten, for a world that drifts. Default: nothing is.
    pub fn window(self, writes: u32) -> Self {
        self.with(Setting::Window(writes))
    }

    /// How many earlier observations a write learns again. Default [`Rehearse::Auto`]: as many as the
    /// order of the stream demands.
    pub fn rehearse(self, rehearse: Rehearse) -> Self {
        self.with(Setting::Rehearse(rehearse))
    }

    /// Bytes of earlier observations to keep in memory, a fair sample of all, so that they can be
    /// rehearsed. Default 32 MiB.
    pub fn history_bytes(self, bytes: u64) -> Self {
        self.with(Setting::HistoryBytes(bytes))
    }

    /// Builds the memory on a net: it starts as the net, and writes correct what that says. See
    /// [`Basis`]; [`Memory::builder_on`] sets inputs and targets too.
    pub fn basis(self, basis: impl Into<Arc<Basis>>) -> Self {
        self.with(Setting::Basis(basis.into()))
    }

    /// When a write to a memory in files returns: once it is in a buffer, or once it is on the disk.
    /// Kept with the memory; see [`Memory::set_durability`]. Default [`Durability::Buffered`].
    pub fn durability(self, durability: Durability) -> Self {
        Self { durability, ..self }
    }

    fn config(self) -> Result<Config> {
        let start = Config::builder(self.inputs, self.targets);
        let set = |builder: ConfigBuilder, setting| match setting {
            Setting::Seed(seed) => builder.seed(seed),
            Setting::Precision(precision) => builder.precision(precision),
            Setting::Families(families) => builder.families(families),
            Setting::Tables(tables) => builder.tables(tables),
            Setting::View(view) => builder.view(view),
            Setting::Levels(levels) => builder.levels(levels),
            Setting::WarmUp(observations) => builder.warm_up(observations),
            Setting::MaxBytes(bytes) => builder.max_bytes(bytes),
            Setting::Window(writes) => builder.window(writes),
            Setting::Rehearse(rehearse) => builder.rehearse(rehearse),
            Setting::HistoryBytes(bytes) => builder.history_bytes(bytes),
            Setting::Basis(basis) => builder.basis(basis),
        };
        Ok(self.settings.into_iter().fold(start, set).build()?)
    }

    /// A memory without files, gone when it is dropped.
    ///
    /// # Errors
    /// [`Error::Core`](crate::Error::Core) where a setting is out of its range.
    pub fn in_memory(self) -> Result<Memory> {
        Ok(Memory::volatile(Model::new(self.config()?)))
    }

    /// A memory in files: `directory` is made, and must not hold anything yet.
    ///
    /// # Errors
    /// As [`Builder::in_memory`], and [`Error::Store`](crate::Error::Store) where the directory
    /// holds something or cannot be written.
    pub fn create(self, directory: impl AsRef<Path>) -> Result<Memory> {
        let durability = self.durability;
        let (store, model) = Store::create_with(directory.as_ref(), self.config()?, durability)?;
        Ok(Memory::stored(store, model))
    }

    /// Opens the memory in `directory` for writing, or makes it there. The settings matter only
    /// where it is made, but for the net.
    ///
    /// # Errors
    /// As [`Memory::open`] and [`Builder::create`], and [`Error::OtherShape`] where the memory that
    /// is there takes other inputs or targets, [`Error::OtherNet`] where it is built on another net than
    /// the one given.
    pub fn open_or_create(self, directory: impl AsRef<Path>) -> Result<Memory> {
        let memory = match Memory::open(&directory) {
            // Nothing is there, or what a creation that was cut has left.
            Err(Error::Store(
                glam_store::Error::Missing { .. } | glam_store::Error::NotAMemory { .. },
            )) => return self.create(directory),
            opened => opened?,
        };
        let config = memory.config();
        if (config.inputs(), config.targets()) != (self.inputs, self.targets) {
            return Err(Error::OtherShape {
                inputs: config.inputs(),
                targets: config.targets(),
                asked_inputs: self.inputs,
                asked_targets: self.targets,
            });
        }
        let asked = self.settings.iter().rev().find_map(|setting| match setting {
            Setting::Basis(basis) => Some(basis),
            _ => None,
        });
        match asked {
            Some(asked) if config.basis() != Some(asked) => Err(Error::OtherNet),
            _ => Ok(memory),
        }
    }
}
