//! A life of a memory, crashed at every call and failed at every call.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use glam_core::{Config, Precision, Scratch, Targets};

use super::life::{Life, SCRIPT, Step, Track, cue, digest, is_no_memory, place, random_script};
use super::simulated::{Fault, Loss, Simulated};
use super::{OUTPUTS, over_net, tiny, write};
use crate::disk::Disk;
use crate::{Error, Reader, Store, verify_on};

fn configs() -> [Config; 2] {
    let labels = Config::builder(super::INPUTS, Targets::Labels).precision(Precision::Diagonal);
    let labels = labels.tables(2).levels([1, 2]).warm_up(16).build().unwrap();
    [tiny(Targets::Numbers(OUTPUTS as u32)), labels]
}

/// Fails unless the memory on `disk` is sound and in a state that `track` admits, and goes on.
fn check(disk: &Simulated, track: &Track, config: &Config, deep: bool, moment: &str) {
    let on = || -> Arc<dyn Disk> { Arc::new(disk.clone()) };
    let verified = match verify_on(on(), place()) {
        Err(error) if is_no_memory(&error) && track.durable.is_none() => {
            let (mut store, mut model) = Store::create_on(on(), place(), config.clone())
                .unwrap_or_else(|error| panic!("{moment}: cannot create: {error}"));
            write(&mut store, &mut model, 2).unwrap();
            store.close(&mut model).unwrap();
            assert_eq!(Reader::open_on(on(), place()).unwrap().sequence(), 2);
            return;
        }
        verified => verified.unwrap_or_else(|error| panic!("{moment}: {error}")),
    };
    assert!(verified.is_sound(), "{moment}: {:?}", verified.damages);
    let reader = Reader::open_on(on(), place());
    let reader = reader.unwrap_or_else(|error| panic!("{moment}: reader: {error}"));
    let mut out = vec![0.0; reader.outputs()];
    let recalled = reader.read(&cue(), &mut Scratch::default(), &mut out);
    let recalled = recalled.ok().map(|()| super::bits(&out));
    assert!(track.admits_recall(&recalled), "{moment}: a wrong recall, {recalled:?}");
    let opened = Store::open_on(on(), place());
    let (mut store, mut model) = opened.unwrap_or_else(|error| panic!("{moment}: {error}"));
    assert!(track.admits(digest(&model)), "{moment}: {} is no such state", store.sequence());
    assert_eq!(reader.sequence(), store.sequence(), "{moment}");
    if deep {
        write(&mut store, &mut model, 3).unwrap();
        drop(store);
        let (mut store, mut again) = Store::open_on(on(), place()).unwrap();
        assert_eq!(digest(&again), digest(&model), "{moment}");
        write(&mut store, &mut again, 1).unwrap();
        store.close(&mut again).unwrap();
        assert!(verify_on(on(), place()).unwrap().is_sound(), "{moment}");
        assert_eq!(digest(&Store::open_on(on(), place()).unwrap().1), digest(&again), "{moment}");
    }
}

/// The process is killed, the memory is opened and written to again, and then the machine stops: what was
/// acknowledged after the opening is there.
fn kill_and_crash(disk: &Simulated, seed: u64, config: &Config, moment: &str) {
    let erasing = disk.names().contains(&place().join("ERASE"));
    let opened = Store::open_on(Arc::new(disk.clone()), place());
    let (mut store, mut model) = opened.unwrap_or_else(|error| panic!("{moment}: {error}"));
    write(&mut store, &mut model, 2).unwrap();
    store.flush().unwrap();
    let mut track = Track::default();
    track.add(&model);
    track.durable = Some(0);
    // A reader goes by the snapshot until a writer has ended what it may have found begun.
    track.erasing = erasing;
    for loss in [Loss::All, Loss::Some(seed)] {
        check(&disk.crashed(loss), &track, config, false, &format!("{moment}, then {loss:?} lost"));
    }
    drop(store);
}

/// Lives through `script`, and crashes at every call that changes something; returns how many those
/// are, and of how many images of what they leave each was checked.
fn crash_everywhere(config: &Config, script: &[Step]) -> (u64, u64) {
    let (points, images) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let track = Arc::new(Mutex::new(Track::default()));
    let crash = {
        let (track, config) = (Arc::clone(&track), config.clone());
        let (points, images) = (Arc::clone(&points), Arc::clone(&images));
        move |disk: &Simulated| {
            let point = points.fetch_add(1, Ordering::Relaxed);
            let track = track.lock().unwrap().clone();
            let seeds = [Loss::Some(2 * point), Loss::Some(2 * point + 1)];
            for loss in [Loss::All, Loss::Nothing].into_iter().chain(seeds) {
                let image = images.fetch_add(1, Ordering::Relaxed);
                let moment = format!("call {point}, {loss:?} lost");
                check(&disk.crashed(loss), &track, &config, image.is_multiple_of(5), &moment);
            }
            if track.durable.is_some() && point.is_multiple_of(3) {
                kill_and_crash(&disk.killed(), point, &config, &format!("call {point}, killed"));
            }
        }
    };
    let disk = Simulated::new().with_hook(crash);
    let mut life = Life::new(disk, track);
    life.create(config).unwrap();
    for &step in script {
        life.step(step).unwrap();
    }
    (points.load(Ordering::Relaxed), images.load(Ordering::Relaxed))
}

