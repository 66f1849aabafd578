//! `docs/design.md` against the constants.

use std::path::Path;

use glam_core::MAX_LABEL_BYTES;

use crate::erasure::layout as erasure;
use crate::log::entry::{self, layout as frame};
use crate::log::{header as log, recovery};
use crate::segment::{header as segment, slots, structure};
use crate::{Durability, FORMAT_VERSION, OLDEST_VERSION, manifest, record};

/// The rows of the first table under `heading` whose first two cells pass `keep`.
fn table(heading: &str, keep: impl Fn(&str, &str) -> bool) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/design.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    section
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .filter(|cells: &Vec<String>| keep(&cells[0], &cells[1]))
        .collect()
}

/// Fails unless the section's byte table lists `fields` and the offsets at which they start; the
/// last is open-ended.
fn check(heading: &str, fields: &[(&str, usize)]) {
    let number = |text: &str| text.parse::<usize>().ok();
    let rows = table(heading, |offset, _| number(offset).is_some());
    assert_eq!(rows.len(), fields.len(), "{heading}");
    for (row, (place, &(name, offset))) in rows.iter().zip(fields.iter().enumerate()) {
        let bytes = fields.get(place + 1).map(|&(_, next)| next - offset);
        assert_eq!(number(&row[0]), Some(offset), "{heading}: {name}");
        assert_eq!(number(&row[1]), bytes, "{heading}: {name}");
        assert_eq!(row[2], name, "{heading}");
    }
}

#[test]
fn the_documented_bytes_of_the_manifest_are_those_of_the_code() {
    check(
        "Manifest",
        &[
            ("magic", manifest::MAGIC),
            ("version", manifest::VERSION),
            ("record bytes", manifest::RECORD_BYTES),
            ("memory", manifest::MEMORY),
            ("generation", manifest::GENERATION),
            ("sequence", manifest::SEQUENCE),
            ("first log", manifest::FIRST_LOG),
            ("log", manifest::LOG),
            ("log offset", manifest::LOG_OFFSET),
            ("structure bytes", manifest::STRUCTURE_BYTES),
            ("history bytes", manifest::HISTORY_BYTES),
            ("structure checksum", manifest::STRUCTURE_CHECKSUM),
            ("history checksum", manifest::HISTORY_CHECKSUM),
            ("durability", manifest::DURABILITY),
            ("segment count", manifest::SEGMENT_COUNT),
            ("segments", manifest::SEGMENTS),
        ],
    );
    check(
        "Slot segments",
        &[
            ("number", manifest::entry::NUMBER),
            ("weights bytes", manifest::entry::WEIGHTS_BYTES),
            ("covariances bytes", manifest::entry::COVARIANCES_BYTES),
            ("weights checksum", manifest::entry::WEIGHTS_CHECKSUM),
            ("covariances checksum", manifest::entry::COVARIANCES_CHECKSUM),
            ("end", manifest::entry::BYTES),
        ],
    );
}

#[test]
fn the_documented_bytes_of_segments_and_logs_are_those_of_the_code() {
    check(
        "Segment header",
        &[
            ("magic", segment::MAGIC),
            ("version", segment::VERSION),
            ("zero", segment::ZERO),
            ("memory", segment::MEMORY),
            ("generation", segment::GENERATION),
            ("sequence", segment::SEQUENCE),
            ("count", segment::COUNT),
            ("size", segment::SIZE),
            ("body checksum", segment::BODY_CHECKSUM),
            ("checksum", segment::CHECKSUM),
            ("body", segment::BYTES),
        ],
    );
    check(
        "Log header",
        &[
            ("magic", log::MAGIC),
            ("version", log::VERSION),
            ("inputs", log::INPUTS),
            ("memory", log::MEMORY),
            ("number", log::NUMBER),
            ("first sequence", log::FIRST_SEQUENCE),
            ("targets", log::TARGETS),
            ("checksum", log::CHECKSUM),
            ("frames", log::BYTES),
        ],
    );
    let design = include_str!("../../../../docs/design.md");
    let net = format!("{} bytes follow the record", manifest::net::BYTES);
    assert!(design.contains(&net), "{net}");
    check(
        "Intent to erase",
        &[
            ("magic", erasure::MAGIC),
            ("version", erasure::VERSION),
            ("length", erasure::LENGTH),
            ("memory", erasure::MEMORY),
            ("log", erasure::LOG),
            ("offset", erasure::OFFSET),
            ("sequence", erasure::SEQUENCE),
            ("unflushed", erasure::UNFLUSHED),
            ("checksum", erasure::CHECKSUM),
            ("end", erasure::BYTES),
        ],
    );
    check(
        "Frame",
        &[
            ("length", frame::LENGTH),
            ("checksum", frame::CHECKSUM),
            ("sequence", frame::SEQUENCE),
            ("unflushed", frame::UNFLUSHED),
            ("kind", frame::KIND),
            ("input", frame::FIXED),
        ],
    );
}

#[test]
fn the_documented_numbers_are_those_of_the_code() {
    let rows = table("Numbers", |_, value| value.parse::<usize>().is_ok());
    let expected = [
        ("format version", FORMAT_VERSION as usize),
        ("oldest version that can be rebuilt", OLDEST_VERSION as usize),
        ("bytes of a line (sixteen floats)", slots::LINE_BYTES),
        ("bytes of a key", structure::KEY_BYTES),
        ("bytes of a place", structure::PLACE_BYTES),
        ("bytes of a slot's checksum", slots::CHECKSUM_BYTES),
        ("bytes of a sector", recovery::SECTOR_BYTES),
        ("most bytes of a configuration record", record::MAX_BYTES),
        ("most slot segments", manifest::MAX_SEGMENTS),
        ("most bytes of a label", MAX_LABEL_BYTES),
        ("durability: buffered", Durability::Buffered.code() as usize),
        ("durability: synced", Durability::Synced.code() as usize),
        ("frame kind: numbers", entry::KIND_NUMBERS as usize),
        ("frame kind: label", entry::KIND_LABEL as usize),
        ("frame kind: numbers with a weight", entry::KIND_WEIGHTED_NUMBERS as usize),
        ("frame kind: label with a weight", entry::KIND_WEIGHTED_LABEL as usize),
        ("frame kind: erased", entry::KIND_ERASED as usize),
    ];
    let found: Vec<(&str, usize)> =
        rows.iter().map(|row| (row[0].as_str(), row[1].parse().unwrap())).collect();
    assert_eq!(found, expected);
}
