//! What a visitor sees first: what it is, when it is better, when it is worse, what it costs.

use super::accuracy::{self, Line, Reached};
use super::common::{percent, rises, short};
use super::tally::{Tally, distinct, tallies};
use super::{capacity, continual, cost, curve, drift, rewriting};
use crate::report::{Block, Cell, Plan, Results, Spread, Table};

/// The memory and another learner on one set.
struct Match {
    set: String,
    ours: Spread,
    theirs: Spread,
    /// Whether more is better.
    rises: bool,
}

/// How a match ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Won,
    Lost,
    /// Within the standard error of the difference.
    Even,
}

impl Match {
    fn end(&self) -> End {
        let gain = self.ours.mean - self.theirs.mean;
        let gain = if self.rises { gain } else { -gain };
        let square = |spread: Spread| spread.std.powi(2) / spread.count as f64;
        let error = (square(self.ours) + square(self.theirs)).sqrt();
        match () {
            () if gain.abs() <= error => End::Even,
            () if gain > 0.0 => End::Won,
            () => End::Lost,
        }
    }

    fn words(&self) -> String {
        format!("{} ({} to {})", self.set, short(self.ours.mean), short(self.theirs.mean))
    }
}

/// What is said, by how it ended.
#[derive(Default)]
struct Said {
    better: Vec<String>,
    worse: Vec<String>,
    even: Vec<String>,
    /// Of every question how many ended so: better, worse, even.
    scores: Vec<(String, [usize; 3])>,
}

impl Said {
    /// Matches under one question.
    fn add(&mut self, question: &str, matches: &[Match]) {
        for end in [End::Won, End::Lost, End::Even] {
            let of: Vec<String> =
                matches.iter().filter(|one| one.end() == end).map(Match::words).collect();
            self.line(end, question, &of, matches.len());
        }
    }

    fn line(&mut self, end: End, question: &str, of: &[String], all: usize) {
        if of.is_empty() {
            return;
        }
        let (place, list) = match end {
            End::Won => (0, &mut self.better),
            End::Lost => (1, &mut self.worse),
            End::Even => (2, &mut self.even),
        };
        let known = self.scores.iter().position(|(known, _)| known == question);
        let known = known.unwrap_or_else(|| {
            self.scores.push((question.to_owned(), [0; 3]));
            self.scores.len() - 1
        });
        self.scores[known].1[place] = of.len();
        list.push(format!("**{question}**, on {} of {all}: {}", of.len(), of.join(", ")));
    }
}

