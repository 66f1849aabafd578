//! What a repair saves, and what it says it could not.

use std::sync::{Arc, Mutex};

use glam_core::{Config, Model, Targets};

use super::life::{Life, Step, Track, digest, place};
use super::simulated::{Fault, Loss, Simulated};
use super::{OUTPUTS, learn, observation, oracle, target, tiny};
use crate::disk::Disk;
use crate::{Error, Repair, Store, repair_on, verify_on};

const NUMBERS: Targets = Targets::Numbers(OUTPUTS as u32);

fn on(disk: &Simulated) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

/// A disk with a memory that went through `steps`.
fn lived(config: &Config, steps: &[Step]) -> Simulated {
    let disk = Simulated::new();
    let mut life = Life::new(disk.clone(), Arc::new(Mutex::new(Track::default())));
    life.create(config).unwrap();
    steps.iter().for_each(|&step| life.step(step).unwrap());
    drop(life);
    disk.crashed(Loss::Nothing)
}

/// Flips a bit of a file, at a byte counted from its start.
fn flip(disk: &Simulated, name: &str, at: usize) {
    let path = place().join(name);
    let mut bytes = disk.bytes(&path);
    bytes[at] ^= 4;
    disk.set_bytes(&path, bytes);
}

/// A model of the first `count` observations but for those in `lost`.
fn without(config: &Config, count: u64, lost: &[u64]) -> Model {
    let mut model = Model::new(config.clone());
    for sequence in 1..=count {
        if lost.contains(&sequence) {
            model.skip();
        } else {
            learn(&mut model, 1);
        }
    }
    model
}

/// Repairs, and fails unless what is left is sound; the model too.
fn repaired(disk: &Simulated) -> (Repair, Model) {
    assert!(!verify_on(on(disk), place()).is_ok_and(|found| found.is_sound()));
    let repair = repair_on(on(disk), place()).unwrap();
    assert!(!repair.is_idle());
    let verification = verify_on(on(disk), place()).unwrap();
    assert!(verification.is_sound(), "{:?}", verification.damages);
    let again = repair_on(on(disk), place()).unwrap();
    assert!(again.is_idle());
    (repair, Store::open_on(on(disk), place()).unwrap().1)
}

#[test]
fn a_damaged_snapshot_is_made_again_from_the_log() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush];
    for name in ["structure-1", "weights-1", "covariances-1", "history-1"] {
        let disk = lived(&config, &steps);
        flip(&disk, name, 70);
        let (repair, model) = repaired(&disk);
        assert!(repair.rebuilt && repair.lost.is_empty() && repair.lost_slots == 0, "{name}");
        assert_eq!(digest(&model), digest(&oracle(&config, 13)), "{name}");
    }
}

#[test]
fn a_damaged_manifest_is_replaced_by_its_copy() {
    let config = tiny(NUMBERS);
    let disk = lived(&config, &[Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush]);
    flip(&disk, "MANIFEST", 33);
    assert!(Store::open_on(on(&disk), place()).is_err());
    let (repair, model) = repaired(&disk);
    assert!(repair.manifest && !repair.rebuilt);
    assert_eq!(digest(&model), digest(&oracle(&config, 13)));
    flip(&disk, "MANIFEST.copy", 33);
    let (repair, _) = repaired(&disk);
    assert!(!repair.manifest && !repair.rebuilt && repair.lost.is_empty());
}

#[test]
fn observations_that_cannot_be_read_are_named_and_the_rest_is_kept() {
    let config = tiny(NUMBERS);
    // Frames of 44 bytes: a fixed part of 24, three inputs, two numbers.
    let frame = |sequence: usize| 48 + (sequence - 1) * 44 + 30;
    // In front of the snapshot: it knows what the log has lost.
    let disk = lived(&config, &[Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush]);
    flip(&disk, "log-1", frame(3));
    flip(&disk, "log-1", frame(4));
    let (repair, model) = repaired(&disk);
    assert_eq!((repair.lost, repair.unlearned), (vec![3..=4], vec![]));
    assert!(!repair.rebuilt);
    assert_eq!(digest(&model), digest(&oracle(&config, 13)));
    assert_eq!(repair.aside, [place().join("log-1.damaged")]);

    // Behind it: the memory has lost it too.
    let disk = lived(&config, &[Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush]);
    flip(&disk, "log-1", frame(11));
    let (repair, model) = repaired(&disk);
    assert_eq!((repair.lost, repair.unlearned), (vec![11..=11], vec![11..=11]));
    assert_eq!(digest(&model), digest(&without_behind(&config, 13, 11)));

    // With the snapshot damaged as well, it is made of what is left.
    let disk = lived(&config, &[Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush]);
    flip(&disk, "log-1", frame(3));
    flip(&disk, "weights-1", 70);
    let (repair, model) = repaired(&disk);
    assert!(repair.rebuilt);
    assert_eq!((repair.lost, repair.unlearned), (vec![3..=3], vec![3..=3]));
    assert_eq!(digest(&model), digest(&without(&config, 13, &[3])));
}

