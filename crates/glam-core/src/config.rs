//! What a memory is made with: a builder, checked once, then immutable.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::error::{Error, Result};
use crate::gate::Family;
use crate::net::Output;
use crate::picks::Picks;
use crate::room;

/// The most inputs of a memory.
pub const MAX_INPUTS: usize = 1 << 18;
/// The most numeric targets of a memory.
pub const MAX_TARGETS: usize = 1 << 16;
/// The most tables of a memory.
pub const MAX_TABLES: usize = 4096;
/// The deepest gate, in decisions.
pub const MAX_DEPTH: u8 = 14;
/// The widest view, in inputs, a full covariance can be kept for.
pub const MAX_VIEW: usize = 1024;
/// The most numbers that the warm-up's observations may hold on either side: 1 GiB.
pub const MAX_WARM_UP_FLOATS: usize = 1 << 28;
/// The most numbers that all gates together may be made of: 512 MiB.
pub const MAX_GATE_FLOATS: usize = 1 << 27;
/// The most observations that may be gathered before the normaliser and the gates are fixed.
pub const MAX_WARM_UP: u32 = 1 << 20;

/// The most earlier observations that a write can be told to learn again.
pub const MAX_REHEARSE: u32 = 64;
/// The smallest byte limit of a memory.
pub const MIN_MAX_BYTES: u64 = 1 << 16;
/// Bytes of earlier observations that are kept in memory by default.
pub const DEFAULT_HISTORY_BYTES: u64 = 32 << 20;

/// What a memory learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Targets {
    /// This many numbers per observation.
    Numbers(u32),
    /// One class label per observation; the set of classes grows as labels appear.
    Labels,
}

/// How a slot keeps its covariance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Dense and symmetric: recursive least squares. Costs O(view²) a slot.
    Full,
    /// One variance an input: cheaper in time and bytes, O(view) a slot, and less accurate.
    Diagonal,
}

/// How many earlier observations a write learns again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Rehearse {
    /// As many as the order of the stream demands: none where it is shuffled, up to
    /// [`MAX_AUTO_REHEARSE`](crate::MAX_AUTO_REHEARSE) where what was learned before is being lost, or the
    /// classes of late are as unlike all as where a third of up to a hundred classes is not shown.
    #[default]
    Auto,
    /// So many at every write, at most [`MAX_REHEARSE`]; 0 is none.
    Fixed(u32),
}

/// A checked configuration. Made by [`Config::builder`]; never changes afterwards.
///
/// Everything but the inputs and the targets has a default that serves every data set; settings
/// left open are picked by the memory from what it has seen and reported by
/// [`Model::report`](crate::Model::report).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    inputs: u32,
    targets: Targets,
    seed: u64,
    precision: Precision,
    families: Option<Vec<Family>>,
    tables: Option<u32>,
    view: Option<u32>,
    levels: Option<Vec<u8>>,
    warm_up: u32,
    rehearse: Rehearse,
    history_bytes: u64,
    max_bytes: Option<u64>,
    window: Option<u32>,
    /// Kept apart from the record of the others, as it may be large.
    #[serde(skip)]
    basis: Option<Arc<Basis>>,
}

impl Config {
    /// Starts a configuration for `inputs` numbers in and `targets` out.
    ///
    /// ```
    /// use glam_core::{Config, Targets};
    /// let config = Config::builder(3, Targets::Numbers(1)).seed(7).build()?;
    /// assert_eq!(config.inputs(), 3);
    /// # Ok::<(), glam_core::Error>(())
    /// ```
    pub fn builder(inputs: usize, targets: Targets) -> ConfigBuilder {
        ConfigBuilder {
            inputs,
            targets,
            seed: 1,
            precision: Precision::Full,
            families: None,
            tables: None,
            view: None,
            levels: None,
            warm_up: 1024,
            rehearse: Rehearse::Auto,
            history_bytes: DEFAULT_HISTORY_BYTES,
            max_bytes: None,
            window: None,
            basis: None,
        }
    }

