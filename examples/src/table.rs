//! Figures in aligned columns.

use glam_memory::net::CensusReport;

/// A line of the comparison that an example prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The model.
    pub model: String,
    /// Passes over the training rows.
    pub passes: usize,
    /// Mean square error over variance, mean of all outputs.
    pub nmse: f64,
    /// Seconds of the final training, without any search for settings.
    pub train_seconds: f64,
    /// Bytes of what was learned.
    pub bytes: usize,
}

const HEADER: [&str; 5] = ["model", "passes", "nMSE", "train s", "bytes"];

/// The measurements as lines of text: names to the left, numbers to the right.
#[must_use]
pub fn render(measurements: &[Measurement]) -> String {
    let mut lines = vec![HEADER.map(str::to_owned)];
    lines.extend(measurements.iter().map(|line| {
        [
            line.model.clone(),
            line.passes.to_string(),
            format!("{:.4}", line.nmse),
            format!("{:.2}", line.train_seconds),
            grouped(line.bytes),
        ]
    }));
    aligned(&lines)
}

/// Lines of text, the first one the heads of columns: the first column to the left, others to the right.
#[must_use]
pub fn aligned<L: AsRef<[String]>>(lines: &[L]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for line in lines {
        for (column, field) in line.as_ref().iter().enumerate() {
            widths.resize(widths.len().max(column + 1), 0);
            widths[column] = widths[column].max(field.chars().count());
        }
    }
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, (field, &width)) in line.as_ref().iter().zip(&widths).enumerate() {
            text += &match column {
                0 => format!("{field:<width$}"),
                _ => format!("  {field:>width$}"),
            };
        }
        text.push('\n');
        if index == 0 {
            text += &"-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len().max(1) - 1));
            text.push('\n');
        }
    }
    text
}

/// What a census found, a line a layer and one for all layers together.
#[must_use]
pub fn census_table(report: &CensusReport) -> String {
    let head = [
        "",
        "units",
        "distinct",
        "seen before",
        "entropy",
        "at most",
        "on",
        "never on",
        "always on",
        "next",
        "any two",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    let layers =
        report.layers.iter().map(|layer| (format!("layer {}", layer.layer), &layer.patterns));
    for (name, patterns) in layers.chain([("path".to_owned(), &report.path)]) {
        lines.push(vec![
            name,
            patterns.units.to_string(),
            grouped(patterns.distinct),
            format!("{:.1} %", 100.0 * patterns.seen_before),
            format!("{:.2}", patterns.entropy_bits),
            format!("{:.2}", patterns.entropy_limit_bits),
            format!("{:.1} %", 100.0 * patterns.on),
            patterns.never_on.to_string(),
            patterns.always_on.to_string(),
            format!("{:.1}", patterns.successive.mean),
            format!("{:.1}", patterns.any_two.mean),
        ]);
    }
    aligned(&lines)
        + "Entropy in bits; next, any two: units in which a row and the next, or any two, differ.\n"
}

/// A whole number with a comma after every third digit from the right.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let line = |model: &str, bytes| Measurement {
            model: model.into(),
            passes: 1,
            nmse: 0.0851,
            train_seconds: 0.011,
            bytes,
        };
        let expected = "\
model        passes    nMSE  train s   bytes
--------------------------------------------
ridge             1  0.0851     0.01     456
MLP 128x128       1  0.0851     0.01  78,872
";
        assert_eq!(render(&[line("ridge", 456), line("MLP 128x128", 78_872)]), expected);
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
