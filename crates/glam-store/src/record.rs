//! The configuration record: the one place that knows how a [`Config`] stands in a file.
//!
//! The bytes are those that bincode 2.0.1 makes with fixed-width little-endian integers. They are
//! frozen: a test below holds them written out, so that another encoder can take over.

use std::borrow::Cow;
use std::path::Path;

use bincode::config::{Configuration, Fixint, Limit, LittleEndian};
use glam_core::{Config, DEFAULT_HISTORY_BYTES};

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

/// The configuration in `record`, of format version `version`, which stands at byte `at` of `path`.
/// It is checked unless the memory is built on a net: then that is joined first.
pub(crate) fn decode(
    record: &[u8],
    version: u32,
    has_net: bool,
    path: &Path,
    at: u64,
) -> Result<Config> {
    let what = "the configuration record cannot be read";
    let mut record = Cow::Borrowed(record);
    if version == 1 {
        record.to_mut().extend(since_version_1());
    }
    let (config, used) = bincode::serde::decode_from_slice::<Config, _>(&record, encoding())
        .map_err(|_| malformed(path, what, at))?;
    if used != record.len() {
        return Err(malformed(path, "the configuration record has bytes left over", at));
    }
    if has_net {
        return Ok(config);
    }
    config.check().map_err(|source| Error::Damaged { path: path.to_owned(), source })
}

/// What a record has behind the fields of version 1, with the settings that such a memory gets:
/// rehearse as the stream demands, the default history, no byte limit, no window.
fn since_version_1() -> impl Iterator<Item = u8> {
    [0; 4].into_iter().chain(DEFAULT_HISTORY_BYTES.to_le_bytes()).chain([0, 0])
}

fn malformed(path: &Path, what: &'static str, at: u64) -> Error {
    Error::Malformed { path: path.to_owned(), what, at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FORMAT_VERSION;
    use glam_core::{ConfigBuilder, Family, Precision, Rehearse, Targets};

    fn path() -> &'static Path {
        Path::new("MANIFEST")
    }

    fn decoded(record: &[u8]) -> Result<Config> {
        decode(record, FORMAT_VERSION, false, path(), 0)
    }

    /// A configuration that sets almost everything, and its fields of version 1.
    fn numbers() -> (ConfigBuilder, Vec<u8>) {
        let builder = Config::builder(9, Targets::Numbers(2))
            .seed(0x0102_0304_0506_0708)
            .precision(Precision::Diagonal)
            .families([Family::Hyperplane { inputs: 4 }, Family::Tree { inputs: 1 }])
            .tables(32)
            .levels([2, 6])
            .warm_up(100);
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
        ];
        (builder, frozen.to_vec())
    }

    /// A configuration that sets almost nothing, and its fields of version 1.
    fn labels() -> (ConfigBuilder, Vec<u8>) {
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
        ];
        (Config::builder(3, Targets::Labels).view(2), frozen.to_vec())
    }

    #[test]
    fn the_bytes_of_a_configuration_are_frozen() {
        let (builder, mut frozen) = numbers();
        let config = builder
            .rehearse(Rehearse::Fixed(3))
            .history_bytes(0x0000_0908_0706_0504)
            .max_bytes(0x0001_0203_0405_0607)
            .window(0x0A0B_0C0D)
            .build()
            .unwrap();
        frozen.extend([
            1, 0, 0, 0, 3, 0, 0, 0, // rehearse: fixed, three a write
            4, 5, 6, 7, 8, 9, 0, 0, // history bytes
            1, 7, 6, 5, 4, 3, 2, 1, 0, // byte limit: set
            1, 0x0D, 0x0C, 0x0B, 0x0A, // window: set
        ]);
        assert_eq!(encode(&config, path()).unwrap(), frozen);
        assert_eq!(decoded(&frozen).unwrap(), config);

        let (builder, mut frozen) = labels();
        let config = builder.build().unwrap();
        frozen.extend([
            0, 0, 0, 0, // rehearse: auto
            0, 0, 0, 2, 0, 0, 0, 0, // history bytes: 32 MiB
            0, // byte limit: left open
            0, // window: left open
        ]);
        assert_eq!(encode(&config, path()).unwrap(), frozen);
        assert_eq!(decoded(&frozen).unwrap(), config);
    }

    #[test]
    fn a_record_of_version_1_gets_the_defaults_of_what_it_lacks() {
        for (builder, frozen) in [numbers(), labels()] {
            assert_eq!(decode(&frozen, 1, false, path(), 0).unwrap(), builder.build().unwrap());
            // In a record of today those fields would be missing.
            assert!(decoded(&frozen).is_err());
            for end in 0..frozen.len() {
                assert!(decode(&frozen[..end], 1, false, path(), 0).is_err(), "{end}");
            }
            let mut longer = frozen;
            longer.push(0);
            assert!(decode(&longer, 1, false, path(), 0).is_err());
        }
    }

    #[test]
    fn every_truncation_and_a_byte_too_many_are_errors() {
        let config = Config::builder(3, Targets::Labels).levels([1, 2]).build().unwrap();
        let mut record = encode(&config, path()).unwrap();
        for end in 0..record.len() {
            assert!(decoded(&record[..end]).is_err(), "{end}");
        }
        record.push(0);
        assert!(decoded(&record).is_err());
    }

    #[test]
    fn hostile_lengths_and_settings_out_of_range_are_errors() {
        assert!(decoded(&[0xFF; 64]).is_err());
        let config = Config::builder(3, Targets::Labels).build().unwrap();
        let mut record = encode(&config, path()).unwrap();
        record[0] = 0; // no inputs
        assert!(matches!(decoded(&record), Err(Error::Damaged { .. })));
    }

    #[test]
    fn the_longest_record_fits() {
        // Every list as long as it can be, every option set.
        let config = Config::builder(glam_core::MAX_INPUTS, Targets::Numbers(1 << 16))
            .families([Family::Hyperplane { inputs: 1 }; 64])
            .levels((0..=14).collect::<Vec<u8>>())
            .view(1)
            .tables(1)
            .rehearse(Rehearse::Fixed(1))
            .max_bytes(1 << 30)
            .window(100)
            .build()
            .unwrap();
        let record = encode(&config, path()).unwrap();
        assert!(record.len() < 1024);
        assert_eq!(decoded(&record).unwrap(), config);
    }
}
