//! `glam consolidate` and `glam regate`.

use std::fs;
use std::process::Stdio;

use glam_memory::Memory;
use serde_json::Value;

use crate::place::{Place, product};

const HEADER: [&str; 6] = ["tried", "regates", "lambda", "iterations", "slots", "held-out error"];

/// A memory of `rows` rows of a product, `m`, whose gates are set: only one way is tried then.
fn small(rows: usize) -> Place {
    let place = Place::new();
    place.file("rows.csv", format!("a,b,y\n{}", product(0, rows)));
    let memory = Memory::builder(2).tables(8).levels([1, 2]).create(place.path("m")).unwrap();
    memory.close().unwrap();
    if rows > 0 {
        place.glam("write m rows.csv --targets y").succeeds();
    }
    place
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn error(place: &Place) -> f64 {
    place.file("test.csv", format!("a,b,y\n{}", product(10_000, 10_100)));
    let score = json(&place.glam("score m test.csv --targets y --json").succeeds().out);
    score["rmse"][0].as_f64().unwrap()
}

#[test]
fn what_was_tried_and_chosen_is_printed_and_the_memory_is_better() {
    let place = small(300);
    let before = error(&place);
    let run = place.glam("consolidate m --regates 1").succeeds();
    assert_eq!(run.err, "");
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(HEADER.iter().all(|name| lines[0].contains(name)), "{}", run.out);
    // As it is and regated once; what writing learned; a blank line; what was done, and how.
    assert_eq!(lines.len(), 9, "{}", run.out);
    assert!(lines[1..3].iter().all(|line| line.starts_with("  as it is  ")), "{}", run.out);
    assert_eq!(lines[1..3].iter().filter(|line| line.ends_with("chosen")).count(), 1);
    assert!(lines[3].starts_with("  as written  ") && lines[3].contains("  -  "), "{}", run.out);
    assert_eq!(lines[4], "");
    assert!(lines[5].starts_with("m: 300 observations consolidated in "), "{}", run.out);
    assert!(lines[6].starts_with("judged on 5 tenths of the rows, each held out"), "{}", run.out);
    assert!(lines[7].contains("twice the standard error"), "{}", run.out);
    assert!(error(&place) < before);
    place.glam("verify m").succeeds();
    // `inspect` goes on telling.
    let inspected = place.glam("inspect m").succeeds().out;
    assert!(lines[0..4].iter().all(|line| inspected.contains(line.trim())), "{inspected}");
    assert!(lines[8].starts_with("difference; `as written`"), "{}", run.out);
    // Its own gates are the first trial from then on, and what writing learned is none.
    let again = place.glam("consolidate m --regates 0").succeeds().out;
    assert!(again.contains("kept gates") && !again.contains("as written"), "{again}");
    assert!(again.ends_with("\ndifference.\n"), "{again}");
}

#[test]
fn json_is_the_decision() {
    let place = small(300);
    let told = json(&place.glam("consolidate m --regates 2 --seconds 600 --json").succeeds().out);
    assert!(told["seconds"].as_f64().unwrap() > 0.0);
    assert_eq!((&told["rows"], &told["sequence"]), (&300.into(), &300.into()));
    let (written, trials) = told["trials"].as_array().unwrap().split_last().unwrap();
    assert_eq!((&written["name"], &written["iterations"]), (&"as written".into(), &0.into()));
    let error = |trial: usize| trials[trial]["error"].as_f64().unwrap();
    for (regates, trial) in trials.iter().enumerate() {
        assert_eq!(trial["regates"], regates);
        assert!(error(regates) > 0.0);
    }
    // Gates are drawn a second time only where the first helped.
    assert_eq!(trials.len(), if error(1) < 0.99 * error(0) { 3 } else { 2 });
    assert_eq!(trials[0]["accepted"], true);
    let inspected = json(&place.glam("inspect m --json").succeeds().out);
    assert_eq!(inspected["decision"]["trials"], told["trials"]);
    assert_eq!(inspected["decision"]["lambda"], told["lambda"]);
}

#[test]
fn regate_tries_what_there_is_and_its_gates_drawn_anew() {
    let place = small(300);
    let told = json(&place.glam("regate m --json").succeeds().out);
    let regates: Vec<&Value> =
        told["trials"].as_array().unwrap().iter().map(|trial| &trial["regates"]).collect();
    // The last is what writing alone learned.
    assert_eq!(regates, [0, 1, 0]);
    let run = place.glam("regate m").succeeds();
    assert!(run.out.contains("\nm: 300 observations consolidated in "), "{}", run.out);
    // A memory that sets nothing keeps its tables all the same.
    let place = Place::with_memory(20);
    let told = json(&place.glam("regate m --json").succeeds().out);
    let (written, trials) = told["trials"].as_array().unwrap().split_last().unwrap();
    assert_eq!(written["name"], "as written");
    assert!(trials.iter().all(|trial| trial["name"] == "as it is"), "{trials:?}");
}

#[test]
fn writes_forgetting_and_rebuilding_go_on_from_it() {
    let place = small(200);
    place.file("more.csv", product(200, 260));
    let read = || place.glam("read m rows.csv --std").succeeds().out;
    let before = read();
    place.glam("consolidate m --regates 0").succeeds();
    let after = read();
    assert!(after != before);
    place.glam("rebuild m").succeeds();
    assert_eq!(read(), before);
    // The same again gives the same.
    place.glam("consolidate m --regates 0").succeeds();
    assert_eq!(read(), after);
    place.glam("write m more.csv --targets last:1").succeeds();
    let run = place.glam("forget m 17 230").succeeds();
    assert!(run.out.starts_with("m: forgot 2 rows (17, 230); 258 rows are left"), "{}", run.out);
    assert!(place.glam("inspect m").succeeds().out.contains("chosen"));
    let told = json(&place.glam("consolidate m --regates 0 --json").succeeds().out);
    assert_eq!((&told["rows"], &told["sequence"]), (&258.into(), &260.into()));
}

#[test]
fn a_budget_that_is_over_ends_the_search_with_the_best_so_far() {
    // A second is over before sixteen regates of four ways are; where it is not, all were tried.
    let place = Place::with_memory(300);
    let told = json(&place.glam("consolidate m --regates 16 --seconds 1 --json").succeeds().out);
    let trials = told["trials"].as_array().unwrap();
    assert!((2..=4 + 4 + 15 * 2 + 1).contains(&trials.len()), "{}", trials.len());
    assert_eq!(trials[0]["accepted"], true);
    place.glam("verify m").succeeds();
}

#[test]
fn what_nothing_is_better_than_stays() {
    // A few rows on a line.
    let place = Place::new();
    let rows: String =
        (0..8_u32).map(|row| format!("{},{}\n", row * 5 % 8, row * 5 % 8 * 3)).collect();
    place.file("rows.csv", format!("a,y\n{rows}"));
    let memory = Memory::builder(1).tables(8).levels([1, 2]).create(place.path("m")).unwrap();
    memory.close().unwrap();
    place.glam("write m rows.csv --targets y").succeeds();
    let before = place.glam("read m rows.csv --std").succeeds().out;
    let run = place.glam("consolidate m").succeeds();
    let words = ["m: left as it was after ", ": nothing tried on 8 observations was better"];
    assert!(words.iter().all(|words| run.out.contains(words)), "{}", run.out);
    let mut chosen = run.out.lines().filter(|line| line.ends_with("chosen"));
    assert!(chosen.next().is_some_and(|line| line.starts_with("  as written ")), "{}", run.out);
    assert_eq!(place.glam("read m rows.csv --std").succeeds().out, before);
    let inspected = place.glam("inspect m").succeeds().out;
    let told = "chosen at observation 8, by the error on 5 held-out tenths";
    assert!(inspected.contains(told) && inspected.contains("as written"), "{inspected}");
    place.glam("verify m").succeeds();
    place.glam("forget m 5").succeeds();
}

#[test]
fn a_few_rows_are_too_few_to_choose_by() {
    // Fewer rows than tenths: some of them hold none.
    for (rows, what) in [(1, "1 observation"), (2, "2 observations"), (8, "8 observations")] {
        let place = small(rows);
        let run = place.glam("consolidate m").succeeds();
        assert!(run.out.contains("m: left as it was after "), "{}", run.out);
        assert!(run.out.contains(&format!(": nothing tried on {what} was better")), "{}", run.out);
        // What it left can be opened, and consolidated again.
        let told = json(&place.glam("consolidate m --json --regates 1").succeeds().out);
        assert!(told["trials"].as_array().unwrap().iter().all(|trial| trial["error"].is_number()));
        place.glam("regate m").succeeds();
        let numbers = place.glam("read m rows.csv --std").succeeds().numbers();
        assert_eq!(numbers.len(), rows);
        assert!(numbers.iter().flatten().all(|number| number.is_finite()), "{numbers:?}");
        place.glam("write m rows.csv --targets y").succeeds();
    }
    // With every default.
    let place = Place::with_memory(1);
    place.glam("consolidate m --regates 0").succeeds();
    place.glam("read m rows.csv --std").succeeds();
}

#[test]
fn labels_are_consolidated() {
    let place = Place::new();
    let rows: String =
        (0..200).map(|i| format!("{},{}\n", i % 20, ["low", "high"][i % 20 / 10])).collect();
    place.file("rows.csv", format!("x,class\n{rows}"));
    place.file("cues.csv", "x\n2\n17\n");
    place.glam("write m rows.csv --targets class --labels").succeeds();
    place.glam("consolidate m --regates 0").succeeds();
    let out = place.glam("read m cues.csv").succeeds().out;
    let classes: Vec<&str> = out.lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
    assert_eq!(classes, ["low", "high"]);
}

#[test]
fn what_cannot_be_consolidated_is_one_line_and_changes_nothing() {
    let place = small(0);
    place.file("file", "no memory");
    fs::create_dir(place.path("empty")).unwrap();
    let before = place.bytes("m");
    for command in ["consolidate", "regate"] {
        let part = "nothing has been written to this memory yet";
        place.glam(&format!("{command} m")).fails(1, &[part]);
        place.glam(&format!("{command} none")).fails(1, &["none: there is no such directory"]);
        place.glam(&format!("{command} empty")).fails(1, &["empty"]);
        place.glam(&format!("{command} file")).fails(1, &["file"]);
        for line in [
            command.to_owned(),
            format!("{command} m other"),
            format!("{command} m --seconds 0"),
            format!("{command} m --seconds -1"),
            format!("{command} m --seconds soon"),
            format!("{command} m --unknown"),
        ] {
            let run = place.glam(&line);
            assert_eq!(run.status, Some(2), "{line}");
            assert!(!run.err.is_empty() && run.out.is_empty(), "{line}");
        }
    }
    for line in ["consolidate m --regates 17", "consolidate m --regates -1", "regate m --regates 1"]
    {
        assert_eq!(place.glam(line).status, Some(2), "{line}");
    }
    let mut after = place.bytes("m");
    after.insert("LOCK".to_owned(), before["LOCK"].clone());
    assert_eq!(after, before);
}

#[test]
fn a_memory_that_is_being_written_is_not_consolidated_and_the_other_way_round() {
    let place = Place::with_memory(300);
    let writer = Memory::open(place.path("m")).unwrap();
    let before = place.bytes("m");
    let holder = format!("{}", std::process::id());
    for command in ["consolidate m", "regate m"] {
        place.glam(command).fails(1, &["m/LOCK", &holder]);
    }
    assert_eq!(place.bytes("m"), before);
    writer.close().unwrap();
    let mut command = place.command("consolidate m --regates 16");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let holder = child.id().to_string();
    let held = || fs::read_to_string(place.path("m/LOCK")).unwrap().trim() == holder;
    while !held() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let second = place.glam("write m rows.csv --targets y");
    let read = place.glam("read m rows.csv");
    // Where it has not ended meanwhile, the second writer was refused; reading goes on.
    if child.try_wait().unwrap().is_none() {
        second.fails(1, &["m/LOCK", &holder]);
        child.kill().unwrap();
    }
    read.succeeds();
    child.wait().unwrap();
    place.glam("verify m").succeeds();
}

#[test]
fn for_recall_what_was_written_comes_back_and_nothing_is_held_out() {
    let place = small(150);
    let recalled = |place: &Place| {
        let score = json(&place.glam("score m rows.csv --targets y --json").succeeds().out);
        score["rmse"][0].as_f64().unwrap()
    };
    let before = recalled(&place);
    let run = place.glam("consolidate m --for-recall").succeeds();
    assert!(run.out.contains("for recall  ") && run.out.contains("chosen"), "{}", run.out);
    assert!(run.out.contains("\nm: 150 observations consolidated in "), "{}", run.out);
    assert!(
        run.out.ends_with("for recall: the error is that on what was written.\n"),
        "{}",
        run.out
    );
    assert!(recalled(&place) < 0.5 * before, "{} {before}", recalled(&place));
    place.glam("verify m").succeeds();
    let early = place.glam("consolidate m --for-recall --seconds 600").succeeds();
    assert!(early.out.contains("for recall: the error is"), "{}", early.out);
    let refused = place.glam("consolidate m --for-recall --regates 2");
    assert_eq!(refused.status, Some(2));
    assert!(refused.err.contains("'--for-recall' cannot be used with"), "{}", refused.err);
}
