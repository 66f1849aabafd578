//! The one linear map of a pattern, and the bound on how far rounding takes a forward pass from it.

use ndarray::{Array1, Array2, ArrayView2, s};

use super::{Activation, Activations, Layer, Net, NetError, Output, Pattern};

/// The unit roundoff of f32.
const UNIT: f64 = 1.0 / (1 << 24) as f64;

/// The linear map that a net is wherever its units decide alike: outputs = weights x + bias, before a
/// softmax. Composed in f64.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    /// One row an output, one column an input.
    pub weights: Array2<f64>,
    /// One number an output.
    pub bias: Array1<f64>,
}

impl Effective {
    /// weights x + bias in f64.
    pub fn apply(&self, x: &[f32]) -> Vec<f64> {
        let rows = self.weights.rows().into_iter().zip(&self.bias);
        rows.map(|(row, bias)| {
            bias + row.iter().zip(x).map(|(w, &x)| w * f64::from(x)).sum::<f64>()
        })
        .collect()
    }
}

/// What each value of `layer` is, as a multiple of its unit's sum, where the units decide as `words`
/// say.
pub(super) fn slope(layer: &Layer, words: &[u64], value: usize) -> f64 {
    let unit = value % layer.sums();
    let on = words.get(unit / 64).is_some_and(|word| word >> (unit % 64) & 1 == 1);
    match layer.activation() {
        Activation::Linear => 1.0,
        Activation::Relu => f64::from(u8::from(on)),
        Activation::LeakyRelu { slope } => {
            if on {
                1.0
            } else {
                f64::from(slope)
            }
        }
        Activation::TwoSided if value < layer.sums() => f64::from(u8::from(on)),
        Activation::TwoSided => -f64::from(u8::from(!on)),
    }
}

/// V D: the weights `next` of the values of `layer`, as weights of its sums, where its units decide as
/// `words` say.
pub(super) fn onto(next: &Array2<f64>, layer: &Layer, words: &[u64]) -> Array2<f64> {
    let mut onto = Array2::<f64>::zeros((next.nrows(), layer.sums()));
    for (value, column) in next.columns().into_iter().enumerate() {
        let slope = slope(layer, words, value);
        if slope != 0.0 {
            onto.column_mut(value % layer.sums()).scaled_add(slope, &column);
        }
    }
    onto
}

/// gamma_n = n u / (1 - n u): what n roundings of f32 can do to a number, relatively (Higham 2002,
/// section 3.1).
pub(super) fn gamma(n: usize) -> f64 {
    let nu = n as f64 * UNIT;
    nu / (1.0 - nu)
}

impl Net {
    /// The map of `pattern`: W_n D_(n-1) ... D_1 W_1 and its bias, multiplied from the outputs down.
    ///
    /// Costs outputs times weights.
    ///
    /// # Errors
    /// [`NetError::Length`] where the pattern has another number of words than those of this net.
    pub fn effective(&self, pattern: &Pattern) -> Result<Effective, NetError> {
        self.effective_to(pattern, self.layers().len() - 1)
    }

    /// The map from the input to the sums of layer number `layer`, counted from 0, wherever the layers
    /// before it decide as `pattern` says. `pattern` may end with these layers.
    ///
    /// # Errors
    /// As [`Net::effective`].
    pub fn effective_to(&self, pattern: &Pattern, layer: usize) -> Result<Effective, NetError> {
        self.effective_of(&pattern.words, layer.min(self.layers().len() - 1))
    }

    /// [`Net::effective_to`] of the words of a pattern.
    pub(super) fn effective_of(&self, words: &[u64], layer: usize) -> Result<Effective, NetError> {
        let (got, expected) = (words.len(), self.layer_words(layer).start);
        if got < expected {
            return Err(NetError::Length { expected, got });
        }
        let last = &self.layers()[layer];
        let mut weights = last.weights().mapv(f64::from);
        let mut bias: Array1<f64> = last.bias().iter().map(|&bias| f64::from(bias)).collect();
        for (number, layer) in self.layers().iter().enumerate().take(layer).rev() {
            let words = &words[self.layer_words(number)];
            let onto = onto(&weights, layer, words);
            for (row, bias) in onto.rows().into_iter().zip(&mut bias) {
                *bias += row.iter().zip(layer.bias()).map(|(v, &b)| v * f64::from(b)).sum::<f64>();
            }
            weights = onto.dot(&layer.weights().mapv(f64::from));
        }
        Ok(Effective { weights, bias })
    }

