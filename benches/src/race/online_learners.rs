//! The learners that take one row at a time.

use glam_memory::{Builder, Memory};

use super::course::Answer;
use super::online::OnlineLearner;
use super::{Course, RaceError};
use crate::peers::mlp::InputScale;
use crate::peers::neighbour::{Neighbour, NeighbourError, NeighbourParams};
use crate::peers::recursive::Recursive;

/// GLAM with its default settings, in memory.
pub struct Glam {
    memory: Memory,
    names: Vec<String>,
    /// For labels: the index in the set of each label, in the memory's order.
    places: Vec<usize>,
    /// Room for what a write says of its row.
    said: Vec<f32>,
}

impl Glam {
    /// An empty memory.
    ///
    /// # Errors
    ///
    /// Returns an error if the memory cannot be made.
    pub fn new(course: &Course) -> Result<Self, RaceError> {
        Self::of(course, Memory::builder(course.input_count()))
    }

    /// [`Glam::new`] with another seed.
    ///
    /// # Errors
    ///
    /// Returns an error if the memory cannot be made.
    pub fn seeded(course: &Course, seed: u64) -> Result<Self, RaceError> {
        Self::of(course, Memory::builder(course.input_count()).seed(seed))
    }

    fn of(course: &Course, builder: Builder) -> Result<Self, RaceError> {
        let builder = if course.has_labels() {
            builder.labels()
        } else {
            builder.targets(course.output_count())
        };
        let names = (0..course.output_count()).map(|label| label.to_string()).collect();
        let (memory, said) = (builder.in_memory()?, Vec::new());
        Ok(Self { memory, names, places: Vec::new(), said })
    }

    /// Scores in the set's order of labels. Labels are numbered as they were met; those that were not score
    /// least.
    fn arrange(&self, scores: &[f32], out: &mut [f32]) {
        out.fill(f32::NEG_INFINITY);
        for (score, &place) in scores.iter().zip(&self.places) {
            out[place] = *score;
        }
    }
}

impl OnlineLearner for Glam {
    fn learn(&mut self, x: &[f32], y: Answer<'_>) -> Result<(), RaceError> {
        match y {
            Answer::Label(label) => self.memory.write(x, label)?,
            Answer::Values(values) => self.memory.write(x, values)?,
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), RaceError> {
        let place = |name: String| {
            let found = self.names.iter().position(|known| *known == name);
            found.ok_or(RaceError::Label(name))
        };
        self.places = self.memory.labels().into_iter().map(place).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), RaceError> {
        if self.places.is_empty() {
            return Ok(self.memory.read_into(x, out)?);
        }
        self.arrange(&self.memory.read(x)?, out);
        Ok(())
    }

    fn predict_then_learn(
        &mut self,
        x: &[f32],
        y: Answer<'_>,
        out: &mut [f32],
    ) -> Result<(), RaceError> {
        let mut said = std::mem::take(&mut self.said);
        match y {
            Answer::Values(values) => {
                self.memory.write_predicting(x, values, &mut said)?;
                out.copy_from_slice(&said);
            }
            Answer::Label(label) => {
                self.memory.write_predicting(x, label, &mut said)?;
                self.arrange(&said, out);
                if !self.places.contains(&(label as usize)) {
                    self.places.push(label as usize);
                }
            }
        }
        self.said = said;
        Ok(())
    }

    fn setting(&self) -> String {
        "defaults, in memory, one write a row".to_owned()
    }
}

/// Recursive least squares on the inputs and an offset.
pub struct Line(Recursive);

/// The penalty of ridge regression that the line starts from, on inputs of spread 1.
const PENALTY: f64 = 1.0;

impl Line {
    /// A line through nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the penalty is out of its range.
    pub fn new(course: &Course) -> Result<Self, RaceError> {
        let (x, y) = (&course.set().train_x, course.set().train_y.to_values());
        Ok(Self(Recursive::new(PENALTY, x.view(), y.view())?))
    }
}

impl OnlineLearner for Line {
    fn learn(&mut self, x: &[f32], y: Answer<'_>) -> Result<(), RaceError> {
        match y {
            Answer::Label(label) => self.0.learn(x, &one_hot(label, self.0.output_count()))?,
            Answer::Values(values) => self.0.learn(x, values)?,
        }
        Ok(())
    }

    fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), RaceError> {
        Ok(self.0.recall(x, out)?)
    }

    fn setting(&self) -> String {
        format!("one f64 covariance of inputs and offset, penalty {PENALTY}, scaled inputs")
    }
}

/// The nearest row of an approximate index.
pub struct Nearest {
    index: Neighbour,
    outputs: usize,
    setting: String,
}

impl Nearest {
    /// An empty index.
    ///
    /// # Errors
    ///
    /// Returns an error if the parameters are out of their range.
    pub fn new(course: &Course) -> Result<Self, RaceError> {
        let params = NeighbourParams::default();
        let (x, one_scale) =
            (course.set().train_x.view(), InputScale::usual(&course.set().train_y));
        let one_scale = one_scale == InputScale::AllInputs;
        let NeighbourParams { links, insert_candidates, search_candidates } = params;
        Ok(Self {
            index: Neighbour::new(params, x, one_scale, course.output_count())?,
            outputs: course.output_count(),
            setting: format!(
                "HNSW, {links} links, {insert_candidates} candidates to insert, \
                 {search_candidates} to search, {}",
                if one_scale { "one scale" } else { "each input scaled" }
            ),
        })
    }
}

impl OnlineLearner for Nearest {
    fn learn(&mut self, x: &[f32], y: Answer<'_>) -> Result<(), RaceError> {
        match y {
            Answer::Label(label) => self.index.learn(x, &one_hot(label, self.outputs))?,
            Answer::Values(values) => self.index.learn(x, values)?,
        }
        Ok(())
    }

    fn recall(&self, x: &[f32], out: &mut [f32]) -> Result<(), RaceError> {
        Ok(self.index.recall(x, out)?)
    }

    fn predict_then_learn(
        &mut self,
        x: &[f32],
        y: Answer<'_>,
        out: &mut [f32],
    ) -> Result<(), RaceError> {
        match self.index.recall(x, out) {
            Ok(()) | Err(NeighbourError::Empty) => self.learn(x, y),
            Err(error) => Err(error.into()),
        }
    }

    fn setting(&self) -> String {
        self.setting.clone()
    }
}

fn one_hot(label: u32, width: usize) -> Vec<f32> {
    let mut values = vec![0.0; width];
    values[label as usize] = 1.0;
    values
}
