//! What a visitor sees first: what it is, when it is better, when it is worse, what it costs.

mod matches;
mod said;
#[cfg(test)]
mod tests;

use self::matches::{End, against, coverage, most_bits, noisy, versus};
use self::said::Said;
use super::accuracy::{self, Line, Reached};
use super::common::{percent, short};
use super::tally::{distinct, tallies};
use super::{capacity, continual, cost, curve, drift, rewriting};
use crate::report::{Block, Cell, Plan, Results, Spread, Table};

const RECALLED: &str = "GLAM, consolidated for recall";

/// The first screen.
#[must_use]
pub fn lead(results: &Results) -> Vec<Block> {
    let said = compared(results);
    let mut blocks = vec![Block::Text(
        "GLAM (Gated Linear Associative Memory) is a database, embedded in a program, that learns a function. \
         A program writes pairs: x is a list of numbers, y are numbers or a label. Each write updates the \
         small linear models that a hash of x selects, and counts at once. A read gives y for any x, seen or \
         not, with an estimate of its error. **One pass** means that every pair was written once and nothing \
         else was done; **consolidated**, that all models were then solved for together, after a search over \
         their structure. Below, GLAM stands beside a multilayer perceptron (MLP, a plain neural net), \
         boosted trees, nearest neighbours, linear methods and learners of streams. One command, at the end, measures \
         all of it; GLAM has its one default setting but where a section says otherwise."
            .to_owned(),
    )];
    blocks.push(Block::Text(match results.plan {
        Plan::Quick => "This is the **quick** run: small data that are generated or in the repository. It shows \
                        how the report works; figures to judge by are those of the full run."
            .to_owned(),
        Plan::Full => "GLAM's defaults were chosen while looking at the test errors of these data sets, those of \
                       the UCI sets most of all: its figures are more favourable than those on data never \
                       seen. The settings of all others were chosen on training rows."
            .to_owned(),
    }));
    blocks.extend(said.scores().map(Block::Table));
    for (title, list) in [("When it is better", &said.better), ("When it is worse", &said.worse)] {
        if !list.is_empty() {
            blocks.push(Block::Heading(title.to_owned()));
            blocks.push(Block::List(list.clone()));
        }
    }
    let (costs, prices) = (costs(results), prices(results));
    if !costs.is_empty() || prices.is_some() {
        blocks.push(Block::Heading("What it costs".to_owned()));
        if !costs.is_empty() {
            blocks.push(Block::List(costs));
        }
        blocks.extend(prices.map(Block::Table));
    }
    if !said.even.is_empty() {
        blocks.push(Block::Heading("Where neither is better by two standard errors".to_owned()));
        blocks.push(Block::List(said.even));
    }
    blocks
}

