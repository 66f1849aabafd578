//! Consolidating in files: what it changes, what it leaves whole, and how writes go on from it.

#![expect(clippy::unwrap_used, reason = "a helper of tests may fail as a test may")]

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use glam_memory::core::{self, Model, Observations, Scratch, Serial, Workers};
use glam_memory::{Error, Flow, Memory, Options, Progress};

/// The kinds of memory that are tried: numbers with gaps and weights, or labels.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Numbers,
    Labels,
}

const KINDS: [Kind; 2] = [Kind::Numbers, Kind::Labels];
const ROWS: usize = 240;
const OPTIONS: Options = Options { regates: 1, as_it_is: false };

fn make(kind: Kind, directory: &Path) -> Memory {
    let builder = Memory::builder(2).targets(2).tables(8).levels([1, 2]).warm_up(64);
    let builder = match kind {
        Kind::Numbers => builder,
        Kind::Labels => builder.labels(),
    };
    builder.create(directory).unwrap()
}

/// Row number `index` of a stream, written.
fn write(memory: &Memory, kind: Kind, index: usize) {
    let mut x = [(index * 37 % 101) as f32 / 50.0 - 1.0, (index * 53 % 97) as f32 / 50.0 - 1.0];
    let mut y = [(3.0 * x[0]).sin() + x[0] * x[1], x[1] - x[0]];
    let class = ["low", "high", "odd"][usize::from(x[0] > x[1]) + usize::from(x[0] * x[1] > 0.5)];
    if index % 7 == 3 {
        x[index % 2] = f32::NAN;
        y[index % 2] = f32::NAN;
    }
    let weight = [1.0, 1.0, 2.0, 0.5][index % 4];
    match kind {
        Kind::Numbers => memory.write_weighted(&x, &y, weight).unwrap(),
        Kind::Labels => memory.write_weighted(&x, class, weight).unwrap(),
    }
}

fn written(kind: Kind, directory: &Path, rows: usize) -> Memory {
    let memory = make(kind, directory);
    (0..rows).for_each(|index| write(&memory, kind, index));
    memory
}

fn cues() -> impl Iterator<Item = [f32; 2]> {
    (0..40).map(|cue| [cue as f32 / 18.0 - 1.1, (cue * 7 % 40) as f32 / 18.0 - 1.1])
}

/// The bits of many reads with what the memory says about them.
fn answers(memory: &Memory) -> Vec<u32> {
    let mut bits = Vec::new();
    for cue in cues() {
        let (mean, std) = memory.read_with_std(&cue).unwrap();
        bits.extend(mean.iter().chain(&std).map(|value| value.to_bits()));
        if !memory.labels().is_empty() {
            bits.extend(memory.probabilities(&cue).unwrap().iter().map(|value| value.to_bits()));
        }
    }
    bits
}

/// The bits of the same reads from a model without files, in the order of [`answers`].
fn told(model: &Model) -> Vec<u32> {
    let recall = model.recall();
    let outputs = recall.outputs();
    let (mut scratch, mut bits) = (Scratch::default(), Vec::new());
    let (mut mean, mut other) = (vec![0.0; outputs], vec![0.0; outputs]);
    for cue in cues() {
        let covariances = model.covariances();
        recall.read_with_std(covariances, &cue, &mut scratch, &mut mean, &mut other).unwrap();
        bits.extend(mean.iter().chain(&other).map(|value| value.to_bits()));
        if !recall.labels().is_empty() {
            recall.probabilities(&cue, &mut scratch, &mut other).unwrap();
            bits.extend(other.iter().map(|value| value.to_bits()));
        }
    }
    bits
}

fn go_on(_: &Progress<'_>) -> Flow {
    Flow::Continue
}

/// The observations of a memory between two sequence numbers, and without one of them.
fn gathered(memory: &Memory, model: &Model, last: u64, without: u64) -> Observations {
    let (mut observations, mut history) = (Observations::new(), memory.history().unwrap());
    while let Some(row) = history.next().unwrap() {
        if row.sequence <= last && row.sequence != without {
            let labels = model.recall().labels();
            observations.add(labels, row.x, row.target, row.weight).unwrap();
        }
    }
    observations
}

