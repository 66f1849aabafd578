//! Key-value recall with rewriting: many pairs, some keys written again; a query must return the newest
//! value.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use glam_memory::{Flow, Memory};
use ndarray::Array2;
use rand::RngExt;

use super::common::{Result, percent, short};
use super::generated::{normal, rng};
use super::tally::{Tally, distinct, failure_row, tallies};
use crate::data::Targets;
use crate::peers::mlp::{Descent, InputScale, RowByRow, StepwiseParams};
use crate::peers::neighbour::{Neighbour, NeighbourParams};
use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Found, Key, Plan, ReportError, Results, Runner,
    Section, Series, Table,
};

/// The suite's name.
pub const ID: &str = "rewriting";
const INPUTS: usize = 32;
/// Shares of writes that go to a key that was written before.
const SHARES: [f64; 3] = [0.0, 0.2, 0.5];
/// How near a value must be to count as the newest, in standard deviations of the values.
const NEAR: f64 = 0.1;
const RATES: [f64; 3] = [3e-4, 1e-3, 3e-3];
const RECALLED: &str = "GLAM, consolidated for recall";

/// Writes in order: keys, which of them each write goes to, and values.
struct Stream {
    keys: Array2<f32>,
    writes: Vec<(usize, f32)>,
}

impl Stream {
    /// Half as many new keys where half of the writes are second ones, so that all have as many writes.
    fn draw(plan: Plan, share: f64, seed: u64) -> Self {
        let count = plan.pick(500, 5_000);
        let mut rng = rng(seed, 7);
        let mut writes: Vec<(usize, f32)> = Vec::with_capacity(count);
        let mut used = 0;
        for _ in 0..count {
            let again = used > 0 && rng.random::<f64>() < share;
            let key = if again { rng.random_range(0..used) } else { used };
            used = used.max(key + 1);
            writes.push((key, normal(&mut rng)));
        }
        let keys = Array2::from_shape_simple_fn((used, INPUTS), || normal(&mut rng));
        Self { keys, writes }
    }

    fn x(&self, key: usize) -> &[f32] {
        self.keys.as_slice().map_or(&[], |all| &all[key * INPUTS..][..INPUTS])
    }

    /// Of every key the newest value, and whether it is a second one.
    fn newest(&self) -> BTreeMap<usize, (f32, bool)> {
        let mut newest = BTreeMap::new();
        for &(key, value) in &self.writes {
            let again = newest.contains_key(&key);
            newest.insert(key, (value, again));
        }
        newest
    }
}

type Recall<'a> = dyn Fn(&[f32]) -> Result<f32> + 'a;

/// The share of keys whose newest value comes back, and the errors of keys written once and again.
fn judged(stream: &Stream, seconds: f64, recall: &Recall<'_>) -> Result<Found> {
    let (mut near, mut squares, mut counts) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for (key, (value, again)) in stream.newest() {
        let error = f64::from(recall(stream.x(key))? - value);
        let kind = usize::from(again);
        near[kind] += f64::from(u8::from(error.abs() <= NEAR));
        squares[kind] += error * error;
        counts[kind] += 1.0;
    }
    let all = counts[0] + counts[1];
    Ok(Found::default()
        .with("newest", (near[0] + near[1]) / all)
        .with("newest of rewritten", near[1] / counts[1])
        .with("rmse", ((squares[0] + squares[1]) / all).sqrt())
        .with("rmse of rewritten", (squares[1] / counts[1]).sqrt())
        .with("seconds", seconds))
}

/// How a memory is told.
#[derive(Clone, Copy, PartialEq)]
enum Telling {
    /// Default settings.
    Plain,
    /// Consolidated for recall afterwards.
    Recalled,
    /// A window of as many writes as there are keys.
    Window,
}

