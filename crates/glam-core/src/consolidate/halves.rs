//! A solve in two halves that need not run in one place: a map over observations, and a sum by slot
//! key.
//!
//! Machines that hold the same memory and each some of the observations make [`Sums`] of theirs; a
//! coordinator merges them and takes the steps. Nothing else goes between them: sums one way, maps
//! the other.

use super::inverses::inverse;
use super::rows::Rows;
use super::sums::{Kind, Layout, Maps, Sums};
use crate::config::Targets;
use crate::error::{Error, Result};
use crate::kernel::LANES;
use crate::observation::check_weight;
use crate::observations::Observations;
use crate::recall::Recall;
use crate::structure::{Paths, Structure};
use crate::wire::Writer;

/// The half that goes over observations. All sums are in units of the normaliser, weighted by the
/// weights of the rows, and of every slot that one of the rows has active, whether or not this
/// memory has it already. A target that is not known counts as met: it pulls at no map.
///
/// What a row adds depends on the row, the memory's normaliser and gates, and the maps; not on the
/// other rows, the machine, or the slots.
///
/// Each costs the gates of every row and, for every row and active slot, as many multiplications
/// and roundings as a slot has numbers; for products and residuals a reading of the maps besides.
impl<W> Recall<W> {
    /// The sum of w phi phi' over the rows of each slot: the upper triangle row by row, n (n + 1) / 2
    /// numbers, n the inputs of a view and the bias. Of all rows, whatever is known of their
    /// targets: Grams speed a solve up and do not move its solution.
    ///
    /// # Errors
    /// [`Error::Empty`] before the first write; [`Error::Length`], [`Error::TargetKind`] or
    /// [`Error::Weight`] where `part` holds no observations of this memory; [`Error::SumRange`].
    pub fn gram_sums(&self, part: &Observations) -> Result<Sums> {
        self.sums(Kind::Grams, part, None)
    }

    /// The sum of w (y - sum of maps phi) phi' over the rows of each slot, n numbers an output.
    /// Without maps these are the moments w y phi' that a solve starts from; with them, less lambda
    /// times the maps, they are half the slope of the objective, with the sign turned: zero where
    /// the maps solve it. A slot without a map counts as zero.
    ///
    /// # Errors
    /// Those of [`Recall::gram_sums`], and [`Error::Unlike`] where the maps are another memory's.
    pub fn residual_sums(&self, part: &Observations, maps: Option<&Maps>) -> Result<Sums> {
        let kind = if maps.is_some() { Kind::Residuals } else { Kind::Moments };
        self.sums(kind, part, maps)
    }

    /// The sum of w (sum of maps phi) phi' over the rows of each slot, n numbers an output: what
    /// each iteration of [`conjugate_gradients`] asks for.
    ///
    /// # Errors
    /// Those of [`Recall::residual_sums`].
    pub fn product_sums(&self, part: &Observations, maps: &Maps) -> Result<Sums> {
        self.sums(Kind::Products, part, Some(maps))
    }

    fn sums(&self, kind: Kind, part: &Observations, maps: Option<&Maps>) -> Result<Sums> {
        let structure = self.structure.as_ref().filter(|_| self.outputs() > 0);
        let structure = structure.ok_or(Error::Empty)?;
        self.check_part(part)?;
        let (n, outputs, width) = (structure.n(), self.outputs(), structure.width());
        let layout = Layout { kind, n, outputs, memory: self.hash(structure) };
        maps.map_or(Ok(()), |maps| layout.check_memory(&maps.layout))?;
        let rows = {
            let (basis, inputs) = (structure.basis(), self.config.inputs());
            Rows::new(basis, structure.normaliser(), part, inputs, outputs)
        };
        let mut sums = Sums::new(layout);
        let mut features = vec![[0.0; LANES]; structure.features().len() * width];
        let mut active: Vec<(u64, usize)> = Vec::with_capacity(structure.active());
        let (mut goal, mut values) = (vec![0.0; outputs], vec![0.0; outputs]);
        let mut paths = Paths::default();
        for row in 0..rows.count {
            let filled = structure.features().iter().zip(features.chunks_exact_mut(width));
            filled.for_each(|(feature, phi)| feature.fill(rows.z(row), phi));
            active.clear();
            let found = structure.tables().iter().zip(paths.find(structure, rows.z(row)));
            for (number, (table, &path)) in found.enumerate() {
                let feature = table.feature() as usize;
                table.keys_on(path, number, |key| active.push((key, feature)));
            }
            let phi = |feature: usize| {
                let phi = &features.as_flattened()[feature * width * LANES..];
                phi[..n].iter().map(|&phi| f64::from(phi))
            };
            let weight = f64::from(rows.weight(row));
            values.fill(0.0);
            for &(key, feature) in &active {
                let Some(map) = maps.and_then(|maps| maps.get(key)) else { continue };
                for (value, map) in values.iter_mut().zip(map.chunks_exact(n)) {
                    *value += map.iter().zip(phi(feature)).map(|(w, phi)| w * phi).sum::<f64>();
                }
            }
            rows.goal(row, &mut goal);
            for (value, &goal) in values.iter_mut().zip(&goal) {
                let pull = if kind == Kind::Products { *value } else { f64::from(goal) - *value };
                *value = if goal.is_nan() { 0.0 } else { weight * pull };
            }
            sums.add_row(active.iter().map(|&(key, _)| key), |place, add| {
                let feature = active[place].1;
                if kind == Kind::Grams {
                    for (i, left) in phi(feature).enumerate() {
                        phi(feature).skip(i).for_each(|right| add(weight * left * right));
                    }
                } else {
                    for value in &values {
                        phi(feature).for_each(|phi| add(value * phi));
                    }
                }
            })?;
        }
        Ok(sums)
    }

