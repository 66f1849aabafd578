//! Figures in aligned columns.

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
    let widths: [usize; 5] = std::array::from_fn(|column| {
        lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
    });
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        text += &format!("{:<width$}", line[0], width = widths[0]);
        for (field, width) in line.iter().zip(widths).skip(1) {
            text += &format!("  {field:>width$}");
        }
        text.push('\n');
        if index == 0 {
            text += &"-".repeat(widths.iter().sum::<usize>() + 2 * (widths.len() - 1));
            text.push('\n');
        }
    }
    text
}

/// A whole number with a comma after every third digit from the right.
fn grouped(number: usize) -> String {
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