    /// The gradients by the inputs of sums of the net's outputs, softmax included, and of its hidden
    /// values: one row a sum; `outputs` has a column an output, `hidden` one a hidden value.
    /// `activations` are what [`Net::activate`] left.
    pub(crate) fn pull_back(
        &self,
        activations: &Activations,
        mut outputs: Array2<f64>,
        hidden: ArrayView2<'_, f64>,
    ) -> Array2<f64> {
        let mut pattern = Pattern::default();
        self.pattern_of(activations, &mut pattern);
        let last = self.layers().len() - 1;
        if self.output() == Output::Softmax {
            // Of the derivatives p_i (1 [i = j] - p_j).
            let p: Array1<f64> = activations.layer(last).iter().map(|&p| f64::from(p)).collect();
            for mut row in outputs.rows_mut() {
                let mean = row.dot(&p);
                row.iter_mut().zip(&p).for_each(|(value, p)| *value = p * (*value - mean));
            }
        }
        let mut values = outputs;
        let mut end = self.hidden_values();
        for (number, layer) in self.layers().iter().enumerate().rev() {
            let words = &pattern.words[self.layer_words(number)];
            let onto = if number == last { values } else { onto(&values, layer, words) };
            values = onto.dot(&layer.weights().mapv(f64::from));
            if number > 0 {
                let start = end - layer.inputs();
                values += &hidden.slice(s![.., start..end]);
                end = start;
            }
        }
        values
    }

    /// How far, at most, the outputs that a forward pass computes at `x` in f32, before a softmax,
    /// can be from those of exact arithmetic; one number an output. `activations` are what the pass at
    /// `x` left. It holds for any order of the sums, so for another program's forward pass too.
    ///
    /// A sum of n products and a bias has an error of at most gamma_(n+1) (|b| + sum |w| |h|)
    /// (Higham 2002, section 3.1), to which comes sum |w| times the error of each h; a rectifier makes
    /// no error larger, and a leaky one rounds once more. Where a unit's sum is so near 0 that rounding
    /// decides its sign, both branches are within its error of each other. The composition in f64 of
    /// [`Net::effective`] is counted in.
    pub fn rounding(&self, x: &[f32], activations: &Activations) -> Vec<f64> {
        self.rounding_by_layer(x, activations).pop().unwrap_or_default()
    }

    /// [`Net::rounding`] of the sums of every layer, the first one first.
    pub(super) fn rounding_by_layer(&self, x: &[f32], activations: &Activations) -> Vec<Vec<f64>> {
        let mut values: Vec<f64> = x.iter().map(|&x| f64::from(x.abs())).collect();
        let mut errors = vec![0.0; x.len()];
        let mut terms = 0;
        let mut by_layer = Vec::with_capacity(self.layers().len());
        for (number, layer) in self.layers().iter().enumerate() {
            terms += layer.inputs() + 1;
            let gamma = gamma(layer.inputs() + 1);
            let mut sums: Vec<f64> =
                layer.bias().iter().map(|&bias| gamma * f64::from(bias.abs())).collect();
            for (input, (value, error)) in values.iter().zip(&errors).enumerate() {
                let share = gamma * (value + error) + error;
                if share > 0.0 {
                    let column = sums.iter_mut().zip(layer.column(input));
                    column.for_each(|(sum, &weight)| *sum += f64::from(weight.abs()) * share);
                }
            }
            let computed = activations.layer(number);
            values = computed.iter().map(|&value| f64::from(value.abs())).collect();
            let rounds = matches!(layer.activation(), Activation::LeakyRelu { .. });
            errors = (0..values.len())
                .map(|value| {
                    sums[value % layer.sums()] + if rounds { UNIT * values[value] } else { 0.0 }
                })
                .collect();
            // Composing in f64 makes an error of gamma64_terms |W_n| ... |W_1| |x|, and what is there
            // is at least 2^-24 of that.
            let composed = 1.0 + terms as f64 * 2.0 * f64::EPSILON / UNIT;
            by_layer.push(sums.iter().map(|error| error * composed).collect());
        }
        by_layer
    }
}