/// Crashes the script everywhere, and random ones: as many as `GLAM_LIVES` says, two without it.
fn crash_scripts(config: &Config) {
    let lives = std::env::var("GLAM_LIVES").ok().and_then(|lives| lives.parse().ok());
    let (mut points, mut images) = (0, 0);
    for script in [SCRIPT.to_vec()].into_iter().chain((0..lives.unwrap_or(2)).map(random_script)) {
        let (crashes, left) = crash_everywhere(config, &script);
        (points, images) = (points + crashes, images + left);
    }
    println!("{points} crash points, {images} images of what they leave");
    assert!(points > 1000 && images == 4 * points);
}

#[test]
fn a_crash_at_any_call_leaves_every_acknowledged_observation_of_numbers() {
    crash_scripts(&configs()[0]);
}

#[test]
fn a_crash_at_any_call_leaves_every_acknowledged_observation_of_labels() {
    crash_scripts(&configs()[1]);
}

/// What a memory over a net does that others do not: it makes one more file when it is made, which every
/// opening, and everything that cleans up, must find or leave.
const NET_SCRIPT: [Step; 9] = [
    Step::Write(3),
    Step::Flush,
    Step::Checkpoint,
    Step::Write(2),
    Step::Reopen,
    Step::Erase(2),
    Step::Write(2),
    Step::Compact,
    Step::Reopen,
];

#[test]
fn a_crash_or_an_error_at_any_call_leaves_a_memory_over_a_net_whole() {
    for targets in [Targets::Numbers(OUTPUTS as u32), Targets::Labels] {
        let config = over_net(targets);
        let (points, images) = crash_everywhere(&config, &NET_SCRIPT);
        let mut calls = 0;
        while live_through(&NET_SCRIPT, once(calls), &config) {
            calls += 1;
        }
        println!("{points} crash points, {images} images, each of {calls} calls failed");
        assert!(points > 50 && calls > 100);
    }
}

/// Lives through the script on a disk that fails as `fault` says; returns whether it came to fail.
fn live_with(fault: Fault, config: &Config) -> bool {
    live_through(&SCRIPT, fault, config)
}

fn live_through(script: &[Step], fault: Fault, config: &Config) -> bool {
    let disk = Simulated::new();
    let track = Arc::new(Mutex::new(Track::default()));
    let mut life = Life::new(disk.clone(), Arc::clone(&track));
    disk.set_fault(Some(fault));
    let mut result = life.create(config);
    for &step in script {
        if result.is_ok() {
            result = life.step(step);
        }
    }
    let reached = disk.calls() > fault.at;
    let moment = format!("{fault:?}");
    if let (Err(error), Some((store, model))) = (&result, &mut life.open) {
        assert!(!matches!(error, Error::Poisoned { .. }), "{moment}: failed twice");
        // Reads go on; writes go on too, or they fail and say what to do, the same way each time.
        if model.recall().sequence() > 0 {
            let mut out = vec![0.0; model.recall().outputs()];
            model.recall().read(&cue(), &mut Scratch::default(), &mut out).unwrap();
        }
        disk.set_fault(None);
        let before = store.sequence();
        let told: Vec<_> = (0..3)
            .map(|_| write(store, model, 1).and_then(|()| store.flush()))
            .map(|result| result.map_err(|error| error.to_string()))
            .collect();
        if told.iter().all(Result::is_ok) {
            assert_eq!(store.sequence(), before + 3, "{moment}");
            let mut track = track.lock().unwrap();
            track.add(model);
            track.durable = Some(track.states.len() - 1);
        } else {
            let poisoned = told[0].as_ref().unwrap_err();
            assert!(poisoned.contains("close the memory and open it again"), "{moment}: {told:?}");
            assert!(told.iter().all(|other| *other == told[0]), "{moment}: {told:?}");
            assert!(store.flush().is_err() && store.checkpoint(model).is_err(), "{moment}");
        }
    }
    disk.set_fault(None);
    drop(life);
    let track = track.lock().unwrap();
    for loss in [Loss::Nothing, Loss::All, Loss::Some(fault.at)] {
        check(&disk.crashed(loss), &track, config, fault.at.is_multiple_of(7), &moment);
    }
    reached
}

/// Fails every call of the script in turn; returns how many there are.
fn fail_everywhere(config: &Config, fault: impl Fn(u64) -> Fault) -> u64 {
    let mut calls = 0;
    while live_with(fault(calls), config) {
        calls += 1;
    }
    calls
}

/// A disk that is full from call `at` on.
fn full(at: u64) -> Fault {
    Fault { at, lasts: true, kind: ErrorKind::StorageFull, halves: true }
}

/// A call that fails once.
fn once(at: u64) -> Fault {
    Fault { at, lasts: false, kind: ErrorKind::Other, halves: at.is_multiple_of(2) }
}

fn numbers_lose_nothing(fault: impl Fn(u64) -> Fault) {
    let calls = fail_everywhere(&configs()[0], fault);
    println!("each of {calls} calls failed");
    assert!(calls > 1000);
}

fn labels_lose_nothing(fault: impl Fn(u64) -> Fault) {
    let calls = fail_everywhere(&configs()[1], fault);
    println!("each of {calls} calls failed");
    assert!(calls > 1000);
}

#[test]
fn an_error_of_any_call_loses_no_acknowledged_numbers() {
    numbers_lose_nothing(once);
}

#[test]
fn an_error_of_any_call_loses_no_acknowledged_labels() {
    labels_lose_nothing(once);
}

#[test]
fn a_disk_that_fills_up_at_any_call_loses_no_acknowledged_numbers() {
    numbers_lose_nothing(full);
}

#[test]
fn a_disk_that_fills_up_at_any_call_loses_no_acknowledged_labels() {
    labels_lose_nothing(full);
}
