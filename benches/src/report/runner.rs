//! Measures trials once each, keeps what they found, and goes on where it was interrupted.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::{Deserialize, Serialize};

use super::{FORMAT, Found, Key, Machine, Plan, ReportError, Trial, Versions};

/// Where the trials of a run are kept, inside its folder: the run in the first line, then a trial a
/// line.
const TRIALS: &str = "trials.jsonl";

/// What must be the same for trials to be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    format: u32,
    version: String,
    plan: Plan,
    machine: Machine,
}

impl Run {
    fn this(plan: Plan, python: Versions) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut machine = Machine::this();
        machine.versions.extend(python);
        Self { format: FORMAT, version, plan, machine }
    }

    /// Trials of one machine are one run, on whichever days they are made; what it says of its memory
    /// differs a little from boot to boot. Versions that both know are the same: a Python may be given for
    /// some suites alone.
    fn goes_on(&self, other: &Self) -> bool {
        let known = |name: &String| self.machine.versions.get(name);
        let is_same = |(name, version)| known(name).is_none_or(|own: &String| own == version);
        let Machine { day, memory_mib, versions, .. } = other.machine.clone();
        let same = versions.iter().all(is_same);
        let machine = Machine { day, memory_mib, versions, ..self.machine.clone() };
        same && Self { machine, ..self.clone() } == *other
    }

    fn words(&self) -> String {
        let Self { version, plan, machine, .. } = self;
        let build = if machine.release { "release" } else { "debug" };
        let with = machine.versions.iter().map(|(name, version)| format!(", {name} {version}"));
        format!(
            "{} run of {version}, {build} build, {} x {}{}",
            plan.pick("quick", "full"),
            machine.cores,
            machine.processor,
            with.collect::<String>()
        )
    }
}

/// Runs trials.
pub struct Runner {
    plan: Plan,
    run: Run,
    path: PathBuf,
    /// Nothing while trials are counted.
    file: Option<File>,
    kept: Vec<Trial>,
    /// The keys of all trials, in the order of the suites.
    order: Vec<Key>,
    counted: u64,
    bar: ProgressBar,
}

impl Runner {
    /// A runner that keeps its trials in the folder `out`, and does not repeat those that are kept
    /// there, but for failures. `python` is what the Python that is given, if one is, says of its versions.
    ///
    /// # Errors
    ///
    /// Returns an error if the folder cannot be written, or holds another run.
    pub fn new(plan: Plan, out: &Path, python: Versions) -> Result<Self, ReportError> {
        fs::create_dir_all(out).map_err(ReportError::io(out))?;
        let path = out.join(TRIALS);
        let mut run = Run::this(plan, python);
        let mut kept = Vec::new();
        match fs::read_to_string(&path) {
            Ok(text) => {
                let (found, trials) = read(&path, &text)?;
                if let Some(found) = found {
                    if !found.goes_on(&run) {
                        let (found, wanted) = (found.words(), run.words());
                        return Err(ReportError::OtherRun { path, found, wanted });
                    }
                    let python = run.machine.versions;
                    (run, kept) = (found, trials);
                    run.machine.versions.extend(python);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(ReportError::io(&path)(error)),
        }
        kept.retain(|trial| trial.failure.is_none());
        // Written anew, so that a line that was cut off and failures are gone, beside what there is: a
        // disk that is full now takes nothing of it.
        let mut lines = line(&run);
        kept.iter().for_each(|trial| lines.push_str(&line(trial)));
        let beside = path.with_extension("new");
        fs::write(&beside, lines).map_err(ReportError::io(&beside))?;
        fs::rename(&beside, &path).map_err(ReportError::io(&path))?;
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let order = Vec::new();
        Ok(Self { plan, run, path, file: None, kept, order, counted: 0, bar })
    }

    /// Which run it is.
    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Runs the suites of `run`: first without measuring, to count the trials, then for good. Draws a
    /// bar on the error stream where that is a terminal, and lines where it is not.
    ///
    /// # Errors
    ///
    /// Returns an error if the file of trials cannot be written.
    pub fn run(
        mut self,
        mut suites: impl FnMut(&mut Self) -> Result<(), ReportError>,
    ) -> Result<Vec<Trial>, ReportError> {
        suites(&mut self)?;
        let total = std::mem::take(&mut self.counted);
        let file = OpenOptions::new().append(true).open(&self.path);
        self.file = Some(file.map_err(ReportError::io(&self.path))?);
        self.bar = ProgressBar::new(total);
        let style = "{elapsed:>4} [{bar:30}] {pos}/{len} {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.enable_steady_tick(Duration::from_millis(500));
        suites(&mut self)?;
        self.bar.finish_and_clear();
        // Whatever was measured when: one that failed before comes last. Trials of suites that were not
        // asked for stay in front.
        let place = |trial: &Trial| self.order.iter().position(|key| *key == trial.key);
        self.kept.sort_by_cached_key(place);
        Ok(self.kept)
    }

    /// What it runs on.
    #[must_use]
    pub fn machine(&self) -> &Machine {
        &self.run.machine
    }

    /// Measures one trial, unless it is kept already. An error or a panic of `measure` is kept as a
    /// failure.
    ///
    /// # Errors
    ///
    /// Returns an error if the file of trials cannot be written.
    pub fn trial(
        &mut self,
        key: Key,
        measure: impl FnOnce() -> Result<Found, Box<dyn Error>>,
    ) -> Result<(), ReportError> {
        self.counted += 1;
        let Some(file) = &mut self.file else {
            self.order.push(key);
            return Ok(());
        };
        if self.kept.iter().any(|trial| trial.key == key) {
            self.bar.inc(1);
            return Ok(());
        }
        let name = name(&key);
        self.bar.set_message(name.clone());
        let started = Instant::now();
        let ended = catch_unwind(AssertUnwindSafe(measure));
        let (found, failure) = match ended {
            Ok(Ok(found)) if found.is_finite() => (found, None),
            Ok(Ok(_)) => (Found::default(), Some("it found what is not a number".to_owned())),
            Ok(Err(error)) => (Found::default(), Some(error.to_string())),
            Err(panic) => {
                let said = panic.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
                (Found::default(), Some(said.unwrap_or("it panicked").to_owned()))
            }
        };
        let trial = Trial { key, found, failure, took: started.elapsed().as_secs_f64() };
        if self.bar.is_hidden() {
            let state =
                trial.failure.as_ref().map_or(String::new(), |why| format!(": failed: {why}"));
            eprintln!(
                "{}/{} {name}, {:.1} s{state}",
                self.counted,
                self.bar.length().unwrap_or(0),
                trial.took
            );
        } else if let Some(why) = &trial.failure {
            self.bar.suspend(|| eprintln!("{name}: failed: {why}"));
        }
        file.write_all(line(&trial).as_bytes()).map_err(ReportError::io(&self.path))?;
        self.kept.push(trial);
        self.bar.inc(1);
        Ok(())
    }
}

fn name(key: &Key) -> String {
    let Key { suite, part, set, learner, at, seed } = key;
    let part = if part.is_empty() { String::new() } else { format!(" {part}") };
    let at = at.map_or(String::new(), |at| format!(" at {at}"));
    format!("{suite}{part}: {learner} on {set}{at}, seed {seed}")
}

fn line(value: &impl Serialize) -> String {
    // Maps have strings as keys, and numbers are finite: nothing that JSON cannot hold.
    let text = serde_json::to_string(value).unwrap_or_default();
    format!("{text}\n")
}

/// The run and the trials of a file; a last line that was cut off is none.
fn read(path: &Path, text: &str) -> Result<(Option<Run>, Vec<Trial>), ReportError> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines().enumerate();
    let malformed = |number: usize| {
        let path = path.to_owned();
        move |source| ReportError::Malformed { path, line: number + 1, source }
    };
    let Some((number, first)) = lines.next() else { return Ok((None, Vec::new())) };
    let run = serde_json::from_str(first).map_err(malformed(number))?;
    let trials = lines
        .map(|(number, line)| serde_json::from_str(line).map_err(malformed(number)))
        .collect::<Result<_, _>>()?;
    Ok((Some(run), trials))
}

#[cfg(test)]
mod tests {
    use super::super::{Figures, Point};
    use super::*;
    use std::cell::Cell;

