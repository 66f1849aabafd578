//! Programs that take turns with GLAM, and the numbers that they print.

use std::process::Command;

/// What the shell prints for `command`.
///
/// # Errors
///
/// Says what the command said where it does not start or ends with a failure.
pub fn printed(command: &str) -> Result<String, String> {
    let output = Command::new("sh").args(["-c", command]).output();
    let output = output.map_err(|error| format!("the shell does not start: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(printed);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{command}` failed with {}: {printed}{said}", output.status))
}

/// The number after the first word that is `word`.
#[must_use]
pub fn number_after(printed: &str, word: &str) -> Option<f64> {
    let mut words = printed.split_whitespace().skip_while(|&at| at != word);
    words.nth(1)?.parse().ok()
}

/// The number before the first word that begins with `unit`, or right before it in one word.
#[must_use]
pub fn number_before(printed: &str, unit: &str) -> Option<f64> {
    let mut before = None;
    for word in printed.split_whitespace() {
        match word.find(unit) {
            Some(0) => return before?,
            Some(at) if word[..at].parse::<f64>().is_ok() => return word[..at].parse().ok(),
            _ => before = Some(word.parse().ok()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_words() {
        let printed = "kin8nm dense validation 0.07 test 0.0719 se 0.0 [(0, 1.5)]\n";
        assert_eq!(number_after(printed, "test"), Some(0.0719));
        assert_eq!(number_before("16s", "s"), Some(16.0));
        assert_eq!(number_before("accuracy .87, 17344 writes/s, 3.5 s", "writes/s"), Some(17344.0));
        for wrong in ["", "test", "test well", "writes/s"] {
            assert_eq!(number_after(wrong, "test"), None, "{wrong}");
            assert_eq!(number_before(wrong, "writes/s"), None, "{wrong}");
        }
    }

    #[test]
    fn a_command_that_fails_says_so() {
        assert_eq!(printed("echo 3 writes/s").as_deref(), Ok("3 writes/s\n"));
        let said = printed("echo 3; echo no >&2; exit 3").unwrap_err();
        assert!(said.contains("exit 3") && said.contains("no\n"), "{said}");
    }
}
