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

    /// How often GLAM was better, worse and even, against nets or against others, from better to worse;
    /// nothing where nothing was compared.
    pub(super) fn scores(&self, nets: bool, caption: &str) -> Option<Table> {
        let asked = self.scores.iter().filter(|([_, whom], _)| is_net(whom) == nets);
        let mut asked: Vec<_> = asked.collect();
        asked.sort_by(|(_, one), (_, other)| lead(*other).total_cmp(&lead(*one)));
        let row = |(asked, counts): &&([String; 2], [usize; 3])| -> Vec<Cell> {
            let counts = counts.map(|count| count.to_string());
            asked.iter().chain(&counts).map(|text| text.as_str().into()).collect()
        };
        let columns =
            ["question", "against", "better", "worse", "even"].map(str::to_owned).to_vec();
        let rows: Vec<_> = asked.iter().map(row).collect();
        (!rows.is_empty()).then(|| Table { caption: caption.to_owned(), columns, rows })
    }
}

/// Whether who is named so is a net.
fn is_net(whom: &str) -> bool {
    whom.split(|letter: char| !letter.is_alphabetic()).any(|word| word == "MLP" || word == "net")
}

/// How far better is ahead of worse, 1 to -1.
fn lead([better, worse, even]: [usize; 3]) -> f64 {
    (better as f64 - worse as f64) / (better + worse + even).max(1) as f64
}
