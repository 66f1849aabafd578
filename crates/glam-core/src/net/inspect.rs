//! What a net's outputs are made of at one input.

use serde::Serialize;

use super::{Activations, Net, NetError};

/// A net at one input: where its units decide so, it is this linear map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// One an output, in order.
    pub outputs: Vec<InspectedOutput>,
}

/// One output as a sum over the inputs: weights x + bias.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectedOutput {
    /// The class's name, where the net has names.
    pub label: Option<String>,
    /// What the net gives: of a softmax, the probability.
    pub value: f32,
    /// weights x + bias, before a softmax, in f64.
    pub sum: f64,
    /// The bias of the whole net on the way that it takes here.
    pub bias: f64,
    /// The equivalent weights, one an input: the output's slopes here.
    pub weights: Vec<f64>,
    /// The length of the weights: what independent noise of variance s^2 on each input adds to the sum
    /// has spread s times this.
    pub length: f64,
    /// Degrees between x and the weights, from 0 to 180; `None` where one of them is 0.
    ///
    /// It is geometry: weights x = |weights| |x| cos(angle). With noise of variance s^2 on each input,
    /// the sum's signal to noise is |weights| |x| |cos(angle)| / (s |weights|) = |x| |cos(angle)| / s. Near
    /// 0 or 180 the weights sum up what agrees, and errors in x are averaged out; near 90 the sum is a
    /// small rest of large terms that cancel, and noise.
    pub angle: Option<f64>,
    /// The inputs with the largest |weight x|, the largest first; of equal ones the first.
    pub top: Vec<Contribution>,
}

/// What one input adds to an output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contribution {
    /// The input, counted from 0.
    pub input: usize,
    /// Its value.
    pub x: f32,
    /// Its equivalent weight.
    pub weight: f64,
    /// weight times x.
    pub share: f64,
}

impl Net {
    /// What every output is made of at `x`, with the `top` inputs that add most to each.
    ///
    /// Costs outputs times weights.
    ///
    /// # Errors
    /// As [`Net::forward`].
    ///
    /// ```
    /// use glam_core::net::{Activation, Layer, Net, Output};
    /// use ndarray::array;
    ///
    /// let last = Layer::new(array![[3.0, -1.0]].view(), &[0.5], Activation::Linear)?;
    /// let net = Net::new(vec![last], Output::Linear)?;
    /// let output = &net.inspect(&[1.0, 3.0], 1)?.outputs[0];
    /// assert_eq!((output.value, output.bias, &output.weights[..]), (0.5, 0.5, &[3.0, -1.0][..]));
    /// // 3 - 3 = 0: the terms cancel.
    /// assert_eq!((output.angle, output.top[0].share), (Some(90.0), 3.0));
    /// # Ok::<(), glam_core::net::NetError>(())
    /// ```
    pub fn inspect(&self, x: &[f32], top: usize) -> Result<Inspection, NetError> {
        let mut activations = Activations::default();
        self.activate(x, &mut activations)?;
        let mut words = Vec::new();
        self.push_words(&activations, &mut words);
        let last = self.layers().len() - 1;
        let map = self.effective_of(&words, last)?;
        let sums = map.apply(x);
        let each = activations.layer(last).iter().enumerate().map(|(output, &value)| {
            let weights = map.weights.row(output).to_vec();
            InspectedOutput {
                label: self.labels().get(output).cloned(),
                value,
                sum: sums[output],
                bias: map.bias[output],
                length: length(weights.iter().copied()),
                angle: angle(&weights, x),
                top: largest(&weights, x, top),
                weights,
            }
        });
        Ok(Inspection { outputs: each.collect() })
    }
}

/// The length of a vector, without overflow on the way.
fn length(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = values.clone().map(f64::abs).fold(0.0, f64::max);
    if most == 0.0 {
        return 0.0;
    }
    most * values.map(|value| (value / most).powi(2)).sum::<f64>().sqrt()
}

/// Degrees between two vectors: 2 atan2(|u - v|, |u + v|) of their unit vectors, which is as right near 0
/// as near 90, unlike the arc cosine (Kahan 2006, "How futile are mindless assessments of roundoff in
/// floating-point computation?", section 12).
fn angle(weights: &[f64], x: &[f32]) -> Option<f64> {
    let x = x.iter().map(|&x| f64::from(x));
    let (one, other) = (length(weights.iter().copied()), length(x.clone()));
    if one == 0.0 || other == 0.0 {
        return None;
    }
    let pairs = weights.iter().zip(x).map(|(weight, x)| (weight / one, x / other));
    let apart = length(pairs.clone().map(|(u, v)| u - v));
    let together = length(pairs.map(|(u, v)| u + v));
    Some(2.0 * apart.atan2(together).to_degrees())
}

