//! Copies taken while a memory is written to.

use std::path::Path;
use std::sync::{Arc, Mutex};

use glam_core::Targets;

use super::life::{Life, SCRIPT, Step, Track, digest, place};
use super::simulated::{Loss, Simulated};
use super::{OUTPUTS, tiny};
use crate::disk::Disk;
use crate::{Error, Store, backup_on, verify_on};

fn on(disk: &Simulated) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

#[test]
fn a_copy_taken_at_any_call_of_a_writer_is_one_of_its_states() {
    let config = tiny(Targets::Numbers(OUTPUTS as u32));
    let track = Arc::new(Mutex::new(Track::default()));
    let seen = Arc::clone(&track);
    let copies = Arc::new(Mutex::new((0, 0)));
    let counted = Arc::clone(&copies);
    let disk = Simulated::new().with_hook(move |disk: &Simulated| {
        // A disk of its own, as two processes share one.
        let disk = disk.crashed(Loss::Nothing);
        let to = Path::new("/copy");
        let track = seen.lock().unwrap().clone();
        let copied = match backup_on(on(&disk), place(), to) {
            Err(Error::Missing { .. } | Error::NotAMemory { .. }) if track.durable.is_none() => {
                return;
            }
            copied => copied.unwrap(),
        };
        let found = verify_on(on(&disk), to).unwrap();
        assert!(found.is_sound(), "{:?}", found.damages);
        // It is on the disk: nothing that was not synchronised is missed.
        let disk = disk.crashed(Loss::All);
        let (_, model) = Store::open_on(on(&disk), to).unwrap();
        assert!(track.admits(digest(&model)));
        let mut counted = counted.lock().unwrap();
        *counted = (counted.0 + 1, counted.1 + copied.linked);
    });
    let mut life = Life::new(disk, track);
    life.create(&config).unwrap();
    for step in SCRIPT {
        life.step(step).unwrap();
    }
    let (copies, linked) = *copies.lock().unwrap();
    assert!(copies > 100 && linked > 0);
}

#[test]
fn a_copy_never_shares_what_is_overwritten() {
    let config = tiny(Targets::Numbers(OUTPUTS as u32));
    let disk = Simulated::new();
    let mut life = Life::new(disk.clone(), Arc::new(Mutex::new(Track::default())));
    life.create(&config).unwrap();
    for step in [Step::Write(9), Step::Checkpoint, Step::Write(3), Step::Flush] {
        life.step(step).unwrap();
    }
    let to = Path::new("/copy");
    backup_on(on(&disk), place(), to).unwrap();
    let before: Vec<_> = disk.names().into_iter().filter(|path| path.starts_with(to)).collect();
    let bytes: Vec<_> = before.iter().map(|path| disk.bytes(path)).collect();
    for step in [Step::Erase(2), Step::Write(5), Step::Compact, Step::Drop(0)] {
        life.step(step).unwrap();
    }
    let after: Vec<_> = before.iter().map(|path| disk.bytes(path)).collect();
    assert!(bytes == after);
    // Neither a copy nor the memory itself is taken for a place to copy to.
    for there in [to, place()] {
        let before: Vec<_> = disk.names().iter().map(|path| disk.bytes(path)).collect();
        let again = backup_on(on(&disk), place(), there).unwrap_err();
        assert!(matches!(again, Error::AlreadyExists { .. }), "{again}");
        let after: Vec<_> = disk.names().iter().map(|path| disk.bytes(path)).collect();
        assert!(before == after);
    }
}
