//! What a visitor sees first: what it is, when it is better, when it is worse, what it costs.

use super::accuracy::{self, Reached};
use super::common::{percent, rises, short};
use super::tally::{Tally, distinct, tallies};
use super::{capacity, continual, cost, drift};
use crate::report::{Block, Plan, Results};

/// Two learners on one set: the memory's figure and the other's.
struct Match {
    set: String,
    ours: f64,
    theirs: f64,
    /// Whether more is better.
    rises: bool,
}

impl Match {
    fn is_won(&self) -> bool {
        if self.rises { self.ours >= self.theirs } else { self.ours <= self.theirs }
    }

    fn words(&self) -> String {
        format!("{} ({} to {})", self.set, short(self.ours), short(self.theirs))
    }
}

/// Won and lost matches as two lines of lists; nothing where there is none.
fn split(question: &str, matches: &[Match]) -> [Option<String>; 2] {
    let line = |won: bool| {
        let of: Vec<String> =
            matches.iter().filter(|one| one.is_won() == won).map(Match::words).collect();
        let (count, all) = (of.len(), matches.len());
        (count > 0).then(|| format!("**{question}**, on {count} of {all}: {}", of.join(", ")))
    };
    [line(true), line(false)]
}

/// The first screen.
#[must_use]
pub fn lead(results: &Results) -> Vec<Block> {
    let accuracy = tallies(results, accuracy::ID);
    let (mut better, mut worse) = (Vec::new(), Vec::new());
    let mut add = |[won, lost]: [Option<String>; 2]| {
        better.extend(won);
        worse.extend(lost);
    };
    let sets = distinct(accuracy.iter().map(|tally| tally.set));
    let reached: Vec<Reached> =
        sets.iter().filter_map(|set| accuracy::reached(&accuracy, set)).collect();
    add(times(&reached));
    add(split(
        "Accuracy after one pass, against the best of all nets at any number of epochs",
        &against_nets(&accuracy, &sets, "GLAM, one pass"),
    ));
    add(split(
        "Accuracy once consolidated, against the best of all nets",
        &against_nets(&accuracy, &sets, "GLAM, consolidated"),
    ));
    let streams = tallies(results, continual::ID);
    add(split(
        "Accuracy on all tasks after a stream of tasks, against an MLP with a replay buffer of equal bytes",
        &versus(&streams, "average", "GLAM", "MLP, replay of equal bytes", true),
    ));
    let drift = tallies(results, drift::ID);
    add(split(
        "Prequential accuracy on streams that drift, with no window set, against an MLP that learns row by row",
        &versus(&drift, "accuracy", "GLAM", "MLP", true),
    ));
    better.extend(exact(results));
    let mut blocks = vec![Block::Text(
        "GLAM is a database that learns a function: an application writes pairs (x, y) one at a time, each \
         is learned on the spot by least squares in the linear maps that hashing x selects, and a read \
         recalls y for any cue in microseconds, with its uncertainty. This page holds it against a plain \
         multilayer perceptron (MLP) and what else a user would pick. All of it was measured by one command, \
         which stands at the end, with GLAM's one default setting but where a section says otherwise."
            .to_owned(),
    )];
    if results.plan == Plan::Quick {
        blocks.push(Block::Text(
            "This is the **quick** run: small data that are generated or in the repository. It shows how \
             the report works; figures to judge by are those of the full run."
                .to_owned(),
        ));
    }
    let lists = [
        ("When it is better", better),
        ("When it is worse", worse),
        ("What it costs", costs(results)),
    ];
    for (title, list) in lists {
        if !list.is_empty() {
            blocks.push(Block::Heading(title.to_owned()));
            blocks.push(Block::List(list));
        }
    }
    blocks
}

/// What the operations of each shape take.
fn costs(results: &Results) -> Vec<String> {
    let tallies = tallies(results, cost::ID);
    let ours = tallies.iter().filter(|tally| (tally.part, tally.learner) == ("operations", "GLAM"));
    let each = ours.filter_map(|tally| {
        let mean = |figure: &str| tally.spread(figure).map(|spread| short(spread.mean));
        Some(format!(
            "**{}**: a write takes {} µs once 1,024 are written, which take {} s in all; a read {} µs; \
             opening for reading {} ms; files of {} MB after {} rows",
            tally.set,
            mean("write us")?,
            mean("first 1,024 writes s")?,
            mean("read us")?,
            mean("open to read ms")?,
            mean("files MB")?,
            mean("rows")?
        ))
    });
    each.collect()
}

