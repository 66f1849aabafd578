//! What a memory picks for itself from its inputs, its outputs and nothing else.

use serde::Serialize;

use crate::config::{Config, Targets};
use crate::gate::Family;
use crate::kernel::LANES;
use crate::room;

/// Up to this many inputs every table sees all of them.
const NARROW_INPUTS: usize = 24;
/// Inputs of a view of a wide memory: with the bias, two whole groups of lanes.
const WIDE_VIEW: usize = 15;
/// Tables of a memory whose slots see at most [`FEW_INPUTS`] inputs, and of one whose slots see
/// more: there a table costs several times as much.
const TABLES: (usize, usize) = (256, 128);
/// With the bias, two whole groups of lanes.
const FEW_INPUTS: usize = 15;
/// Tables of a wide memory, where each sees a small part.
const WIDE_TABLES: usize = 384;
/// Families of a narrow memory: no single one wins everywhere, so its tables are dealt all three.
const NARROW_FAMILIES: &[Family] =
    &[Family::Tree { inputs: 0 }, Family::Tree { inputs: 1 }, Family::Tree { inputs: 2 }];
/// The family of a wide memory: as accurate as trees there, and several times cheaper to evaluate.
const WIDE_FAMILIES: &[Family] = &[Family::Hyperplane { inputs: 4 }];
/// The level of a narrow memory's tables.
const NARROW_LEVEL: u8 = 8;
/// The level of a wide memory's tables.
const WIDE_LEVEL: u8 = 5;
/// The level of a memory that starts as a net, by its own gates and by the net's. What no key finds is
/// answered by the net, so keys may be of few inputs each: what is corrected in one place then leaves the
/// others as they were. One level more halves what is lost elsewhere, and learns slower.
const NET_LEVELS: (u8, u8) = (7, 8);
/// The families of a memory that starts as a net of few inputs: the net's own decisions.
const NET_FAMILIES: &[Family] = &[Family::Relu { layer: 0 }];
/// Floats that the slots of full tables may take before a shallower level is picked: 256 MiB.
const FULL_TABLE_FLOATS: usize = 1 << 26;

/// What a table is dealt: how its gate decides, and at which levels it has slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deal {
    /// The gate's family.
    pub family: Family,
    /// Levels at which the table has slots, rising.
    pub levels: Vec<u8>,
}

impl Deal {
    /// The deepest level: decisions of the gate.
    pub(crate) fn depth(&self) -> u8 {
        self.levels.last().copied().unwrap_or(0)
    }
}

/// The numbers that a memory works with: those set in its configuration, and those it picked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Picks {
    /// Number of tables, the root not counted.
    pub tables: usize,
    /// Inputs that a table sees.
    pub view: usize,
    /// Family and levels, dealt to the tables in turn.
    pub deals: Vec<Deal>,
    /// Whether there is a root: one slot for the whole space. Only where a view holds every input.
    pub root: bool,
}

impl Picks {
    /// Picks for `outputs` outputs.
    pub(crate) fn choose(config: &Config, outputs: usize) -> Self {
        let inputs = config.seen().len();
        let narrow = inputs <= NARROW_INPUTS;
        let view = config.view().unwrap_or(if narrow { inputs } else { WIDE_VIEW });
        let starts = !narrow && config.basis().is_some_and(|basis| basis.starts());
        let decides = config.basis().is_some_and(|basis| !basis.deciding().is_empty());
        let by_net = starts && decides && config.inputs() <= NARROW_INPUTS;
        let default_tables = match view {
            _ if view < inputs => WIDE_TABLES,
            0..=FEW_INPUTS => TABLES.0,
            _ => TABLES.1,
        };
        let n = view + 1;
        // More classes may come, and make slots longer.
        let foreseen = if config.targets() == Targets::Labels { 2 * outputs } else { outputs };
        let room = room::slot_limit(config, n, foreseen).unwrap_or(usize::MAX);
        let mut tables = config.tables().unwrap_or(default_tables);
        let levels = match config.levels() {
            Some(levels) => {
                while config.tables().is_none() && tables > 1 && tables * levels.len() >= room {
                    tables /= 2;
                }
                levels.to_vec()
            }
            None => {
                let mut level = match narrow {
                    true => NARROW_LEVEL,
                    false if by_net => NET_LEVELS.1,
                    false if starts => NET_LEVELS.0,
                    false => WIDE_LEVEL,
                };
                let map_floats = outputs.saturating_mul(n.next_multiple_of(LANES));
                let slot_floats = map_floats.saturating_add(config.precision().floats(n));
                while level > 1 && slot_floats.saturating_mul(tables << level) > FULL_TABLE_FLOATS {
                    level -= 1;
                }
                // Levels and tables are given up in turn, until full tables have room.
                let mut shallower = true;
                while tables << level >= room && (level > 1 || config.tables().is_none()) {
                    if level > 1 && (shallower || tables == 1 || config.tables().is_some()) {
                        level -= 1;
                    } else if tables > 1 {
                        tables /= 2;
                    } else {
                        break;
                    }
                    shallower = !shallower;
                }
                vec![level]
            }
        };
        let families = config.families().unwrap_or(match narrow {
            true => NARROW_FAMILIES,
            false if by_net => NET_FAMILIES,
            false => WIDE_FAMILIES,
        });
        let deal = |&family| Deal { family, levels: levels.clone() };
        let deals = families.iter().map(deal).collect();
        Self { tables, view, deals, root: view == inputs }
    }

    /// Slots that one input can have active.
    pub(crate) fn active(&self) -> usize {
        let levels = (0..self.tables).map(|table| self.deal(table).levels.len());
        levels.sum::<usize>() + usize::from(self.root)
    }

    /// What table number `table` is dealt.
    pub(crate) fn deal(&self, table: usize) -> &Deal {
        &self.deals[table % self.deals.len()]
    }

    /// Numbers that all gates together are made of, at most.
    pub(crate) fn gate_floats(&self) -> usize {
        let numbers = |deal: &Deal| deal.family.numbers(deal.depth(), self.view);
        self.tables * self.deals.iter().map(numbers).max().unwrap_or(0)
    }

    /// s of the features of table number `table`: all tables together weigh as much as the root,
    /// and all levels of a table as much as the table.
    pub(crate) fn table_scale(&self, table: usize) -> f32 {
        (1.0 / (self.tables * self.deal(table).levels.len()) as f64).sqrt() as f32
    }
}
