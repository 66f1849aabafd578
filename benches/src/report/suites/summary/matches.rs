//! The memory beside another learner, set by set.

use super::super::accuracy::{self, Line};
use super::super::common::{fixed, rises};
use super::super::tally::{Tally, distinct};
use crate::report::Spread;

/// A figure by its seed or split.
pub(super) type Values = Vec<(u64, f64)>;

/// The memory and another learner on one set.
pub(super) struct Match {
    pub(super) set: String,
    pub(super) ours: Values,
    pub(super) theirs: Values,
    /// Who the other is, where that differs from set to set.
    pub(super) whom: Option<String>,
    /// Whether more is better.
    pub(super) rises: bool,
}

/// How a match ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Won,
    Lost,
    /// Within two standard errors of the difference.
    Even,
}

/// The mean of values and the square of its standard error.
fn mean_and_error(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    Spread::of(values)
        .map_or((f64::NAN, 0.0), |spread| (spread.mean, spread.std.powi(2) / spread.count as f64))
}

impl Match {
    /// Seeds and splits are the same for both, so that their differences count, seed by seed; where one of
    /// them ran once, what the other varies by.
    pub(super) fn end(&self) -> End {
        let theirs = |seed: u64| self.theirs.iter().find(|(other, _)| *other == seed);
        let pairs = self.ours.iter().filter_map(|&(seed, ours)| Some(ours - theirs(seed)?.1));
        let pairs: Vec<f64> = pairs.collect();
        let (gain, square) = if pairs.len() > 1 {
            mean_and_error(pairs)
        } else {
            let of = |values: &Values| mean_and_error(values.iter().map(|(_, value)| *value));
            let (ours, theirs) = (of(&self.ours), of(&self.theirs));
            (ours.0 - theirs.0, ours.1 + theirs.1)
        };
        let gain = if self.rises { gain } else { -gain };
        match () {
            () if gain > 2.0 * square.sqrt() => End::Won,
            () if gain < -2.0 * square.sqrt() => End::Lost,
            () => End::Even,
        }
    }

    pub(super) fn words(&self) -> String {
        let mean = |values: &Values| mean_and_error(values.iter().map(|(_, value)| *value)).0;
        let whom = self.whom.as_ref().map_or(String::new(), |whom| format!(", {whom}"));
        let (ours, theirs) = (fixed(mean(&self.ours)), fixed(mean(&self.theirs)));
        format!("{} ({ours} against {theirs}{whom})", self.set)
    }
}

/// A learner against the best of the others that count.
pub(super) fn against(
    tallies: &[Tally<'_>],
    sets: &[&str],
    learner: &str,
    counts: impl Fn(&Line) -> bool,
) -> Vec<Match> {
    let each = sets.iter().filter_map(|set| {
        let measure = accuracy::measure_of(tallies, set)?;
        let lines = accuracy::lines(tallies, set);
        let ours = lines.iter().find(|line| line.name == learner && line.measure.is_some())?;
        let theirs = accuracy::best(lines.iter().filter(|line| counts(line)), measure)?;
        Some(Match {
            set: (*set).to_owned(),
            ours: ours.values.clone(),
            theirs: theirs.values.clone(),
            whom: Some(theirs.name.clone()),
            rises: rises(measure),
        })
    });
    each.collect()
}

/// A figure of two learners on every set and part that both have.
pub(super) fn versus(
    tallies: &[Tally<'_>],
    figure: &str,
    ours: &str,
    theirs: &str,
    rises: bool,
) -> Vec<Match> {
    let each = tallies.iter().filter(|tally| tally.learner == ours).filter_map(|tally| {
        let same = |other: &&Tally<'_>| {
            other.learner.starts_with(theirs) && (other.part, other.set) == (tally.part, tally.set)
        };
        let other = tallies.iter().find(same)?;
        let part = match tally.part {
            "" | "operations" => String::new(),
            part => format!(", {part}"),
        };
        let (ours, theirs) = (tally.values(figure), other.values(figure));
        let set = format!("{}{part}", tally.set);
        let known = !ours.is_empty() && !theirs.is_empty();
        known.then_some(Match { set, ours, theirs, whom: None, rises })
    });
    each.collect()
}

/// How far the share of test rows inside 90 % intervals is from 90 %.
pub(super) fn coverage(tallies: &[Tally<'_>], ours: &str, theirs: &str) -> Vec<Match> {
    let off = |values: Values| -> Values {
        values.into_iter().map(|(seed, share)| (seed, (share - 0.9).abs())).collect()
    };
    let matches = versus(tallies, "covered", ours, theirs, false).into_iter();
    matches.map(|one| Match { ours: off(one.ours), theirs: off(one.theirs), ..one }).collect()
}

/// A figure of a tally at a place, by seed.
fn at(tally: &Tally<'_>, place: f64, figure: &str) -> Values {
    let same = tally.found().filter(|trial| trial.key.at == Some(place));
    let value = |trial: &crate::report::Trial| {
        Some((trial.key.seed, trial.found.figures.get(figure).copied()?))
    };
    same.filter_map(value).collect()
}

/// Two learners of a part of the capacity suite on the same cues.
fn both<'a>(
    tallies: &'a [Tally<'a>],
    part: &'a str,
    ours: &'a str,
    theirs: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Tally<'a>, &'a Tally<'a>)> {
    let sets = distinct(tallies.iter().filter(|tally| tally.part == part).map(|tally| tally.set));
    let of = move |set: &str, learner: &str| {
        tallies.iter().find(|t| (t.part, t.set, t.learner) == (part, set, learner))
    };
    sets.into_iter().filter_map(move |set| Some((set, of(set, ours)?, of(set, theirs)?)))
}

