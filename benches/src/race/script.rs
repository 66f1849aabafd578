//! Starts a Python program of `benches/python`, hears it out, and passes numbers through files.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::RaceError;

/// Runs a script on a folder to its end; `understand` is given each line that it prints, and tells
/// whether it is one of those agreed on.
pub(super) fn hear(
    python: &Path,
    script: &'static str,
    folder: &Path,
    arguments: &[(&str, String)],
    understand: &mut dyn FnMut(&str) -> bool,
) -> Result<(), RaceError> {
    let said = folder.join("stderr");
    let stderr = fs::File::create(&said).map_err(io(&said))?;
    let words = arguments.iter().flat_map(|(name, value)| [OsStr::new(name), OsStr::new(value)]);
    let mut child = Command::new(python)
        // Without files of compiled code beside the scripts.
        .arg("-B")
        .arg(scripts().join(script))
        .arg(folder)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .map(Running)
        .map_err(io(python))?;
    if let Some(stdout) = child.0.stdout.take() {
        listen(stdout, script, understand)?;
    }
    let status = child.0.wait().map_err(io(python))?;
    if !status.success() {
        let said = fs::read_to_string(&said).unwrap_or_default();
        let last = said.trim_end().lines().last().unwrap_or("it said nothing").to_owned();
        return Err(RaceError::Script { script, reason: format!("{status}: {last}") });
    }
    Ok(())
}

/// A process that does not outlive its race.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended already, and then both do nothing.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> RaceError {
    let path = path.to_owned();
    move |source| RaceError::Io { path, source }
}

/// Reads what the script prints until it ends.
fn listen(
    stdout: ChildStdout,
    script: &'static str,
    understand: &mut dyn FnMut(&str) -> bool,
) -> Result<(), RaceError> {
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(io(script.as_ref()))?;
        if !understand(&line) {
            return Err(RaceError::Script { script, reason: format!("it printed {line:?}") });
        }
    }
    Ok(())
}

/// A folder for the files of one script, which goes with the value.
pub(super) fn temporary_folder() -> Result<tempfile::TempDir, RaceError> {
    tempfile::tempdir().map_err(io(&std::env::temp_dir()))
}

/// Writes numbers as little-endian f32.
pub(super) fn write_numbers(
    path: &Path,
    values: impl Iterator<Item = f32>,
) -> Result<(), RaceError> {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    fs::write(path, bytes).map_err(io(path))
}

/// Reads what was written so; nothing if it ends within a number.
pub(super) fn read_numbers(path: &Path) -> Result<Option<Vec<f32>>, RaceError> {
    let bytes = fs::read(path).map_err(io(path))?;
    let (numbers, rest) = bytes.as_chunks();
    let values = numbers.iter().copied().map(f32::from_le_bytes).collect();
    Ok(rest.is_empty().then_some(values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written_and_not_in_pieces() {
        let folder = temporary_folder().unwrap();
        let path = folder.path().join("numbers");
        let values = [0.0, -1.5, f32::MIN_POSITIVE];
        write_numbers(&path, values.into_iter()).unwrap();
        assert_eq!(read_numbers(&path).unwrap().as_deref(), Some(&values[..]));
        fs::write(&path, [0; 7]).unwrap();
        assert_eq!(read_numbers(&path).unwrap(), None);
        let missing = read_numbers(&folder.path().join("none")).unwrap_err();
        assert!(matches!(missing, RaceError::Io { .. }), "{missing}");
    }
}
