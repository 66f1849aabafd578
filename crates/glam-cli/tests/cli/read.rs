//! `glam read`: the answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use glam_memory::Memory;

use crate::place::{Place, cue};

#[test]
fn a_function_is_recalled_at_cues_that_were_never_seen() {
    let place = Place::with_memory(3000);
    let cues: String = (3000..3300).map(|i| format!("{},{}\n", cue(i).0, cue(i).1)).collect();
    place.file("cues.csv", cues);
    let run = place.glam("read m cues.csv").succeeds();
    assert_eq!((run.out.lines().next(), run.err.as_str()), (Some("y"), ""));
    let answers = run.numbers();
    assert_eq!(answers.len(), 300);
    let squares = answers.iter().enumerate().map(|(row, answer)| {
        let (a, b) = cue(3000 + row);
        (answer[0] - a * b).powi(2)
    });
    let mean_square = squares.sum::<f64>() / 300.0;
    // The variance of a * b is (4/3)^2 = 1.78; a constant would be wrong by that.
    assert!(mean_square < 0.02, "{mean_square}");
}

#[test]
fn numbers_are_those_of_the_library_to_the_last_bit() {
    let place = Place::with_memory(200);
    place.file("cues.csv", "0.3,-1.7\n1e-20,2\n100,-100\n");
    let run = place.glam("read m cues.csv --std").succeeds();
    assert_eq!(run.out.lines().next(), Some("y,y_std"));
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let cues = [[0.3, -1.7], [1e-20, 2.0], [100.0, -100.0]];
    for (line, cue) in run.out.lines().skip(1).zip(cues) {
        let fields: Vec<f32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let (values, spreads) = memory.read_with_std(&cue).unwrap();
        assert_eq!(fields, [values, spreads].concat());
    }
}

#[test]
fn intervals_and_familiarity_are_those_of_the_library_and_come_after_the_spread() {
    let place = Place::with_memory(200);
    place.file("cues.csv", "0.3,-1.7\n1e-20,2\n100,-100\n");
    let run = place.glam("read m cues.csv --std --interval 90 --familiarity").succeeds();
    assert_eq!(run.out.lines().next(), Some("y,y_std,y_low,y_high,familiarity"));
    let memory = Memory::open_read_only(place.path("m")).unwrap();
    let cues = [[0.3, -1.7], [1e-20, 2.0], [100.0, -100.0]];
    for (line, cue) in run.out.lines().skip(1).zip(cues) {
        let fields: Vec<f32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let (_, spreads) = memory.read_with_std(&cue).unwrap();
        let (values, intervals) = memory.read_with_interval(&cue, 0.9).unwrap();
        let (low, high) = intervals[0];
        let seen = memory.familiarity(&cue).unwrap().seen;
        assert_eq!(fields, [values[0], spreads[0], low, high, seen]);
        assert!(low < values[0] && values[0] < high);
    }
    // The percent sign is no mistake.
    let narrow = place.glam("read m cues.csv --interval 50%").succeeds().numbers();
    let wide = place.glam("read m cues.csv --interval 99.9").succeeds().numbers();
    for (narrow, wide) in narrow.iter().zip(&wide) {
        assert!(wide[1] < narrow[1] && narrow[2] < wide[2]);
    }
}

#[test]
fn an_interval_out_of_range_or_of_the_wrong_kind_is_status_2() {
    let place = Place::with_memory(20);
    place.file("cues.csv", "1,1\n");
    for level in ["0", "100", "-5", "1e9", "nan", "much"] {
        let run = place.glam(&format!("read m cues.csv --interval={level}"));
        assert_eq!(run.status, Some(2), "{level}");
        assert!(run.err.contains("more than 0 and less than 100"), "{}", run.err);
    }
    place.glam("read m cues.csv --probabilities").fails(2, &["--probabilities", "--interval"]);
    place.file("kinds.csv", "x,kind\n-3,low\n3,high\n");
    place.glam("write k kinds.csv --targets kind --labels").succeeds();
    place.file("cue.csv", "x\n1\n");
    place.glam("read k cue.csv --interval 90").fails(2, &["--interval", "--probabilities"]);
}

#[test]
fn explain_names_the_slots_with_the_largest_shares() {
    let place = Place::new();
    // Linear, so that the root does most of it.
    let rows: String = (0..500).map(cue).map(|(a, b)| format!("{a},{b},{}\n", a + b)).collect();
    place.file("rows.csv", format!("a,b,y\n{rows}"));
    place.glam("write m rows.csv --targets y").succeeds();
    place.file("cues.csv", "0.3,-1.7\n");
    let run = place.glam("read m cues.csv --explain").succeeds();
    let (header, row) = run.out.split_once('\n').unwrap();
    assert_eq!(header, "y,active");
    let slots: Vec<&str> = row.trim().split_once(',').unwrap().1.split(' ').collect();
    assert_eq!(slots.len(), 8);
    let shares: Vec<f64> =
        slots.iter().map(|slot| slot.rsplit_once(':').unwrap().1.parse().unwrap()).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && shares[0] > 0.0, "{shares:?}");
    assert!(slots[0].starts_with("root:"), "{slots:?}");
    let picks = Memory::open_read_only(place.path("m")).unwrap().inspect().unwrap().report.picks;
    let level = usize::from(picks.unwrap().deals[0].levels[0]);
    for slot in slots.iter().filter(|slot| !slot.starts_with("root:")) {
        let (table, rest) = slot.split_once('/').unwrap();
        let (decisions, _) = rest.split_once(':').unwrap();
        assert!(table.parse::<u32>().is_ok() && decisions.len() == level, "{slot}");
        assert!(decisions.chars().all(|bit| "01".contains(bit)), "{slot}");
    }
}

