//! What is refused, and that refusing changes nothing.

use std::fs;
use std::io;

use glam_core::{Label, MAX_LABEL_BYTES, Target, Targets};

use super::{assert_same, file_names, labels, numbers, oracle, temporary, tiny, write};
use crate::{Error, FORMAT_VERSION, Reader, Store, repair, verify};

#[test]
fn what_is_no_memory_is_not_opened() {
    let (temporary, directory) = temporary();
    let missing = |error| matches!(error, Error::Missing { .. });
    assert!(missing(Store::open(&directory).unwrap_err()));
    assert!(missing(Reader::open(&directory).unwrap_err()));
    assert!(missing(verify(&directory).unwrap_err()));

    let none = |error| matches!(error, Error::NotAMemory { .. });
    fs::create_dir(&directory).unwrap();
    assert!(none(Store::open(&directory).unwrap_err()));
    assert!(none(Reader::open(&directory).unwrap_err()));
    assert!(none(verify(&directory).unwrap_err()));
    assert!(file_names(&directory).is_empty());

    let file = temporary.path().join("file");
    fs::write(&file, b"x").unwrap();
    assert!(none(Store::open(&file).unwrap_err()));
    assert!(none(Reader::open(&file).unwrap_err()));
    assert!(none(Store::create(&file, numbers()).map(drop).unwrap_err()));
    assert_eq!(fs::read(&file).unwrap(), b"x");

    fs::write(directory.join("MANIFEST"), b"version: 1\nname: something else\n").unwrap();
    assert!(none(Store::open(&directory).unwrap_err()));
    assert_eq!(file_names(&directory), ["MANIFEST"]);
}

#[test]
fn a_memory_is_not_created_over_anything() {
    let (temporary, directory) = temporary();
    drop(Store::create(&directory, numbers()).unwrap());
    let before = file_names(&directory);
    let exists = Store::create(&directory, numbers()).map(drop).unwrap_err();
    assert!(matches!(exists, Error::AlreadyExists { .. }));
    assert_eq!(file_names(&directory), before);

    for name in ["notes.txt", "weights-1", "log-2", ".hidden"] {
        let other = temporary.path().join(format!("other {name}"));
        fs::create_dir(&other).unwrap();
        fs::write(other.join(name), b"x").unwrap();
        let refused = Store::create(&other, numbers()).map(drop).unwrap_err();
        assert!(matches!(refused, Error::NotEmpty { .. }));
        assert_eq!(file_names(&other), [name]);
    }
    // A log with observations is somebody's history.
    let lost = temporary.path().join("lost");
    let (mut store, mut model) = Store::create(&lost, numbers()).unwrap();
    write(&mut store, &mut model, 1).unwrap();
    drop(store);
    fs::remove_file(lost.join("MANIFEST")).unwrap();
    let refused = Store::create(&lost, numbers()).map(drop).unwrap_err();
    assert!(matches!(refused, Error::NotEmpty { .. }));
    assert_eq!(file_names(&lost), ["LOCK", "MANIFEST.copy", "log-1"]);
    // Which a repair brings back.
    assert!(repair(&lost).unwrap().manifest);
    assert_eq!(Store::open(&lost).unwrap().0.sequence(), 1);
}

#[test]
fn a_creation_that_fails_leaves_nothing_behind() {
    let (temporary, directory) = temporary();
    // The manifest's name under which it is written is taken by a directory.
    fs::create_dir_all(directory.join("MANIFEST.new")).unwrap();
    let failed = Store::create(&directory, numbers()).map(drop).unwrap_err();
    assert!(matches!(failed, Error::Io { .. }), "{failed}");
    assert_eq!(file_names(&directory), ["MANIFEST.new"]);

    // Missing directories above are made, and removed again.
    let deep = temporary.path().join("a/b/c");
    drop(Store::create(&deep, numbers()).unwrap());
    let file = temporary.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(Store::create(&file.join("a/b"), numbers()).is_err());
    let name = "x".repeat(300);
    assert!(Store::create(&temporary.path().join("d/e").join(name), numbers()).is_err());
    assert_eq!(file_names(temporary.path()), ["a", "file", "memory"]);
}

#[test]
fn a_newer_version_is_named() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, tiny(Targets::Numbers(2))).unwrap();
    write(&mut store, &mut model, 2).unwrap();
    store.close(&mut model).unwrap();
    const NEWER: u32 = FORMAT_VERSION + 1;
    for name in ["MANIFEST", "log-1", "structure-1", "weights-1", "covariances-1", "history-1"] {
        let path = directory.join(name);
        let original = fs::read(&path).unwrap();
        let mut bytes = original.clone();
        bytes[8..12].copy_from_slice(&NEWER.to_le_bytes());
        fs::write(&path, bytes).unwrap();
        let mut results = vec![Store::open(&directory).map(drop)];
        // A reader in place leaves the history alone, and a rebuild the whole snapshot.
        if name != "history-1" {
            results.push(Reader::open(&directory).map(drop));
        }
        if !name.ends_with("-1") || name == "log-1" {
            results.push(Store::rebuild(&directory).map(drop));
        }
        for result in results {
            let error = result.unwrap_err();
            let message = error.to_string();
            match error {
                Error::Version { path: found, expected, got } => {
                    assert_eq!((found, expected, got), (path.clone(), FORMAT_VERSION, NEWER));
                }
                other => panic!("{other}"),
            }
            assert!(message.contains("version 4") && message.contains("version 3"), "{message}");
        }
        assert!(!verify(&directory).unwrap().is_sound());
        fs::write(&path, original).unwrap();
    }
}

