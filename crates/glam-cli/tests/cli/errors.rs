//! What is refused: the exit status, the one line, and that nothing changed.

use crate::place::{Place, product};

/// Rows that no memory takes, and what the message must hold beside the name of the file.
const BAD_ROWS: &[(&str, &str, &[&str])] = &[
    ("text in a target", "1,2,3\n4,5,x\n", &["line 2", "column 3", "\"x\"", "--labels"]),
    ("text in the first row", "1,abc,3\n4,5,6\n", &["line 1", "column 2", "\"abc\"", "--header"]),
    ("infinity", "1,2,3\ninf,5,6\n", &["line 2", "column 1", "\"inf\"", "finite"]),
    ("minus infinity", "1,2,3\n4,5,-Infinity\n", &["line 2", "column 3", "finite"]),
    ("too large for f32", "1,2,3\n4,1e39,6\n", &["line 2", "column 2", "1e39", "3.4028235e38"]),
    ("a date", "1,2,3\n4,2024-01-31,6\n", &["line 2", "column 2", "\"2024-01-31\"", "a date"]),
    ("a date first", "31/01/2024,2,3\n", &["line 1", "column 1", "\"31/01/2024\"", "sine"]),
    ("a time", "a,b,y\n12:30,2,3\n", &["line 2", "column 1 (\"a\")", "\"12:30\" is a date or"]),
    ("too few columns", "1,2,3\n4,5\n", &["line 2", "column 3", "2 columns", "line 1 has 3"]),
    ("too many columns", "1,2,3\n4,5,6,7\n", &["line 2", "column 4", "4 columns", "line 1 has 3"]),
    ("a blank line inside", "1,2,3\n\n4,5,6\n", &["line 2", "blank", "remove it"]),
    ("an open quote", "1,2,3\n4,\"5,6\n7,8,9\n", &["line 2", "column 2", "quote", "close it"]),
    ("old line ends", "1,2,3\r4,5,6\r", &["line 1", "column 3", "carriage return"]),
    ("a zero byte", "1,\0,3\n", &["line 1", "UTF-8"]),
    ("semicolons", "1;2;3\n4;5;6\n", &["line 1", "commas"]),
    ("a decimal comma", "1,2,\"3,5\"\n", &["line 1", "column 3", "\"3,5\"", "--labels"]),
    ("nothing", "", &["empty"]),
    ("blank lines only", "\n\r\n  \n", &["empty"]),
    ("a header only", "a,b,y\n", &["line 1", "header", "no row"]),
    ("a header and blank lines", "a,b,y\r\n\r\n", &["line 1", "header", "no row"]),
    ("two columns of one name", "a,a,y\n1,2,3\n", &["line 1", "column 2", "\"a\"", "rename"]),
    ("a row at the end", "a,b,y\n1,2,3\n4,5,6\n7,8,9\n1,2,z\n", &["line 5", "column 3 (\"y\")"]),
];

/// Rows that a memory of numbers does not take; one that is made from them learns categories.
const BAD_TEXT: &[(&str, &str, &[&str])] = &[
    (
        "text",
        "1,2,3\n4,5,6\n7,abc,9\n",
        &["line 3", "column 2", "\"abc\" is not a number", "correct"],
    ),
    ("a name in the message", "a,b,y\n4,x,6\n", &["line 2", "column 2 (\"b\")", "\"x\""]),
];

#[test]
fn a_refused_row_leaves_the_memory_byte_identical_and_says_where() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    for (name, rows, parts) in BAD_ROWS.iter().chain(BAD_TEXT) {
        place.file("bad.csv", rows);
        let parts = [parts, &["bad.csv", "nothing was written"][..]].concat();
        place.glam("write m bad.csv --targets last:1").fails(1, &parts);
        assert_eq!(place.bytes("m"), before, "{name}");
    }
    place.glam("write m rows.csv --targets last:1").succeeds();
}