/// The first screen.
#[must_use]
pub fn lead(results: &Results) -> Vec<Block> {
    let said = compared(results);
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
    blocks.extend(scores(&said.scores).map(Block::Table));
    let lists = [
        ("When it is better", said.better),
        ("When it is worse", said.worse),
        ("Where the difference is within its standard error", said.even),
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

/// How often it was better, worse and even, question by question; nothing where nothing was compared.
fn scores(scores: &[(String, [usize; 3])]) -> Option<Table> {
    let columns = ["question", "better", "worse", "even"].map(str::to_owned).to_vec();
    let row = |(question, counts): &(String, [usize; 3])| {
        let most = counts.iter().copied().max();
        let cell = |count: usize| match count {
            0 => "-".into(),
            _ => Cell { text: count.to_string(), best: Some(count) == most },
        };
        std::iter::once(question.as_str().into()).chain(counts.map(cell)).collect()
    };
    let caption =
        "On how many sets or streams GLAM is better than the other, worse, or even within the \
                   standard error of the difference. Which ones, and by how much, stands below."
            .to_owned();
    (!scores.is_empty()).then(|| Table { caption, columns, rows: scores.iter().map(row).collect() })
}

fn compared(results: &Results) -> Said {
    let mut said = Said::default();
    let accuracy = tallies(results, accuracy::ID);
    let sets = distinct(accuracy.iter().map(|tally| tally.set));
    let reached: Vec<Reached> =
        sets.iter().filter_map(|set| accuracy::reached(&accuracy, set)).collect();
    times(&mut said, &reached);
    let net = |line: &Line| line.name.starts_with("MLP");
    let other = |line: &Line| {
        !["MLP", "GLAM", "scikit-learn"].iter().any(|name| line.name.starts_with(name))
    };
    for (learner, when) in
        [("GLAM, one pass", "after one pass"), ("GLAM, consolidated", "consolidated")]
    {
        let question = format!("Accuracy {when}, against the best net of those in the tables");
        said.add(&question, &against(&accuracy, &sets, learner, net));
    }
    said.add(
        "Accuracy consolidated, against the best of trees, neighbours and ridge regressions",
        &against(&accuracy, &sets, "GLAM, consolidated", other),
    );
    let streams = tallies(results, continual::ID);
    for (theirs, whom) in [
        ("MLP, replay", "an MLP with a replay buffer of equal bytes"),
        ("ridge", "ridge regression on random ReLU features"),
    ] {
        let question = format!("What is left of all tasks after a stream of tasks, against {whom}");
        said.add(&question, &versus(&streams, "average", "GLAM", theirs, true));
    }
    let drifting = tallies(results, drift::ID);
    for (theirs, whom) in [
        ("MLP", "an MLP that learns row by row"),
        ("the label before", "the label before"),
        ("River, adaptive random forest", "River's adaptive random forest"),
    ] {
        let question = format!(
            "Prequential accuracy where the rule changes, with no window set, against {whom}"
        );
        said.add(&question, &versus(&drifting, "accuracy", "GLAM, no window", theirs, true));
    }
    let curves = tallies(results, curve::ID);
    said.add(
        "Prequential error over a stream, against an MLP that learns row by row",
        &versus(&curves, "prequential error", "GLAM", "MLP", false),
    );
    said.add(
        "Prequential error over a stream, against the nearest neighbour",
        &versus(&curves, "prequential error", "GLAM", "nearest", false),
    );
    let rewritten = tallies(results, rewriting::ID);
    for learner in ["GLAM, one pass", "GLAM, consolidated for recall"] {
        let question = format!(
            "Keys whose newest value comes back, {learner}, against an index whose values are replaced"
        );
        said.add(&question, &versus(&rewritten, "newest", learner, "nearest", true));
    }
    recall(results, &mut said);
    let costs = tallies(results, cost::ID);
    for (figure, question) in [
        ("write us", "Microseconds a write, against a step of an MLP"),
        ("read us", "Microseconds a read, against an MLP"),
    ] {
        said.add(question, &versus(&costs, figure, "GLAM", "MLP", false));
    }
    said
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

fn times(said: &mut Said, reached: &[Reached]) {
    for end in [End::Won, End::Lost] {
        let of: Vec<String> = reached
            .iter()
            .filter(|one| one.glam.is_some_and(|glam| glam <= one.net) == (end == End::Won))
            .map(|one| match one.glam {
                Some(glam) => {
                    let ratio = short((one.net / glam).max(glam / one.net));
                    format!(
                        "{} ({} s to {} s, {ratio} times)",
                        one.set,
                        short(glam),
                        short(one.net)
                    )
                }
                None => format!("{} (not reached)", one.set),
            })
            .collect();
        let question = "Seconds to the accuracy of an MLP of 256 units after 20 epochs";
        said.line(end, question, &of, reached.len());
    }
}

/// A learner against the best of the others that count.
fn against(
    tallies: &[Tally<'_>],
    sets: &[&str],
    learner: &str,
    counts: impl Fn(&Line) -> bool,
) -> Vec<Match> {
    let each = sets.iter().filter_map(|set| {
        let rises = rises(accuracy::measure_of(tallies, set)?);
        let lines = accuracy::lines(tallies, set);
        let ours = lines.iter().find(|line| line.name == learner)?.measure?;
        let theirs = lines.iter().filter(|line| counts(line)).filter_map(|line| line.measure);
        let better = |a: Spread, b: Spread| if (a.mean >= b.mean) == rises { a } else { b };
        Some(Match { set: (*set).to_owned(), ours, theirs: theirs.reduce(better)?, rises })
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
        let same = |tally: &&Tally<'_>| {
            tally.learner.starts_with(learner) && (tally.part, tally.set) == (one.part, one.set)
        };
        tallies.iter().find(same).and_then(|tally| tally.spread(figure))
    };
    let each = tallies.iter().filter(|tally| tally.learner == ours).filter_map(|tally| {
        let part = match tally.part {
            "" | "operations" => String::new(),
            part => format!(", {part}"),
        };
        let set = format!("{}{part}", tally.set);
        Some(Match { set, ours: tally.spread(figure)?, theirs: of(theirs, tally)?, rises })
    });
    each.collect()
}

/// The most bits a float that two learners come to, each where it does, on all cues that both were given.
fn most_bits(tallies: &[Tally<'_>], ours: &str, theirs: &str) -> Vec<Match> {
    let most = |learner: &str, set: &str| {
        let mut here =
            tallies.iter().filter(|t| (t.part, t.set, t.learner) == ("capacity", set, learner));
        let tally = here.next()?;
        let at = |place: f64| {
            let same = tally.found().filter(|trial| trial.key.at == Some(place));
            Spread::of(same.filter_map(|trial| trial.found.figures.get("bits a float").copied()))
        };
        let all = distinct(tally.found().filter_map(|trial| trial.key.at)).into_iter();
        all.filter_map(at).reduce(|a, b| if b.mean > a.mean { b } else { a })
    };
    let sets = distinct(tallies.iter().map(|tally| tally.set)).into_iter();
    let of = |set: &str| {
        let (ours, theirs) = (most(ours, set)?, most(theirs, set)?);
        Some(Match { set: format!("cues of {set}"), ours, theirs, rises: true })
    };
    sets.filter_map(of).collect()
}

/// The most values a float at which 97 of 100 come back within 1 % of the range, and what one pass does.
fn recall(results: &Results, said: &mut Said) {
    let mut best: Option<(f64, f64, &str)> = None;
    let mut bits: f64 = 0.0;
    let all = tallies(results, capacity::ID);
    let learner = "GLAM, consolidated for recall";
    for (theirs, whom) in [
        ("MLP of as many floats, settled", "a net of as many floats"),
        ("ridge on a hash memory's code", "ridge regression on a hash memory's code"),
    ] {
        let question =
            format!("Bits of random pairs for each stored float, at best, against {whom}");
        said.add(&question, &most_bits(&all, learner, theirs));
    }
    for tally in all {
        if tally.part != "capacity" {
            continue;
        }
        for place in distinct(tally.found().filter_map(|trial| trial.key.at)) {
            let of = |figure: &str| {
                let here = tally.found().filter(|trial| trial.key.at == Some(place));
                Spread::of(here.filter_map(|trial| trial.found.figures.get(figure).copied()))
            };
            let Some(Spread { mean, .. }) = of("within 1 %") else { continue };
            if tally.learner == "GLAM, one pass" && place == 0.1 {
                said.worse.push(format!(
                    "**Random pairs after one pass alone**: {} of them within 1 % of the range at .1 value \
                     for each float of the maps (cues of {}), where the nearest of all rows finds every one",
                    percent(mean),
                    tally.set
                ));
            }
            if !tally.learner.starts_with("GLAM, consolidated") {
                continue;
            }
            bits = of("bits a float").map_or(bits, |found| bits.max(found.mean));
            if mean >= 0.97 && best.is_none_or(|(most, ..)| place > most) {
                best = Some((place, mean, tally.set));
            }
        }
    }
    if let Some((place, share, cues)) = best {
        said.better.push(format!(
            "**Random pairs, consolidated for recall**: {} of them within 1 % of the range at {} values for \
             each float of the maps (cues of {cues}), and at best {} bits for each such float",
            percent(share),
            short(place),
            short(bits)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{found, of_block, results};
    use super::*;
    use crate::report::Key;

    #[test]
    fn a_difference_within_its_standard_error_is_neither_won_nor_lost() {
        let spread = |mean: f64| Spread { mean, std: 0.3, count: 9 };
        let end = |ours, theirs, rises| {
            let set = String::new();
            Match { set, ours: spread(ours), theirs: spread(theirs), rises }.end()
        };
        // The error of the difference is .3 / 3 times the root of two: .141.
        assert_eq!(end(1.15, 1.0, true), End::Won);
        assert_eq!(end(1.15, 1.0, false), End::Lost);
        assert_eq!(end(1.13, 1.0, true), End::Even);
        assert_eq!(end(1.0, 1.0, true), End::Even);
    }

    #[test]
    fn every_suite_has_its_say_on_the_first_screen() {
        let trial = |suite: &str, part: &str, learner: &str, figure: &str, value: f64| {
            found(Key::new(suite, part, "a set", learner, 1), &[(figure, value)])
        };
        let bits = |learner: &str, at: f64, bits: f64| {
            let key = Key::new(capacity::ID, "capacity", "a set", learner, 1).at(at);
            found(key, &[("bits a float", bits)])
        };
        let lead = lead(&results(vec![
            trial(drift::ID, "", "GLAM, no window", "accuracy", 0.9),
            trial(drift::ID, "", "MLP, row by row", "accuracy", 0.8),
            trial(drift::ID, "", "the label before", "accuracy", 0.95),
            trial(continual::ID, "class-sorted", "GLAM", "average", 0.9),
            trial(continual::ID, "class-sorted", "MLP, replay of equal bytes", "average", 0.8),
            trial(curve::ID, "", "GLAM", "prequential error", 0.5),
            trial(curve::ID, "", "MLP 256, row by row", "prequential error", 0.4),
            trial(rewriting::ID, "", "GLAM, one pass", "newest", 0.1),
            trial(rewriting::ID, "", "nearest neighbour, values replaced", "newest", 1.0),
            trial(cost::ID, "operations", "GLAM", "write us", 30.0),
            trial(cost::ID, "operations", "MLP, a step a row", "write us", 30.0),
            bits("GLAM, consolidated for recall", 0.5, 1.0),
            bits("GLAM, consolidated for recall", 1.0, 3.0),
            bits("ridge on a hash memory's code", 0.5, 2.0),
        ]));
        let said: String = lead.iter().map(|block| of_block(block) + "\n").collect();
        let (better, rest) = said.split_once("When it is worse").unwrap();
        let (worse, even) = rest.split_once("within its standard error").unwrap();
        assert!(better.contains("row by row**, on 1 of 1: a set (0.9 to 0.8)"), "{said}");
        assert!(
            better.contains("equal bytes**, on 1 of 1: a set, class-sorted (0.9 to 0.8)"),
            "{said}"
        );
        assert!(worse.contains("the label before**, on 1 of 1: a set (0.9 to 0.95)"), "{said}");
        assert!(worse.contains("row by row**, on 1 of 1: a set (0.5 to 0.4)"), "{said}");
        assert!(worse.contains("are replaced**, on 1 of 1: a set (0.1 to 1)"), "{said}");
        assert!(even.contains("a step of an MLP**, on 1 of 1: a set (30 to 30)"), "{said}");
        assert!(better.contains("against the label before | - | 1 | -\n"), "{said}");
        assert!(better.contains("a step of an MLP | - | - | 1\n"), "{said}");
        assert!(better.contains("hash memory's code | 1 | - | -\n"), "{said}");
        assert!(
            better.contains("hash memory's code**, on 1 of 1: cues of a set (3 to 2)"),
            "{said}"
        );
    }
}