fn times(reached: &[Reached]) -> [Option<String>; 2] {
    let line = |won: bool| {
        let of: Vec<String> = reached
            .iter()
            .filter(|one| one.glam.is_some_and(|glam| glam <= one.net) == won)
            .map(|one| match one.glam {
                Some(glam) => format!("{} ({} s to {} s)", one.set, short(glam), short(one.net)),
                None => format!("{} (not reached)", one.set),
            })
            .collect();
        let (count, all) = (of.len(), reached.len());
        let what = "Seconds to the accuracy of an MLP of 256 units after 20 epochs";
        (count > 0).then(|| format!("**{what}**, on {count} of {all}: {}", of.join(", ")))
    };
    [line(true), line(false)]
}

fn against_nets(tallies: &[Tally<'_>], sets: &[&str], learner: &str) -> Vec<Match> {
    let each = sets.iter().filter_map(|set| {
        let rises = rises(accuracy::measure_of(tallies, set)?);
        let lines = accuracy::lines(tallies, set);
        let value = |line: &accuracy::Line| line.measure.map(|spread| spread.mean);
        let ours = lines.iter().find(|line| line.name == learner).and_then(value)?;
        let nets = lines.iter().filter(|line| line.name.starts_with("MLP")).filter_map(value);
        let better = |a: f64, b: f64| if (a >= b) == rises { a } else { b };
        let theirs = nets.reduce(better)?;
        Some(Match { set: (*set).to_owned(), ours, theirs, rises })
    });
    each.collect()
}

/// A figure of two learners on every set and part that both have.
fn versus(
    tallies: &[Tally<'_>],
    figure: &str,
    ours: &str,
    theirs: &str,
    rises: bool,
) -> Vec<Match> {
    let of = |learner: &str, one: &Tally<'_>| {
        let same = tallies.iter().find(|tally| {
            tally.learner.starts_with(learner) && (tally.part, tally.set) == (one.part, one.set)
        });
        same.and_then(|tally| tally.spread(figure)).map(|spread| spread.mean)
    };
    let each = tallies.iter().filter(|tally| tally.learner == ours).filter_map(|tally| {
        let part = if tally.part.is_empty() { String::new() } else { format!(", {}", tally.part) };
        Some(Match {
            set: format!("{}{part}", tally.set),
            ours: tally.spread(figure)?.mean,
            theirs: of(theirs, tally)?,
            rises,
        })
    });
    each.collect()
}

/// The most pairs a float at which 97 of 100 pairs come back within 1 % of the range.
fn exact(results: &Results) -> Option<String> {
    let mut best: Option<(f64, f64, &str)> = None;
    let most = results
        .trials
        .iter()
        .filter(|trial| trial.key.suite == capacity::ID && trial.key.learner.starts_with("GLAM"))
        .filter_map(|trial| trial.found.figures.get("bits a float").copied())
        .reduce(f64::max)?;
    for tally in tallies(results, capacity::ID) {
        let is_ours = tally.learner.starts_with("GLAM, consolidated");
        if !is_ours || !["capacity", "at capacity"].contains(&tally.part) {
            continue;
        }
        for place in tally.found().filter_map(|trial| trial.key.at) {
            let of = tally.found().filter(|trial| trial.key.at == Some(place));
            let within: Vec<f64> =
                of.filter_map(|trial| trial.found.figures.get("within 1 %").copied()).collect();
            let mean = within.iter().sum::<f64>() / within.len().max(1) as f64;
            if mean >= 0.97 && best.is_none_or(|(most, ..)| place > most) {
                best = Some((place, mean, tally.set));
            }
        }
    }
    let (place, share, cues) = best?;
    Some(format!(
        "**Exact recall of random pairs**: {} of them within 1 % of the range at {} pairs for each stored \
         float (cues of {cues}), and at best {} bits for each float",
        percent(share),
        short(place),
        short(most)
    ))
}
