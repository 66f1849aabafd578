//! What the first screen says, by how matches ended.

use super::matches::{End, Match};
use crate::report::{Cell, Table};

#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) better: Vec<String>,
    pub(super) worse: Vec<String>,
    pub(super) even: Vec<String>,
    /// Of every question, and against whom, how many ended so: better, worse, even.
    scores: Vec<([String; 2], [usize; 3])>,
}

impl Said {
    /// Matches of one question against one other learner.
    pub(super) fn add(&mut self, question: &str, whom: &str, matches: &[Match]) {
        for end in [End::Won, End::Lost, End::Even] {
            let of: Vec<String> =
                matches.iter().filter(|one| one.end() == end).map(Match::words).collect();
            self.line(end, [question, whom], &of, matches.len());
        }
    }

    /// Some of `all` matches, which ended alike.
    pub(super) fn line(&mut self, end: End, asked: [&str; 2], of: &[String], all: usize) {
        if of.is_empty() {
            return;
        }
        let (place, list) = match end {
            End::Won => (0, &mut self.better),
            End::Lost => (1, &mut self.worse),
            End::Even => (2, &mut self.even),
        };
        let [question, whom] = asked;
        let count = of.len();
        list.push(format!(
            "**{question}**, against {whom}, on {count} of {all}: {}",
            of.join(", ")
        ));
        let known = self.scores.iter().position(|(known, _)| known == &asked);
        let known = known.unwrap_or_else(|| {
            self.scores.push((asked.map(str::to_owned), [0; 3]));
            self.scores.len() - 1
        });
        self.scores[known].1[place] = count;
    }

    /// How often GLAM was better, worse and even; nothing where nothing was compared.
    pub(super) fn scores(&self) -> Option<Table> {
        let row = |(asked, counts): &([String; 2], [usize; 3])| -> Vec<Cell> {
            let counts = counts.map(|count| count.to_string());
            asked.iter().chain(&counts).map(|text| text.as_str().into()).collect()
        };
        let caption = "The number of data sets on which GLAM is better, worse, or neither: within two standard \
                       errors of the difference, seed by seed or split by split (of seconds to an accuracy, by the \
                       means alone). Of three pairs that differ by chance, one in five is beyond that. Which sets, and \
                       by how much, stands below."
            .to_owned();
        let columns =
            ["question", "against", "better", "worse", "even"].map(str::to_owned).to_vec();
        let rows: Vec<_> = self.scores.iter().map(row).collect();
        (!rows.is_empty()).then_some(Table { caption, columns, rows })
    }
}