#[test]
fn a_refused_row_leaves_the_log_as_it_is() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 2).unwrap();
    store.flush().unwrap();
    let log = fs::read(directory.join("log-1")).unwrap();
    let (x, y) = ([0.5; 3], [0.5; 2]);
    let bad: [(u64, &[f32], Target<'_>); 9] = [
        (2, &x, (&y).into()),
        (4, &x, (&y).into()),
        (u64::MAX, &x, (&y).into()),
        (3, &x[1..], (&y).into()),
        (3, &[0.5, f32::INFINITY, 0.5], (&y).into()),
        (3, &x, (&[f32::NAN; 2]).into()),
        (3, &x, (&[0.5; 3]).into()),
        (3, &x, (&[0.5, f32::INFINITY]).into()),
        (3, &x, Label::from("ash").into()),
    ];
    for (sequence, x, target) in bad {
        store.append(sequence, x, target, 1.0).unwrap_err();
    }
    store.flush().unwrap();
    assert_eq!(fs::read(directory.join("log-1")).unwrap(), log);
    write(&mut store, &mut model, 1).unwrap();
    drop(store);
    assert_same(&Store::open(&directory).unwrap().1, &oracle(&numbers(), 3));
}

#[test]
fn label_length_is_refused_one_past_its_edges() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, labels()).unwrap();
    let long = "é".repeat(MAX_LABEL_BYTES / 2) + "x";
    assert_eq!(long.len(), MAX_LABEL_BYTES + 1);
    for bad in ["", long.as_str()] {
        store.append(1, &[0.5; 3], Label::from(bad).into(), 1.0).unwrap_err();
    }
    store.append(1, &[0.5; 3], (&[1.0]).into(), 1.0).unwrap_err();
    let longest = &long[..MAX_LABEL_BYTES];
    for (sequence, label) in [longest, "x"].into_iter().enumerate() {
        store.append(sequence as u64 + 1, &[0.5; 3], Label::from(label).into(), 1.0).unwrap();
        model.write(&[0.5; 3], Label::from(label).into()).unwrap();
    }
    drop(store);
    let (_store, reopened) = Store::open(&directory).unwrap();
    assert_eq!(reopened.recall().labels().names(), [longest, "x"]);
    assert_same(&reopened, &model);
}

#[test]
fn a_model_out_of_step_is_not_kept() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 2).unwrap();
    for mut other in [oracle(&numbers(), 1), oracle(&numbers(), 3), oracle(&labels(), 2)] {
        let refused = store.checkpoint(&mut other).unwrap_err();
        assert!(matches!(refused, Error::OtherModel { .. }));
    }
    store.close(&mut model).unwrap();
    assert_same(&Store::open(&directory).unwrap().1, &model);
}

#[test]
fn a_checkpoint_without_room_for_segments_changes_nothing() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 2).unwrap();
    store.checkpoint(&mut model).unwrap();
    let before = file_names(&directory);
    write(&mut store, &mut model, 2).unwrap();
    for name in ["structure-2.new", "weights-2.new", "covariances-2.new", "history-2.new"] {
        fs::create_dir(directory.join(name)).unwrap();
        assert!(matches!(store.checkpoint(&mut model), Err(Error::Io { .. })));
        fs::remove_dir(directory.join(name)).unwrap();
        assert_eq!(file_names(&directory), before);
        write(&mut store, &mut model, 1).unwrap();
    }
    store.close(&mut model).unwrap();
    assert_same(&Store::open(&directory).unwrap().1, &oracle(&numbers(), 8));
}

#[test]
fn after_a_failure_the_store_refuses_until_it_is_opened_again() {
    let (_temporary, directory) = temporary();
    let (mut store, mut model) = Store::create(&directory, numbers()).unwrap();
    write(&mut store, &mut model, 2).unwrap();
    store.flush().unwrap();
    // The manifest cannot be replaced.
    fs::create_dir(directory.join("MANIFEST.new")).unwrap();
    assert!(matches!(store.checkpoint(&mut model), Err(Error::Io { .. })));
    fs::remove_dir(directory.join("MANIFEST.new")).unwrap();
    let poisoned = |result| matches!(result, Err(Error::Poisoned { .. }));
    assert!(poisoned(write(&mut store, &mut model, 1)));
    assert!(poisoned(store.flush()));
    assert!(poisoned(store.checkpoint(&mut model)));
    assert!(poisoned(store.close(&mut model)));
    let (_store, model) = Store::open(&directory).unwrap();
    assert_same(&model, &oracle(&numbers(), 2));
}

#[test]
fn messages_name_the_file_and_the_cure() {
    let (_temporary, directory) = temporary();
    let (_store, _model) = Store::create(&directory, numbers()).unwrap();
    let message = Store::open(&directory).unwrap_err().to_string();
    let pid = format!("process {}", std::process::id());
    assert!(message.contains(&pid) && message.contains("LOCK"), "{message}");
    let error = Store::open(&directory.join("nowhere")).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    let io = Error::Io {
        path: directory,
        action: "read the log",
        source: io::Error::from(io::ErrorKind::PermissionDenied),
    };
    assert!(std::error::Error::source(&io).is_some());
}
