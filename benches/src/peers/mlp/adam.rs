//! Adam, in place: one pass over weights, gradient and moments, on the calling thread.
//!
//! The steps are those of the tensor library's optimiser without weight decay (there is a test). That
//! makes a dozen passes with a new tensor each, shared out over threads that spin while they wait: too
//! dear for small batches, and dearer yet for several nets at once.

use std::sync::{Mutex, PoisonError};

use candle_core::backprop::GradStore;
use candle_core::{CpuStorage, Error, InplaceOp2, Layout, Result, Var};

const DECAY: f32 = 0.9;
const SQUARE_DECAY: f32 = 0.999;
const LEAST: f32 = 1e-8;

/// Adam with its usual decay rates.
pub(super) struct Adam {
    rate: f64,
    steps: i32,
    weights: Vec<(Var, Mutex<Moments>)>,
}

/// Decayed means of the gradient and of its square.
struct Moments {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    /// An optimiser of these weights that has not made a step.
    pub(super) fn new(variables: Vec<Var>, rate: f64) -> Self {
        let weights = variables.into_iter().map(|variable| {
            let count = variable.elem_count();
            let moments = Moments { first: vec![0.0; count], second: vec![0.0; count] };
            (variable, Mutex::new(moments))
        });
        Self { rate, steps: 0, weights: weights.collect() }
    }

    /// Another rate from the next step on.
    pub(super) fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Moves the weights.
    pub(super) fn step(&mut self, gradients: &GradStore) -> Result<()> {
        self.steps += 1;
        let unbiased = |decay: f32| (1.0 - f64::from(decay).powi(self.steps)).recip() as f32;
        let (first, second) = (unbiased(DECAY), unbiased(SQUARE_DECAY));
        for (variable, moments) in &self.weights {
            if let Some(gradient) = gradients.get(variable) {
                let rate = self.rate as f32;
                let step = Step { rate, first, second, moments };
                variable.inplace_op2(&gradient.contiguous()?, &step)?;
            }
        }
        Ok(())
    }
}

/// One step of one tensor of weights.
struct Step<'a> {
    rate: f32,
    /// What the moments are to be multiplied by, as they started at 0.
    first: f32,
    second: f32,
    moments: &'a Mutex<Moments>,
}

impl InplaceOp2 for Step<'_> {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn cpu_fwd(
        &self,
        weights: &mut CpuStorage,
        weights_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<()> {
        let other = || Error::Msg("Adam needs weights and gradients of f32 in a row".to_owned());
        let CpuStorage::F32(weights) = weights else { return Err(other()) };
        let place = |layout: &Layout| layout.contiguous_offsets().ok_or_else(other);
        let (start, end) = place(weights_layout)?;
        let weights = weights.get_mut(start..end).ok_or_else(other)?;
        let (start, end) = place(gradient_layout)?;
        let gradient = gradient.as_slice::<f32>()?.get(start..end).ok_or_else(other)?;
        let Moments { first, second } =
            &mut *self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let moments = first.iter_mut().zip(second);
        for ((weight, &gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(moments)
        {
            *first = DECAY * *first + (1.0 - DECAY) * gradient;
            *second = SQUARE_DECAY * *second + (1.0 - SQUARE_DECAY) * gradient * gradient;
            let spread = (self.second * *second).sqrt() + LEAST;
            *weight -= self.rate * self.first * *first / spread;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};
    use candle_nn::{AdamW, Optimizer, ParamsAdamW};

    use super::*;

    #[test]
    fn steps_are_those_of_the_tensor_library() {
        let start: Vec<f32> = (0..6).map(|k| (k as f32 * 1.7).sin()).collect();
        let variable = || {
            let start = Tensor::from_vec(start.clone(), (2, 3), &Device::Cpu).unwrap();
            Var::from_tensor(&start).unwrap()
        };
        let (ours, theirs) = (variable(), variable());
        let mut adam = Adam::new(vec![ours.clone()], 0.01);
        let settings = ParamsAdamW { lr: 0.01, weight_decay: 0.0, ..Default::default() };
        let mut library = AdamW::new(vec![theirs.clone()], settings).unwrap();
        for step in 0..50 {
            // The gradient comes through a transposed view.
            let loss = |weights: &Var| {
                let turned = weights.t().unwrap();
                let target = (turned - f64::from(step % 7)).unwrap();
                target.sqr().unwrap().sum_all().unwrap()
            };
            adam.step(&loss(&ours).backward().unwrap()).unwrap();
            library.backward_step(&loss(&theirs)).unwrap();
        }
        let numbers = |of: &Var| of.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let (ours, theirs) = (numbers(&ours), numbers(&theirs));
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {theirs:?}");
        assert!(ours.iter().zip(&start).all(|(a, b)| (a - b).abs() > 1e-2));
    }
}
