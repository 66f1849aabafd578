//! Ctrl-C. No test waits for a time: where two outcomes are possible, both must agree with the
//! memory.
#![cfg(unix)]

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use glam_memory::Memory;

use crate::place::{Place, product};

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
}

/// Waits until the command has taken the memory `m`, or has ended.
fn wait_until_it_holds(place: &Place, child: &mut Child) {
    let holder = child.id().to_string();
    let held = || std::fs::read_to_string(place.path("m/LOCK")).unwrap().trim() == holder;
    while !held() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}

fn end(mut child: Child) -> (Option<i32>, String) {
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (child.wait().unwrap().code(), errors)
}

#[test]
fn an_interrupt_while_rows_are_checked_writes_nothing() {
    let place = Place::new();
    let pipe = place.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut command = place.command("write m pipe --targets last:1");
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    // Opens once the command has opened it too, which it does after it began to listen.
    let mut rows = OpenOptions::new().write(true).open(&pipe).unwrap();
    rows.write_all(product(0, 100).as_bytes()).unwrap();
    interrupt(&child);
    let (status, errors) = end(child);
    assert_eq!((status, errors.as_str()), (Some(130), "glam: interrupted; nothing was written\n"));
    assert!(!place.exists("m"));
}

#[test]
fn an_interrupt_while_rows_are_learned_keeps_those_before_it() {
    let place = Place::new();
    let rows = 30_000;
    place.file("rows.csv", product(0, rows));
    let mut command = place.command("write m rows.csv --targets last:1");
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // The memory is made after all rows were checked.
    while !place.exists("m/MANIFEST") && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    interrupt(&child);
    let (status, errors) = end(child);
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let written = memory.sequence();
    if status == Some(130) {
        assert!(written <= rows as u64, "{written}");
        let digits: String = errors
            .lines()
            .last()
            .and_then(|line| line.strip_prefix("glam: interrupted; "))
            .and_then(|line| line.strip_suffix(" written and kept"))
            .unwrap()
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        assert_eq!(digits, written.to_string());
    } else {
        assert_eq!((status, written), (Some(0), rows as u64), "{errors}");
    }
    place.glam("verify m").succeeds();
    // The checkpoint was made: nothing is left to replay.
    let json = place.glam("inspect m --json").succeeds().out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["observations"], written);
}

#[test]
fn an_interrupt_while_a_memory_is_consolidated_leaves_it_as_it_was() {
    for command in ["consolidate m --regates 16", "regate m"] {
        let place = Place::with_memory(2000);
        let before = place.bytes("m");
        let answers = place.glam("read m rows.csv --std").succeeds().out;
        let mut command = place.command(command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // It listens before it takes the memory.
        wait_until_it_holds(&place, &mut child);
        interrupt(&child);
        let (status, errors) = end(child);
        if status == Some(0) {
            // It was done already, or all but done.
            let told = place.glam("inspect m").succeeds().out;
            assert!(told.contains("chosen"), "{told}");
            continue;
        }
        assert_eq!(status, Some(130), "{errors}");
        // The second where the memory was still being opened.
        let said = [
            "glam: interrupted; the memory is as it was\n",
            "glam: interrupted; nothing was written\n",
        ];
        assert!(said.contains(&errors.as_str()), "{errors}");
        let mut after = place.bytes("m");
        after.insert("LOCK".to_owned(), before["LOCK"].clone());
        assert!(after == before);
        assert_eq!(place.glam("read m rows.csv --std").succeeds().out, answers);
        place.glam("verify m").succeeds();
        // Nobody holds it any more.
        place.glam("write m rows.csv --targets y").succeeds();
    }
}

#[test]
fn an_interrupt_while_rows_are_forgotten_says_which_were() {
    let place = Place::with_memory(1100);
    let asked: Vec<u64> = (5..25).collect();
    let words: Vec<String> = asked.iter().map(u64::to_string).collect();
    let mut command = place.command(&format!("forget m {}", words.join(" ")));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until_it_holds(&place, &mut child);
    interrupt(&child);
    let (status, errors) = end(child);
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let mut history = memory.history().unwrap();
    let mut kept = Vec::new();
    while let Some(observation) = history.next().unwrap() {
        kept.push(observation.sequence);
    }
    let forgotten: Vec<u64> = asked.iter().copied().filter(|row| !kept.contains(row)).collect();
    assert_eq!(kept.len() + forgotten.len(), 1100);
    let numbers = |rows: &[u64]| rows.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    match (status, forgotten.as_slice()) {
        (Some(0), forgotten) => assert_eq!(forgotten, asked),
        (Some(130), []) => {
            let said = ["the memory is as it was", "nothing was written"];
            assert!(said.iter().any(|said| errors.contains(said)), "{errors}");
        }
        (Some(130), forgotten) => {
            let left: Vec<u64> = asked[forgotten.len()..].to_vec();
            let (forgotten, left) = (numbers(forgotten), numbers(&left));
            assert_eq!(errors, format!("glam: interrupted; forgot {forgotten}, not {left}\n"));
        }
        other => panic!("{other:?} {errors}"),
    }
    place.glam("verify m").succeeds();
}