    /// Fails where `part` holds no observations of this memory.
    fn check_part(&self, part: &Observations) -> Result<()> {
        let length = |what, got: usize, numbers: usize| {
            let expected = part.len() * numbers;
            if got == expected { Ok(()) } else { Err(Error::Length { what, expected, got }) }
        };
        length("the inputs of all rows", part.rows().len(), self.config.inputs())?;
        let (numbers, classes) = (part.targets().len(), part.classes().len());
        match self.config.targets() {
            Targets::Numbers(_) if classes > 0 => {
                return Err(Error::TargetKind { expected: "numbers", got: "a label" });
            }
            Targets::Numbers(_) => length("the targets of all rows", numbers, self.outputs())?,
            Targets::Labels if numbers > 0 => {
                return Err(Error::TargetKind { expected: "labels", got: "numbers" });
            }
            Targets::Labels => length("the labels of all rows", classes, 1)?,
        }
        if part.classes().iter().any(|&class| class as usize >= self.outputs()) {
            let (expected, got) = ("a label of the memory", "an unknown one");
            return Err(Error::TargetKind { expected, got });
        }
        part.weights().iter().try_for_each(|&weight| check_weight(weight))
    }

    /// FNV-1a of all that decides what a key and an output stand for.
    fn hash(&self, structure: &Structure) -> u64 {
        let mut writer = Writer::default();
        structure.encode(&mut writer);
        self.labels.names().iter().for_each(|name| writer.text(name));
        writer.finish().iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        })
    }
}

/// The half that sums: the maps that minimise sum of w |y - sum of maps phi|² + lambda sum |map|²,
/// after so many iterations of preconditioned conjugate gradients, outputs side by side.
///
/// `grams` and `moments` are [`Recall::gram_sums`] and [`Recall::residual_sums`] without maps,
/// merged over all parts. Once an iteration `product` is given maps and must give
/// [`Recall::product_sums`] of them, merged over the same parts; what it fails with ends the solve.
/// The preconditioner is each slot's own (Gram + lambda I)^-1. All arithmetic is in f64 and in one
/// order, and sums do not depend on parts: so neither does a single bit of the result.
///
/// Costs n³ a slot to begin with, and n² times outputs a slot an iteration; each iteration sends
/// [`Maps`] out and has [`Sums`] come in, 8 and 16 bytes a number. Few iterations are a smoother
/// solution, many an exact one: [`Decision`](crate::Decision) has the lambda and the iterations
/// that a consolidation of the memory found best.
///
/// # Errors
/// [`Error::Setting`] for a lambda that is not positive, [`Error::Empty`] without rows,
/// [`Error::Unlike`] where the sums are not of the same rows of the same memory, such as a
/// product from which a part is missing; and what `product` fails with.
///
/// # Examples
/// Two machines, each with half of the rows:
/// ```
/// use glam_core::{
///     Config, Error, Labels, Model, Observations, Result, Sums, Targets, conjugate_gradients,
/// };
///
/// let config = Config::builder(1, Targets::Numbers(1)).tables(8).levels([2]).build()?;
/// let mut one = Model::new(config.clone());
/// let mut parts = [Observations::new(), Observations::new()];
/// for i in 0..200 {
///     let x = (i * 37 % 200) as f32 / 20.0;
///     one.write(&[x], (&[x.sin()]).into())?;
///     parts[i % 2].add(&Labels::default(), &[x], (&[x.sin()]).into(), 1.0)?;
/// }
/// // The other machine was sent the memory.
/// let state = one.state();
/// let two = Model::restore(
///     config,
///     &state.structure,
///     state.keys.to_vec(),
///     state.weights.to_vec()?,
///     state.covariances.to_vec()?,
///     &state.history,
/// )?;
///
/// // Its sums come as bytes.
/// let merged = |here: Sums, there: Sums| -> Result<Sums> {
///     let mut sums = here;
///     sums.merge(&Sums::from_bytes(&there.to_bytes())?)?;
///     Ok(sums)
/// };
/// let (one, two) = (one.recall(), two.recall());
/// let grams = merged(one.gram_sums(&parts[0])?, two.gram_sums(&parts[1])?)?;
/// let moments = merged(one.residual_sums(&parts[0], None)?, two.residual_sums(&parts[1], None)?)?;
/// let maps = conjugate_gradients(&grams, &moments, 0.1, 50, |maps| {
///     merged(one.product_sums(&parts[0], maps)?, two.product_sums(&parts[1], maps)?)
/// })?;
///
/// // The same bits as with all rows in one place.
/// let mut all = parts[1].clone();
/// for i in (0..200).step_by(2) {
///     let x = (i * 37 % 200) as f32 / 20.0;
///     all.add(&Labels::default(), &[x], (&[x.sin()]).into(), 1.0)?;
/// }
/// let (grams, moments) = (one.gram_sums(&all)?, one.residual_sums(&all, None)?);
/// let alone =
///     conjugate_gradients(&grams, &moments, 0.1, 50, |maps| one.product_sums(&all, maps))?;
/// assert_eq!(maps.to_bytes(), alone.to_bytes());
/// # Ok::<(), Error>(())
/// ```
pub fn conjugate_gradients<E: From<Error>>(
    grams: &Sums,
    moments: &Sums,
    lambda: f64,
    iterations: usize,
    mut product: impl FnMut(&Maps) -> Result<Sums, E>,
) -> Result<Maps, E> {
    if !(lambda.is_finite() && lambda > 0.0) {
        let (setting, rule) = ("lambda", "a finite number above 0");
        return Err(Error::Setting { setting, got: lambda.to_string(), rule }.into());
    }
    grams.layout().check_kind(Kind::Grams)?;
    moments.check_alike(Kind::Moments, grams)?;
    if grams.rows() == 0 {
        return Err(Error::Empty.into());
    }
    let (n, outputs) = (grams.layout().n, grams.layout().outputs);
    let inverses = inverses(grams, lambda);
    let mut solution = Maps::zeros(grams);
    let mut direction = solution.clone();
    let mut r: Vec<f64> = moments.numbers().collect();
    let mut z = vec![0.0; r.len()];
    apply(&inverses, &r, &mut z, n, outputs);
    direction.numbers.copy_from_slice(&z);
    let mut rz = dots(&r, &z, n, outputs);
    for _ in 0..iterations {
        let sums = product(&direction)?;
        sums.check_alike(Kind::Products, grams)?;
        let p = &mut direction.numbers;
        let q: Vec<f64> = sums.numbers().zip(&*p).map(|(sum, p)| sum + lambda * p).collect();
        let step = ratios(&rz, &dots(p, &q, n, outputs));
        if step.iter().all(|&step| step == 0.0) {
            break;
        }
        by_output(&mut solution.numbers, p, &step, n, |w, p, step| w + step * p);
        by_output(&mut r, &q, &step, n, |r, q, step| r - step * q);
        apply(&inverses, &r, &mut z, n, outputs);
        let next = dots(&r, &z, n, outputs);
        by_output(p, &z, &ratios(&next, &rz), n, |p, z, turn| z + turn * p);
        rz = next;
    }
    Ok(solution)
}

