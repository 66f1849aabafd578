//! Rehearse: earlier observations, kept as a fair sample, and how many of them a write learns again.

use crate::config::{Config, Rehearse, Targets};
use crate::error::Result;
use crate::model::normalised;
use crate::observations::{Kept, Observations};
use crate::report::Rehearsing;
use crate::rng::Rng;
use crate::room;
use crate::shift::Shift;
use crate::structure::Structure;
use crate::wire::{Reader, Writer};

/// The most observations that a write learns again of itself.
pub const MAX_AUTO_REHEARSE: u32 = 6;
/// The most observations that are kept, whatever the bytes.
const MOST_KEPT: usize = 1 << 20;
/// One kept observation is looked at once in so many writes.
const LOOK_EVERY: u64 = 16;
/// Looks, and as many times [`LOOK_EVERY`] writes, over which the two errors are averaged.
const WINDOW: f64 = 128.0;
/// Looks before anything is concluded from them.
const LEAST: f64 = 32.0;
/// The error at kept observations over that at new ones: up to the first it calls for no
/// rehearsal, from the second on for all there is.
const DEMAND: (f64, f64) = (1.15, 1.25);
/// What is left, at the next write, of a demand that has passed: rehearsal itself makes it pass, and
/// a stream that was sorted may be taken to go on so for a hundred thousand writes.
const LASTING: f64 = 0.99999;
/// The lag-one correlation of errors: likewise.
const ALIKE: (f64, f64) = (0.1, 0.4);
/// How far the late targets are from those of all: up to the first nothing is rehearsed.
const MOVED: (f64, f64) = (0.1, 0.15);
/// How far late labels are from all: up to the first that alone calls for no rehearsal, from the
/// second on, about where a third of up to a hundred classes is not shown, for all there is.
const MISSED: (f64, f64) = (0.25, 0.4);
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
    fn add(&mut self, value: f64, window: f64) {
        self.count += 1.0;
        self.value += (value - self.value) / self.count.min(window);
    }
}

/// The observations that are kept, and what a look back says.
///
/// **Which are kept.** A reservoir (Vitter's algorithm R, 1985): every observation so far is in it
/// with the same probability, whatever its size. Draws come from the seed and the number of observations before.
///
/// **How the order is noticed.** In a stream in random order what was learned is never recalled
/// worse than what is new is predicted, however noisy it is. Where the stream is sorted it can be
/// the other way round: the new observations are like those just before, and the old ones are being
/// lost. So the error at kept observations over that at new ones, before learning, calls for rehearsal.
/// It comes late where each part of the stream is new and so predicted badly too; there the errors of
/// neighbours are alike, and their lag-one correlation calls for it. The stronger call counts, and only
/// where the targets of late are not those of the whole stream ([`Shift`]): a world that drifts makes
/// both calls too, but its old observations are wrong by now. Classes that are not shown for a while, or
/// far less than before, call by themselves: by the time their observations are recalled worse than new
/// ones, most of them is lost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rehearsal {
    kept: Observations,
    /// Observations that were offered.
    seen: u64,
    kept_error: Mean,
    new_error: Mean,
    /// The largest call for rehearsal lately, 0 to 1.
    lost: f64,
    shift: Shift,
}

/// What is done with a kept observation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is learned again.
    Learn,
    /// It is only looked at.
    Measure,
}

impl Rehearsal {
    /// Starts with the observations so far, in order, of `known` outputs: what a memory has when it has
    /// warmed up, or is built anew.
    pub(crate) fn start(
        &mut self,
        config: &Config,
        structure: &Structure,
        known: usize,
        observations: &Observations,
    ) {
        if self.seen > 0 {
            return;
        }
        let (inputs, outputs) = (config.inputs(), target_floats(config));
        match config.targets() {
            Targets::Labels => self.shift.start(known, observations.classes()),
            Targets::Numbers(_) => {
                self.shift.widen(known);
                for index in 0..observations.len() {
                    let (_, kept, _) = observations.get(index, inputs, outputs);
                    self.shift.note((0..known).map(|output| normalised(structure, kept, output)));
                }
            }
        }
        let capacity = capacity(config);
        if capacity == 0 {
            return;
        }
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
        self.seen = self.seen.saturating_add(1);
        if self.kept.len() < capacity {
            self.kept.push(x, kept, weight);
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
        }
    }

    /// What the next write does with kept observations: `times` are learned again, and at times one
    /// is only looked at.
    pub(crate) fn looks(&self, config: &Config, times: u32) -> impl Iterator<Item = Look> + use<> {
        let measured = (self.is_looking(config) && times == 0 && !self.kept.is_empty())
            .then_some(Look::Measure);
        measured.into_iter().chain((0..times).map(|_| Look::Learn))
    }