/// The same as [`without`]: a snapshot and what follows it make what writing all at once makes.
fn without_behind(config: &Config, count: u64, lost: u64) -> Model {
    without(config, count, &[lost])
}

#[test]
fn a_log_file_that_is_gone_or_has_lost_its_header_costs_no_more_than_itself() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(60), Step::Flush, Step::Write(60), Step::Flush, Step::Checkpoint];
    let steps = [&steps[..], &[Step::Write(60), Step::Flush, Step::Write(3), Step::Flush]].concat();
    let disk = lived(&config, &steps);
    let names = disk.names();
    let has = |name: &str| names.contains(&place().join(name));
    assert!(has("log-1") && has("log-2") && has("log-3"), "{names:?}");
    let whole = oracle(&config, 183);

    let headless = disk.crashed(Loss::Nothing);
    flip(&headless, "log-2", 20);
    let (repair, model) = repaired(&headless);
    assert_eq!(repair.lost, []);
    assert_eq!(digest(&model), digest(&whole));

    let gone = disk.crashed(Loss::Nothing);
    gone.remove(&place().join("log-1")).unwrap();
    let (repair, model) = repaired(&gone);
    assert_eq!((repair.lost.len(), *repair.lost[0].start()), (1, 1));
    assert_eq!(repair.unlearned, []);
    assert_eq!(digest(&model), digest(&whole));
}

#[test]
fn without_a_history_the_slots_that_are_sound_are_kept() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(20), Step::Drop(0), Step::Write(2), Step::Flush];
    let disk = lived(&config, &steps);
    let weights = disk.names().into_iter().find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("weights-"))
    });
    let weights = weights.unwrap().file_name().unwrap().to_string_lossy().into_owned();
    let length = disk.bytes(&place().join(&weights)).len();
    flip(&disk, &weights, length - 10);
    let (repair, model) = repaired(&disk);
    assert_eq!((repair.lost_slots, repair.rebuilt), (1, false));
    assert_eq!(model.recall().sequence(), 22);
    // And where what says which slot is which is damaged, nothing can be done, and nothing is.
    let disk = lived(&config, &steps);
    let structure = disk.names().into_iter().find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("structure-"))
    });
    let structure = structure.unwrap().file_name().unwrap().to_string_lossy().into_owned();
    flip(&disk, &structure, 70);
    let error = repair_on(on(&disk), place()).unwrap_err();
    assert!(matches!(error, Error::Unrepairable { .. }), "{error}");
}

#[test]
fn a_history_that_was_dropped_is_not_made_to_look_whole() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(20), Step::Drop(0), Step::Write(4), Step::Flush];
    let disk = lived(&config, &steps);
    let log = disk.names().into_iter().find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("log-"))
    });
    let log = log.unwrap().file_name().unwrap().to_string_lossy().into_owned();
    flip(&disk, &log, 20);
    let (repair, model) = repaired(&disk);
    assert_eq!((repair.lost, repair.rebuilt), (vec![], false));
    assert_eq!(digest(&model), digest(&oracle(&config, 24)));
    let error = Store::rebuild_on(on(&disk), place()).map(drop).unwrap_err();
    assert!(matches!(error, Error::HistoryDropped { first: 21, .. }), "{error}");

    // Gone altogether: the history begins behind the snapshot, the observations there are lost.
    let disk = lived(&config, &steps);
    disk.remove(&place().join(&log)).unwrap();
    let (_, model) = repaired(&disk);
    assert_eq!(digest(&model), digest(&oracle(&config, 20)));
    let error = Store::rebuild_on(on(&disk), place()).map(drop).unwrap_err();
    assert!(matches!(error, Error::HistoryDropped { first: 21, .. }), "{error}");
}

