//! The forward pass, and in it the sparse read: only columns whose input is not 0 are added.
//!
//! A layer's sums start at the bias, and the columns are added input by input, in that order, each
//! product rounded and then its sum (no fused operation). A column times 0 changes no sum, so leaving it
//! out gives the dense layer's bits: column selection is exact. A ReLU makes about half of a layer's
//! values 0, so about half of the next layer's weights are not read.

use super::{Activation, Net, NetError, Output};
use crate::exp::exp_of_negative;
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Lane, Simd};

/// Groups of lanes whose sums are kept in registers at once.
const BLOCK: usize = 8;

/// Working memory of a forward pass, and what it left: the values of every layer. Make one with
/// `Activations::default()` per thread; after the first pass of a net it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Activations {
    /// The values of all layers, one after another.
    pub(super) values: Vec<f32>,
    /// Where each layer's values begin, and the end of the last.
    pub(super) starts: Vec<usize>,
    /// Inputs of the layer at hand that are not 0.
    active: Vec<(u32, f32)>,
    /// The sums of the layer at hand.
    sums: Vec<Lane>,
}

impl Activations {
    /// The values of layer number `layer`, counted from 0, of the pass before: of the last layer, the
    /// net's outputs. Empty where there was none.
    pub fn layer(&self, layer: usize) -> &[f32] {
        match self.starts.get(layer..layer + 2) {
            Some(&[start, end]) => self.values.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }

    /// As before the first pass: the next one begins at the input.
    pub(crate) fn clear(&mut self) {
        self.values.clear();
        self.starts.clear();
    }

    /// The values of all layers of the pass before, one layer after another.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

/// sums = bias + the columns of `active`, each times its value.
struct Add<'a> {
    columns: &'a [Lane],
    active: &'a [(u32, f32)],
    sums: &'a mut [Lane],
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { columns, active, sums } = self;
        let groups = sums.len();
        let mut start = 0;
        while start < groups {
            let rest = groups - start;
            let block = match rest {
                BLOCK.. => add_block::<S, BLOCK>(simd, columns, active, sums, start),
                4.. => add_block::<S, 4>(simd, columns, active, sums, start),
                2.. => add_block::<S, 2>(simd, columns, active, sums, start),
                _ => add_block::<S, 1>(simd, columns, active, sums, start),
            };
            start += block;
        }
    }
}

/// The work on groups `start` to `start + N`; gives N.
#[inline(always)]
fn add_block<S: Simd, const N: usize>(
    simd: S,
    columns: &[Lane],
    active: &[(u32, f32)],
    sums: &mut [Lane],
    start: usize,
) -> usize {
    let groups = sums.len();
    let mut held: [S::V; N] = std::array::from_fn(|group| simd.load(&sums[start + group]));
    for &(input, value) in active {
        let value = simd.splat(value);
        let column = &columns[input as usize * groups + start..][..N];
        for (held, column) in held.iter_mut().zip(column) {
            *held = simd.add_product(*held, value, simd.load(column));
        }
    }
    for (held, sum) in held.into_iter().zip(&mut sums[start..]) {
        simd.store(held, sum);
    }
    N
}

/// The values of `input` that are not 0, with their positions, into `active`.
pub(super) fn select(input: &[f32], active: &mut Vec<(u32, f32)>) {
    active.clear();
    active
        .extend((0..).zip(input).filter(|(_, value)| **value != 0.0).map(|(i, &value)| (i, value)));
}

/// Fills `sums` with `bias` and the sum of `columns` times their values, of those in `active`; a column
/// has as many groups as the bias.
pub(super) fn add_columns(
    columns: &[Lane],
    bias: &[Lane],
    active: &[(u32, f32)],
    sums: &mut Vec<Lane>,
) {
    sums.clear();
    sums.extend_from_slice(bias);
    dispatch(Add { columns, active, sums });
}

impl Activation {
    /// Appends the values that `sums` become.
    #[inline]
    pub(super) fn apply(self, sums: &[f32], values: &mut Vec<f32>) {
        let positive = |a: f32| if a > 0.0 { a } else { 0.0 };
        match self {
            Self::Linear => values.extend_from_slice(sums),
            Self::Relu => values.extend(sums.iter().map(|&a| positive(a))),
            Self::LeakyRelu { slope } => {
                values.extend(sums.iter().map(|&a| if a > 0.0 { a } else { slope * a }));
            }
            Self::TwoSided => {
                values.extend(sums.iter().map(|&a| positive(a)));
                values.extend(sums.iter().map(|&a| positive(-a)));
            }
        }
    }
}