#[test]
fn a_refused_row_makes_no_memory() {
    let place = Place::new();
    for (name, rows, parts) in BAD_ROWS {
        place.file("bad.csv", rows);
        let parts = [parts, &["bad.csv", "nothing was written"][..]].concat();
        place.glam("write above/m bad.csv --targets last:1").fails(1, &parts);
        assert!(!place.exists("above"), "{name}");
    }
}

#[test]
fn a_refused_row_of_standard_input_writes_nothing_either() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    for (name, rows, parts) in BAD_ROWS {
        let parts = [parts, &["standard input", "nothing was written"][..]].concat();
        place.glam_fed("write m - --targets last:1", rows).fails(1, &parts);
        place.glam_fed("write new - --targets last:1", rows).fails(1, &parts);
        assert_eq!(place.bytes("m"), before, "{name}");
        assert!(!place.exists("new"), "{name}");
    }
}

#[test]
fn a_bad_row_far_into_a_file_is_found_before_the_first_is_learned() {
    let place = Place::new();
    place.file("rows.csv", format!("{}1,2,three\n", product(0, 899)));
    place
        .glam("write m rows.csv --targets last:1")
        .fails(1, &["rows.csv, line 900, column 3", "nothing was written"]);
    assert!(!place.exists("m"));
}

#[test]
fn score_refuses_the_same_rows_and_prints_nothing() {
    let place = Place::with_memory(20);
    let rows = BAD_ROWS.iter().chain(BAD_TEXT).filter(|(_, rows, _)| !rows.starts_with("a,a,"));
    for (name, rows, parts) in rows {
        place.file("bad.csv", rows);
        let run = place.glam("score m bad.csv --targets last:1 --json");
        assert_eq!(run.out, "", "{name}");
        run.fails(1, &[parts, &["bad.csv"][..]].concat());
    }
}

#[test]
fn labels_are_refused_with_their_line_and_column() {
    let place = Place::new();
    let long = format!("1,2,a\n3,4,{}\n", "x".repeat(257));
    let cases: [(&[u8], &[&str]); 3] = [
        (b"1,2,a\n3,4,\n", &["line 2", "column 3", "missing"]),
        (long.as_bytes(), &["line 2", "column 3", "257 bytes", "256"]),
        (b"1,2,a\n3,4,\xff\n", &["line 2", "column 3", "UTF-8"]),
    ];
    for (rows, parts) in cases {
        place.file("bad.csv", rows);
        place.glam("write m bad.csv --targets last:1 --labels").fails(1, parts);
        assert!(!place.exists("m"));
    }
    place.file("good.csv", format!("1,2,a\n3,4,{}\n", "x".repeat(256)));
    place.glam("write m good.csv --targets last:1 --labels").succeeds();
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    std::fs::create_dir(place.path("folder")).unwrap();
    for line in ["write m FILE --targets last:1", "read m FILE", "score m FILE --targets last:1"] {
        let run = |file: &str| place.glam(&line.replace("FILE", file));
        run("absent.csv").fails(1, &["absent.csv: there is no such file", "check the path"]);
        run("folder").fails(1, &["folder: this is a directory", "give a CSV file"]);
    }
    assert_eq!(place.bytes("m"), before);
}

#[test]
fn what_is_no_memory_is_named() {
    let place = Place::new();
    place.file("rows.csv", product(0, 5));
    place.file("notes.txt", "no memory");
    std::fs::create_dir(place.path("folder")).unwrap();
    place.file("folder/notes.txt", "no memory");
    for line in
        ["read MEM rows.csv", "score MEM rows.csv --targets last:1", "inspect MEM", "verify MEM"]
    {
        let run = |memory: &str| place.glam(&line.replace("MEM", memory));
        run("absent").fails(1, &["absent: there is no such directory"]);
        run("notes.txt").fails(1, &["notes.txt: this is no memory"]);
        run("folder").fails(1, &["folder: this is no memory"]);
    }
    let run = |memory: &str| place.glam(&format!("write {memory} rows.csv --targets last:1"));
    run("notes.txt").fails(1, &["notes.txt: this is no memory", "nothing was written"]);
    run("folder").fails(1, &["folder: the directory holds other files", "nothing was written"]);
    assert_eq!(place.bytes("folder").len(), 1);
}