/// Has `model` learn the observations of a memory that come after its own, without one of them.
fn learn(model: &mut Model, memory: &Memory, without: u64) {
    let mut history = memory.history().unwrap();
    while let Some(row) = history.next().unwrap() {
        if row.sequence <= model.recall().sequence() {
            continue;
        }
        if row.sequence == without {
            model.skip();
        } else {
            model.write_weighted(row.x, row.target, row.weight).unwrap();
        }
    }
}

/// The bytes of every file that holds something of the memory.
fn bytes(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path())))
        .map(|(name, bytes)| (name, bytes.unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn what_was_consolidated_is_in_the_files_bit_for_bit() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("memory");
        let memory = written(kind, &directory, ROWS);
        let before = answers(&memory);
        let decision = memory.consolidate(OPTIONS, &go_on).unwrap();
        assert_eq!((decision.rows, decision.sequence), (ROWS as u64, ROWS as u64));
        let after = answers(&memory);
        assert!(after != before, "{kind:?}");
        assert_eq!(memory.inspect().unwrap().report.decision.as_ref(), Some(&decision));
        // Beside the writer, after a crash, after a close.
        assert_eq!(answers(&Memory::open_read_only(&directory).unwrap()), after);
        drop(memory);
        let memory = Memory::open(&directory).unwrap();
        assert_eq!(answers(&memory), after);
        memory.close().unwrap();
        let memory = Memory::open(&directory).unwrap();
        assert_eq!((answers(&memory), memory.sequence()), (after, ROWS as u64));
        assert_eq!(memory.inspect().unwrap().report.decision, Some(decision));
        drop(memory);
        assert!(glam_memory::verify(&directory).unwrap().is_sound());
        // And the way back, to what writing alone had learned.
        assert_eq!(answers(&Memory::rebuild(&directory).unwrap()), before);
    }
}

#[test]
fn a_watch_that_stops_it_once_leaves_the_memory_whole() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let calls = AtomicUsize::new(0);
        let count = |_: &Progress<'_>| {
            calls.fetch_add(1, Ordering::Relaxed);
            Flow::Continue
        };
        let path = temporary.path().join("counted");
        written(kind, &path, ROWS).consolidate(OPTIONS, &count).unwrap();
        let calls = calls.into_inner();

        let directory = temporary.path().join("memory");
        let memory = written(kind, &directory, ROWS);
        memory.checkpoint().unwrap();
        let (before, files) = (answers(&memory), bytes(&directory));
        // At the first word, on the way, and in the last solve: no call after it is asked to stop.
        for stop in [0, 1, calls / 2, calls - 1] {
            let seen = AtomicUsize::new(0);
            let watch = |_: &Progress<'_>| match seen.fetch_add(1, Ordering::Relaxed) {
                call if call == stop => Flow::Stop,
                _ => Flow::Continue,
            };
            let stopped = memory.consolidate(OPTIONS, &watch);
            assert!(
                matches!(stopped, Err(Error::Core(core::Error::Cancelled))),
                "{stop} of {calls}: {stopped:?}"
            );
            assert_eq!(answers(&memory), before, "{stop} of {calls}");
            assert!(bytes(&directory) == files, "{stop} of {calls}");
            assert_eq!(memory.inspect().unwrap().report.decision, None);
        }
        drop(memory);
        let memory = Memory::open(&directory).unwrap();
        assert_eq!(answers(&memory), before);
        // Writes go on as if nobody had tried.
        (ROWS..ROWS + 40).for_each(|index| write(&memory, kind, index));
        let other = written(kind, &temporary.path().join("other"), ROWS + 40);
        assert_eq!(answers(&memory), answers(&other));
    }
}

