//! Rehearse: earlier observations, kept as a fair sample, and how many of them a write learns again.

use crate::config::{Config, Rehearse, Targets};
use crate::error::Result;
use crate::observations::{Kept, Observations};
use crate::rng::Rng;
use crate::room;
use crate::wire::{Reader, Writer};

/// The most observations that a write learns again of itself.
pub const MAX_AUTO_REHEARSE: u32 = 4;
/// The most observations that are kept, whatever the bytes.
const MOST_KEPT: usize = 1 << 20;
/// Looks over which each of the two errors is averaged.
const WINDOW: f64 = 256.0;
/// Looks of each kind before anything is concluded from them.
const LEAST: f64 = 32.0;
/// One recent and one older observation are looked at once in so many writes.
const LOOK_EVERY: u64 = 16;
/// The last observations that were kept; the oldest of them is the recent one that is looked at.
const RECENT: usize = 64;
/// The error of older observations over that of recent ones: up to the first it calls for no
/// rehearsal, from the second on for all there is.
const DEMAND: (f64, f64) = (1.3, 1.4);
/// What is left, at the next look, of a demand that has passed: rehearsal itself makes it pass, and
/// a stream that was sorted may be taken to go on so for some fifty thousand writes.
const LASTING: f64 = 0.9998;
/// The lag-one correlation of errors: likewise.
const ALIKE: (f64, f64) = (0.1, 0.4);
/// The streams of draws: which observation gives way to a new one, and which are rehearsed.
const KEEP_STREAM: u64 = 0x4B65_6570;
const PICK_STREAM: u64 = 0x5069_636B;

/// A decayed mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Mean {
    count: f64,
    value: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        self.value += (value - self.value) / self.count.min(WINDOW);
    }
}

/// The observations that are kept, and what a look back says.
///
/// **Which are kept.** A reservoir (Vitter's algorithm R, 1985): every observation so far is in it
/// with the same probability, whatever its size. Draws come from the seed and the number of observations before.
///
/// **How the order is noticed.** In a stream in random order what was learned long ago is recalled
/// about as well as what was learned a moment ago. Where the stream is sorted, the recent
/// observations are recalled well and the older ones are being lost. So the error at kept
/// observations of any age over that at recent ones calls for rehearsal. It comes late where each
/// part of the stream is new and so recalled badly too; there the errors of neighbours are alike,
/// and their lag-one correlation calls for it. The stronger call counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rehearsal {
    kept: Observations,
    /// Observations that were offered.
    seen: u64,
    /// Where the last observations were put, the oldest first.
    recent: Vec<u32>,
    any: Mean,
    late: Mean,
    /// The largest call for rehearsal lately, 0 to 1.
    lost: f64,
}

/// How long ago an observation was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// Any time.
    Any,
    /// A moment ago.
    Recent,
}

/// What is done with a kept observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// One of any age is learned again.
    Learn,
    /// One of any age is looked at.
    Any,
    /// A recent one, with its number, is looked at.
    Recent(usize),
}

impl Rehearsal {
    /// Starts with the observations so far, in order: what a memory has when it has warmed up.
    pub(crate) fn start(&mut self, config: &Config, observations: &Observations) {
        let capacity = capacity(config);
        if capacity == 0 || self.seen > 0 {
            return;
        }
        let (inputs, outputs) = (config.inputs(), target_floats(config));
        self.kept.reserve(capacity, inputs, outputs);
        for index in 0..observations.len() {
            let (x, kept, weight) = observations.get(index, inputs, outputs);
            self.offer(config, x, kept, weight);
        }
    }

    /// Keeps an observation, or not, in the place of another.
    pub(crate) fn offer(&mut self, config: &Config, x: &[f32], kept: Kept<'_>, weight: f32) {
        let capacity = capacity(config);
        if capacity == 0 {
            return;
        }
        self.seen += 1;
        if self.kept.len() < capacity {
            self.kept.push(x, kept, weight);
            self.note_place(self.kept.len() - 1);
            return;
        }
        let seen = usize::try_from(self.seen).unwrap_or(usize::MAX);
        let place = match config.window() {
            // What is older than a window is to be forgotten.
            Some(_) => (self.seen % capacity as u64) as usize,
            None => Rng::new(config.seed() ^ KEEP_STREAM, self.seen).below(seen),
        };
        if place < capacity {
            self.kept.replace(place, x, kept, weight);
            self.note_place(place);
        }
    }

    fn note_place(&mut self, place: usize) {
        if self.recent.len() < RECENT {
            self.recent.reserve_exact(RECENT - self.recent.len());
        } else {
            self.recent.remove(0);
        }
        // At most MOST_KEPT.
        self.recent.push(place as u32);
    }

