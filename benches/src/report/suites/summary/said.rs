//! What the first screen says, by how matches ended.

use super::matches::{End, Match};
use crate::report::Table;

#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) better: Vec<String>,
    pub(super) worse: Vec<String>,
    pub(super) even: Vec<String>,
    /// Of every question how many ended so: better, worse, even.
    scores: Vec<(String, [usize; 3])>,
}

impl Said {
    /// Matches under one question.
    pub(super) fn add(&mut self, question: &str, matches: &[Match]) {
        for end in [End::Won, End::Lost, End::Even] {
            let of: Vec<String> =
                matches.iter().filter(|one| one.end() == end).map(Match::words).collect();
            self.line(end, question, &of, matches.len());
        }
    }

    /// Some of `all` matches, which ended alike.
    pub(super) fn line(&mut self, end: End, question: &str, of: &[String], all: usize) {
        if of.is_empty() {
            return;
        }
        let (place, list) = match end {
            End::Won => (0, &mut self.better),
            End::Lost => (1, &mut self.worse),
            End::Even => (2, &mut self.even),
        };
        list.push(format!("**{question}**, on {} of {all}: {}", of.len(), of.join(", ")));
        let known = self.scores.iter().position(|(known, _)| known == question);
        let known = known.unwrap_or_else(|| {
            self.scores.push((question.to_owned(), [0; 3]));
            self.scores.len() - 1
        });
        self.scores[known].1[place] = of.len();
    }

    /// How often GLAM was better, worse and even; nothing where nothing was compared.
    pub(super) fn scores(&self) -> Option<Table> {
        let row = |(question, counts): &(String, [usize; 3])| {
            let counts = counts.map(|count| count.to_string().into());
            std::iter::once(question.as_str().into()).chain(counts).collect()
        };
        let caption = "The number of data sets on which GLAM is better, worse, or neither: within two standard \
                       errors of the difference. Which ones, and by how much, stands below."
            .to_owned();
        let columns = ["question", "better", "worse", "even"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<_>> = self.scores.iter().map(row).collect();
        (!rows.is_empty()).then_some(Table { caption, columns, rows })
    }
}