    /// Numbers in an input.
    pub fn inputs(&self) -> usize {
        self.inputs as usize
    }

    /// What is learned.
    pub fn targets(&self) -> Targets {
        self.targets
    }

    /// The same for every `step`th observation alone: a window is so many times shorter.
    pub(crate) fn fewer(&self, step: usize) -> Self {
        let step = u32::try_from(step.max(1)).unwrap_or(u32::MAX);
        let window = self.window.map(|window| (window / step).max(2));
        Self { window, ..self.clone() }
    }

    /// The seed of every random draw.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How slots keep their covariance.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The gate families, where they were set.
    pub fn families(&self) -> Option<&[Family]> {
        self.families.as_deref()
    }

    /// Number of tables, where it was set.
    pub fn tables(&self) -> Option<usize> {
        self.tables.map(|tables| tables as usize)
    }

    /// Inputs of a table's view, where it was set.
    pub fn view(&self) -> Option<usize> {
        self.view.map(|view| view as usize)
    }

    /// Levels of a table, where they were set.
    pub fn levels(&self) -> Option<&[u8]> {
        self.levels.as_deref()
    }

    /// Observations after which the normaliser and the gates are fixed.
    pub fn warm_up(&self) -> usize {
        self.warm_up as usize
    }

    /// How many earlier observations a write learns again.
    pub fn rehearse(&self) -> Rehearse {
        self.rehearse
    }

    /// Bytes of earlier observations that are kept in memory to be rehearsed.
    pub fn history_bytes(&self) -> u64 {
        self.history_bytes
    }

    /// The most bytes that slots, their table and the kept history may take, where it was set.
    pub fn max_bytes(&self) -> Option<u64> {
        self.max_bytes
    }

    /// Writes over which what was learned is forgotten, where it was set.
    pub fn window(&self) -> Option<u32> {
        self.window
    }

    /// The net that the memory is built on, where there is one.
    pub fn basis(&self) -> Option<&Arc<Basis>> {
        self.basis.as_ref()
    }

    /// The same over `basis`, checked: for a store, which keeps the two apart.
    ///
    /// # Errors
    /// As [`ConfigBuilder::build`].
    pub fn with_basis(self, basis: Arc<Basis>) -> Result<Self> {
        ConfigBuilder { basis: Some(basis), ..self.to_builder() }.build()
    }

    /// Numbers that gates and views see of an input: the inputs, and the hidden values of a net.
    pub(crate) fn lifted(&self) -> usize {
        self.basis.as_ref().map_or(self.inputs(), |basis| basis.lifted())
    }

    /// How many numbers views are drawn from: the inputs, or what they see of a net
    /// ([`Views`](crate::Views)).
    pub fn viewed(&self) -> usize {
        self.seen().len()
    }

    /// Which of these views may see.
    pub(crate) fn seen(&self) -> Range<usize> {
        self.basis.as_ref().map_or(0..self.inputs(), |basis| basis.seen())
    }

    /// Checks a configuration that came from outside (a file) as [`ConfigBuilder::build`] would.
    pub fn check(self) -> Result<Self> {
        self.to_builder().build()
    }

    fn to_builder(&self) -> ConfigBuilder {
        ConfigBuilder {
            inputs: self.inputs(),
            targets: self.targets,
            seed: self.seed,
            precision: self.precision,
            families: self.families.clone(),
            tables: self.tables(),
            view: self.view(),
            levels: self.levels.clone(),
            warm_up: self.warm_up(),
            rehearse: self.rehearse,
            history_bytes: self.history_bytes,
            max_bytes: self.max_bytes,
            window: self.window,
            basis: self.basis.clone(),
        }
    }
}