#[test]
fn readers_go_on_answering_and_see_the_result_once_opened_again() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("memory");
        let memory = written(kind, &directory, ROWS);
        memory.checkpoint().unwrap();
        let before = answers(&memory);
        let open = || Memory::open_read_only(&directory).unwrap();
        // One that has read, one that has not touched a page yet.
        let (old, untouched) = (open(), open());
        assert_eq!(answers(&old), before);
        let waits = AtomicBool::new(true);
        thread::scope(|scope| {
            let watch = |_: &Progress<'_>| {
                // In the same process reads do not wait, not even where a write does.
                if waits.swap(false, Ordering::Relaxed) {
                    scope.spawn(|| write(&memory, kind, ROWS));
                    assert_eq!(answers(&memory), before);
                    assert_eq!(answers(&old), before);
                    assert_eq!(answers(&open()), before);
                }
                Flow::Continue
            };
            let decision = memory.consolidate(OPTIONS, &watch).unwrap();
            assert_eq!((decision.rows, decision.sequence), (ROWS as u64, ROWS as u64));
        });
        assert_eq!(memory.sequence(), ROWS as u64 + 1);
        assert!(answers(&memory) != before);
        assert_eq!(answers(&old), before);
        assert_eq!(answers(&untouched), before);
        memory.flush().unwrap();
        assert_eq!(answers(&open()), answers(&memory));
    }
}

#[test]
fn no_row_is_lost_between_the_history_and_the_model() {
    // Other threads write all the while: what is solved over is all that the memory counts.
    let temporary = tempfile::tempdir().unwrap();
    let memory = written(Kind::Numbers, &temporary.path().join("memory"), 100);
    let (next, done, wrong) = (AtomicUsize::new(100), AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    match next.fetch_add(1, Ordering::Relaxed) {
                        index if index < 4000 => write(&memory, Kind::Numbers, index),
                        _ => return,
                    }
                }
            });
        }
        let watch = |progress: &Progress<'_>| {
            if progress.rows as u64 != memory.sequence() {
                wrong.fetch_add(1, Ordering::Relaxed);
            }
            Flow::Stop
        };
        for _ in 0..50 {
            memory.consolidate(OPTIONS, &watch).unwrap_err();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(wrong.into_inner(), 0);
}

#[test]
fn writes_go_on_alike_whether_or_not_it_was_closed() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let [open, closed, dropped] = ["open", "closed", "dropped"].map(|name| {
            let directory = temporary.path().join(name);
            let memory = written(kind, &directory, ROWS);
            memory.consolidate(OPTIONS, &go_on).unwrap();
            (memory, directory)
        });
        let (open, closed_at) = (open.0, closed.1);
        closed.0.close().unwrap();
        let closed = Memory::open(&closed_at).unwrap();
        for index in ROWS..2 * ROWS {
            write(&open, kind, index);
            write(&closed, kind, index);
            write(&dropped.0, kind, index);
        }
        assert_eq!(answers(&closed), answers(&open));
        closed.close().unwrap();
        assert_eq!(answers(&Memory::open(&closed_at).unwrap()), answers(&open));
        // Its snapshot is the consolidated one; what came after is replayed.
        let dropped_at = dropped.1;
        drop(dropped.0);
        assert_eq!(answers(&Memory::open_read_only(&dropped_at).unwrap()), answers(&open));
        assert_eq!(answers(&Memory::open(&dropped_at).unwrap()), answers(&open));
        // Once more over all of it.
        let decision = open.consolidate(OPTIONS, &go_on).unwrap();
        assert_eq!(decision.rows, 2 * ROWS as u64);
    }
}

/// So many threads that take whatever comes next.
struct Threads(usize);

impl Workers for Threads {
    fn run(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..self.0 {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return;
                        }
                        task(number);
                    }
                });
            }
        });
    }
}

#[test]
fn any_number_of_threads_gives_the_bits_that_the_files_hold() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        // Enough rows for several pieces, and few enough for more than one tenth held out.
        let memory = written(kind, &temporary.path().join("memory"), 5000);
        let mut model = Model::new(memory.config());
        learn(&mut model, &memory, 0);
        let observations = gathered(&memory, &model, u64::MAX, 0);
        memory.consolidate(OPTIONS, &go_on).unwrap();
        let workers: [&dyn Workers; 4] = [&Serial, &Threads(2), &Threads(3), &Threads(7)];
        for workers in workers {
            let solved = model.consolidate(&observations, OPTIONS, workers, &go_on).unwrap();
            assert_eq!(told(&solved), answers(&memory));
        }
    }
}

