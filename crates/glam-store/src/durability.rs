//! When a write is acknowledged.

use std::fmt;

use serde::Serialize;

/// When a write is acknowledged; kept with the memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Durability {
    /// Once it is in the log's buffer. A process that is killed may lose up to 256 KiB of the newest
    /// observations, a machine that stops all since the last flush or checkpoint.
    #[default]
    Buffered,
    /// Once it is on the disk. Nothing that was acknowledged is lost, whatever happens. Writers that
    /// wait at the same time share one synchronisation.
    Synced,
}

impl Durability {
    /// The number that stands for it in a manifest.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Buffered => 0,
            Self::Synced => 1,
        }
    }

    /// What a number in a manifest stands for.
    pub(crate) fn of_code(code: u32) -> Option<Self> {
        [Self::Buffered, Self::Synced].into_iter().find(|durability| durability.code() == code)
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Buffered => "buffered",
            Self::Synced => "synced",
        })
    }
}
