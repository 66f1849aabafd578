//! The `glam` command as a process: every test in a directory of its own.

#[cfg(test)]
mod categories;
#[cfg(test)]
mod consolidate;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod files;
#[cfg(test)]
mod forget;
#[cfg(test)]
mod help;
#[cfg(test)]
mod import_net;
mod inspect;
#[cfg(test)]
mod interrupt;
#[cfg(test)]
mod missing;
#[cfg(test)]
mod names;
#[cfg(test)]
mod net;
#[cfg(test)]
mod place;
#[cfg(test)]
mod read;
#[cfg(test)]
mod score;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod verify;
#[cfg(test)]
mod weights;
#[cfg(test)]
mod write;
