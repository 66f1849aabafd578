//! What a run was measured on.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

/// Versions by what they are of.
pub type Versions = BTreeMap<String, String>;

/// The machine and the versions of what takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor, as it names itself.
    pub processor: String,
    /// Processors that the run may use.
    pub cores: usize,
    /// Memory, in MiB.
    pub memory_mib: u64,
    /// Operating system and architecture.
    pub system: String,
    /// Whether the program was built with optimisations as a release is.
    pub release: bool,
    /// Versions of the compiler and of what GLAM is held against, by name.
    #[serde(default)]
    pub versions: Versions,
    /// The day on which the run began, as year-month-day (UTC).
    pub day: String,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn this() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let line = |text: &str, name: &str| {
            let mut found = text.lines().filter(|line| line.starts_with(name));
            let value = found.next()?.split_once(':')?.1;
            Some(value.trim().to_owned())
        };
        let memory = line(&read("/proc/meminfo"), "MemTotal");
        let kib = memory.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        Self {
            processor: line(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib.unwrap_or(0) / 1024,
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            release: !cfg!(debug_assertions),
            versions: versions(),
            day: day(std::time::SystemTime::now()),
        }
    }
}

/// Crates that learners of the report rest on.
const CRATES: [&str; 3] = ["candle-core", "faer", "hnsw_rs"];
/// Packages of the learners that are Python programs.
const PACKAGES: [&str; 4] = ["lightgbm", "numpy", "river", "scikit-learn"];

/// The compiler, and the crates that the workspace's lock file names.
fn versions() -> Versions {
    let mut lines = include_str!("../../../Cargo.lock").lines();
    let mut found = Versions::new();
    while let Some(line) = lines.next() {
        let value = |line: &str, key: &str| {
            Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.trim_end_matches('"').to_owned())
        };
        let name = value(line, "name").filter(|name| CRATES.contains(&name.as_str()));
        if let Some(name) = name
            && let Some(version) = lines.next().and_then(|line| value(line, "version"))
        {
            found.insert(name, version);
        }
    }
    let compiler = env!("GLAM_RUSTC").trim_start_matches("rustc ");
    found.insert("rustc".to_owned(), compiler.to_owned());
    found
}

/// The versions of Python itself and of those packages that learners need, as `python` tells them; nothing of
/// what it has not.
#[must_use]
pub fn python_versions(python: &Path) -> Versions {
    const ASK: &str = "import sys, platform, importlib.metadata as m\n\
        print('Python', platform.python_version())\n\
        for name in sys.argv[1:]:\n\
        \x20try: print(name, m.version(name))\n\
        \x20except m.PackageNotFoundError: pass\n";
    let said = Command::new(python).args(["-c", ASK]).args(PACKAGES).output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned());
    let said = said.unwrap_or_default();
    let pairs = said.lines().filter_map(|line| line.split_once(' '));
    pairs.map(|(name, version)| (name.to_owned(), version.to_owned())).collect()
}

/// The UTC day of a moment in the Gregorian calendar, from its count of days since 1970-03-01 (Howard
/// Hinnant, "chrono-compatible low-level date algorithms").
fn day(moment: std::time::SystemTime) -> String {
    let seconds = moment.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn versions_are_those_of_the_lock_file_and_a_python_that_is_not_there_has_none() {
        let found = versions();
        for name in CRATES.into_iter().chain(["rustc"]) {
            let version = &found[name];
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{name} {version:?}");
        }
        assert_eq!(found.len(), 4);
        assert!(python_versions(Path::new("no/such/python")).is_empty());
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let of = |seconds| day(UNIX_EPOCH + Duration::from_secs(seconds));
        // From `date -u -d @SECONDS +%F`.
        assert_eq!(of(0), "1970-01-01");
        assert_eq!(of(951_782_400), "2000-02-29");
        assert_eq!(of(951_868_799), "2000-02-29");
        assert_eq!(of(951_868_800), "2000-03-01");
        assert_eq!(of(4_102_444_799), "2099-12-31");
    }
}