/// Settings of a [`Config`] before they are checked.
#[derive(Debug, Clone)]
pub struct ConfigBuilder {
    inputs: usize,
    targets: Targets,
    seed: u64,
    precision: Precision,
    families: Option<Vec<Family>>,
    tables: Option<usize>,
    view: Option<usize>,
    levels: Option<Vec<u8>>,
    warm_up: usize,
    rehearse: Rehearse,
    history_bytes: u64,
    max_bytes: Option<u64>,
    window: Option<u32>,
    basis: Option<Arc<Basis>>,
}

impl ConfigBuilder {
    /// The seed of every random draw. Default 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How slots keep their covariance. Default [`Precision::Full`].
    pub fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The gate families, 1 to 64, dealt to the tables in turn: table `t` takes the one at `t` modulo
    /// their number. Left open, the memory picks them.
    pub fn families(mut self, families: impl Into<Vec<Family>>) -> Self {
        self.families = Some(families.into());
        self
    }

    /// Number of tables, 1 to [`MAX_TABLES`]. Left open, the memory picks it.
    pub fn tables(mut self, tables: usize) -> Self {
        self.tables = Some(tables);
        self
    }

    /// Inputs of a table's view, 1 to the number of inputs. Left open, the memory picks it.
    ///
    /// Views are drawn by the inputs' spread, or the slopes of what was learned. Where as many inputs of
    /// weight as all views have are there, no two tables see the same one; else each table draws for itself.
    pub fn view(mut self, view: usize) -> Self {
        self.view = Some(view);
        self
    }

    /// Levels of a table, strictly rising, 0 to [`MAX_DEPTH`]. Left open, the memory picks one.
    pub fn levels(mut self, levels: impl Into<Vec<u8>>) -> Self {
        self.levels = Some(levels.into());
        self
    }

    /// Observations gathered before the normaliser and the gates are fixed, 1 to [`MAX_WARM_UP`].
    /// Default 1,024. Reads are answered from the first write on, whatever this is.
    pub fn warm_up(mut self, observations: usize) -> Self {
        self.warm_up = observations;
        self
    }

    /// How many earlier observations a write learns again. Default [`Rehearse::Auto`].
    pub fn rehearse(mut self, rehearse: Rehearse) -> Self {
        self.rehearse = rehearse;
        self
    }

    /// Bytes of earlier observations to keep in memory, a fair sample of all, so that they can be
    /// rehearsed. Default 32 MiB; 0 keeps none, and then nothing is rehearsed.
    pub fn history_bytes(mut self, bytes: u64) -> Self {
        self.history_bytes = bytes;
        self
    }

    /// The most bytes that slots, their table and the kept history may take, at least 64 KiB. Left open,
    /// tables and levels are the only bound.
    ///
    /// A slot for which there is no room takes the place of another, one that adds little to
    /// predictions; [`Report::evictions`](crate::Report::evictions) counts them. The kept history gets a
    /// quarter at most, so that the memory may warm up on fewer observations than were asked for.
    /// A limit that does not hold what one input has active is refused.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Writes over which what was learned is forgotten, 2 or more: for a world that drifts. Left
    /// open, nothing is forgotten.
    ///
    /// Each write keeps 1 - 1/window of what covariances have learned, so that maps follow what is new
    /// as if they were so much younger; a map that is not active stays as it is. [`Rehearse::Auto`]
    /// then rehearses nothing, and [`Rehearse::Fixed`] observations of the last window only. Costs
    /// up to view / 6 times the covariances' part of a write where a window is short.
    pub fn window(mut self, writes: u32) -> Self {
        self.window = Some(writes);
        self
    }