#[test]
fn forgetting_is_solving_again_without_the_row_and_writing_the_rest() {
    for kind in KINDS {
        // A row that was solved over, and one that was written since.
        for forgotten in [100, ROWS as u64 + 20] {
            let temporary = tempfile::tempdir().unwrap();
            let directory = temporary.path().join("memory");
            let memory = written(kind, &directory, ROWS);
            let mut model = Model::new(memory.config());
            learn(&mut model, &memory, 0);
            let observations = gathered(&memory, &model, u64::MAX, 0);
            let mut model = model.consolidate(&observations, OPTIONS, &Serial, &go_on).unwrap();
            let decision = memory.consolidate(OPTIONS, &go_on).unwrap();
            (ROWS..ROWS + 40).for_each(|index| write(&memory, kind, index));
            learn(&mut model, &memory, 0);
            let before = answers(&memory);
            assert_eq!(told(&model), before);

            memory.forget(forgotten).unwrap();
            assert!(answers(&memory) != before);
            let last = decision.sequence;
            let rest = gathered(&memory, &model, last, forgotten);
            let mut without = model.solve_again(&rest, &Serial, &go_on).unwrap();
            assert_eq!(without.recall().sequence(), last);
            learn(&mut without, &memory, forgotten);
            // What is erased is not in the history: its number is skipped.
            while without.recall().sequence() < memory.sequence() {
                without.skip();
            }
            // Rows that are learned again are not counted again: the statistics of errors stay.
            without.keep_statistics(&model);
            assert_eq!(told(&without), answers(&memory), "{kind:?} {forgotten}");
            let inspection = memory.inspect().unwrap();
            assert_eq!(inspection.report.decision, Some(decision));
            memory.close().unwrap();
            assert_eq!(answers(&Memory::open(&directory).unwrap()), told(&without));
            assert!(glam_memory::verify(&directory).unwrap().is_sound());
        }
    }
}

#[test]
fn a_row_that_was_written_since_and_forgotten_leaves_the_consolidated_maps() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let memory = written(kind, &temporary.path().join("memory"), ROWS);
        memory.consolidate(OPTIONS, &go_on).unwrap();
        // Means alone: the error statistics may remember.
        let means = || -> Vec<u32> {
            cues().flat_map(|cue| memory.read(&cue).unwrap()).map(f32::to_bits).collect()
        };
        let before = means();
        match kind {
            Kind::Numbers => memory.write(&[0.3, -0.4], &[1e3, -1e3]).unwrap(),
            Kind::Labels => memory.write(&[0.3, -0.4], "odd").unwrap(),
        }
        assert!(means() != before);
        memory.forget(ROWS as u64 + 1).unwrap();
        assert_eq!(means(), before);
    }
}

#[test]
fn what_cannot_be_consolidated_says_why() {
    let memory = Memory::builder(2).in_memory().unwrap();
    memory.write(&[0.0, 1.0], 1.0).unwrap();
    assert!(matches!(memory.consolidate(OPTIONS, &go_on), Err(Error::NoHistory)));
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = make(Kind::Numbers, &directory);
    let empty = memory.consolidate(OPTIONS, &go_on);
    assert!(matches!(empty, Err(Error::Core(core::Error::Empty))), "{empty:?}");
    // Nothing but what was forgotten is nothing.
    write(&memory, Kind::Numbers, 0);
    memory.forget(1).unwrap();
    let empty = memory.consolidate(OPTIONS, &go_on);
    assert!(matches!(empty, Err(Error::Core(core::Error::Empty))), "{empty:?}");
    let reader = Memory::open_read_only(&directory).unwrap();
    assert!(matches!(reader.consolidate(OPTIONS, &go_on), Err(Error::ReadOnly)));
}

/// A memory of deep tables, most of whose leaves are empty: a row may open slots of its own.
fn deep(labels: bool, directory: &Path) -> Memory {
    let builder = Memory::builder(3).tables(8).levels([3, 8]).warm_up(64);
    let memory = if labels { builder.labels() } else { builder }.create(directory).unwrap();
    for index in 0..300 {
        let x = [41, 53, 67].map(|step| (index * step % 101) as f32 / 50.0 - 1.0);
        if labels {
            // Some are wrong, so that no probability is sure.
            let class = if (x[0] > 0.0) != (index % 9 == 0) { "high" } else { "low" };
            memory.write(&x, class).unwrap();
        } else {
            memory.write(&x, (3.0 * x[0]).sin() + x[1]).unwrap();
        }
    }
    memory
}

