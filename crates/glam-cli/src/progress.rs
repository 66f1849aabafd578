//! A bar on standard error, where that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

const REDRAW: Duration = Duration::from_millis(100);
/// Rows between two looks at the clock.
const ROWS: u64 = 64;

/// How far a file has been read.
pub(crate) struct Progress {
    bar: ProgressBar,
    drawn: Instant,
    rows: u64,
}

impl Progress {
    /// A bar over `bytes`, or a spinner where their number is not known. `what` is being done.
    pub(crate) fn new(what: &'static str, bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => {
                let template = "{prefix} [{bar:24}] {percent:>3} % {eta:>4} left {wide_msg}";
                (ProgressBar::new(bytes), template)
            }
            None => (ProgressBar::new_spinner(), "{prefix} {spinner} {bytes} {wide_msg}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_prefix(what);
        Self { bar, drawn: Instant::now(), rows: 0 }
    }

    /// Counts a row that ends at byte `bytes`; `message` is called where it is time to draw.
    pub(crate) fn row(&mut self, bytes: u64, message: impl FnOnce() -> String) {
        self.rows += 1;
        if self.bar.is_hidden() || !self.rows.is_multiple_of(ROWS) {
            return;
        }
        if self.drawn.elapsed() >= REDRAW {
            self.drawn = Instant::now();
            self.bar.set_position(bytes);
            self.bar.set_message(message());
            self.bar.tick();
        }
    }

    /// Says that something else is being done.
    pub(crate) fn now(&mut self, what: &'static str) {
        self.bar.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