    /// Builds the memory on a net: see [`Basis`]. The net must take the memory's inputs. A memory of
    /// numbers needs a net of as many outputs, one of labels a net with the names of its classes
    /// ([`Net::with_labels`](crate::net::Net::with_labels)); more classes may come.
    ///
    /// A net of labels must end in a softmax. Before the first write probabilities are the net's; then they
    /// are made from scores as those of every memory, fitted to what is written.
    ///
    /// Serialising a [`Config`] leaves the net out: keep [`Basis::to_bytes`] beside it, and join them with
    /// [`Config::with_basis`]. Files of `glam-store` do.
    ///
    /// Missing inputs are then refused, as a net has no mean to put there.
    pub fn basis(mut self, basis: impl Into<Arc<Basis>>) -> Self {
        self.basis = Some(basis.into());
        self
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`Error::Setting`] names the first setting that is out of its range.
    pub fn build(self) -> Result<Config> {
        let range = |setting, got: usize, min: usize, max: usize, rule| {
            if (min..=max).contains(&got) {
                Ok(got as u32)
            } else {
                Err(Error::Setting { setting, got: got.to_string(), rule })
            }
        };
        let inputs = range("the number of inputs", self.inputs, 1, MAX_INPUTS, "1 to 262,144")?;
        if let Targets::Numbers(targets) = self.targets {
            range("the number of targets", targets as usize, 1, MAX_TARGETS, "1 to 65,536")?;
        }
        let tables =
            self.tables.map(|t| range("tables", t, 1, MAX_TABLES, "1 to 4,096")).transpose()?;
        check_basis(self.basis.as_deref(), &self)?;
        let view = self
            .view
            .map(|v| {
                let seen = self.basis.as_ref().map_or(self.inputs, |basis| basis.seen().len());
                let max = seen.min(MAX_VIEW);
                range("view", v, 1, max, "1 to the number of inputs, at most 1,024")
            })
            .transpose()?;
        let warm_up = range("warm_up", self.warm_up, 1, MAX_WARM_UP as usize, "1 to 1,048,576")?;
        if let Some(levels) = &self.levels {
            let rising = levels.windows(2).all(|pair| pair[0] < pair[1]);
            if levels.is_empty() || !rising || levels.iter().any(|&level| level > MAX_DEPTH) {
                return Err(Error::Setting {
                    setting: "levels",
                    got: format!("{levels:?}"),
                    rule: "one or more levels, strictly rising, each at most 14",
                });
            }
        }
        if let Some(families) = &self.families
            && !(1..=64).contains(&families.len())
        {
            return Err(Error::Setting {
                setting: "families",
                got: format!("{} families", families.len()),
                rule: "1 to 64 families",
            });
        }
        if let Rehearse::Fixed(times) = self.rehearse {
            range("rehearse", times as usize, 0, MAX_REHEARSE as usize, "0 to 64 a write")?;
        }
        if let Some(bytes) = self.max_bytes
            && bytes < MIN_MAX_BYTES
        {
            let (setting, rule) = ("max_bytes", "at least 65,536 bytes");
            return Err(Error::Setting { setting, got: bytes.to_string(), rule });
        }
        if let Some(window) = self.window {
            range("window", window as usize, 2, u32::MAX as usize, "2 writes or more")?;
        }
        let outputs = match self.targets {
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => self.basis.as_ref().map_or(1, |basis| basis.net().outputs()),
        };
        let lifted = self.basis.as_ref().map_or(self.inputs, |basis| basis.lifted());
        let warm_up_floats = self.warm_up.saturating_mul(lifted.max(outputs));
        if warm_up_floats > MAX_WARM_UP_FLOATS {
            return Err(Error::Setting {
                setting: "warm_up times the number of inputs or targets",
                got: warm_up_floats.to_string(),
                rule: "at most 268,435,456 (1 GiB)",
            });
        }
        let config = Config {
            inputs,
            targets: self.targets,
            seed: self.seed,
            precision: self.precision,
            families: self.families,
            tables,
            view,
            levels: self.levels,
            warm_up,
            rehearse: self.rehearse,
            history_bytes: self.history_bytes,
            max_bytes: self.max_bytes,
            window: self.window,
            basis: self.basis,
        };
        let picks = Picks::choose(&config, 1);
        // A gate by the whole pattern may hold every unit of the net.
        let hashes = config.families().is_some_and(|families| {
            families.iter().any(|family| matches!(family, Family::ReluHash { .. }))
        });
        let units = if hashes { 2 * picks.tables * config.lifted() } else { 0 };
        let gate_floats = picks.gate_floats() + units;
        if gate_floats > MAX_GATE_FLOATS {
            return Err(Error::Setting {
                setting: "the gates that tables, levels, view and families ask for together",
                got: format!("{gate_floats} numbers"),
                rule: "at most 134,217,728 numbers (512 MiB)",
            });
        }
        room::check_picks(&config, outputs)?;
        Ok(config)
    }
}