#[test]
fn a_consolidated_memory_that_forgot_a_row_with_slots_of_its_own_opens_and_answers_alike() {
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("memory");
    let memory = deep(false, &directory);
    memory.consolidate(OPTIONS, &go_on).unwrap();
    memory.write(&[90.0, -90.0, 90.0], 5.0).unwrap();
    let with = memory.inspect().unwrap().report.slots;
    memory.forget(301).unwrap();
    assert!(memory.inspect().unwrap().report.slots < with);
    let answers = |memory: &Memory| -> Vec<u32> {
        let cues = cues().map(|[a, b]| memory.read_with_std(&[a, b, 0.2]).unwrap());
        cues.flat_map(|(mean, std)| [mean[0].to_bits(), std[0].to_bits()]).collect()
    };
    let before = answers(&memory);
    memory.close().unwrap();
    let memory = Memory::open(&directory).unwrap();
    assert_eq!(answers(&memory), before);
}

#[test]
fn a_consolidated_memory_that_forgot_a_row_is_as_sure_as_before() {
    let temporary = tempfile::tempdir().unwrap();
    let memory = deep(true, &temporary.path().join("memory"));
    memory.consolidate(OPTIONS, &go_on).unwrap();
    let sure = || -> Vec<f32> {
        cues().flat_map(|[a, b]| memory.probabilities(&[a, b, 0.2]).unwrap()).collect()
    };
    let before = sure();
    memory.forget(7).unwrap();
    // One row of 300 less moves scores by little, and they are made probabilities as before.
    let moved = before.iter().zip(sure()).map(|(a, b)| (a - b).abs()).sum::<f32>();
    let mean = moved / before.len() as f32;
    assert!(mean > 0.0 && mean < 0.02, "{mean}");
}

#[test]
fn consolidating_again_keeps_the_gates_where_no_others_are_better() {
    let temporary = tempfile::tempdir().unwrap();
    let memory = deep(false, &temporary.path().join("memory"));
    memory.consolidate(Options { regates: 2, as_it_is: false }, &go_on).unwrap();
    let answers =
        || -> Vec<f32> { cues().map(|[a, b]| memory.read(&[a, b, 0.2]).unwrap()[0]).collect() };
    let (before, slots) = (answers(), memory.inspect().unwrap().report.slots);
    // No time for any other trial: the gates that it has are the first.
    for as_it_is in [true, false] {
        let decision =
            memory.consolidate(Options { regates: 2, as_it_is }, &|_| Flow::Finish).unwrap();
        assert_eq!(decision.trials.len(), 1);
        assert_eq!(decision.trials[0].name, "kept gates");
        assert_eq!(memory.inspect().unwrap().report.slots, slots);
    }
    // The same rows and gates; lambda and stop may differ, the answers hardly.
    let apart = before.iter().zip(answers()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(apart < 0.1, "{apart}");
}

#[test]
fn consolidated_for_recall_it_reopens_with_the_same_bits_and_writes_go_on() {
    for kind in KINDS {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().join("m");
        let memory = written(kind, &directory, ROWS);
        let before = answers(&memory);
        let decision = memory.consolidate_for_recall(&|_| Flow::Continue).unwrap();
        assert!(decision.is_consolidated() && decision.folds == 0, "{decision:?}");
        let after = answers(&memory);
        assert!(after != before);
        memory.close().unwrap();
        let memory = Memory::open(&directory).unwrap();
        assert!(answers(&memory) == after, "{kind:?}");
        (ROWS..ROWS + 20).for_each(|index| write(&memory, kind, index));
        let later = answers(&memory);
        // Killed before a checkpoint: the log is replayed over what was solved.
        memory.flush().unwrap();
        drop(memory);
        assert!(answers(&Memory::open(&directory).unwrap()) == later, "{kind:?}");
        // A row that is forgotten is gone from it too: solved again without it, and the rows after that.
        let memory = Memory::open(&directory).unwrap();
        memory.forget(17).unwrap();
        assert!(answers(&memory) != later, "{kind:?}");
    }
    let volatile = Memory::builder(2).in_memory().unwrap();
    let refused = volatile.consolidate_for_recall(&|_| Flow::Continue);
    assert!(matches!(refused, Err(Error::NoHistory)), "{refused:?}");
}