fn glam(stream: &Stream, telling: Telling, seed: u64) -> Result<Found> {
    let folder = tempfile::tempdir()?;
    let mut builder = Memory::builder(INPUTS).targets(1).seed(seed);
    if telling == Telling::Window {
        builder = builder.window(u32::try_from(stream.keys.nrows())?);
    }
    let memory = builder.create(folder.path().join("memory"))?;
    let started = Instant::now();
    for &(key, value) in &stream.writes {
        memory.write(stream.x(key), value)?;
    }
    if telling == Telling::Recalled {
        memory.consolidate_for_recall(&|_| Flow::Continue)?;
    }
    let seconds = started.elapsed().as_secs_f64();
    judged(stream, seconds, &|x| Ok(memory.read(x)?[0]))
}

/// A net of 256 units that makes one step of Adam a write. Its rate is the best of three on another stream.
fn net(stream: &Stream, plan: Plan, share: f64, seed: u64) -> Result<Found> {
    let other = Stream::draw(plan, share, seed + 1_000);
    let mut best = (f64::INFINITY, RATES[0]);
    for rate in RATES {
        let error = net_of(&other, rate, seed)?.figures["rmse"];
        if error < best.0 {
            best = (error, rate);
        }
    }
    Ok(net_of(stream, best.1, seed)?.set(format!("Adam, rate {}", best.1)))
}

fn net_of(stream: &Stream, rate: f64, seed: u64) -> Result<Found> {
    let order: Vec<usize> = stream.writes.iter().map(|&(key, _)| key).collect();
    let x = stream.keys.select(ndarray::Axis(0), &order);
    let y: Vec<f32> = stream.writes.iter().map(|&(_, value)| value).collect();
    let y = Targets::Values(Array2::from_shape_vec((y.len(), 1), y)?);
    let params = StepwiseParams {
        hidden: vec![256],
        descent: Descent::Adam,
        rate,
        input_scale: InputScale::EachInput,
        seed,
    };
    let mut net = RowByRow::new(&params, x.view(), &y)?;
    let started = Instant::now();
    for row in 0..x.nrows() {
        net.learn(x.slice(ndarray::s![row..=row, ..]), &y.select(&[row]))?;
    }
    let seconds = started.elapsed().as_secs_f64();
    judged(stream, seconds, &|cue| {
        let cue = ndarray::ArrayView2::from_shape((1, INPUTS), cue)?;
        Ok(net.recall(cue)?[[0, 0]])
    })
}