    fn is_looking(&self, config: &Config) -> bool {
        config.rehearse() == Rehearse::Auto && self.seen.is_multiple_of(LOOK_EVERY)
    }

    /// How many observations the next write learns again.
    pub(crate) fn times(&self, config: &Config, alike: f64) -> u32 {
        if self.kept.is_empty() { 0 } else { self.wanted(config, alike) }
    }

    /// The most observations that [`Rehearsal::looks`] gives once a write has counted `targets`,
    /// whatever its errors turn out to be, and whether any of them may be learned.
    pub(crate) fn at_most(
        &self,
        config: &Config,
        targets: impl Iterator<Item = f32>,
    ) -> (u32, Look) {
        if self.kept.is_empty() {
            return (0, Look::Measure);
        }
        let learned = match config.rehearse() {
            _ if self.seen == 0 => 0,
            Rehearse::Fixed(times) => times,
            Rehearse::Auto => {
                times(part(self.shift.distance_after(config.targets(), targets), MOVED))
            }
        };
        match learned {
            0 => (self.is_looking(config).into(), Look::Measure),
            learned => (learned, Look::Learn),
        }
    }

    /// The same as [`Rehearsal::times`] where only the statistics were loaded.
    fn wanted(&self, config: &Config, alike: f64) -> u32 {
        match config.rehearse() {
            _ if self.seen == 0 => 0,
            Rehearse::Fixed(times) => times,
            Rehearse::Auto => {
                let moved = self.shift.distance(config.targets());
                let missed = match config.targets() {
                    Targets::Numbers(_) => 0.0,
                    Targets::Labels => part(moved, MISSED),
                };
                let demand = self.lost.max(part(alike, ALIKE)).max(missed);
                times(demand.min(part(moved, MOVED)))
            }
        }
    }

    /// The error at kept observations over that at new ones; 0 while too few were seen.
    pub(crate) fn demand(&self) -> f64 {
        if self.kept_error.count < LEAST {
            return 0.0;
        }
        self.kept_error.value / self.new_error.value.max(f64::MIN_POSITIVE)
    }

    /// How many observations the next write learns again, and why.
    pub(crate) fn report(&self, config: &Config, alike: f64) -> Rehearsing {
        let (forgetting, moved) = (self.demand(), self.shift.distance(config.targets()));
        Rehearsing { times: self.wanted(config, alike), forgetting, moved }
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

    /// Counts the size of the error at a new observation, before it is learned; not its square, which
    /// a few outliers would rule.
    pub(crate) fn note_new(&mut self, square: f64, targets: impl ExactSizeIterator<Item = f32>) {
        self.shift.widen(targets.len());
        self.shift.note(targets);
        self.new_error.add(square.sqrt(), WINDOW * LOOK_EVERY as f64);
        self.lost *= LASTING;
    }

    /// Counts the size of the error at a kept observation, before it is learned again.
    pub(crate) fn note_kept(&mut self, square: f64) {
        self.kept_error.add(square.sqrt(), WINDOW);
        self.lost = self.lost.max(part(self.demand(), DEMAND));
    }

    /// The statistics; small, whatever is kept.
    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u64(self.seen);
        let (kept, new) = (self.kept_error, self.new_error);
        writer.f64s(&[kept.count, kept.value, new.count, new.value, self.lost]);
        self.shift.encode(writer);
    }

    /// The observations, for the writer alone.
    pub(crate) fn encode_kept(&self, writer: &mut Writer) {
        self.kept.encode(writer);
    }

    /// Reads what [`Rehearsal::encode`] wrote; the observations come by [`Rehearsal::decode_kept`].
    pub(crate) fn decode(reader: &mut Reader<'_>, outputs: usize) -> Result<Self> {
        let (seen, means) = (reader.u64()?, reader.f64s()?);
        let &[kept_count, kept, new_count, new, lost] = means.as_slice() else {
            return Err(reader.damaged("the statistics of rehearsal have a wrong size"));
        };
        let kept_error = Mean { count: kept_count, value: kept };
        let new_error = Mean { count: new_count, value: new };
        let shift = Shift::decode(reader, outputs)?;
        Ok(Self { kept: Observations::new(), seen, kept_error, new_error, lost, shift })
    }