/// softmax in place, from sums and products alone.
pub(super) fn softmax(values: &mut [f32]) {
    let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp = |value: f32| exp_of_negative(f64::from(value) - f64::from(most));
    let whole: f64 = values.iter().map(|&value| exp(value)).sum();
    values.iter_mut().for_each(|value| *value = (exp(*value) / whole) as f32);
}

impl Net {
    /// The net's outputs at `x`, into `out`, which must be [`Net::outputs`] long; every layer's values
    /// are left in `activations`.
    ///
    /// Costs two operations for every weight whose input is not 0, and no allocation after the first
    /// pass with the same `activations`. The same bits on every machine.
    ///
    /// # Errors
    /// [`NetError::Length`] of `x` or of `out`, [`NetError::Input`], [`NetError::Overflow`].
    pub fn forward(
        &self,
        x: &[f32],
        activations: &mut Activations,
        out: &mut [f32],
    ) -> Result<(), NetError> {
        if out.len() != self.outputs() {
            return Err(NetError::Length { expected: self.outputs(), got: out.len() });
        }
        self.activate(x, activations)?;
        out.copy_from_slice(activations.layer(self.layers().len() - 1));
        Ok(())
    }

    /// [`Net::forward`] without a copy of the outputs: they are the last layer's values.
    ///
    /// # Errors
    /// As [`Net::forward`].
    pub fn activate(&self, x: &[f32], activations: &mut Activations) -> Result<(), NetError> {
        self.logits(x, activations)?;
        if self.output() == Output::Softmax {
            let start = activations.starts[self.layers().len() - 1];
            softmax(&mut activations.values[start..]);
        }
        Ok(())
    }

    /// [`Net::activate`] without a softmax at the end.
    ///
    /// # Errors
    /// As [`Net::forward`].
    pub fn logits(&self, x: &[f32], activations: &mut Activations) -> Result<(), NetError> {
        self.check_input(x)?;
        activations.clear();
        self.go_on(x, activations, self.layers().len())
    }

    /// Goes on with the pass at `x` that `activations` holds the first layers of, as far as before layer
    /// number `end`. `x` must be an input of this net; a pass that failed cannot be gone on with.
    pub(super) fn go_on(
        &self,
        x: &[f32],
        activations: &mut Activations,
        end: usize,
    ) -> Result<(), NetError> {
        let Activations { values, starts, active, sums } = activations;
        if starts.is_empty() {
            starts.push(0);
        }
        let done = starts.len() - 1;
        for (number, layer) in self.layers().iter().enumerate().take(end).skip(done) {
            let input = if number == 0 { x } else { &values[starts[number - 1]..] };
            select(input, active);
            add_columns(layer.columns(), layer.padded_bias(), active, sums);
            let sums = &sums.as_flattened()[..layer.sums()];
            if let Some(unit) = sums.iter().position(|sum| !sum.is_finite()) {
                return Err(NetError::Overflow { layer: number + 1, unit });
            }
            layer.activation().apply(sums, values);
            starts.push(values.len());
        }
        Ok(())
    }

    /// Whether no sum can leave the range of f32 at `x`, by its largest value alone; where not, a
    /// forward pass tells.
    pub(crate) fn is_in_range(&self, x: &[f32]) -> bool {
        let most = x.iter().fold(0.0, |most: f32, value| most.max(value.abs()));
        // Half of the range is left for rounding.
        let limit = f64::from(f32::MAX) / 2.0;
        let mut size = f64::from(most);
        self.layers().iter().all(|layer| {
            size = layer.most(size);
            size < limit
        })
    }

    /// Fails where `x` is no input of this net.
    ///
    /// # Errors
    /// [`NetError::Length`], [`NetError::Input`].
    pub fn check_input(&self, x: &[f32]) -> Result<(), NetError> {
        if x.len() != self.inputs() {
            return Err(NetError::Length { expected: self.inputs(), got: x.len() });
        }
        match x.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(NetError::Input { index }),
            None => Ok(()),
        }
    }
}

const _: () = assert!(BLOCK.is_power_of_two() && LANES == 8);
