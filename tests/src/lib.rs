//! Tests of GLAM that span its crates; see the files in `tests/`.