    /// Reads what [`Rehearsal::encode_kept`] wrote: exactly as many as the statistics say.
    pub(crate) fn decode_kept(
        &mut self,
        reader: &mut Reader<'_>,
        config: &Config,
        outputs: usize,
    ) -> Result<()> {
        let kept = Observations::decode(reader, config, outputs)?;
        let expected = self.seen.min(capacity(config) as u64);
        if kept.len() as u64 != expected {
            return Err(reader.damaged("there are observations missing or too many"));
        }
        self.kept = kept;
        if expected > 0 {
            self.kept.reserve(capacity(config), config.inputs(), target_floats(config));
        }
        Ok(())
    }
}

/// The observations that a demand of 0 to 1 calls for.
fn times(demand: f64) -> u32 {
    (demand * f64::from(MAX_AUTO_REHEARSE)).round() as u32
}

/// Where `value` lies between two bounds, 0 to 1; 0 where it is NaN.
fn part(value: f64, (none, all): (f64, f64)) -> f64 {
    let part = (value - none) / (all - none);
    if part > 0.0 { part.min(1.0) } else { 0.0 }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Model;
    use crate::observation::Target;

    fn config(bytes: u64) -> Config {
        Config::builder(1, Targets::Numbers(1)).history_bytes(bytes).build().unwrap()
    }

    #[test]
    fn what_is_kept_is_a_fair_sample_of_all() {
        // 12 bytes a row: 100 rows of 2,000 are kept, each with probability .05, over 200 seeds.
        let mut counts = [0.0_f64; 4];
        for seed in 0..200 {
            let config = Config::builder(1, Targets::Numbers(1))
                .history_bytes(1200)
                .seed(seed)
                .build()
                .unwrap();
            let mut rehearsal = Rehearsal::default();
            for row in 0..2000 {
                rehearsal.offer(&config, &[row as f32], Kept::Numbers(&[0.0]), 1.0);
            }
            assert_eq!(rehearsal.kept.len(), 100);
            for row in rehearsal.kept.rows() {
                counts[(row / 500.0) as usize] += 1.0;
            }
        }
        // Binomial of 200 x 500 with p = .05: 5,000 each, standard deviation 69.
        assert!(counts.iter().all(|count| (count - 5000.0).abs() < 4.0 * 69.0), "{counts:?}");
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be_rehearsed() {
        let off = Config::builder(1, Targets::Numbers(1)).rehearse(Rehearse::Fixed(0));
        for config in [config(0), off.build().unwrap()] {
            let mut rehearsal = Rehearsal::default();
            rehearsal.offer(&config, &[1.0], Kept::Numbers(&[0.0]), 1.0);
            assert!(rehearsal.kept.is_empty());
            assert_eq!(rehearsal.times(&config, 0.9), 0);
        }
    }

    /// Rows of a function of one input; sorted or not.
    fn error(rehearse: Rehearse, sorted: bool) -> (f64, u32) {
        let config = Config::builder(1, Targets::Numbers(1)).rehearse(rehearse).build().unwrap();
        let mut rng = Rng::new(3, 3);
        let mut x: Vec<f32> = (0..6000).map(|_| 6.0 * rng.unit()).collect();
        if sorted {
            // The beginning is mixed, so that the gates see everything; then from left to right.
            x[1100..].sort_by(f32::total_cmp);
        }
        let f = |x: f32| (2.0 * x).sin();
        let mut model = Model::new(config.clone());
        for &x in &x {
            let y = [f(x) + 0.3 * rng.normal()];
            model.write(&[x], Target::Numbers(&y)).unwrap();
        }
        let (mut scratch, mut out) = (crate::Scratch::default(), [0.0]);
        let mut sum = 0.0;
        for i in 0..200 {
            let x = [i as f32 * 0.03];
            model.recall().read(&x, &mut scratch, &mut out).unwrap();
            sum += f64::from(out[0] - f(x[0])).powi(2);
        }
        let times = model.rehearsal.times(&config, model.recall.noise.alike());
        ((sum / 200.0).sqrt(), times)
    }

    #[test]
    fn rehearsing_is_left_out_of_a_shuffled_stream() {
        let (alone, _) = error(Rehearse::Fixed(0), false);
        let (auto, times) = error(Rehearse::Auto, false);
        assert_eq!(times, 0);
        assert_eq!(auto, alone);
    }

    #[test]
    fn a_sorted_stream_of_numbers_is_learned_as_well_as_a_shuffled_one() {
        let (shuffled, _) = error(Rehearse::Auto, false);
        let (sorted, _) = error(Rehearse::Auto, true);
        assert!(sorted < 1.5 * shuffled, "{sorted} {shuffled}");
    }
}
