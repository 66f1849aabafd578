//! Opening a log without a snapshot beside writing its rows to a model; refreshing beside opening.

use std::error::Error;
use std::path::Path;

use glam_benches::data::{HoldOut, Targets, robot_arm};
use glam_benches::timing::{median, seconds};
use glam_memory::core::{Config, Model, Scratch, Slots};
use glam_memory::store::{Reader, Store};

use super::{Arguments, Pair};

/// The first rows of the robot arm.
pub(super) fn rows(most: usize) -> Result<Vec<Pair>, Box<dyn Error>> {
    let arm = robot_arm(&HoldOut::EveryFifthRun)?.dataset;
    let Targets::Values(y) = &arm.train_y else { return Err("torques are numbers".into()) };
    let pairs = arm.train_x.rows().into_iter().zip(y.rows());
    Ok(pairs.take(most).map(|(x, y)| (x.to_vec(), y.to_vec())).collect())
}

/// The configuration for rows like these: defaults.
fn config(rows: &[Pair]) -> Result<Config, Box<dyn Error>> {
    let (x, y) = &rows[0];
    let targets = glam_memory::Targets::Numbers(u32::try_from(y.len())?);
    Ok(Config::builder(x.len(), targets).build()?)
}

/// Appends `rows` behind those before `first`, which is the number of the first.
fn append(store: &mut Store, first: usize, rows: &[Pair]) -> Result<(), Box<dyn Error>> {
    for (number, (x, y)) in rows.iter().enumerate() {
        store.append((first + number) as u64, x, (&y[..]).into(), 1.0)?;
    }
    Ok(store.flush()?)
}

pub(super) fn measure(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let directory = arguments.directory()?;
    let path = directory.path().join("log");
    let rows = rows(arguments.most as usize)?;
    let config = config(&rows)?;
    append(&mut Store::create(&path, config.clone())?.0, 1, &rows)?;
    let (mut replayed, mut written) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds.div_ceil(3) {
        let mut model = Model::new(config.clone());
        let mut result = Ok(());
        written.push(seconds(|| {
            let mut each = rows.iter();
            result = each.try_for_each(|(x, y)| model.write(x, (&y[..]).into()).map(|_| ()));
        }));
        result?;
        let mut opened = None;
        replayed.push(seconds(|| opened = Some(Store::open(&path))));
        let (_, opened) = opened.ok_or("nothing was opened")??;
        same(&opened, &model)?;
    }
    let shares: Vec<f64> =
        written.iter().zip(&replayed).map(|(write, open)| write / open).collect();
    let rate = |times: &[f64]| rows.len() as f64 / median(times);
    println!(
        "{:<18} {:>8} {:>14} {:>14} {:>8}  answers",
        "replay", "rows", "opening, /s", "writing, /s", "share"
    );
    println!(
        "{:<18} {:>8} {:>14.0} {:>14.0} {:>8.3}  equal to the bit\n",
        "robot arm",
        rows.len(),
        rate(&replayed),
        rate(&written),
        median(&shares),
    );
    Ok(())
}

/// Fails unless two models are the same to the bit.
fn same(a: &Model, b: &Model) -> Result<(), Box<dyn Error>> {
    let (a, b) = (a.state(), b.state());
    let bytes = |slots: &Slots<'_>| -> Result<Vec<u8>, Box<dyn Error>> {
        Ok(bytemuck::cast_slice(&slots.to_vec()?).to_vec())
    };
    let equal = a.sequence == b.sequence
        && a.structure == b.structure
        && a.history == b.history
        && a.keys == b.keys
        && bytes(&a.weights)? == bytes(&b.weights)?
        && bytes(&a.covariances)? == bytes(&b.covariances)?;
    if equal { Ok(()) } else { Err("what was replayed is not what was written".into()) }
}