/// Refuses a net that does not fit the inputs, the targets or the families.
fn check_basis(basis: Option<&Basis>, builder: &ConfigBuilder) -> Result<()> {
    let refused = |setting, got: String, rule| Err(Error::Setting { setting, got, rule });
    let Some(basis) = basis else {
        let families = builder.families.iter().flatten();
        let of_a_net = families.filter(|family| family.needs_basis()).map(|family| family.name());
        return match of_a_net.min() {
            Some(name) => {
                refused("a gate family", name.to_owned(), "one without a net's decisions")
            }
            None => Ok(()),
        };
    };
    let net = basis.net();
    if net.inputs() != builder.inputs {
        return refused("the net's inputs", net.inputs().to_string(), "those of the memory");
    }
    if basis.seen().is_empty() || basis.lifted() > MAX_INPUTS {
        let got = basis.lifted().to_string();
        return refused("the net's inputs and hidden values", got, "1 to 262,144 that views see");
    }
    match builder.targets {
        Targets::Numbers(targets) if basis.starts() && net.outputs() != targets as usize => {
            refused("the net's outputs", net.outputs().to_string(), "as many as targets")
        }
        Targets::Labels if basis.starts() && net.output() != Output::Softmax => {
            let rule = "a softmax, to learn labels (`Net::with_output`)";
            refused("the net's end", "linear".to_owned(), rule)
        }
        Targets::Labels if basis.starts() && net.labels().is_empty() => {
            refused("the net's class names", "none".to_owned(), "one an output, to learn labels")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_refused_one_past_its_edge() {
        let make = |inputs| Config::builder(inputs, Targets::Numbers(1));
        assert!(make(0).build().is_err());
        assert!(make(MAX_INPUTS).build().is_ok());
        assert!(make(MAX_INPUTS + 1).build().is_err());
        assert!(Config::builder(1, Targets::Numbers(0)).build().is_err());
        assert!(make(4).tables(0).build().is_err());
        assert!(make(4).tables(MAX_TABLES).build().is_ok());
        assert!(make(4).tables(MAX_TABLES + 1).build().is_err());
        assert!(make(4).view(0).build().is_err());
        assert!(make(4).view(4).build().is_ok());
        assert!(make(4).view(5).build().is_err());
        assert!(make(4).levels(vec![]).build().is_err());
        assert!(make(4).levels(vec![2, 2]).build().is_err());
        assert!(make(4).levels(vec![0, MAX_DEPTH]).build().is_ok());
        assert!(make(4).levels(vec![MAX_DEPTH + 1]).build().is_err());
        assert!(make(4).warm_up(0).build().is_err());
        assert!(make(1 << 18).warm_up(1 << 10).build().is_ok());
        assert!(make(1 << 18).warm_up((1 << 10) + 1).build().is_err());
        // Each alone is allowed; together they would take gigabytes.
        assert!(make(4).tables(MAX_TABLES).levels(vec![10]).build().is_ok());
        assert!(make(4).tables(MAX_TABLES).levels(vec![MAX_DEPTH]).build().is_err());
        assert!(make(4).families(vec![]).build().is_err());
    }

    #[test]
    fn a_checked_configuration_passes_its_own_check() {
        let config =
            Config::builder(9, Targets::Labels).tables(3).levels(vec![1, 4]).build().unwrap();
        assert_eq!(config.clone().check(), Ok(config));
    }
}
