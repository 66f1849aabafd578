//! What was tried, what it was judged by, and what was chosen.

use serde::Serialize;

use crate::error::Result;
use crate::wire::{Reader, Writer};

/// The most trials that a decision lists.
const MOST_TRIALS: u32 = 4096;

/// One way that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// What was dealt to the tables.
    pub name: String,
    /// How often its gates had been redrawn from the slots' slopes.
    pub regates: u32,
    /// The ridge lambda that was best for it; 0 where nothing was solved.
    pub lambda: f64,
    /// Iterations of conjugate gradients that were best for it; 0 where nothing was solved.
    pub iterations: u32,
    /// Slots it had.
    pub slots: u64,
    /// Mean square error on the rows that were held out (while warming up: on the later half, each
    /// row before it was learned), in variances of the targets, summed over targets (over classes
    /// for labels).
    pub error: f64,
    /// Whether it was better than every one before by more than chance; what writing alone learns,
    /// where nothing before it has a smaller error, or too few rows were held out to tell.
    pub accepted: bool,
}

/// How a structure came to be: by consolidating, or while the memory warmed up.
///
/// While it warms up, gates are drawn anew by the slopes of what was learned, and kept where the
/// errors on the later half of the observations, each made before it was learned, are smaller by
/// twice their standard error.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Decision {
    /// The sequence number of the last observation that it saw.
    pub sequence: u64,
    /// Observations it was chosen and solved on.
    pub rows: u64,
    /// Tenths of them that were held out in turn; 0 for what was chosen while warming up, or solved for
    /// recall.
    pub folds: u32,
    /// The ridge lambda of the solve.
    pub lambda: f64,
    /// Its iterations of conjugate gradients; 0 where the memory holds what writing alone learned.
    pub iterations: u32,
    /// What was tried, in order; the last that was accepted was chosen.
    pub trials: Vec<Trial>,
}

impl Decision {
    /// Whether the memory was consolidated: not where it is warming up, nor where what writing alone
    /// learned was better than all that consolidating tried.
    pub fn is_consolidated(&self) -> bool {
        self.iterations > 0
    }

    /// Whether it was consolidated for what was written to be recalled, with nothing held out.
    pub fn is_for_recall(&self) -> bool {
        self.is_consolidated() && self.folds == 0
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.sequence);
        writer.u64(self.rows);
        writer.u32(self.folds);
        writer.f64(self.lambda);
        writer.u32(self.iterations);
        writer.u32(self.trials.len() as u32);
        for trial in &self.trials {
            writer.text(&trial.name);
            writer.u32(trial.regates);
            writer.f64(trial.lambda);
            writer.u32(trial.iterations);
            writer.u64(trial.slots);
            writer.f64(trial.error);
            writer.u8(trial.accepted.into());
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let (sequence, rows, folds) = (reader.u64()?, reader.u64()?, reader.u32()?);
        let (lambda, iterations, count) = (reader.f64()?, reader.u32()?, reader.u32()?);
        if count > MOST_TRIALS {
            return Err(reader.damaged("there are too many trials"));
        }
        let trials = (0..count)
            .map(|_| {
                Ok(Trial {
                    name: reader.text()?.to_owned(),
                    regates: reader.u32()?,
                    lambda: reader.f64()?,
                    iterations: reader.u32()?,
                    slots: reader.u64()?,
                    error: reader.f64()?,
                    accepted: reader.u8()? != 0,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { sequence, rows, folds, lambda, iterations, trials })
    }
}