fn places(tally: &Tally<'_>) -> Vec<f64> {
    distinct(tally.found().filter_map(|trial| trial.key.at))
}

/// The most bits a float that two learners come to, of the loads that both were given.
pub(super) fn most_bits(tallies: &[Tally<'_>], ours: &str, theirs: &str) -> Vec<Match> {
    let mean = |values: &Values| mean_and_error(values.iter().map(|(_, value)| *value)).0;
    let each = both(tallies, "capacity", ours, theirs).filter_map(|(set, own, other)| {
        let shared = places(own).into_iter().filter(|place| places(other).contains(place));
        let shared: Vec<f64> = shared.collect();
        let most = |tally: &Tally<'_>| {
            let all = shared.iter().map(|&place| at(tally, place, "bits a float"));
            all.filter(|values| !values.is_empty())
                .reduce(|a, b| if mean(&b) > mean(&a) { b } else { a })
        };
        let (ours, theirs) = (most(own)?, most(other)?);
        Some(Match { set: set.to_owned(), ours, theirs, whom: None, rises: true })
    });
    each.collect()
}

/// The error from cues under noise, one match for each kind of cue and strength of noise.
pub(super) fn noisy(tallies: &[Tally<'_>], ours: &str, theirs: &str) -> Vec<Match> {
    let each = both(tallies, "noisy cues", ours, theirs).flat_map(|(set, own, other)| {
        let places = places(own).into_iter().filter(|&place| place > 0.0);
        let matches = places.filter_map(move |place| {
            let (ours, theirs) = (at(own, place, "rmse"), at(other, place, "rmse"));
            let known = !ours.is_empty() && !theirs.is_empty();
            let set = format!("{set} at {place}");
            known.then_some(Match { set, ours, theirs, whom: None, rises: false })
        });
        matches.collect::<Vec<_>>()
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_within_two_standard_errors_is_neither_won_nor_lost() {
        let values = |values: &[f64]| -> Values { (1..).zip(values.iter().copied()).collect() };
        let end = |ours: &[f64], theirs: &[f64], rises| {
            let (ours, theirs) = (values(ours), values(theirs));
            Match { set: String::new(), ours, theirs, whom: None, rises }.end()
        };
        // Splits differ far more than learners: differences of .1, .2 and .3 are twice .058 and more.
        assert_eq!(end(&[1.1, 5.2, 9.3], &[1.0, 5.0, 9.0], true), End::Won);
        assert_eq!(end(&[1.1, 5.2, 9.3], &[1.0, 5.0, 9.0], false), End::Lost);
        // Differences of .1, .2 and -.3.
        assert_eq!(end(&[1.1, 5.2, 8.7], &[1.0, 5.0, 9.0], true), End::Even);
        // The other ran once: a mean of 2 with a standard error of .577.
        assert_eq!(end(&[1.0, 2.0, 3.0], &[0.8], true), End::Won);
        assert_eq!(end(&[1.0, 2.0, 3.0], &[0.9], true), End::Even);
        assert_eq!(end(&[1.0], &[1.0], true), End::Even);
        assert_eq!(end(&[1.0], &[2.0], false), End::Won);
    }
}