/// The `top` inputs with the largest |weight x|.
fn largest(weights: &[f64], x: &[f32], top: usize) -> Vec<Contribution> {
    let each = weights.iter().zip(x).enumerate().map(|(input, (&weight, &x))| Contribution {
        input,
        x,
        weight,
        share: weight * f64::from(x),
    });
    let mut all: Vec<Contribution> = each.collect();
    all.sort_by(|one, other| other.share.abs().total_cmp(&one.share.abs()));
    all.truncate(top);
    all
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::net::tests::{KINDS, cue, net};
    use crate::net::{Activation, Layer, Output};
    use crate::rng::Rng;

    #[test]
    fn it_shows_what_a_hand_computes() {
        let hidden = array![[1.0, 2.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 1.0, -4.0]];
        let last = array![[2.0, 1.0, 0.5], [0.0, 3.0, 0.0]];
        let hidden = Layer::new(hidden.view(), &[0.5, 0.0, 1.0], Activation::Relu).unwrap();
        let last = Layer::new(last.view(), &[-1.0, 0.25], Activation::Linear).unwrap();
        let net = Net::new(vec![hidden, last], Output::Linear).unwrap();
        let net = net.with_labels(vec!["one".into(), "two".into()]).unwrap();
        // Sums: 1 - 2 + 0.5 = -0.5, -1 + 2 = 1, -1 - 8 + 1 = -8: the second alone is on.
        let inspection = net.inspect(&[1.0, -1.0, 2.0], 2).unwrap();
        let [one, two] = &inspection.outputs[..] else { panic!("two outputs") };
        assert_eq!((one.value, one.sum, one.bias), (0.0, 0.0, -1.0));
        assert_eq!(one.weights, [-1.0, 0.0, 1.0]);
        assert_eq!(one.length, 2_f64.sqrt());
        // cos = (-1 + 2) / (sqrt 2 sqrt 6).
        let expected = (1.0 / 12_f64.sqrt()).acos().to_degrees();
        assert!((one.angle.unwrap() - expected).abs() < 1e-12);
        assert_eq!((two.value, two.sum, two.bias), (3.25, 3.25, 0.25));
        assert_eq!(two.label.as_deref(), Some("two"));
        let contribution = |input, x, weight: f64, share| Contribution { input, x, weight, share };
        assert_eq!(two.top, [contribution(2, 2.0, 3.0, 6.0), contribution(0, 1.0, -3.0, -3.0)]);
        // No unit is on: no weights, so no angle.
        let off = &net.inspect(&[0.0, -1.0, 1.0], 9).unwrap().outputs[1];
        assert!(off.angle.is_some() && off.top.len() == 3);
        let off = &net.inspect(&[0.0, -1.0, -0.1], 1).unwrap().outputs[1];
        assert_eq!((off.angle, off.value, off.length), (None, 0.25, 0.0));
    }

    #[test]
    fn angles_are_right_at_all_ends() {
        let near = |x: [f32; 2], degrees: f64| {
            let got = angle(&[2.0, 0.0], &x).unwrap();
            assert!((got - degrees).abs() < 1e-9 * degrees.max(1e-6), "{got} {degrees}");
        };
        near([3.0, 0.0], 0.0);
        near([-3.0, 0.0], 180.0);
        near([0.0, -1.0], 90.0);
        near([1.0, 1.0], 45.0);
        // An arc cosine gives 0.
        near([1.0, 1e-9], f64::from(1e-9_f32).to_degrees());
        near([f32::MAX, f32::MAX], 45.0);
        assert_eq!(angle(&[0.0, 0.0], &[1.0, 1.0]), None);
    }

    #[test]
    fn the_contributions_and_the_bias_are_the_output() {
        for activation in KINDS {
            let net = net(&[9, 30, 20, 4], activation, Output::Softmax, 5);
            let mut rng = Rng::new(1, 7);
            let mut activations = Activations::default();
            for _ in 0..20 {
                let x = cue(9, &mut rng);
                let inspection = net.inspect(&x, 9).unwrap();
                net.activate(&x, &mut activations).unwrap();
                let bound = net.rounding(&x, &activations);
                let values: Vec<f32> = inspection.outputs.iter().map(|out| out.value).collect();
                assert_eq!(values, activations.layer(2));
                net.logits(&x, &mut activations).unwrap();
                for (number, output) in inspection.outputs.iter().enumerate() {
                    let shares: f64 = output.top.iter().map(|input| input.share).sum();
                    let logit = f64::from(activations.layer(2)[number]);
                    assert!((output.bias + shares - logit).abs() <= bound[number]);
                    assert!((output.sum - logit).abs() <= bound[number]);
                    // |weights| |x| cos(angle) is what x adds.
                    let norm = x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                    let cosine = output.angle.unwrap().to_radians().cos();
                    assert!((output.length * norm * cosine - shares).abs() < 1e-9);
                    let shares = output.top.windows(2);
                    assert!(shares.clone().count() == 8);
                    assert!(shares.into_iter().all(|p| p[0].share.abs() >= p[1].share.abs()));
                }
            }
        }
    }
}
