//! The sound memories that the files of the targets are made from.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::OnceLock;

use glam_core::{Config, Label, Line, Model, Precision, Scratch, Slots, Target, Targets};
use glam_store::{Reader, Result, Store};

use super::disk::{Files, InMemory, place};
use super::forge;

pub(super) const INPUTS: usize = 3;
pub(super) const OUTPUTS: usize = 2;
const CLASSES: [&str; 4] = ["ash", "birch", "cedar", "-7"];
const CUES: u64 = 4;

/// A memory, and what it recalls after each of its observations.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) files: Files,
    pub(super) last: u64,
    /// By sequence number, from 0; empty where an observation is being erased.
    pub(super) recalls: Vec<Option<Vec<u32>>>,
}

/// A number in [-1, 1) that depends on nothing but `n`: splitmix64.
fn noise(n: u64) -> f32 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
}

/// An input of as many numbers as are asked for.
pub(super) fn input(sequence: u64, inputs: usize) -> Vec<f32> {
    (0..inputs as u64).map(|input| noise(sequence.wrapping_mul(31).wrapping_add(input))).collect()
}

/// Calls `work` with what belongs to an input.
pub(super) fn with_target<T>(x: &[f32], targets: Targets, work: impl FnOnce(Target<'_>) -> T) -> T {
    let first = x.first().copied().unwrap_or_default();
    match targets {
        Targets::Numbers(count) => {
            let numbers: Vec<f32> = (0..count).map(|output| first + output as f32).collect();
            work(Target::Numbers(&numbers))
        }
        Targets::Labels => {
            let class = CLASSES[((first + 1.0) * 2.0) as usize % CLASSES.len()];
            work(Target::Label(match class.parse() {
                Ok(number) => Label::Integer(number),
                Err(_) => Label::Text(class),
            }))
        }
    }
}

/// Writes the next `count` observations.
pub(super) fn write(store: &mut Store, model: &mut Model, count: u64) -> Result<()> {
    for _ in 0..count {
        let sequence = model.recall().sequence().saturating_add(1);
        let config = model.recall().config();
        let (x, targets) = (input(sequence, config.inputs()), config.targets());
        with_target(&x, targets, |target| {
            model.check(&x, target)?;
            store.append(sequence, &x, target, 1.0)?;
            let written = model.write(&x, target).map(drop);
            if written.is_err() {
                store.retract();
            }
            Ok::<_, glam_store::Error>(written?)
        })?;
    }
    Ok(())
}

/// What a reader recalls at a few cues, bit for bit; `None` where it recalls nothing.
pub(super) fn recalled(reader: &Reader) -> Option<Vec<u32>> {
    let (mut scratch, outputs) = (Scratch::default(), reader.outputs());
    let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
    let mut bits = Vec::new();
    for cue in 0..CUES {
        let x = input(1_000_000 + cue, reader.config().inputs());
        reader.read_with_variance(&x, &mut scratch, &mut out, &mut spread).ok()?;
        bits.extend(out.iter().chain(&spread).map(|value| value.to_bits()));
    }
    Some(bits)
}

/// The same of a model.
fn recalled_by(model: &Model) -> Option<Vec<u32>> {
    let (mut scratch, outputs) = (Scratch::default(), model.recall().outputs());
    let (mut out, mut spread) = (vec![0.0; outputs], vec![0.0; outputs]);
    let mut bits = Vec::new();
    for cue in 0..CUES {
        let x = input(1_000_000 + cue, model.recall().config().inputs());
        let (recall, covariances) = (model.recall(), model.covariances());
        recall.read_with_variance(covariances, &x, &mut scratch, &mut out, &mut spread).ok()?;
        bits.extend(out.iter().chain(&spread).map(|value| value.to_bits()));
    }
    Some(bits)
}

/// How a memory is made: checkpoints behind these observations, so many after them, and one that is
/// being erased.
struct Plan {
    config: Config,
    checkpoints: &'static [u64],
    tail: u64,
    erased: Option<u64>,
}

fn plans() -> Result<Vec<Plan>> {
    // Room for what is kept to be rehearsed is taken at once: 32 MiB a model unless told otherwise.
    let small = |targets| Config::builder(INPUTS, targets).tables(2).history_bytes(1 << 12);
    let numbers = || small(Targets::Numbers(OUTPUTS as u32));
    let labels = small(Targets::Labels).precision(Precision::Diagonal);
    let bounded = numbers().levels([2]).warm_up(8).window(50).max_bytes(1 << 16).history_bytes(400);
    let plan =
        |config: Config, checkpoints, tail, erased| Plan { config, checkpoints, tail, erased };
    Ok(vec![
        plan(numbers().levels([1, 2]).warm_up(8).build()?, &[12, 17], 2, None),
        plan(labels.levels([1]).warm_up(8).build()?, &[14], 3, None),
        plan(bounded.build()?, &[20], 2, None),
        plan(numbers().levels([1]).build()?, &[5], 3, None),
        plan(numbers().levels([1]).warm_up(8).build()?, &[12], 2, Some(4)),
        plan(numbers().levels([1]).warm_up(8).build()?, &[], 12, None),
        plan(numbers().levels([1]).warm_up(8).build()?, &[12], 0, None),
    ])
}

fn make(plan: &Plan) -> Result<Base> {
    let disk = InMemory::default();
    let (mut store, mut model) = Store::create_on(disk.shared(), place(), plan.config.clone())?;
    let mut recalls = vec![recalled_by(&model)];
    let last = plan.checkpoints.last().copied().unwrap_or_default() + plan.tail;
    for sequence in 1..=last {
        write(&mut store, &mut model, 1)?;
        recalls.push(recalled_by(&model));
        if plan.checkpoints.contains(&sequence) {
            store.checkpoint(&mut model)?;
        }
    }
    if let Some(erased) = plan.erased {
        store.erase(erased)?;
        recalls.clear();
    }
    drop(store);
    let mut files = disk.files();
    // It would hold the number of this process.
    files.insert("LOCK".to_owned(), b"1         \n".to_vec());
    forge::name_memory(&mut files);
    // Nothing but a repair reads it, and its bytes are those of the manifest.
    files.remove("MANIFEST.copy");
    Ok(Base { files, last, recalls })
}

/// All of them.
pub(super) fn bases() -> &'static [Base] {
    static BASES: OnceLock<Vec<Base>> = OnceLock::new();
    BASES.get_or_init(|| {
        let made = plans().and_then(|plans| plans.iter().map(make).collect());
        made.unwrap_or_else(|error: glam_store::Error| panic!("a sound memory: {error}"))
    })
}

/// Numbers that tell models apart, by what they are of. Slots that are not to be used are alike.
pub(super) fn digest(model: &Model) -> [(&'static str, u64); 4] {
    let state = model.state();
    let number = |hash: &dyn Fn(&mut DefaultHasher)| {
        let mut hasher = DefaultHasher::new();
        hash(&mut hasher);
        hasher.finish()
    };
    let slots = |slots: &Slots<'_>| {
        number(&|hasher| {
            slots.lines().hash(hasher);
            for slot in slots.iter() {
                // Where a forged number has made others infinite, the file's slot is refused.
                let finite = |lines: &&[Line]| {
                    bytemuck::cast_slice::<_, f32>(lines).iter().all(|value| value.is_finite())
                };
                match slot.ok().filter(finite) {
                    Some(lines) => bytemuck::cast_slice::<_, u8>(lines).hash(hasher),
                    None => "not to be used".hash(hasher),
                }
            }
        })
    };
    [
        (
            "structure",
            number(&|hasher| (state.sequence, &state.structure, &state.keys).hash(hasher)),
        ),
        ("history", number(&|hasher| state.history.hash(hasher))),
        ("weights", slots(&state.weights)),
        ("covariances", slots(&state.covariances)),
    ]
}