#[test]
fn a_repair_that_is_cut_anywhere_can_be_done_again() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush];
    let damaged = lived(&config, &steps);
    flip(&damaged, "log-1", 48 + 44 * 2 + 30);
    flip(&damaged, "MANIFEST", 33);
    let images: Arc<Mutex<Vec<Simulated>>> = Arc::default();
    let taken = Arc::clone(&images);
    let watched = damaged.clone().with_hook(move |disk: &Simulated| {
        let mut taken = taken.lock().unwrap();
        let seed = taken.len() as u64;
        taken.extend([Loss::All, Loss::Nothing, Loss::Some(seed)].map(|loss| disk.crashed(loss)));
    });
    let done = repair_on(Arc::new(watched), place()).unwrap();
    assert_eq!(done.lost, [3..=3]);
    let images = images.lock().unwrap();
    assert!(images.len() > 60, "{}", images.len());
    for (image, disk) in images.iter().enumerate() {
        let repair = repair_on(on(disk), place());
        let repair = repair.unwrap_or_else(|error| panic!("image {image}: {error}"));
        assert!(repair.is_idle() || repair.lost.iter().all(|lost| *lost == (3..=3)), "{image}");
        let found = verify_on(on(disk), place()).unwrap();
        assert!(found.is_sound(), "image {image}: {:?}", found.damages);
        let (_, model) = Store::open_on(on(disk), place()).unwrap();
        assert_eq!(digest(&model), digest(&oracle(&config, 13)), "image {image}");
    }
}

#[test]
fn a_repair_that_fails_at_any_call_can_be_done_again() {
    let config = tiny(NUMBERS);
    let steps = [Step::Write(9), Step::Checkpoint, Step::Write(4), Step::Flush];
    let damaged = lived(&config, &steps);
    flip(&damaged, "log-1", 48 + 44 * 2 + 30);
    let mut failed = 0;
    for at in 0.. {
        let disk = damaged.crashed(Loss::Nothing);
        // Once, so that the repair can go on to clear up behind itself.
        let kind = std::io::ErrorKind::Other;
        disk.set_fault(Some(Fault { at, lasts: false, kind, halves: true }));
        let done = repair_on(on(&disk), place());
        if disk.calls() <= at {
            break;
        }
        failed += u64::from(done.is_err());
        disk.set_fault(None);
        for loss in [Loss::Nothing, Loss::All, Loss::Some(at)] {
            let disk = disk.crashed(loss);
            let moment = format!("call {at}, {loss:?} lost");
            let repair = repair_on(on(&disk), place());
            let repair = repair.unwrap_or_else(|error| panic!("{moment}: {error}"));
            assert!(repair.lost.iter().all(|lost| *lost == (3..=3)), "{moment}");
            let found = verify_on(on(&disk), place()).unwrap();
            assert!(found.is_sound(), "{moment}: {:?}", found.damages);
            let (_, model) = Store::open_on(on(&disk), place()).unwrap();
            assert_eq!(digest(&model), digest(&oracle(&config, 13)), "{moment}");
        }
    }
    assert!(failed > 40, "{failed}");
}

#[test]
fn what_is_written_after_a_repair_is_kept() {
    let config = tiny(Targets::Labels);
    let disk = lived(&config, &[Step::Write(9), Step::Flush]);
    flip(&disk, "log-1", 48 + 30);
    let (repair, mut model) = repaired(&disk);
    assert_eq!(repair.lost, [1..=1]);
    let (mut store, mut opened) = Store::open_on(on(&disk), place()).unwrap();
    let (x, y, class) = observation(10);
    let target = target(&config, &y, class);
    store.append(10, &x, target, 1.0).unwrap();
    opened.write(&x, target).unwrap();
    model.write(&x, target).unwrap();
    store.close(&mut opened).unwrap();
    assert_eq!(digest(&Store::open_on(on(&disk), place()).unwrap().1), digest(&model));
}
