//! CSV as it comes from other programs.

use crate::place::{Place, product};

#[test]
fn line_ends_marks_quotes_spaces_and_blank_lines_change_nothing() {
    let plain = format!("a,b,y\n{}", product(0, 60));
    let spaced = plain.replace(',', " ,\t ").replace('\n', "  \n");
    let quoted: String =
        plain.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect();
    let files = [
        ("windows", plain.replace('\n', "\r\n")),
        ("mark", format!("\u{feff}{plain}")),
        ("unfinished", plain.trim_end().to_owned()),
        ("blank", format!("{plain}\n\r\n  \n")),
        ("spaced", spaced),
        ("quoted", quoted),
    ];
    let place = Place::new();
    place.file("plain.csv", &plain);
    place.glam("write plain plain.csv --targets y").succeeds();
    let expected = place.glam("read plain plain.csv").succeeds().out;
    for (name, text) in &files {
        place.file(&format!("{name}.csv"), text);
        place.glam(&format!("write {name} {name}.csv --targets y")).succeeds();
        let out = place.glam(&format!("read {name} {name}.csv")).succeeds().out;
        assert_eq!(out, expected, "{name}");
    }
}

#[test]
fn line_numbers_are_right_with_windows_line_ends_and_quoted_ones() {
    let place = Place::new();
    place.file("windows.csv", "a,b,y\r\n1,2,3\r\n4,1e99,6\r\n");
    place.glam("write m windows.csv --targets y").fails(1, &["windows.csv, line 3, column 2"]);
    place.file("quoted.csv", "a,\"b\n(in m)\",y\n1,2,3\n4,1e99,6\n");
    let parts = ["quoted.csv, line 4, column 2", "(\"b\\n(in m)\")"];
    place.glam("write m quoted.csv --targets y").fails(1, &parts);
}

#[test]
fn numbers_are_read_in_every_usual_form() {
    let place = Place::new();
    place.file("rows.csv", "+1,.5,1e2\n-2.,3E-1,-0\n1e-50,3.4028235e38,007\n");
    place.glam("write m rows.csv --targets last:1").succeeds();
}

#[test]
fn a_header_is_told_from_data() {
    let place = Place::new();
    // Names, the header option, and how many rows are learned.
    for (text, options, rows) in [
        ("1,2,3\n4,5,6\n", "--targets last:1", "2 rows"),
        ("a,b,y\n1,2,3\n4,5,6\n", "--targets last:1", "2 rows"),
        ("a,b,y\n1,2,3\n4,5,6\n", "--targets last:1 --header yes", "2 rows"),
        ("1,2,3\n4,5,6\n7,8,9\n", "--targets last:1 --header yes", "2 rows"),
        ("1,2,3\n4,5,6\n7,8,9\n", "--targets 3", "2 rows"),
        ("1,2,3\n4,5,6\n", "--targets last:1 --header no", "2 rows"),
        ("1,2,red\n4,5,blue\n", "--targets last:1 --labels", "2 rows"),
        ("a,b,c\n1,2,red\n4,5,blue\n", "--targets last:1 --labels", "2 rows"),
        ("c,a,b\n7,1,2\n8,4,5\n", "--targets first:1 --labels", "2 rows"),
        (",a,y\n0,1,2\n1,4,5\n", "--targets y", "2 rows"),
    ] {
        place.file("rows.csv", text);
        let run = place.glam(&format!("write m rows.csv {options}")).succeeds();
        assert!(run.err.starts_with(&format!("glam: {rows} learned")), "{text:?}: {}", run.err);
        std::fs::remove_dir_all(place.path("m")).unwrap();
    }
}
