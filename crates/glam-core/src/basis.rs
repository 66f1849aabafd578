//! The net that a memory is built on: what it starts as, and what its tables see of it.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, s};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::net::{Activations, Net, NetError};
use crate::normaliser::Normaliser;

/// What the tables of a memory over a net see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Views {
    /// The inputs and the values of the net's hidden layers.
    #[default]
    Both,
    /// The inputs alone.
    Inputs,
    /// The values of the net's hidden layers alone.
    Units,
}

/// The net that a memory is built on.
///
/// Before the first write the memory *is* the net, bit for bit. Each write then corrects what it says by
/// least squares: the prediction is the net's plus the sum of the active maps, and these start at 0. The
/// net itself never changes, so what it knows is still there wherever nothing was corrected.
///
/// Tables see the inputs and the values of the net's hidden layers ([`Views`]); gates of the family
/// [`Family::Relu`](crate::Family::Relu) are the net's own decisions.
///
/// ```
/// use glam_core::net::{Activation, Layer, Net, Output};
/// use glam_core::{Basis, Config, Model, Scratch, Targets};
/// use ndarray::array;
///
/// let hidden = Layer::new(array![[1.0], [-1.0]].view(), &[0.0, 0.0], Activation::Relu)?;
/// let last = Layer::new(array![[1.0, 1.0]].view(), &[0.0], Activation::Linear)?;
/// let net = Net::new(vec![hidden, last], Output::Linear)?; // |x|
/// let config = Config::builder(1, Targets::Numbers(1)).basis(Basis::new(net)).build()?;
/// let mut model = Model::new(config);
/// let (mut out, mut scratch) = ([0.0], Scratch::default());
/// model.recall().read(&[-2.0], &mut scratch, &mut out)?;
/// assert_eq!(out, [2.0]);
/// // The world has |x| + 1.
/// for i in 0..200 {
///     let x = (i % 21) as f32 / 5.0 - 2.0;
///     model.write(&[x], (&[x.abs() + 1.0]).into())?;
/// }
/// model.recall().read(&[-1.6], &mut scratch, &mut out)?;
/// assert!((out[0] - 2.6).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    net: Net,
    starts: bool,
    views: Views,
}

impl Basis {
    /// A memory that starts as `net`, whose tables see inputs and hidden values.
    pub fn new(net: Net) -> Self {
        Self { net, starts: true, views: Views::default() }
    }

    /// What tables see.
    pub fn views(self, views: Views) -> Self {
        Self { views, ..self }
    }

    /// The memory starts at nothing, as one without a net: the net's decisions and values alone are
    /// used.
    pub fn from_nothing(self) -> Self {
        Self { starts: false, ..self }
    }

    /// The net.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Whether the memory starts as the net.
    pub fn starts(&self) -> bool {
        self.starts
    }

    /// What tables see.
    pub fn seen_views(&self) -> Views {
        self.views
    }