    /// What the next write does with kept observations: `times` are learned again, and at
    /// times the errors of both ages are measured.
    pub(crate) fn looks(&self, config: &Config, times: u32) -> impl Iterator<Item = Look> + use<> {
        let looking = config.rehearse() == Rehearse::Auto && self.seen.is_multiple_of(LOOK_EVERY);
        let recent = self.recent.first().filter(|_| looking && self.recent.len() == RECENT);
        let recent = recent.map(|&place| place as usize);
        let any = recent.filter(|_| times == 0).map(|_| Look::Any);
        let measured = recent.map(Look::Recent).into_iter().chain(any);
        measured.chain((0..times).map(|_| Look::Learn))
    }

    /// How many observations the next write learns again.
    pub(crate) fn times(&self, config: &Config, alike: f64) -> u32 {
        match config.rehearse() {
            _ if self.kept.is_empty() => 0,
            Rehearse::Fixed(times) => times,
            Rehearse::Auto => {
                let demand = self.lost.max(part(alike, ALIKE));
                (demand * f64::from(MAX_AUTO_REHEARSE)).round() as u32
            }
        }
    }

    /// The error at observations of any age over that at recent ones; 0 while too few were seen.
    pub(crate) fn demand(&self) -> f64 {
        let seen = self.any.count.min(self.late.count);
        if seen < LEAST { 0.0 } else { self.any.value / self.late.value.max(f64::MIN_POSITIVE) }
    }

    /// The numbers of the observations that the next write learns again.
    pub(crate) fn pick(&self, config: &Config) -> impl FnMut() -> usize + use<> {
        let mut rng = Rng::new(config.seed() ^ PICK_STREAM, self.seen);
        let count = self.kept.len();
        move || rng.below(count)
    }

    pub(crate) fn kept(&self) -> &Observations {
        &self.kept
    }

    /// Counts the size of the error at a kept observation, before it is learned again; not its
    /// square, which a few outliers would rule.
    pub(crate) fn note(&mut self, age: Age, square: f64) {
        let size = square.sqrt();
        match age {
            Age::Any => self.any.add(size),
            Age::Recent => {
                self.late.add(size);
                self.lost = (LASTING * self.lost).max(part(self.demand(), DEMAND));
            }
        }
    }

    /// The statistics, which every reader of the memory can take.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.seen);
        writer.u32s(&self.recent);
        writer.f64s(&[self.any.count, self.any.value, self.late.count, self.late.value, self.lost]);
    }

    /// The observations, for the writer alone.
    pub(crate) fn encode_kept(&self, writer: &mut Writer) {
        self.kept.encode(writer);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self> {
        let (seen, mut recent, means) = (reader.u64()?, reader.u32s()?, reader.f64s()?);
        let &[any, any_value, late, late_value, lost] = means.as_slice() else {
            return Err(reader.damaged("the statistics of rehearsal have a wrong size"));
        };
        if recent.len() > RECENT || recent.iter().any(|&place| u64::from(place) >= seen) {
            return Err(reader.damaged("a recent observation is not there"));
        }
        recent.reserve_exact(RECENT - recent.len());
        let any = Mean { count: any, value: any_value };
        let late = Mean { count: late, value: late_value };
        Ok(Self { kept: Observations::new(), seen, recent, any, late, lost })
    }

    pub(crate) fn decode_kept(
        &mut self,
        reader: &mut Reader<'_>,
        config: &Config,
        outputs: usize,
    ) -> Result<()> {
        let kept = Observations::decode(reader, config, outputs)?;
        let expected = self.seen.min(capacity(config) as u64);
        let recent = self.recent.iter().all(|&place| (place as usize) < kept.len());
        if kept.len() as u64 != expected || !recent {
            return Err(reader.damaged("there are observations missing or too many"));
        }
        self.kept = kept;
        if expected > 0 {
            self.kept.reserve(capacity(config), config.inputs(), target_floats(config));
        }
        Ok(())
    }
}

/// Where `value` lies between two bounds, 0 to 1.
fn part(value: f64, (none, all): (f64, f64)) -> f64 {
    ((value - none) / (all - none)).clamp(0.0, 1.0)
}

fn target_floats(config: &Config) -> usize {
    match config.targets() {
        Targets::Numbers(targets) => targets as usize,
        Targets::Labels => 1,
    }
}

/// Observations that the configuration's bytes can hold.
fn capacity(config: &Config) -> usize {
    let row = 4 * (config.inputs() + target_floats(config) + 1);
    // A stream that drifts loses what is older as it should: nothing there calls for rehearsal.
    let none = match config.rehearse() {
        Rehearse::Auto => config.window().is_some(),
        Rehearse::Fixed(times) => times == 0,
    };
    if none {
        return 0;
    }
    let window = config.window().map_or(usize::MAX, |window| window as usize);
    let most = MOST_KEPT.min(window);
    usize::try_from(room::history_bytes(config) / row as u64).unwrap_or(usize::MAX).min(most)
}
