//! How far a look-up can be from the forward pass.

use super::compose::{Composer, padded};
use super::{Compiled, Keys};
use crate::kernel::Lane;
use crate::net::effective::{Effective, gamma, slope};
use crate::net::forward::{add_columns, select};
use crate::net::pattern::push_bits;
use crate::net::{Activations, NetError};

impl Compiled {
    /// How far, at most, the outputs of a look-up at `x` are from those of the forward pass, both before a
    /// softmax and both computed in f32; one number an output. It is true whatever is stored, and costs a
    /// forward pass and a composition. It leaves underflow out of account, as its source does. After a
    /// softmax, no output is changed by more than a factor e^(2 E), where E is the largest of these numbers.
    ///
    /// **One pattern.** Let y be the exact value of the map that the forward pass's pattern D chooses.
    /// The forward pass is within R of it ([`Net::rounding`](super::super::Net::rounding)). A look-up adds
    /// up d products and a bias of weights that were rounded to f32: each term meets at most d + 2
    /// roundings, so it is within e = gamma_(d+2) (|b| + sum |W| |x|) of y, where W and b are the
    /// composed map (Higham 2002, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., sections 3.1
    /// and 3.5). Together: R + e. With [`Keys::Forward`] this is all, as the look-up's pattern is D.
    ///
    /// **Two patterns.** With [`Keys::Path`] a unit's sum a comes from a look-up too, so where it is near
    /// 0 it may be decided otherwise, and the two go on with patterns D and D'. Let s be the distance of
    /// its exact sums under D and D'; the computed ones are within R and e of these. If their signs
    /// differ, then the exact sum is, on either way, at most s + max(R, e) from 0, and what the unit
    /// passes on differs by at most 2 s + max(R, e). If they agree, it differs by at most s. The next
    /// layer's s is at most |weights| times these distances; at the outputs the bound is R + e + s.
    /// Where all units are decided alike, which is the rule, s is 0.
    ///
    /// # Errors
    /// As [`Net::forward`](super::super::Net::forward).
    pub fn rounding(&self, x: &[f32]) -> Result<Vec<f64>, NetError> {
        let net = &*self.net;
        let mut activations = Activations::default();
        net.logits(x, &mut activations)?;
        let forward = net.rounding_by_layer(x, &activations);
        let mut decided = Vec::new();
        net.push_words(&activations, &mut decided);
        let last = net.layers().len() - 1;
        let outputs = &forward[last];
        if last == 0 {
            // The look-up is the forward pass.
            return Ok(vec![0.0; outputs.len()]);
        }
        if self.keys == Keys::Forward {
            let map = net.effective_of(&decided, last)?;
            let own = own_error(&map, x);
            return Ok(outputs.iter().zip(own).map(|(forward, own)| forward + own).collect());
        }
        let mut composer = Composer::new(net);
        let (mut active, mut sums, mut words) = (Vec::new(), Vec::<Lane>::new(), Vec::new());
        select(x, &mut active);
        // Distances of the exact values of the layer before under the two patterns.
        let mut apart = vec![0.0; x.len()];
        let mut result = Vec::new();
        for (number, layer) in net.layers().iter().enumerate() {
            let mut shift = vec![0.0; layer.sums()];
            for (input, &apart) in apart.iter().enumerate().filter(|(_, apart)| **apart > 0.0) {
                let column = shift.iter_mut().zip(layer.column(input));
                column.for_each(|(shift, &weight)| *shift += f64::from(weight.abs()) * apart);
            }
            let decides = layer.activation().decides();
            let mut own = vec![0.0; layer.sums()];
            if number == 0 {
                add_columns(layer.columns(), layer.padded_bias(), &active, &mut sums);
            } else if decides || number == last {
                let map = composer.to(number, &words);
                own = own_error(map, x);
                let Some(map) = padded(map) else {
                    // Not stored: the answer is the forward pass's.
                    return Ok(vec![0.0; outputs.len()]);
                };
                let (bias, columns) = map.split_at(layer.groups());
                add_columns(columns, bias, &active, &mut sums);
            }
            if decides {
                push_bits(&sums.as_flattened()[..layer.sums()], &mut words);
            }
            let range = net.layer_words(number);
            let (one, other) = (&decided[range.clone()], words.get(range).unwrap_or_default());
            let errors = &forward[number];
            apart = (0..layer.values())
                .map(|value| {
                    let unit = value % layer.sums();
                    if slope(layer, one, value) == slope(layer, other, value) {
                        shift[unit]
                    } else {
                        2.0 * shift[unit] + errors[unit].max(own[unit])
                    }
                })
                .collect();
            if number == last {
                result = (0..outputs.len())
                    .map(|output| outputs[output] + own[output] + shift[output])
                    .collect();
            }
        }
        Ok(result)
    }
}

/// gamma_(d+2) (|b| + sum |W| |x|), one number a row.
fn own_error(map: &Effective, x: &[f32]) -> Vec<f64> {
    let gamma = gamma(x.len() + 2);
    let rows = map.weights.rows().into_iter().zip(&map.bias);
    rows.map(|(row, bias)| {
        let terms = row.iter().zip(x).map(|(weight, &x)| (weight * f64::from(x)).abs());
        gamma * (bias.abs() + terms.sum::<f64>())
    })
    .collect()
}