    /// The basis as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let views = match self.views {
            Views::Both => 0,
            Views::Inputs => 1,
            Views::Units => 2,
        };
        let mut bytes = vec![u8::from(self.starts), views];
        bytes.extend(self.net.to_bytes());
        bytes
    }

    /// The basis whose bytes these are; allocates no more than about ten times their length.
    ///
    /// # Errors
    /// As [`Net::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, NetError> {
        let damaged = |what, at| NetError::Damaged { what, at };
        let [starts, views, net @ ..] = bytes else {
            return Err(damaged("the bytes end early", 0));
        };
        let starts = match starts {
            0 => false,
            1 => true,
            _ => return Err(damaged("the start is of an unknown kind", 0)),
        };
        let views = match views {
            0 => Views::Both,
            1 => Views::Inputs,
            2 => Views::Units,
            _ => return Err(damaged("the views are of an unknown kind", 1)),
        };
        Ok(Self { net: Net::from_bytes(net)?, starts, views })
    }

    /// Inputs and hidden values: what one cue is to gates and views.
    pub(crate) fn lifted(&self) -> usize {
        self.net.inputs() + self.net.hidden_values()
    }

    /// Which of them tables see.
    pub(crate) fn seen(&self) -> Range<usize> {
        match self.views {
            Views::Both => 0..self.lifted(),
            Views::Inputs => 0..self.net.inputs(),
            Views::Units => self.net.inputs()..self.lifted(),
        }
    }

    /// Where among them the units of every deciding layer stand, one number a unit.
    pub(crate) fn deciding(&self) -> Vec<Range<u32>> {
        let (mut start, mut found) = (self.net.inputs(), Vec::new());
        let layers = self.net.layers();
        for layer in &layers[..layers.len() - 1] {
            if layer.activation().decides() {
                found.push(start as u32..(start + layer.sums()) as u32);
            }
            start += layer.values();
        }
        found
    }

    /// Refuses an input that the net cannot take.
    pub(crate) fn check(&self, x: &[f32]) -> Result<()> {
        self.net.check_input(x)?;
        if !self.net.is_in_range(x) {
            self.net.activate(x, &mut Activations::default())?;
        }
        Ok(())
    }

    /// Appends the inputs and the hidden values at `x`, which was checked; the net's outputs stay in
    /// `activations`.
    #[inline]
    pub(crate) fn lift(&self, x: &[f32], activations: &mut Activations, lifted: &mut Vec<f32>) {
        let start = lifted.len();
        lifted.extend_from_slice(x);
        if self.net.activate(x, activations).is_ok() {
            lifted.extend_from_slice(&activations.values()[..self.net.hidden_values()]);
        } else {
            // Of an input that was not checked.
            activations.clear();
        }
        lifted.resize(start + self.lifted(), 0.0);
    }

    /// From the slopes of a memory's maps, a row an output and a column an input or hidden value, to
    /// those of the whole memory by the inputs, at the input that was lifted last.
    pub(crate) fn slopes(&self, maps: &Array2<f64>, activations: &Activations) -> Array2<f64> {
        let (rows, inputs) = (maps.nrows(), self.net.inputs());
        let mut starts = Array2::zeros((rows, self.net.outputs()));
        if self.starts {
            starts.diag_mut().fill(1.0);
        }
        let hidden = maps.slice(s![.., inputs..]);
        self.net.pull_back(activations, starts, hidden) + maps.slice(s![.., ..inputs])
    }

    /// What the memory starts as at the input that was lifted last: output number `output`, 0 of a
    /// class that the net does not know.
    #[inline]
    pub(crate) fn start(&self, activations: &Activations, output: usize) -> f32 {
        let outputs = activations.layer(self.net.layers().len() - 1);
        if self.starts { outputs.get(output).copied().unwrap_or(0.0) } else { 0.0 }
    }
}

/// Rows as gates and views see them, and what the memory starts as at each.
#[derive(Debug, Default)]
pub(crate) struct LiftedRows {
    /// One after another.
    pub(crate) rows: Vec<f32>,
    /// One number an output a row, in the units of the data; empty where the memory starts at nothing.
    pub(crate) starts: Vec<f32>,
}

impl LiftedRows {
    pub(crate) fn of(basis: &Basis, rows: &[f32], outputs: usize) -> Self {
        let inputs = basis.net.inputs();
        let mut lifted = Self::default();
        lifted.rows.reserve(rows.len() / inputs * basis.lifted());
        let mut activations = Activations::default();
        for x in rows.chunks_exact(inputs) {
            basis.lift(x, &mut activations, &mut lifted.rows);
            if basis.starts {
                let starts = (0..outputs).map(|output| basis.start(&activations, output));
                lifted.starts.extend(starts);
            }
        }
        lifted
    }
}

/// The normaliser of these rows and targets, over the net where the memory is built on one.
pub(crate) fn fit_normaliser(
    config: &Config,
    rows: &[f32],
    targets: &[f32],
    outputs: usize,
) -> Normaliser {
    let Some(basis) = config.basis() else {
        return Normaliser::fit(rows, config.inputs(), targets, outputs);
    };
    let lifted = LiftedRows::of(basis, rows, outputs);
    let fitted = Normaliser::fit(&lifted.rows, basis.lifted(), targets, outputs);
    if basis.starts && !targets.is_empty() {
        fitted.for_starts(targets, &lifted.starts, outputs)
    } else {
        fitted
    }
}

/// What gates that are the net's own decisions are drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    pub(crate) basis: Arc<Basis>,
    /// Where the units of every deciding layer stand among inputs and hidden values.
    pub(crate) layers: Vec<Range<u32>>,
    /// 0 of every input and hidden value in the normaliser's units: a unit is on where it lies above.
    pub(crate) zeros: Vec<f32>,
}

impl Units {
    /// `None` where there is no net.
    pub(crate) fn of(basis: Option<&Arc<Basis>>, normaliser: &Normaliser) -> Option<Self> {
        let basis = Arc::clone(basis?);
        let mut zeros = vec![0.0; basis.lifted()];
        normaliser.inputs(&vec![0.0; basis.lifted()], &mut zeros);
        Some(Self { layers: basis.deciding(), basis, zeros })
    }
}

impl From<Net> for Basis {
    fn from(net: Net) -> Self {
        Self::new(net)
    }
}

impl From<NetError> for Error {
    fn from(error: NetError) -> Self {
        Self::Net(error)
    }
}

#[cfg(test)]
mod tests;
