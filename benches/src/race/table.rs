//! The table that a race prints.

use super::outcome::{End, Outcome};

/// The lines of a table, one a learner; ratios are to `unit`, the mean of GLAM's seconds.
#[must_use]
pub fn lines(outcomes: &[Outcome], unit: Option<f64>) -> Vec<String> {
    let head = ["learner", "rows seen", "seconds", "ratio", "read us", "threads", "setting"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(outcomes.iter().map(|outcome| cells(outcome, unit)));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            // Words stand left, figures right.
            if column == 0 || column == head.len() - 1 {
                format!("{cell:<width$}")
            } else {
                format!("{cell:>width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn cells(outcome: &Outcome, unit: Option<f64>) -> Vec<String> {
    let none = || "-".to_owned();
    let (rows, seconds) = match &outcome.end {
        End::Reached(point) => (point.rows.to_string(), format!("{:.2}", point.seconds)),
        End::Missed { best, last } => {
            let measure = measure(best.measure);
            (last.rows.to_string(), format!("no: best {measure} in {:.0} s", last.seconds))
        }
        End::Failed(why) => (none(), format!("failed: {why}")),
        End::NotRun(why) => (none(), format!("not run: {why}")),
    };
    let ratio = outcome.seconds_to_goal().zip(unit);
    let threads = if outcome.threads == 0 { none() } else { outcome.threads.to_string() };
    let searched = outcome.search_seconds.map(|seconds| format!("chosen in {seconds:.0} s before"));
    let setting: Vec<&str> = [outcome.setting.as_str()]
        .into_iter()
        .chain(searched.as_deref())
        .filter(|s| !s.is_empty())
        .collect();
    vec![
        outcome.learner.clone(),
        rows,
        seconds,
        ratio.map_or_else(none, |(seconds, unit)| format!("{:.2}", seconds / unit)),
        outcome.read_micros.map_or_else(none, |micros| format!("{micros:.1}")),
        threads,
        setting.join("; "),
    ]
}

/// A measure with four digits, without the nought before the point.
#[must_use]
pub fn measure(value: f64) -> String {
    let text = format!("{value:.4}");
    match text.strip_prefix("0.") {
        Some(digits) => format!(".{digits}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::race::Point;

    #[test]
    fn who_missed_failed_or_was_not_run_stands_in_the_table() {
        let point = |rows, seconds, measure| Point { rows, seconds, measure };
        let reached = Outcome {
            read_micros: Some(12.34),
            threads: 2,
            search_seconds: Some(7.0),
            setting: "rate 0.1".into(),
            ..Outcome::without_points("fast", End::Reached(point(500, 3.0, 0.9)))
        };
        let (best, last) = (point(500, 1.0, 0.8134), point(900, 120.0, 0.8));
        let missed = Outcome::without_points("slow", End::Missed { best, last });
        let failed = Outcome::without_points("broken", End::Failed("no rows".into()));
        let not_run = Outcome::without_points("absent", End::NotRun("give --python".into()));
        let lines = lines(&[reached, missed, failed, not_run], Some(1.5));
        assert_eq!(lines.len(), 5);
        assert!(lines[1].contains("500") && lines[1].contains("3.00") && lines[1].contains("2.00"));
        assert!(lines[1].ends_with("2  rate 0.1; chosen in 7 s before"), "{}", lines[1]);
        assert!(lines[2].contains("900  no: best .8134 in 120 s"), "{}", lines[2]);
        assert!(lines[3].contains("failed: no rows"));
        assert!(lines[4].contains("not run: give --python"));
    }
}