/// What a reader answers to the first row.
fn answer(reader: &Reader, rows: &[Pair]) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut out = vec![0.0; reader.outputs()];
    reader.read(&rows[0].0, &mut Scratch::default(), &mut out)?;
    Ok(out)
}

pub(super) fn refresh(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let directory = arguments.directory()?;
    let path = directory.path().join("refreshed");
    let counts = [1, 1000];
    let behind: usize = counts.iter().sum::<usize>() * arguments.rounds as usize + 1;
    let all = rows(arguments.most as usize + behind)?;
    let (first, mut next) = all.split_at(all.len().saturating_sub(behind).max(1));
    let (mut store, mut model) = Store::create(&path, config(&all)?)?;
    append(&mut store, 1, first)?;
    for (x, y) in first {
        model.write(x, (&y[..]).into())?;
    }
    store.checkpoint(&mut model)?;
    let mut sequence = first.len() + 1;
    // A reader that has followed already: the first time is an opening with all of its own.
    append(&mut store, sequence, &next[..1])?;
    (next, sequence) = (&next[1..], sequence + 1);
    let mut reader = Reader::open(&path)?;
    println!(
        "{:<18} {:>8} {:>12} {:>13} {:>8}  answers",
        "refresh", "rows", "refresh, ms", "opening, ms", "share"
    );
    for count in counts {
        let (mut refreshed, mut opened) = (Vec::new(), Vec::new());
        for _ in 0..arguments.rounds {
            append(&mut store, sequence, &next[..count])?;
            (next, sequence) = (&next[count..], sequence + count);
            let (mut result, mut anew) = (None, None);
            refreshed.push(seconds(|| result = Some(reader.refresh())));
            if !result.ok_or("nothing was refreshed")?? || reader.sequence() + 1 != sequence as u64
            {
                return Err("the reader did not go on to what the writer had handed over".into());
            }
            opened.push(seconds(|| anew = Some(Reader::open(&path))));
            equal(&reader, &anew.ok_or("nothing was opened")??, &all)?;
        }
        let shares: Vec<f64> =
            refreshed.iter().zip(&opened).map(|(one, other)| one / other).collect();
        println!(
            "{:<18} {count:>8} {:>12.3} {:>13.3} {:>8.3}  equal to the bit",
            "robot arm",
            1e3 * median(&refreshed),
            1e3 * median(&opened),
            median(&shares),
        );
    }
    snapshot(&path, store, model, &all[first.len()..sequence - 1])?;
    println!(
        "\nOpening anew replays all rows since the checkpoint, those of the rounds before too.\n"
    );
    Ok(())
}

/// Fails unless two readers answer alike.
fn equal(one: &Reader, other: &Reader, rows: &[Pair]) -> Result<(), Box<dyn Error>> {
    let bits = |out: Vec<f32>| out.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    if bits(answer(one, rows)?) == bits(answer(other, rows)?) {
        return Ok(());
    }
    Err("a reader that was refreshed gives other answers than one that was opened".into())
}

/// A checkpoint of what was appended, after which a refresh is an opening.
fn snapshot(
    path: &Path,
    mut store: Store,
    mut model: Model,
    behind: &[Pair],
) -> Result<(), Box<dyn Error>> {
    for (x, y) in behind {
        model.write(x, (&y[..]).into())?;
    }
    let mut reader = Reader::open(path)?;
    store.checkpoint(&mut model)?;
    let (mut result, mut anew) = (None, None);
    let refreshed = seconds(|| result = Some(reader.refresh()));
    let opened = seconds(|| anew = Some(Reader::open(path)));
    result.ok_or("nothing was refreshed")??;
    equal(&reader, &anew.ok_or("nothing was opened")??, behind)?;
    println!(
        "{:<18} {:>8} {:>12.3} {:>13.3} {:>8.3}  equal to the bit",
        "a new checkpoint",
        0,
        1e3 * refreshed,
        1e3 * opened,
        refreshed / opened,
    );
    Ok(())
}
