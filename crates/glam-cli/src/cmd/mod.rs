//! One file a sub-command.

pub(crate) mod backup;
pub(crate) mod compact;
pub(crate) mod consolidate;
pub(crate) mod forget;
pub(crate) mod forget_history;
pub(crate) mod import_net;
pub(crate) mod inspect;
pub(crate) mod net;
pub(crate) mod read;
pub(crate) mod rebuild;
pub(crate) mod repair;
pub(crate) mod score;
pub(crate) mod verify;
pub(crate) mod write;
