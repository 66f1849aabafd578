//! How much was missing in the rows of a file, and in which columns.

use crate::layout::Layout;
use crate::message::{counted, grouped};

/// Columns that are named; the others are counted together.
const LISTED: usize = 8;

/// Cells without a value, by column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Of each input column.
    pub(crate) inputs: Vec<u64>,
    /// Of each target column.
    pub(crate) targets: Vec<u64>,
    /// Rows skipped, because no target of theirs is known.
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn new(inputs: usize, targets: usize) -> Self {
        Self { inputs: vec![0; inputs], targets: vec![0; targets], skipped: 0 }
    }

    /// Missing cells of input columns: `3 input cells were missing: a 2, b 1`; `None` for none.
    pub(crate) fn missing(&self, layout: &Layout) -> Option<String> {
        let all = self.inputs.iter().sum();
        let text = by_column(&self.inputs, &layout.inputs, layout)?;
        Some(format!("{} {} missing: {text}", counted(all, "input cell"), were(all)))
    }

    /// Targets that are not known: `2 targets were not known: y 2`; `None` for none.
    pub(crate) fn unknown(&self, layout: &Layout) -> Option<String> {
        let all = self.targets.iter().sum();
        let text = by_column(&self.targets, &layout.targets, layout)?;
        Some(format!("{} {} not known: {text}", counted(all, "target"), were(all)))
    }
}

fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// The columns with the most cells first.
fn by_column(counts: &[u64], columns: &[usize], layout: &Layout) -> Option<String> {
    let mut found: Vec<(u64, usize)> = counts
        .iter()
        .copied()
        .zip(columns.iter().copied())
        .filter(|&(count, _)| count > 0)
        .collect();
    found.sort_by_key(|&(count, column)| (std::cmp::Reverse(count), column));
    let listed = found.iter().take(LISTED);
    let mut texts: Vec<String> = listed
        .map(|&(count, column)| format!("{} in {}", grouped(count), layout.called(column)))
        .collect();
    if found.len() > LISTED {
        let rest = found[LISTED..].iter().map(|&(count, _)| count).sum();
        let columns = counted((found.len() - LISTED) as u64, "more column");
        texts.push(format!("{} in {columns}", grouped(rest)));
    }
    (!texts.is_empty()).then(|| texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_by_how_much_is_missing_and_the_rest_is_summed_up() {
        let width = 12;
        let layout = Layout {
            names: Some((0..width).map(|column| format!("c{column}")).collect()),
            columns: width,
            inputs: (0..11).collect(),
            encodings: Vec::new(),
            targets: vec![11],
            weights: None,
        };
        let mut tally = Tally::new(11, 1);
        assert_eq!((tally.missing(&layout), tally.unknown(&layout)), (None, None));
        tally.inputs[4] = 2;
        tally.inputs[1] = 1_000;
        tally.targets[0] = 1;
        let text = tally.missing(&layout).unwrap();
        assert_eq!(text, "1,002 input cells were missing: 1,000 in \"c1\", 2 in \"c4\"");
        assert_eq!(tally.unknown(&layout).unwrap(), "1 target was not known: 1 in \"c11\"");
        tally.inputs = vec![3; 11];
        let text = tally.missing(&Layout { names: None, ..layout }).unwrap();
        assert!(text.starts_with("33 input cells were missing: 3 in column 1, "), "{text}");
        assert!(text.ends_with(", 3 in column 8, 9 in 3 more columns"), "{text}");
    }
}