/// An index of nearest neighbours in which a key that is found gets its new value.
fn nearest(stream: &Stream) -> Result<Found> {
    let started = Instant::now();
    let mut index = Neighbour::new(NeighbourParams::default(), stream.keys.view(), false, 1)?;
    // Keys in the order of insertion, and their newest values.
    let (mut known, mut values): (HashMap<usize, usize>, Vec<f32>) = Default::default();
    for &(key, value) in &stream.writes {
        match known.get(&key) {
            Some(&place) => values[place] = value,
            None => {
                index.learn(stream.x(key), &[value])?;
                known.insert(key, values.len());
                values.push(value);
            }
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    judged(stream, seconds, &|x| Ok(values[index.nearest(x)?]))
}

/// Measures.
///
/// # Errors
///
/// Returns an error if the file of trials cannot be written.
pub fn run(runner: &mut Runner) -> std::result::Result<(), ReportError> {
    type Learner = (&'static str, fn(&Stream, Plan, f64, u64) -> Result<Found>);
    let learners: [Learner; 5] = [
        ("GLAM, one pass", |stream, _, _, seed| glam(stream, Telling::Plain, seed)),
        (RECALLED, |stream, _, _, seed| glam(stream, Telling::Recalled, seed)),
        ("GLAM, a window of as many writes as keys", |stream, _, _, seed| {
            glam(stream, Telling::Window, seed)
        }),
        ("MLP 256, one step a write", net),
        ("nearest neighbour, values replaced", |stream, _, _, _| nearest(stream)),
    ];
    let plan = runner.plan();
    let shares: &[f64] = plan.pick(&SHARES[1..2], &SHARES);
    for &share in shares {
        let set = format!("{} written again", percent(share));
        for (name, measure) in learners {
            for seed in 1..=3 {
                runner.trial(Key::new(ID, "", &set, name, seed).at(share), || {
                    measure(&Stream::draw(plan, share, seed), plan, share, seed)
                })?;
            }
        }
    }
    Ok(())
}

/// What is shown.
#[must_use]
pub fn section(results: &Results) -> Section {
    let tallies = tallies(results, ID);
    let sets = distinct(tallies.iter().map(|tally| tally.set));
    let learners = distinct(tallies.iter().map(|tally| tally.learner));
    let of = |set: &str, learner: &str| {
        tallies.iter().find(|tally| tally.set == set && tally.learner == learner)
    };
    let series = learners.iter().map(|learner| {
        let found = sets
            .iter()
            .enumerate()
            .filter_map(|(place, set)| Some((place as f64, of(set, learner)?.spread("newest")?)));
        let found: Vec<_> = found.collect();
        Series {
            name: (*learner).to_owned(),
            ours: *learner == RECALLED,
            spread: found.iter().map(|(_, spread)| spread.std).collect(),
            points: found.into_iter().map(|(place, spread)| (place, spread.mean)).collect(),
        }
    });
    let chart = Chart {
        title: "Keys whose newest value comes back".to_owned(),
        caption: format!(
            "Within {NEAR} standard deviations of the values. Writing alone \
             averages what two writes say of one key; consolidated for recall, the last one counts."
        ),
        drawing: Drawing::Bars(Bars {
            value: Axis { label: "share of keys".to_owned(), log: false, range: Some((0.0, 1.0)) },
            groups: sets.iter().map(|set| (*set).to_owned()).collect(),
            series: series.collect(),
            marks: Vec::new(),
        }),
        table: table(&tallies),
    };
    let text = "Random keys of 32 normal inputs, random values; a share of the writes goes to a key that \
                was written before. The newest value of each key is asked for. A database would be right \
                every time; where keys are exact and values change, use one."
        .to_owned();
    let blocks = vec![Block::Text(text), Block::Chart(chart)];
    Section { id: ID.to_owned(), title: "Keys written again".to_owned(), blocks }
}

fn table(tallies: &[Tally<'_>]) -> Table {
    let columns = [
        "learner",
        "written again",
        "newest",
        "newest, rewritten keys",
        "RMSE",
        "RMSE, rewritten",
        "seconds",
    ]
    .map(str::to_owned)
    .to_vec();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for tally in tallies {
        if tally.spread("newest").is_some() {
            let text = |figure: &str, form: fn(f64) -> String| -> Cell {
                tally.spread(figure).map_or("-".to_owned(), |spread| form(spread.mean)).into()
            };
            rows.push(vec![
                tally.learner.into(),
                tally.set.trim_end_matches(" written again").into(),
                text("newest", percent),
                text("newest of rewritten", percent),
                text("rmse", short),
                text("rmse of rewritten", short),
                text("seconds", short),
            ]);
        }
        let each = tally.failures().into_iter();
        rows.extend(each.map(|why| failure_row(tally.learner.to_owned(), why, columns.len())));
    }
    Table { caption: "Means over three seeds.".to_owned(), columns, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_values_are_those_written_last() {
        let stream =
            Stream { keys: Array2::zeros((2, INPUTS)), writes: vec![(0, 1.0), (1, 2.0), (0, 3.0)] };
        assert_eq!(stream.newest(), BTreeMap::from([(0, (3.0, true)), (1, (2.0, false))]));
        let said = |value: f32| judged(&stream, 1.0, &|_| Ok(value)).unwrap().figures;
        assert_eq!((said(3.05)["newest"], said(3.05)["newest of rewritten"]), (0.5, 1.0));
        assert_eq!(said(2.0)["rmse of rewritten"], 1.0);
    }

    #[test]
    fn an_index_whose_values_are_replaced_is_right_but_for_keys_that_it_does_not_find() {
        let stream = Stream::draw(Plan::Quick, 0.5, 1);
        let again = stream.writes.len() - stream.keys.nrows();
        assert!((150..350).contains(&again), "{again}");
        // The index is approximate.
        assert!(nearest(&stream).unwrap().figures["newest"] > 0.97);
    }
}
