//! Pages: how often they were asked for, and files whose pages the system lets go.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use rustix::fs::{Advice, fadvise};

/// Page faults of this process so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Those served from memory.
    pub minor: u64,
    /// Those that waited for the disk.
    pub major: u64,
}

impl Faults {
    /// Up to now; nothing where the system does not tell.
    #[must_use]
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        // Behind the name, which may hold spaces: fields 10 and 12 of all are 7 and 9 of these.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        let field = |at: usize| fields.get(at).and_then(|field| field.parse().ok()).unwrap_or(0);
        Self { minor: field(7), major: field(9) }
    }

    /// Those since `before`.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self { minor: self.minor - before.minor, major: self.major - before.major }
    }
}

/// Lets the pages of all files of `dir` go: they are handed to the disk, and the system is asked to
/// forget them. Pages that a process has mapped stay.
///
/// # Errors
/// What the system says.
pub fn let_go(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let file = File::open(entry?.path())?;
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_memory_for_the_first_time_faults() {
        let before = Faults::now();
        let mut memory = vec![0_u8; 64 << 20];
        memory.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        assert!(std::hint::black_box(memory)[4096] == 1);
        let since = Faults::now().since(before);
        // As few as one for two megabytes, where pages are huge.
        assert!(since.minor >= 32, "{since:?}");
    }

    #[test]
    fn files_stay_what_they_are() {
        let temporary = tempfile::tempdir().unwrap();
        let path = temporary.path().join("file");
        fs::write(&path, [7; 10_000]).unwrap();
        let_go(temporary.path()).unwrap();
        assert_eq!(fs::read(path).unwrap(), [7; 10_000]);
    }
}
