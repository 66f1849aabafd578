//! What consolidate tries: ways to deal families and levels to the tables.

use crate::config::{Config, MAX_GATE_FLOATS};
use crate::gate::Family;
use crate::kernel::LANES;
use crate::picks::{Deal, Picks};
use crate::room;

/// Tables of a candidate whose tables have several levels, and of one whose tables have few.
const TABLES: (usize, usize) = (128, 256);
/// Rows from which on the deep candidate is tried: with fewer its last levels hold single rows.
const DEEP_ROWS: usize = 1000;
/// Floats that all slots of a candidate may take, at most: 1 GiB of weights and as much again for
/// each of the solver's vectors.
const MOST_FLOATS: usize = 1 << 28;

/// One way to deal families and levels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) name: &'static str,
    pub(crate) picks: Picks,
}

impl Candidate {
    /// What the memory works with, with the gates that it has.
    pub(crate) fn kept(now: &Picks) -> Self {
        Self { name: "kept gates", picks: now.clone() }
    }

    /// What the memory works with, its gates drawn anew.
    pub(crate) fn as_it_is(now: &Picks) -> Self {
        Self { name: "as it is", picks: now.clone() }
    }
}

fn trees(inputs: u32, levels: &[u8]) -> Deal {
    Deal { family: Family::Tree { inputs }, levels: levels.to_vec() }
}

fn hyperplanes(inputs: u32, level: u8) -> Deal {
    Deal { family: Family::Hyperplane { inputs }, levels: vec![level] }
}

/// The candidates for a memory of `config` that has seen `rows` rows and works with `now`: what
/// the configuration sets is left as it is; without a setting, narrow memories try sparse trees
/// (shallow and deep), dense trees and a mix of both, wide ones try wider views.
pub(crate) fn candidates(
    config: &Config,
    rows: usize,
    outputs: usize,
    now: &Picks,
) -> Vec<Candidate> {
    let as_is = Candidate::as_it_is(now);
    let set = config.families().is_some() || config.levels().is_some() || config.view().is_some();
    // What a memory that starts as a net keeps of it, rows that were written since cannot judge: keys stay
    // as specific as they are.
    let starts = config.basis().is_some_and(|basis| basis.starts());
    if set || starts || config.tables().is_some() {
        return vec![as_is];
    }
    let inputs = config.seen().len();
    let mut found = if now.root {
        let make = |name, tables, deals| Candidate {
            name,
            picks: Picks { tables, view: inputs, deals, root: true },
        };
        let shallow = [2, 4, 6, 8];
        let mut narrow = vec![
            make("sparse", TABLES.0, vec![trees(1, &shallow), trees(2, &shallow)]),
            make("dense 6", TABLES.1, vec![trees(0, &[6])]),
            make("dense 4", TABLES.1, vec![trees(0, &[4])]),
            make(
                "mixed",
                TABLES.0,
                vec![trees(1, &shallow), trees(0, &[4]), trees(2, &shallow), trees(0, &[6])],
            ),
        ];
        // First, as the others must then be better by more than chance.
        if rows >= DEEP_ROWS {
            narrow.insert(0, make("deep", TABLES.0, vec![trees(1, &[2, 5, 8, 11])]));
        }
        narrow
    } else {
        let make = |name, tables, view: usize, level| Candidate {
            name,
            picks: Picks {
                tables,
                view: view.min(inputs),
                deals: vec![hyperplanes(4, level)],
                root: false,
            },
        };
        vec![
            make("views of 15", 256, 15, 6),
            make("views of 31", 256, 31, 5),
            make("views of 63, shallow", 256, 63, 3),
            make("views of 63", 256, 63, 4),
        ]
    };
    found.retain(|candidate| {
        let picks = &candidate.picks;
        picks.gate_floats() <= MAX_GATE_FLOATS
            && room::check(config, picks.view + 1, outputs, picks.active()).is_ok()
            && slots(picks, rows).saturating_mul(slot_floats(picks, outputs)) <= MOST_FLOATS
            && room::slot_limit(config, picks.view + 1, outputs)
                .is_none_or(|limit| slots(picks, rows) <= limit)
    });
    if found.is_empty() { vec![as_is] } else { found }
}

/// Slots that `rows` rows can fill, at most.
fn slots(picks: &Picks, rows: usize) -> usize {
    let levels = |deal: &Deal| -> usize { deal.levels.iter().map(|&l| rows.min(1 << l)).sum() };
    (0..picks.tables).map(|table| levels(picks.deal(table))).sum()
}

fn slot_floats(picks: &Picks, outputs: usize) -> usize {
    let n = picks.view + 1;
    n.next_multiple_of(LANES).saturating_mul(outputs.saturating_add(n))
}
