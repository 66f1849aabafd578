//! The configuration record: the one place that knows how a [`Config`] stands in a file.
//!
//! The bytes are those that bincode 2.0.1 makes with fixed-width little-endian integers. They are
//! frozen: a test below holds them written out, so that another encoder can take over.

use std::path::Path;

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use glam_core::Config;

use crate::error::{Error, Result};

/// The most bytes of a record; the largest configuration takes about 600.
pub(crate) const MAX_BYTES: usize = 4096;

fn encoding() -> Configuration<LittleEndian, Fixint, Limit<MAX_BYTES>> {
    bincode::config::standard()
        .with_little_endian()
        .with_fixed_int_encoding()
        .with_limit::<MAX_BYTES>()
}

/// The record of `config`; `path` is the file that it is for.
pub(crate) fn encode(config: &Config, path: &Path) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(config, encoding())
        .ok()
        .filter(|record| record.len() <= MAX_BYTES)
        .ok_or_else(|| malformed(path, "a configuration that is too long for its record", 0))
}

/// The configuration in `record`, which stands at byte `at` of `path`, checked.
pub(crate) fn decode(record: &[u8], path: &Path, at: u64) -> Result<Config> {
    let what = "the configuration record cannot be read";
    let (config, used) = bincode::serde::decode_from_slice::<Config, _>(record, encoding())
        .map_err(|_| malformed(path, what, at))?;
    if used != record.len() {
        return Err(malformed(path, "the configuration record has bytes left over", at));
    }
    config.check().map_err(|source| Error::Damaged { path: path.to_owned(), source })
}

fn malformed(path: &Path, what: &'static str, at: u64) -> Error {
    Error::Malformed { path: path.to_owned(), what, at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam_core::{Family, Precision, Rehearse, Targets};

    fn path() -> &'static Path {
        Path::new("MANIFEST")
    }

    #[test]
    fn the_bytes_of_a_configuration_are_frozen() {
        let config = Config::builder(9, Targets::Numbers(2))
            .seed(0x0102_0304_0506_0708)
            .precision(Precision::Diagonal)
            .families([Family::Hyperplane { inputs: 4 }, Family::Tree { inputs: 1 }])
            .tables(32)
            .levels([2, 6])
            .warm_up(100)
            .rehearse(Rehearse::Fixed(3))
            .history_bytes(0x0201)
            .max_bytes(0x0102_0304)
            .window(500)
            .build()
            .unwrap();
        let frozen = [
            9, 0, 0, 0, // inputs
            0, 0, 0, 0, 2, 0, 0, 0, // targets: numbers, two
            8, 7, 6, 5, 4, 3, 2, 1, // seed
            1, 0, 0, 0, // precision: diagonal
            1, 2, 0, 0, 0, 0, 0, 0, 0, // families: set, two
            0, 0, 0, 0, 4, 0, 0, 0, // hyperplane on four inputs
            1, 0, 0, 0, 1, 0, 0, 0, // tree on one input
            1, 32, 0, 0, 0, // tables: set
            0, // view: left open
            1, 2, 0, 0, 0, 0, 0, 0, 0, 2, 6, // levels: set, two
            100, 0, 0, 0, // warm-up
            1, 0, 0, 0, 3, 0, 0, 0, // rehearse: fixed, three
            1, 2, 0, 0, 0, 0, 0, 0, // bytes of history
            1, 4, 3, 2, 1, 0, 0, 0, 0, // byte limit: set
            1, 244, 1, 0, 0, // window: set
        ];
        assert_eq!(encode(&config, path()).unwrap(), frozen);
        assert_eq!(decode(&frozen, path(), 0).unwrap(), config);

        let labels = Config::builder(3, Targets::Labels).view(2).build().unwrap();
        let frozen = [
            3, 0, 0, 0, // inputs
            1, 0, 0, 0, // targets: labels
            1, 0, 0, 0, 0, 0, 0, 0, // seed
            0, 0, 0, 0, // precision: full
            0, // families: left open
            0, // tables: left open
            1, 2, 0, 0, 0, // view: set
            0, // levels: left open
            0, 4, 0, 0, // warm-up
            0, 0, 0, 0, // rehearse: auto
            0, 0, 0, 2, 0, 0, 0, 0, // bytes of history: 32 MiB
            0, // byte limit: left open
            0, // window: left open
        ];
        assert_eq!(encode(&labels, path()).unwrap(), frozen);
        assert_eq!(decode(&frozen, path(), 0).unwrap(), labels);
    }

    #[test]
    fn every_truncation_and_a_byte_too_many_are_errors() {
        let config = Config::builder(3, Targets::Labels).levels([1, 2]).build().unwrap();
        let mut record = encode(&config, path()).unwrap();
        for end in 0..record.len() {
            assert!(decode(&record[..end], path(), 0).is_err(), "{end}");
        }
        record.push(0);
        assert!(decode(&record, path(), 0).is_err());
    }

    #[test]
    fn hostile_lengths_and_settings_out_of_range_are_errors() {
        assert!(decode(&[0xFF; 64], path(), 0).is_err());
        let config = Config::builder(3, Targets::Labels).build().unwrap();
        let mut record = encode(&config, path()).unwrap();
        record[0] = 0; // no inputs
        assert!(matches!(decode(&record, path(), 0), Err(Error::Damaged { .. })));
    }

    #[test]
    fn the_longest_record_fits() {
        // Every list as long as it can be, every option set.
        let config = Config::builder(glam_core::MAX_INPUTS, Targets::Numbers(1 << 16))
            .families([Family::Hyperplane { inputs: 1 }; 64])
            .levels((0..=14).collect::<Vec<u8>>())
            .view(1)
            .tables(1)
            .build()
            .unwrap();
        let record = encode(&config, path()).unwrap();
        assert!(record.len() < 1024);
        assert_eq!(decode(&record, path(), 0).unwrap(), config);
    }
}
