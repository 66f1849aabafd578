//! The first observations, kept until the normaliser and the gates are fixed.

use crate::config::Config;
use crate::error::Result;
use crate::observations::{Kept, Observations};
use crate::room;
use crate::wire::{Reader, Writer};

/// From here on a fit also comes half-way to the next doubling: a memory that never sees many
/// observations would otherwise end with gates drawn from little more than half of them.
const BETWEEN: usize = 96;

fn is_due(count: usize, last: usize) -> bool {
    let between = count >= BETWEEN && count.is_multiple_of(3) && (count / 3).is_power_of_two();
    count.is_power_of_two() || between || count >= last
}

/// Observations gathered while warming up: they are fitted to again as their number grows, twice in
/// each doubling, and let go once there are enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct WarmUp {
    kept: Observations,
    /// Whether the memory has warmed up.
    done: bool,
}

impl WarmUp {
    pub(crate) fn done(&self) -> bool {
        self.done
    }

    pub(crate) fn count(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn kept(&self) -> &Observations {
        &self.kept
    }

    pub(crate) fn push(&mut self, config: &Config, x: &[f32], kept: Kept<'_>, weight: f32) {
        if config.max_bytes().is_some() {
            let targets = if let Kept::Numbers(y) = kept { y.len() } else { 0 };
            self.kept.reserve(room::warm_up(config), config.inputs(), targets);
        }
        self.kept.push(x, kept, weight);
    }

    /// Whether now is the time to fit: at 1, 2, 4 ... 64, 96, 128, 192 ... observations, and at the
    /// last.
    pub(crate) fn due(&self, last: usize) -> bool {
        !self.done && is_due(self.count(), last)
    }

    /// The last count, of those up to `rows`, at which a fit is due; 0 where the memory has warmed up.
    pub(crate) fn last_due(rows: usize, last: usize) -> usize {
        (1..=rows.min(last)).rev().find(|&count| is_due(count, last)).unwrap_or(0)
    }

    /// Hands the observations over: the memory has warmed up.
    pub(crate) fn finish(&mut self) -> Observations {
        self.done = true;
        std::mem::take(&mut self.kept)
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u8(self.done.into());
        self.kept.encode(writer);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, config: &Config, outputs: usize) -> Result<Self> {
        let done = reader.u8()? != 0;
        let kept = Observations::decode(reader, config, outputs)?;
        if kept.len() >= config.warm_up() || (done && !kept.is_empty()) {
            return Err(reader.damaged("there are too many warm-up observations"));
        }
        Ok(Self { kept, done })
    }
}