    fn key(learner: &str) -> Key {
        Key::new("recall", "", "signs", learner, 1)
    }

    #[test]
    fn what_was_kept_is_not_measured_again_and_failures_are() {
        let folder = tempfile::tempdir().unwrap();
        let measured = Cell::new(0);
        let run = || {
            Runner::new(Plan::Quick, folder.path(), Versions::new()).unwrap().run(|runner| {
                runner.trial(key("good"), || {
                    measured.set(measured.get() + 1);
                    Ok(Found::default().with("rmse", 0.5).with("nothing", f64::NAN))
                })?;
                runner.trial(key("diverges"), || {
                    let point = Point { rows: 1.0, seconds: 1.0, measure: f64::INFINITY };
                    Ok(Found { points: vec![point], ..Found::default() })
                })?;
                runner.trial(key("refuses"), || Err("no".into()))?;
                runner.trial(key("panics"), || panic!("out of {}", "luck"))
            })
        };
        for _ in 0..2 {
            let trials = run().unwrap();
            let failures: Vec<_> = trials.iter().map(|trial| trial.failure.as_deref()).collect();
            let not_finite = Some("it found what is not a number");
            assert_eq!(failures, [None, not_finite, Some("no"), Some("out of luck")]);
            assert_eq!(trials[0].found.figures, Figures::from([("rmse".to_owned(), 0.5)]));
        }
        assert_eq!(measured.get(), 1);
    }

    #[test]
    fn a_line_that_was_cut_off_is_measured_again_and_another_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let run = || {
            let runner = Runner::new(Plan::Quick, folder.path(), Versions::new())?;
            runner.run(|runner| {
                for learner in ["one", "two"] {
                    runner.trial(key(learner).at(0.1), || Ok(Found::default().with("at", 0.1)))?;
                }
                Ok(())
            })
        };
        let whole = run().unwrap();
        let path = folder.path().join(TRIALS);
        let text = fs::read_to_string(&path).unwrap();
        for end in 0..text.len() {
            fs::write(&path, &text[..end]).unwrap();
            let again = run().unwrap();
            assert_eq!(again.len(), whole.len());
            assert!(
                again.iter().zip(&whole).all(|(a, b)| (&a.key, &a.found) == (&b.key, &b.found))
            );
        }
        let new = |plan, version: &str| {
            let python = Versions::from([("river".to_owned(), version.to_owned())]);
            Runner::new(plan, folder.path(), python).map(|runner| runner.run.machine.versions)
        };
        let refused = new(Plan::Full, "1").unwrap_err().to_string();
        assert!(refused.contains("quick run") && refused.contains("--out"), "{refused}");
        // What no Python was asked for goes on with one, and from then on with that one.
        assert_eq!(new(Plan::Quick, "1").unwrap()["river"], "1");
        let refused = new(Plan::Quick, "2").unwrap_err().to_string();
        assert!(refused.contains("river 1") && refused.contains("river 2"), "{refused}");
        assert_eq!(run().unwrap().len(), whole.len());
        assert_eq!(new(Plan::Quick, "1").unwrap()["river"], "1");
    }
}
