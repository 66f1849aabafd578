//! Auto-association: stored pictures recalled from noisy, masked and half cues.

use std::rc::Rc;
use std::time::Instant;

use glam_memory::Memory;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::RngExt;

use super::super::common::{Result, Sets};
use super::super::generated::{normal, rng};
use super::{ID, PICTURES};
use crate::data::{DataError, Dataset, Targets, fashion_mnist};
use crate::peers::hopfield::Hopfield;
use crate::peers::mlp::{InputScale, MlpParams, fit};
use crate::peers::neighbours::Neighbours;
use crate::report::{Found, Key, Plan, ReportError, Runner};

/// Pictures that are stored.
pub(super) const STORED: usize = 200;
/// Pictures that are shown.
pub(super) const SHOWN: usize = 6;
/// Times that a picture is written, each with other damage.
const COPIES: u64 = 4;
/// What is shown as the cue, and as what was stored.
pub(super) const CUE: &str = "the cue";
pub(super) const STORED_NAME: &str = "what was stored";
/// Passes of the net, a tenth of them in a quick run.
const EPOCHS: usize = 100;

/// How a cue is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    Noise,
    Mask,
    Half,
}

impl Damage {
    pub(super) const ALL: [Self; 3] = [Self::Noise, Self::Mask, Self::Half];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Noise => "noisy",
            Self::Mask => "masked",
            Self::Half => "half",
        }
    }

    /// Of pixels from 0 to 1: normal numbers of standard deviation .3 are added, half of all pixels are
    /// set to nought, or the lower half is.
    fn of(self, pictures: ArrayView2<'_, f32>, seed: u64) -> Array2<f32> {
        let mut rng = rng(seed, 6 + self as u64);
        let half = pictures.ncols() / 2;
        let mut damaged = pictures.to_owned();
        for mut picture in damaged.axis_iter_mut(Axis(0)) {
            for (pixel, value) in picture.iter_mut().enumerate() {
                match self {
                    Self::Noise => *value += 0.3 * normal(&mut rng),
                    Self::Mask => *value *= f32::from(u8::from(rng.random::<bool>())),
                    Self::Half if pixel >= half => *value = 0.0,
                    Self::Half => {}
                }
            }
        }
        damaged
    }
}

/// Pictures of soft spots, where there are no others.
fn spots(seed: u64) -> Dataset {
    const SIDE: usize = 16;
    let mut rng = rng(seed, 9);
    let mut x = Array2::zeros((STORED, SIDE * SIDE));
    for mut picture in x.axis_iter_mut(Axis(0)) {
        for _ in 0..4 {
            let [row, column, wide] = [0; 3].map(|_| rng.random::<f32>());
            let (row, column, wide) = (row * 15.0, column * 15.0, 1.5 + 2.0 * wide);
            for (pixel, value) in picture.iter_mut().enumerate() {
                let (y, x) = ((pixel / SIDE) as f32, (pixel % SIDE) as f32);
                let far = (y - row).powi(2) + (x - column).powi(2);
                *value = f32::max(*value, (-far / (2.0 * wide * wide)).exp());
            }
        }
    }
    let none = || Targets::Values(Array2::zeros((0, 1)));
    let test_x = Array2::zeros((0, SIDE * SIDE));
    Dataset { name: "spots".to_owned(), train_x: x, train_y: none(), test_x, test_y: none() }
}

/// The first pictures of Fashion-MNIST, whole batches of them for each seed, from 0 to 1.
fn clothes(seed: u64) -> std::result::Result<Dataset, DataError> {
    let set = fashion_mnist()?;
    let first = seed as usize * STORED;
    let rows: Vec<usize> = (first..first + STORED).collect();
    let train_x = set.train_x.select(Axis(0), &rows) / 255.0;
    Ok(Dataset { train_x, train_y: set.train_y.select(&rows), ..set })
}

