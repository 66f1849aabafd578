//! Every bit of every file flipped, and every file cut everywhere: an error or the right answer.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use glam_core::{Config, Scratch, Targets};

use super::life::{Life, Step, Track, cue, digest, place};
use super::simulated::{Loss, Simulated};
use super::{OUTPUTS, bits, over_net, tiny};
use crate::disk::Disk;
use crate::{Reader, Store, verify_on};

/// A memory with a snapshot and observations behind it, and the states that it went through.
fn lived(config: &Config) -> (Simulated, Track) {
    let disk = Simulated::new();
    let track = Arc::new(Mutex::new(Track::default()));
    let mut life = Life::new(disk.clone(), Arc::clone(&track));
    life.create(config).unwrap();
    for step in [Step::Write(6), Step::Checkpoint, Step::Write(2), Step::Flush] {
        life.step(step).unwrap();
    }
    drop(life);
    let track = track.lock().unwrap().clone();
    (disk.crashed(Loss::Nothing), track)
}

/// Opens the memory in which `path` was changed in the way of `what`: each of the openings gives an
/// error, or a state that the memory had: the last, or where the end of the log is what was changed,
/// one before it. Returns whether anything was noticed.
fn judge(disk: &Simulated, path: &Path, track: &Track, what: &str) -> bool {
    let on = || -> Arc<dyn Disk> { Arc::new(disk.clone()) };
    let log = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log-"));
    let first = if log { 0 } else { track.states.len() - 1 };
    let what = format!("{}: {what}", path.display());
    let mut noticed = false;
    match Reader::open_on(on(), place()) {
        Err(_) => noticed = true,
        Ok(reader) => {
            let mut out = vec![0.0; reader.outputs()];
            match reader.read(&cue(), &mut Scratch::default(), &mut out) {
                Err(_) => noticed = true,
                Ok(()) => {
                    let right = track.recalls[first..].contains(&Some(bits(&out)));
                    assert!(right, "{what}: a wrong recall");
                }
            }
        }
    }
    match verify_on(on(), place()) {
        Ok(found) => noticed |= !found.is_sound() || found.torn_bytes > 0,
        Err(_) => noticed = true,
    }
    match Store::open_on(on(), place()) {
        Err(_) => noticed = true,
        Ok((_, model)) => {
            let right = track.states[first..].contains(&digest(&model));
            assert!(right, "{what}: a wrong state");
        }
    }
    noticed
}

#[test]
fn every_flipped_bit_and_every_cut_is_an_error_or_the_right_answer() {
    let (mut flips, mut cuts) = (0, 0);
    let numbers = Targets::Numbers(OUTPUTS as u32);
    for config in [tiny(numbers), tiny(Targets::Labels), over_net(numbers)] {
        let (disk, track) = lived(&config);
        let mut unnoticed = BTreeSet::new();
        for path in disk.names() {
            let bytes = disk.bytes(&path);
            for bit in 0..bytes.len() * 8 {
                let flipped = disk.crashed(Loss::Nothing);
                let mut bytes = bytes.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                flipped.set_bytes(&path, bytes);
                if !judge(&flipped, &path, &track, &format!("bit {bit} flipped")) {
                    unnoticed.insert(path.clone());
                }
                flips += 1;
            }
            for length in 0..bytes.len() {
                let cut = disk.crashed(Loss::Nothing);
                cut.set_bytes(&path, bytes[..length].to_vec());
                judge(&cut, &path, &track, &format!("cut to {length} bytes"));
                cuts += 1;
            }
        }
        // The process id in the lock file is told, and nothing else.
        assert_eq!(unnoticed, BTreeSet::from([place().join("LOCK")]));
    }
    println!("{flips} flipped bits, {cuts} cuts");
    assert!(flips > 10_000 && cuts > 1_000);
}
