//! The suites: what is measured, and what is shown of it.