/// (Gram + lambda I)^-1 of every slot, in the order of the keys.
fn inverses(grams: &Sums, lambda: f64) -> Vec<f64> {
    let n = grams.layout().n;
    let mut square = vec![0.0; n * n];
    let squares = grams.keys().filter_map(|key| grams.get(key)).map(|mut numbers| {
        for i in 0..n {
            for (j, number) in (i..n).zip(&mut numbers) {
                (square[i * n + j], square[j * n + i]) = (number, number);
            }
        }
        inverse(&square, n, lambda)
    });
    squares.flatten().collect()
}

/// z = M^-1 r, slot by slot and output by output.
fn apply(inverses: &[f64], r: &[f64], z: &mut [f64], n: usize, outputs: usize) {
    let slots = r.chunks_exact(n * outputs).zip(z.chunks_exact_mut(n * outputs));
    for (inverse, (r, z)) in inverses.chunks_exact(n * n).zip(slots) {
        for (r, z) in r.chunks_exact(n).zip(z.chunks_exact_mut(n)) {
            for (row, z) in inverse.chunks_exact(n).zip(z) {
                *z = row.iter().zip(r).map(|(inverse, r)| inverse * r).sum();
            }
        }
    }
}

/// The product of two blocks of maps, one sum an output.
fn dots(a: &[f64], b: &[f64], n: usize, outputs: usize) -> Vec<f64> {
    let mut sums = vec![0.0; outputs];
    for (row, (a, b)) in a.chunks_exact(n).zip(b.chunks_exact(n)).enumerate() {
        sums[row % outputs] += a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    }
    sums
}

/// a / b, and 0 where b is not positive: an output that is done stays where it is.
fn ratios(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| if *b > 0.0 { a / b } else { 0.0 }).collect()
}

/// a = change(a, b, the factor of its output), number by number.
fn by_output(
    a: &mut [f64],
    b: &[f64],
    by: &[f64],
    n: usize,
    change: impl Fn(f64, f64, f64) -> f64,
) {
    let rows = a.chunks_exact_mut(n).zip(b.chunks_exact(n));
    for ((a, b), &by) in rows.zip(by.iter().cycle()) {
        a.iter_mut().zip(b).for_each(|(a, &b)| *a = change(*a, b, by));
    }
}