#[test]
fn a_later_write_must_fit_the_memory_and_both_counts_are_said() {
    let place = Place::with_memory(20);
    place.file("numbers.csv", product(0, 20));
    place.glam("write numbers numbers.csv --targets last:1").succeeds();
    place.file("labels.csv", "1,2,a\n3,4,b\n");
    place.glam("write labels labels.csv --targets last:1 --labels").succeeds();
    place.file("wide.csv", "1,2,3,4\n5,6,7,8\n");
    place.file("other.csv", "a,c,y\n1,2,3\n");
    let cases: [(&str, &[&str]); 8] = [
        (
            "write numbers wide.csv --targets last:1",
            &["wide.csv, line 1: 3 inputs and 1 target", "numbers learns 1 target from 2 inputs"],
        ),
        ("write numbers wide.csv --targets last:2", &["2 inputs and 2 targets", "2 inputs;"]),
        ("write numbers numbers.csv --targets last:2", &["1 input and 2 targets", "`--targets`"]),
        ("write m wide.csv --targets last:1", &["3 inputs and 1 target", "m learns 1 target"]),
        ("write numbers labels.csv --targets last:1 --labels", &["learns 1 number", "leave out"]),
        ("write labels labels.csv --targets last:1", &["learns labels", "add `--labels`"]),
        (
            "write m rows.csv --targets a",
            &["rows.csv, line 1, column 1", "picks a", "m learns y", "use `--targets y`"],
        ),
        (
            "write m other.csv --targets y",
            &["other.csv, line 1, column 2", "m has no input \"c\"", "inputs are a, b", "leave"],
        ),
    ];
    for (line, parts) in cases {
        let memory = line.split(' ').nth(1).unwrap();
        let before = place.bytes(memory);
        place.glam(line).fails(1, parts).fails(1, &["nothing was written"]);
        assert_eq!(place.bytes(memory), before, "{line}");
    }
}

#[test]
fn targets_that_leave_no_inputs_or_name_no_column_are_refused() {
    let place = Place::with_memory(20);
    let cases: [(&str, &[&str]); 4] = [
        ("write new rows.csv --targets last:3", &["rows.csv, line 1", "3 columns and 3 targets"]),
        ("write new rows.csv --targets first:9", &["rows.csv, line 1", "9 targets"]),
        ("write new rows.csv --targets z", &["rows.csv, line 1", "no column \"z\"", "a, b, y"]),
        ("score m rows.csv --targets y,z", &["rows.csv, line 1", "no column \"z\"", "a, b, y"]),
    ];
    for (line, parts) in cases {
        place.glam(line).fails(1, parts);
        assert!(!place.exists("new"));
    }
}

#[test]
fn a_wrong_command_line_is_status_2_and_changes_nothing() {
    let place = Place::with_memory(20);
    let before = place.bytes("m");
    for line in [
        "",
        "learn m rows.csv",
        "write m rows.csv",
        "write m --targets last:1",
        "write m rows.csv --targets last:0",
        "write m rows.csv --targets last:x",
        "write m rows.csv --targets y,,b",
        "write m rows.csv --targets y,y",
        "write m rows.csv --targets last:1 --header maybe",
        "write m rows.csv --targets last:1 --seed -1",
        "write m rows.csv --targets last:2 --labels",
        "write m rows.csv --targets y --header no",
        "score m rows.csv",
        "read m",
        "read m rows.csv --targets y",
        "inspect",
        "verify m extra",
    ] {
        let run = place.glam(line);
        assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "glam {line}: {}", run.err);
        assert!(!run.err.is_empty(), "glam {line}");
    }
    assert_eq!(place.bytes("m"), before);
}
