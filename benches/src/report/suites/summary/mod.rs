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

/// The share of pairs that come back where a memory is said to recall them.
const ENOUGH: f64 = 0.97;
/// What the counts of the first screen are of.
const COUNTED: &str = "The number of data sets on which GLAM is better, worse, or neither: within two standard errors of \
    the difference, seed by seed or split by split (of seconds to an accuracy, by the means alone). With three of them \
    chance alone puts one comparison in five beyond that. Rows go from better to worse; which sets, and by how \
    much, stands below.";
const AS_ABOVE: &str = "As above, against learners that are no nets trained by gradient descent.";
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
                       seen. The settings of all others were chosen on training rows, but which MLP is the best of the \
                       tables on test rows, in its favour."
            .to_owned(),
    }));
    let mut caption = COUNTED;
    for (title, nets) in [
        ("When it is better than an MLP, and when it is worse", true),
        ("When it is better than what else a user would pick, and when it is worse", false),
    ] {
        if let Some(scores) = said.scores(nets, caption) {
            blocks.push(Block::Heading(title.to_owned()));
            blocks.push(Block::Table(scores));
            caption = AS_ABOVE;
        }
    }
    let (costs, prices) = (costs(results), prices(results));
    if !costs.is_empty() || prices.is_some() {
        blocks.push(Block::Heading("What it costs, in short".to_owned()));
        if !costs.is_empty() {
            blocks.push(Block::List(costs));
        }
        blocks.extend(prices.map(Block::Table));
    }
    for (title, list) in [
        ("Where it is better, set by set", said.better),
        ("Where it is worse, set by set", said.worse),
        ("Where neither is better by two standard errors", said.even),
    ] {
        if !list.is_empty() {
            blocks.push(Block::Heading(title.to_owned()));
            blocks.push(Block::List(list));
        }
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
    let (one_pass, consolidated) = ("GLAM, one pass", "GLAM, consolidated");
    let nets = "the best MLP of the tables";
    let error = "Error on test rows, one pass";
    said.add(error, nets, &against(&found, &sets, one_pass, is_net));
    let error = "Error on test rows, consolidated";
    said.add(error, nets, &against(&found, &sets, consolidated, is_net));
    said.add(
        error,
        "the best of trees, neighbours and linear methods",
        &against(&found, &sets, consolidated, |line| {
            !["MLP", "GLAM", "scikit-learn"].iter().any(|name| line.name.starts_with(name))
        }),
    );
    let stopped = "MLP 256, early stopped";
    let net = "an early stopped MLP, by its held-out errors";
    for (learner, when) in [(one_pass, "one pass"), (consolidated, "consolidated")] {
        let question = format!("How far 90 % intervals are from covering 90 %, {when}");
        said.add(&question, net, &coverage(&found, learner, stopped));
    }
    said.add(
        "Calibration error of labels, consolidated",
        net,
        &versus(&found, "calibration error", consolidated, stopped, false),
    );
    for (theirs, whom) in [(stopped, net), ("LightGBM", "LightGBM, by its held-out errors")] {
        said.add(
            "Log likelihood of test rows, consolidated",
            whom,
            &versus(&found, "log likelihood", consolidated, theirs, true),
        );
    }
    let streams = tallies(results, continual::ID);
    for (question, figure, rises) in [
        ("Average over tasks learned one after the other", "average", true),
        ("Forgetting of earlier tasks", "forgetting", false),
    ] {
        for (theirs, whom) in [
            ("MLP, replay", "an MLP that replays rows, in at most GLAM's bytes"),
            ("ridge", "ridge regression on random ReLU features"),
        ] {
            said.add(question, whom, &versus(&streams, figure, "GLAM", theirs, rises));
        }
    }
    let drifting = tallies(results, drift::ID);
    for (question, figure) in [
        ("Streams that change, each row predicted first, no window", "accuracy"),
        ("Streams that change, the last half of each, no window", "accuracy of the last half"),
    ] {
        for (theirs, whom) in [
            ("MLP", "an MLP that learns row by row"),
            ("the label before", "repeating the label before"),
            ("River, adaptive random forest", "River's adaptive random forest"),
        ] {
            said.add(question, whom, &versus(&drifting, figure, "GLAM, no window", theirs, true));
        }
    }
    let curves = tallies(results, curve::ID);
    for (theirs, whom) in [("MLP", "an MLP that learns row by row"), ("nearest", "the nearest row")]
    {
        said.add(
            "Learning curve, each row predicted first",
            whom,
            &versus(&curves, "prequential error", "GLAM", theirs, false),
        );
    }
    let rewritten = tallies(results, rewriting::ID);
    said.add(
        "Newest values of keys written again, one pass",
        "an index whose values are replaced",
        &versus(&rewritten, "newest", one_pass, "nearest", true),
    );
    recall(results, &mut said);
    let costs = tallies(results, cost::ID);
    for (question, figure) in
        [("Microseconds a write", "write us"), ("Microseconds a read", "read us")]
    {
        for (theirs, whom) in [
            ("MLP", "an MLP (candle), one row at a time"),
            ("recursive", "recursive least squares with one covariance"),
        ] {
            said.add(question, whom, &versus(&costs, figure, "GLAM", theirs, false));
        }
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
                  keys and up to 32 MiB of rows to rehearse, of the MLP its weights."
            .to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
    })
}