#[test]
fn labels_come_with_their_score_and_its_spread() {
    let place = Place::new();
    place.file("rows.csv", "x,kind\n-3,low\n-2,low\n-1,low\n1,high\n2,high\n3,high\n");
    place.glam("write m rows.csv --targets kind --labels").succeeds();
    place.file("cues.csv", "x\n-2.5\n2.5\n");
    let run = place.glam("read m cues.csv --std --probabilities --familiarity --explain");
    let run = run.succeeds();
    let lines: Vec<Vec<&str>> = run.out.lines().map(|line| line.split(',').collect()).collect();
    let names = ["label", "score", "score_std", "probability", "familiarity", "active"];
    assert_eq!(lines[0], names);
    assert_eq!([lines[1][0], lines[2][0]], ["low", "high"]);
    for line in &lines[1..] {
        assert!(line[1].parse::<f32>().unwrap() > 0.5, "{line:?}");
        assert!(line[2].parse::<f32>().unwrap() > 0.0, "{line:?}");
        // Of two classes, the likelier has more than half.
        assert!((0.5..=1.0).contains(&line[3].parse::<f32>().unwrap()), "{line:?}");
        assert!((0.0..=1.0).contains(&line[4].parse::<f32>().unwrap()), "{line:?}");
    }
}

#[test]
fn several_targets_without_names_are_numbered() {
    let place = Place::new();
    place.file("rows.csv", "1,2,3\n2,4,6\n3,6,9\n");
    place.glam("write m rows.csv --targets last:2").succeeds();
    place.file("cues.csv", "1\n2\n");
    let run = place.glam("read m cues.csv --std").succeeds();
    assert_eq!(run.out.lines().next(), Some("y1,y2,y1_std,y2_std"));
    assert_eq!(run.out.lines().count(), 3);
}

#[test]
fn rows_before_a_bad_one_are_answered() {
    let place = Place::with_memory(20);
    place.file("cues.csv", "1,1\n2,x\n");
    let run = place.glam("read m cues.csv");
    assert_eq!(run.out.lines().count(), 2);
    run.fails(1, &["cues.csv, line 2, column 2: \"x\" is not a number"]);
    place.file("empty.csv", "a,b\n");
    let run = place.glam("read m empty.csv");
    assert_eq!(run.out, "");
    run.fails(1, &["empty.csv, line 1", "no row"]);
}

#[test]
fn an_empty_memory_has_nothing_to_recall() {
    let place = Place::new();
    Memory::builder(2).create(place.path("m")).unwrap().close().unwrap();
    place.file("cues.csv", "1,2\n");
    place.glam("read m cues.csv").fails(1, &["m: nothing has been written", "write rows first"]);
    place.file("rows.csv", "a,b,y\n1,2,3\n");
    place.glam("score m rows.csv --targets y").fails(1, &["m: nothing has been written"]);
    place.glam("inspect m").succeeds();
    place.glam("write m rows.csv --targets y").succeeds();
    assert_eq!(place.glam("read m cues.csv").succeeds().out.lines().next(), Some("y"));
}

#[test]
fn each_row_of_a_pipe_is_answered_before_the_next_comes() {
    let place = Place::with_memory(20);
    let mut command = place.command("read m -");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    writeln!(input, "1,1").unwrap();
    assert_eq!(output.next().unwrap().unwrap(), "y");
    output.next().unwrap().unwrap().parse::<f32>().unwrap();
    writeln!(input, "2,1").unwrap();
    output.next().unwrap().unwrap().parse::<f32>().unwrap();
    drop(input);
    assert!(output.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn whoever_stops_reading_is_not_told_about_it() {
    let place = Place::with_memory(20);
    let mut command = place.command("read m -");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // The answer to the first row finds nobody.
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    let _ = input.write_all(b"1,1\n2,2\n");
    drop(input);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn a_damaged_slot_is_an_error_and_never_a_wrong_answer() {
    let place = Place::with_memory(300);
    let expected = place.glam("read m rows.csv").succeeds().out;
    let mut weights = std::fs::read(place.path("m/weights-1")).unwrap();
    // In the slots, behind the header and before their checksums.
    let middle = weights.len() / 2;
    weights[middle] ^= 1;
    place.file("m/weights-1", &weights);
    let run = place.glam("read m rows.csv");
    assert!(expected.starts_with(&run.out), "{}", run.out);
    run.fails(1, &["m", "damaged", "`glam verify`"]);
    place.glam("score m rows.csv --targets y").fails(1, &["m", "damaged", "`glam verify`"]);
}