fn compared(results: &Results) -> Said {
    let mut said = Said::default();
    let found = tallies(results, accuracy::ID);
    let sets = distinct(found.iter().map(|tally| tally.set));
    let reached: Vec<Reached> =
        sets.iter().filter_map(|set| accuracy::reached(&found, set)).collect();
    times(&mut said, &reached);
    for (learner, when) in [("GLAM, one pass", "one pass"), ("GLAM, consolidated", "consolidated")]
    {
        let question =
            format!("Error or accuracy on test rows, {when}, against the best MLP of the tables");
        said.add(&question, &against(&found, &sets, learner, is_net));
    }
    said.add(
        "Error or accuracy on test rows, consolidated, against the best of trees, neighbours and linear methods",
        &against(&found, &sets, "GLAM, consolidated", |line| {
            !["MLP", "GLAM", "scikit-learn"].iter().any(|name| line.name.starts_with(name))
        }),
    );
    said.add(
        "How far 90 % intervals are from covering 90 %, one pass, against an early stopped MLP with the spread \
         of its held-out errors",
        &coverage(&found, "GLAM, one pass", "MLP 256, early stopped"),
    );
    for (theirs, whom) in
        [("MLP 256, early stopped", "an early stopped MLP"), ("LightGBM", "LightGBM")]
    {
        let question = format!(
            "Log likelihood of the test rows, consolidated, against {whom} with the spread or temperature of \
             its held-out errors"
        );
        said.add(&question, &versus(&found, "log likelihood", "GLAM, consolidated", theirs, true));
    }
    let streams = tallies(results, continual::ID);
    for (theirs, whom) in [
        ("MLP, replay", "an MLP that replays rows, in at most GLAM's bytes"),
        ("ridge", "ridge regression on random ReLU features"),
    ] {
        let question =
            format!("Average over all tasks after learning one after the other, against {whom}");
        said.add(&question, &versus(&streams, "average", "GLAM", theirs, true));
        let question = format!("What is lost on earlier tasks (forgetting), against {whom}");
        said.add(&question, &versus(&streams, "forgetting", "GLAM", theirs, false));
    }
    let drifting = tallies(results, drift::ID);
    for (figure, when) in [("accuracy", ""), ("accuracy of the last half", ", its last half")] {
        for (theirs, whom) in [
            ("MLP", "an MLP that learns row by row"),
            ("the label before", "repeating the label before"),
            ("River, adaptive random forest", "River's adaptive random forest"),
        ] {
            let question = format!(
                "Accuracy of predicting each row of a changing stream before learning it{when}, without a \
                 window, against {whom}"
            );
            said.add(&question, &versus(&drifting, figure, "GLAM, no window", theirs, true));
        }
    }
    let curves = tallies(results, curve::ID);
    for (theirs, whom) in [("MLP", "an MLP that learns row by row"), ("nearest", "the nearest row")]
    {
        let question =
            format!("Error of predicting each row of a stream before learning it, against {whom}");
        said.add(&question, &versus(&curves, "prequential error", "GLAM", theirs, false));
    }
    let rewritten = tallies(results, rewriting::ID);
    said.add(
        "Keys whose newest value comes back, one pass, against an index whose values are replaced",
        &versus(&rewritten, "newest", "GLAM, one pass", "nearest", true),
    );
    recall(results, &mut said);
    let costs = tallies(results, cost::ID);
    for (theirs, whom) in [
        ("MLP", "an MLP (candle) at one row a step"),
        ("recursive", "recursive least squares with one covariance"),
    ] {
        let question = format!("Microseconds to learn one more row, against {whom}");
        said.add(&question, &versus(&costs, "write us", "GLAM", theirs, false));
        let question = format!("Microseconds to recall one cue, against {whom}");
        said.add(&question, &versus(&costs, "read us", "GLAM", theirs, false));
    }
    said
}

fn is_net(line: &Line) -> bool {
    line.name.starts_with("MLP")
}

/// What the operations of each shape take.
fn costs(results: &Results) -> Vec<String> {
    let tallies = tallies(results, cost::ID);
    let ours = tallies.iter().filter(|tally| (tally.part, tally.learner) == ("operations", "GLAM"));
    let each = ours.filter_map(|tally| {
        let mean = |figure: &str| tally.spread(figure).map(|spread| short(spread.mean));
        Some(format!(
            "**{}**: the first 1,024 writes take {} s in all, each later one {} µs; a read {} µs; opening for \
             reading {} ms; files of {} MB after {} rows",
            tally.set,
            mean("first 1,024 writes s")?,
            mean("write us")?,
            mean("read us")?,
            mean("open to read ms")?,
            mean("files MB")?,
            mean("rows")?
        ))
    });
    each.collect()
}