/// How soon memories are as good as a net, whose rate has to be chosen first.
fn times(said: &mut Said, reached: &[Reached]) {
    const NET: &str = "an MLP of 256 units";
    let chosen = format!("{NET}, the choice of its rate counted (GLAM has none)");
    for (whom, choosing) in [(NET, 0.0), (&chosen, 1.0)] {
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
            let question = "Seconds to the accuracy of 20 epochs";
            said.line(end, [question, whom], &of, reached.len());
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
        let most = most_bits(&all, RECALLED, theirs);
        said.add(
            "Bits of random pairs a float of maps or weights (covariances not counted), at the best load that both had",
            whom,
            &most,
        );
    }
    for (theirs, whom) in [
        ("nearest of all rows", "the nearest of all rows"),
        ("MLP of as many floats, settled", "a net of as many floats"),
    ] {
        let matches = noisy(&all, RECALLED, theirs);
        said.add("Error of random pairs from noisy cues", whom, &matches);
    }
    for damage in ["noisy", "masked", "half"] {
        let question = format!("Stored pictures named right from {damage} cues");
        let figure = format!("named {damage}");
        for (theirs, whom) in [
            ("nearest", "the nearest of them, undamaged"),
            ("MLP of as many floats", "a net of as many floats"),
        ] {
            let matches = versus(&all, &figure, "GLAM, one pass", theirs, true);
            said.add(&question, whom, &matches);
        }
    }
    let mut known = 0;
    for tally in all.iter().filter(|tally| tally.part == "capacity") {
        let mut best: Option<(f64, f64)> = None;
        for place in distinct(tally.found().filter_map(|trial| trial.key.at)) {
            let here = tally.found().filter(|trial| trial.key.at == Some(place));
            let within = here.filter_map(|trial| trial.found.figures.get("within 1 %").copied());
            let Some(Spread { mean, .. }) = Spread::of(within) else { continue };
            if tally.learner == "GLAM, one pass" && place == 0.1 {
                said.worse.push(format!(
                    "**Random pairs after one pass alone** ({}): {} of the values within 1 % of the range at a \
                     load of 0.1; the nearest of all rows finds every one",
                    tally.set,
                    percent(mean)
                ));
            }
            if tally.learner == RECALLED && place == 1.0 && mean < ENOUGH {
                said.worse.push(format!(
                    "**Random pairs, consolidated for recall** ({}): {} of the values within 1 % of the range at a \
                     load of 1",
                    tally.set,
                    percent(mean)
                ));
            }
            if tally.learner == RECALLED && mean >= ENOUGH && best < Some((place, mean)) {
                best = Some((place, mean));
            }
        }
        if let Some((place, share)) = best {
            let more = ". Not counted are covariances, of one value a pair thirteen times as many floats, and the log of all pairs; the \
                        memory's shape was chosen for this test";
            said.better.push(format!(
                "**Random pairs, consolidated for recall** ({}): {} of the values within 1 % of the range at a load \
                 of {} (values for each float of the maps){}",
                tally.set,
                percent(share),
                short(place),
                if known == 0 { more } else { "" }
            ));
            known += 1;
        }
    }
}