type Recall = Box<dyn Fn(ArrayView2<'_, f32>) -> Result<Array2<f32>>>;

/// A learner that has seen the pictures: what recalls, its floats and its setting.
struct Taught {
    recall: Recall,
    floats: usize,
    setting: String,
}

type Teach = fn(&Lesson) -> Result<Taught>;

/// The pictures, and the damaged copies of them that learners which want examples are given.
struct Lesson {
    pictures: Array2<f32>,
    cues: Array2<f32>,
    goals: Array2<f32>,
    seed: u64,
    plan: Plan,
}

impl Lesson {
    fn of(set: &Dataset, seed: u64, plan: Plan) -> Result<Self> {
        let pictures = set.train_x.clone();
        let mut cues = vec![pictures.clone()];
        for copy in 1..COPIES {
            let damage = Damage::ALL[copy as usize % Damage::ALL.len()];
            cues.push(damage.of(pictures.view(), seed + 100 * copy));
        }
        let views: Vec<_> = cues.iter().map(|cues| cues.view()).collect();
        let goals = vec![pictures.view(); cues.len()];
        let (cues, goals) = (concatenate(Axis(0), &views)?, concatenate(Axis(0), &goals)?);
        Ok(Self { pictures, cues, goals, seed, plan })
    }
}

const LEARNERS: [(&str, Teach); 4] = [
    ("GLAM, one pass", glam),
    ("modern Hopfield", hopfield),
    ("nearest picture", nearest),
    ("MLP of as many floats", net),
];
const TABLES: usize = 16;
const LEVEL: u8 = 2;
const VIEW: usize = 63;

fn glam(lesson: &Lesson) -> Result<Taught> {
    let pixels = lesson.pictures.ncols();
    let memory = Memory::builder(pixels)
        .targets(pixels)
        .seed(lesson.seed)
        .tables(TABLES)
        .levels([LEVEL])
        .view(VIEW)
        .warm_up(64)
        .in_memory()?;
    memory.write_batch(lesson.cues.view(), lesson.goals.view())?;
    let floats = memory.inspect()?.report.weight_bytes / size_of::<f32>();
    let setting = format!("{TABLES} tables of level {LEVEL}, views of {VIEW} pixels");
    let recall: Recall = Box::new(move |cues| Ok(memory.read_batch(cues)?));
    Ok(Taught { recall, floats, setting })
}

fn hopfield(lesson: &Lesson) -> Result<Taught> {
    // Centred, as bright pictures are else like everything.
    let centre = lesson.pictures.mean_axis(Axis(0)).ok_or("there is no picture")?;
    let centred = &lesson.pictures - &centre;
    // As sharp as tells a picture from another by its own size.
    let size = centred.iter().map(|x| x * x).sum::<f32>() / centred.nrows() as f32;
    let sharpness = 20.0 / size;
    let net = Hopfield::new(centred, lesson.pictures.clone(), sharpness);
    let floats = net.floats();
    let recall: Recall = Box::new(move |cues| Ok(net.recall((&cues - &centre).view())));
    Ok(Taught { recall, floats, setting: "one step, sharpness 20 over the mean square".to_owned() })
}

fn nearest(lesson: &Lesson) -> Result<Taught> {
    let y = Targets::Values(lesson.pictures.clone());
    let kept = Neighbours::new(lesson.pictures.view(), &y, InputScale::AllInputs, 1);
    let floats = kept.bytes() / size_of::<f32>();
    let recall: Recall = Box::new(move |cues| Ok(kept.recall(cues)));
    Ok(Taught { recall, floats, setting: String::new() })
}

fn net(lesson: &Lesson) -> Result<Taught> {
    let pixels = lesson.pictures.ncols();
    let units = ((TABLES << LEVEL) * (VIEW + 1) * pixels) / (2 * pixels + 1);
    let epochs = lesson.plan.pick(EPOCHS / 10, EPOCHS);
    let params = MlpParams {
        hidden: vec![units],
        epochs,
        learning_rates: lesson.plan.pick(vec![1e-3], vec![1e-4, 3e-4, 1e-3]),
        input_scale: InputScale::AllInputs,
        seed: lesson.seed,
        ..MlpParams::default()
    };
    let y = Targets::Values(lesson.goals.clone());
    let net = fit(&params.check()?, lesson.cues.view(), &y)?;
    let floats = net.parameter_bytes() / size_of::<f32>();
    let setting = format!("{units} units, {epochs} epochs, rate {}", net.learning_rate);
    let recall: Recall = Box::new(move |cues| Ok(net.predict(cues)?));
    Ok(Taught { recall, floats, setting })
}

/// Measures.
pub(super) fn run(runner: &mut Runner) -> std::result::Result<(), ReportError> {
    let plan = runner.plan();
    let name = plan.pick("spots", "Fashion-MNIST");
    let mut sets = Sets::default();
    let mut get = move |seed| -> Result<Rc<Dataset>> {
        Ok(sets.get(name, seed, || match plan {
            Plan::Quick => Ok(spots(seed)),
            Plan::Full => clothes(seed),
        })?)
    };
    for seed in 1..=3 {
        let key = |learner: &str| Key::new(ID, PICTURES, name, learner, seed);
        if seed == 1 {
            runner.trial(key(STORED_NAME), || {
                let set = get(seed)?;
                let all = Damage::ALL.map(|_| set.train_x.view());
                Ok(Found { pictures: drawn(&all), ..Found::default() })
            })?;
        }
        runner.trial(key(CUE), || {
            judged(&Lesson::of(&*get(seed)?, seed, plan)?, &|cues| Ok(cues.to_owned()))
        })?;
        for (learner, teach) in LEARNERS {
            runner.trial(key(learner), || {
                let lesson = Lesson::of(&*get(seed)?, seed, plan)?;
                let started = Instant::now();
                let taught = teach(&lesson)?;
                let seconds = started.elapsed().as_secs_f64();
                let found = judged(&lesson, &taught.recall)?;
                let floats = taught.floats as f64;
                Ok(found.with("seconds", seconds).with("floats", floats).set(taught.setting))
            })?;
        }
    }
    Ok(())
}

/// The error of what is recalled from cues with other damage of the kinds that were learned, and the share of pictures
/// that are nearest to their own.
fn judged(
    lesson: &Lesson,
    recall: &dyn Fn(ArrayView2<'_, f32>) -> Result<Array2<f32>>,
) -> Result<Found> {
    let mut found = Found::default();
    let mut shown = Vec::new();
    let all = Neighbours::new(
        lesson.pictures.view(),
        &Targets::Values(Array2::from_shape_fn((lesson.pictures.nrows(), 1), |(row, _)| {
            row as f32
        })),
        InputScale::AllInputs,
        1,
    );
    for damage in Damage::ALL {
        let recalled = recall(damage.of(lesson.pictures.view(), lesson.seed).view())?;
        let errors = &recalled - &lesson.pictures;
        let square =
            errors.iter().map(|&e| f64::from(e).powi(2)).sum::<f64>() / errors.len() as f64;
        let named = all.recall(recalled.view());
        let right = named.iter().enumerate().filter(|&(row, &name)| name == row as f32).count();
        found = found
            .with(&format!("rmse {}", damage.name()), square.sqrt())
            .with(&format!("named {}", damage.name()), right as f64 / named.len() as f64);
        shown.push(recalled);
    }
    if lesson.seed == 1 {
        let views: Vec<_> = shown.iter().map(|recalled| recalled.view()).collect();
        found.pictures = drawn(&views);
    }
    Ok(found)
}

/// The first pictures of each kind of damage, as bytes.
fn drawn(kinds: &[ArrayView2<'_, f32>]) -> Vec<Vec<u8>> {
    let each = kinds.iter().flat_map(|kind| kind.axis_iter(Axis(0)).take(SHOWN));
    each.map(|picture| picture.iter().map(|&x| (x.clamp(0.0, 1.0) * 255.0) as u8).collect())
        .collect()
}