/// What the accuracy of GLAM and of the best net costs, set by set.
fn prices(results: &Results) -> Option<Table> {
    let found = tallies(results, accuracy::ID);
    let sets = distinct(found.iter().map(|tally| tally.set));
    let rows = sets.iter().filter_map(|set| {
        let measure = accuracy::measure_of(&found, set)?;
        let lines = accuracy::lines(&found, set);
        let price = |line: Option<&Line>| -> [Cell; 2] {
            let of = |spread: Option<Spread>, unit: f64| {
                spread.map_or("-".to_owned(), |spread| short(spread.mean / unit)).into()
            };
            [of(line.and_then(|line| line.seconds), 1.0), of(line.and_then(|line| line.bytes), 1e6)]
        };
        let named = |name: &str| lines.iter().find(|line| line.name == name);
        let net = accuracy::best(lines.iter().filter(|line| is_net(line)), measure);
        let prices = [named("GLAM, one pass"), named("GLAM, consolidated"), net].map(price);
        let row: Vec<Cell> =
            std::iter::once((*set).into()).chain(prices.into_iter().flatten()).collect();
        Some(row)
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    let columns =
        ["set", "one pass, s", "MB", "consolidated, s", "MB", "best MLP of the tables, s", "MB"];
    (!rows.is_empty()).then(|| Table {
        caption: "Seconds to train and megabytes for learning on: of GLAM its models with their covariances, \
                  of the MLP its weights."
            .to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
    })
}

/// How soon memories are as good as a net, whose rate has to be chosen first.
fn times(said: &mut Said, reached: &[Reached]) {
    const QUESTION: &str =
        "Seconds to the error or accuracy of an MLP of 256 units after 20 epochs";
    let with_choosing =
        format!("{QUESTION}, counting the choice of its learning rate (GLAM has none to choose)");
    for (question, choosing) in [(QUESTION, 0.0), (&with_choosing, 1.0)] {
        let net = |one: &Reached| one.net + choosing * one.search;
        for end in [End::Won, End::Lost] {
            let of: Vec<String> = reached
                .iter()
                .filter(|one| one.glam.is_some_and(|glam| glam <= net(one)) == (end == End::Won))
                .map(|one| match one.glam {
                    Some(glam) => format!(
                        "{} ({} s against {} s, {} times)",
                        one.set,
                        short(glam),
                        short(net(one)),
                        short(glam / net(one))
                    ),
                    None => format!("{} (not reached)", one.set),
                })
                .collect();
            said.line(end, question, &of, reached.len());
        }
    }
}

/// Random pairs: how many come back, what of them, and from how much of a cue.
fn recall(results: &Results, said: &mut Said) {
    let all = tallies(results, capacity::ID);
    for (theirs, whom) in [
        ("MLP of as many floats, settled", "a net of as many floats"),
        ("ridge on a hash memory's code", "ridge regression on a hash memory's code"),
    ] {
        let question =
            format!("Bits of random pairs for each stored float, at best, against {whom}");
        said.add(&question, &most_bits(&all, RECALLED, theirs));
    }
    said.add(
        "Error of random pairs from noisy cues, against the nearest of all rows",
        &noisy(&all, RECALLED, "nearest of all rows"),
    );
    for damage in ["noisy", "masked", "half"] {
        let question =
            format!("Stored pictures named right from {damage} cues, against the nearest of them");
        let figure = format!("named {damage}");
        said.add(&question, &versus(&all, &figure, "GLAM, one pass", "nearest", true));
    }
    let mut best: Option<(f64, f64, &str)> = None;
    for tally in all.iter().filter(|tally| tally.part == "capacity") {
        for place in distinct(tally.found().filter_map(|trial| trial.key.at)) {
            let here = tally.found().filter(|trial| trial.key.at == Some(place));
            let within = here.filter_map(|trial| trial.found.figures.get("within 1 %").copied());
            let Some(Spread { mean, .. }) = Spread::of(within) else { continue };
            if tally.learner == "GLAM, one pass" && place == 0.1 {
                said.worse.push(format!(
                    "**Random pairs after one pass alone** ({}): {} of the values within 1 % of the range at 0.1 \
                     value for each float of the maps; the nearest of all rows finds every one",
                    tally.set,
                    percent(mean)
                ));
            }
            let is_more = best.is_none_or(|(most, ..)| place > most);
            if tally.learner == RECALLED && mean >= 0.97 && is_more {
                best = Some((place, mean, tally.set));
            }
        }
    }
    if let Some((place, share, cues)) = best {
        said.better.push(format!(
            "**Random pairs, consolidated for recall** ({cues}): {} of the values within 1 % of the range at {} \
             values for each float of the maps. Not counted are covariances, sixteen times as many floats, and \
             the log of all pairs; the memory's shape was chosen for this test",
            percent(share),
            short(place)
        ));
    }
}
