//! The names of a memory's files.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// The end of a name while the file is being written.
const UNFINISHED: &str = ".new";

/// What a file of a memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Manifest,
    /// The same bytes once more, for a repair.
    ManifestCopy,
    Lock,
    /// The net that the memory is built on.
    Net,
    /// The intent to erase an observation.
    Erase,
    /// Everything but the slots, and the keys, of a generation.
    Structure(u64),
    /// The slots' weights of a generation.
    Weights(u64),
    /// The slots' covariances of a generation.
    Covariances(u64),
    /// The observations of a generation that are kept to be rehearsed.
    History(u64),
    /// A log file, by its number.
    Log(u64),
    /// A file of this crate that was never finished.
    Unfinished,
}

impl Name {
    pub(crate) fn in_directory(self, directory: &Path) -> PathBuf {
        directory.join(self.to_string())
    }

    /// What `name` stands for; `None` for a name that this crate does not give.
    pub(crate) fn parse(name: &OsStr) -> Option<Self> {
        let name = name.to_str()?;
        if let Some(stem) = name.strip_suffix(UNFINISHED) {
            let known = !matches!(Self::parse(OsStr::new(stem))?, Self::Unfinished);
            return known.then_some(Self::Unfinished);
        }
        let parsed = match name.split_once('-') {
            None if name == "MANIFEST" => Self::Manifest,
            None if name == "MANIFEST.copy" => Self::ManifestCopy,
            None if name == "LOCK" => Self::Lock,
            None if name == "NET" => Self::Net,
            None if name == "ERASE" => Self::Erase,
            Some(("structure", number)) => Self::Structure(number.parse().ok()?),
            Some(("weights", number)) => Self::Weights(number.parse().ok()?),
            Some(("covariances", number)) => Self::Covariances(number.parse().ok()?),
            Some(("history", number)) => Self::History(number.parse().ok()?),
            Some(("log", number)) => Self::Log(number.parse().ok()?),
            _ => return None,
        };
        // `log-007` and `log-+7` parse too, but this crate did not name them.
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest => f.write_str("MANIFEST"),
            Self::ManifestCopy => f.write_str("MANIFEST.copy"),
            Self::Lock => f.write_str("LOCK"),
            Self::Net => f.write_str("NET"),
            Self::Erase => f.write_str("ERASE"),
            Self::Structure(generation) => write!(f, "structure-{generation}"),
            Self::Weights(generation) => write!(f, "weights-{generation}"),
            Self::Covariances(generation) => write!(f, "covariances-{generation}"),
            Self::History(generation) => write!(f, "history-{generation}"),
            Self::Log(number) => write!(f, "log-{number}"),
            Self::Unfinished => f.write_str(UNFINISHED),
        }
    }
}

/// The name of `path` while it is being written.
pub(crate) fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_and_others_are_not_ours() {
        for name in [
            Name::Manifest,
            Name::ManifestCopy,
            Name::Lock,
            Name::Net,
            Name::Erase,
            Name::Structure(1),
            Name::Weights(2),
            Name::Covariances(u64::MAX),
            Name::History(3),
            Name::Log(10),
        ] {
            assert_eq!(Name::parse(OsStr::new(&name.to_string())), Some(name));
            let unfinished = unfinished(&name.in_directory(Path::new("")));
            assert_eq!(Name::parse(unfinished.as_os_str()), Some(Name::Unfinished));
        }
        for other in ["manifest", "log-", "log-007", "log-+7", "log-7.new.new", ".new", "a-1", "x"]
        {
            assert_eq!(Name::parse(OsStr::new(other)), None, "{other}");
        }
    }
}
