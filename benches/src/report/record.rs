//! What is kept of a run: every trial, and what it was measured on.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Machine, ReportError};

/// Which run of a suite: on what is in the repository or generated, or on all data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Small data that need no download; minutes.
    Quick,
    /// All data sets; hours.
    Full,
}

impl Plan {
    /// `quick` in a quick run, `full` in a full one.
    pub fn pick<T>(self, quick: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Full => full,
        }
    }
}

/// What a trial is about; no two trials of a run have the same key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// The suite, as `--suite` takes it.
    pub suite: String,
    /// The part of the suite, where it has several.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// The data.
    pub set: String,
    /// Who learned it.
    pub learner: String,
    /// The place on the x axis, where trials of one learner follow one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<f64>,
    /// The seed, or the number of the split.
    pub seed: u64,
}

impl Key {
    /// The key of a trial of `suite`.
    #[must_use]
    pub fn new(suite: &str, part: &str, set: &str, learner: &str, seed: u64) -> Self {
        let [suite, part, set, learner] = [suite, part, set, learner].map(str::to_owned);
        Self { suite, part, set, learner, at: None, seed }
    }

    /// The same at a place on the x axis.
    #[must_use]
    pub fn at(self, at: f64) -> Self {
        Self { at: Some(at), ..self }
    }
}

/// Named figures, in the units that the names say.
pub type Figures = BTreeMap<String, f64>;

/// What was measured on the way.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Rows learned so far.
    pub rows: f64,
    /// Seconds of learning so far.
    pub seconds: f64,
    /// The measure there.
    pub measure: f64,
}

/// What a trial found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Found {
    /// The figures. One that is not finite is not kept.
    pub figures: Figures,
    /// What was measured on the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<Point>,
    /// A matrix, row by row: of a stream of tasks, the accuracy on each task (column) after each (row).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matrix: Vec<Vec<f64>>,
    /// Gray pictures, row by row, one byte a pixel; of squares.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Vec<u8>>,
    /// The learner's setting, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub setting: String,
}

impl Found {
    /// Adds a figure.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        if value.is_finite() {
            self.figures.insert(name.to_owned(), value);
        }
        self
    }

    /// Whether all that was measured on the way is finite, as figures are.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let points =
            self.points.iter().flat_map(|point| [point.rows, point.seconds, point.measure]);
        points.chain(self.matrix.iter().flatten().copied()).all(f64::is_finite)
    }

    /// With the learner's setting in words.
    #[must_use]
    pub fn set(mut self, setting: impl Into<String>) -> Self {
        self.setting = setting.into();
        self
    }
}

/// A trial and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// What it was about.
    #[serde(flatten)]
    pub key: Key,
    /// What it found; nothing where it failed.
    #[serde(flatten)]
    pub found: Found,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Seconds that all of it took, data and judging included.
    pub took: f64,
}

/// The form of results and trials that is written and read.
pub const FORMAT: u32 = 1;

/// What a run was, and all that it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this form: [`FORMAT`].
    pub format: u32,
    /// Version of GLAM.
    pub version: String,
    /// Which run it was.
    pub plan: Plan,
    /// The command that makes it again.
    pub command: String,
    /// What it ran on.
    pub machine: Machine,
    /// What is to be known of how it was measured, in words of whoever ran it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Every trial, in the order of the suites.
    pub trials: Vec<Trial>,
}

impl Results {
    /// Reads results that a run has written.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be read, or is not such a file.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let text = std::fs::read_to_string(path).map_err(ReportError::io(path))?;
        let malformed = |source: serde_json::Error| ReportError::Malformed {
            path: path.to_owned(),
            line: source.line(),
            source,
        };
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let Head { format } = serde_json::from_str(&text).map_err(malformed)?;
        if format != FORMAT {
            return Err(ReportError::Format {
                path: path.to_owned(),
                found: format,
                wanted: FORMAT,
            });
        }
        serde_json::from_str(&text).map_err(malformed)
    }

    /// The form in which they are read.
    ///
    /// # Errors
    ///
    /// Returns an error if a number is not finite.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        // A trial a line: a change of one is a line of a difference.
        let mut whole = serde_json::to_value(self)?;
        let trials = whole.get_mut("trials").map(serde_json::Value::take).unwrap_or_default();
        let trials = trials.as_array().cloned().unwrap_or_default();
        let lines = trials.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        let head = serde_json::to_string_pretty(&whole)?;
        Ok(head.replace("\"trials\": null", &format!("\"trials\": [\n{}\n]", lines.join(",\n")))
            + "\n")
    }

    /// The trials of a part of a suite, failures among them.
    pub fn of<'a>(&'a self, suite: &'a str, part: &'a str) -> impl Iterator<Item = &'a Trial> {
        self.trials.iter().filter(move |t| t.key.suite == suite && t.key.part == part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> Results {
        let key = Key::new("recall", "capacity", "signs", "a learner", 1).at(0.1);
        let found = Found::default().with("rmse", 0.1).with("not kept", f64::NAN).set("none");
        let trial = Trial { key: key.clone(), found, failure: None, took: 1.5 };
        let failed =
            Trial { key, found: Found::default(), failure: Some("no".to_owned()), took: 0.0 };
        Results {
            format: FORMAT,
            version: "0.1.0".to_owned(),
            plan: Plan::Quick,
            notes: vec!["a note".to_owned()],
            command: "a command".to_owned(),
            machine: Machine::this(),
            trials: vec![trial, failed],
        }
    }

    #[test]
    fn results_are_read_as_they_were_written_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Results::read(&path).map_err(|error| error.to_string())
        };
        let text = results().to_json().unwrap();
        assert_eq!(read(&text).unwrap(), results());
        let other = text.replacen("\"format\": 1", "\"format\": 2", 1);
        let refused = read(&other).unwrap_err();
        assert!(
            refused.ends_with("results of format 2, and this program reads format 1"),
            "{refused}"
        );
        for end in (0..text.len() - 1).step_by(7) {
            let refused = read(&text[..end]).unwrap_err();
            assert!(refused.contains("results.json, line "), "{end}: {refused}");
        }
        assert!(Results::read(&folder.path().join("none")).is_err());
    }
}
