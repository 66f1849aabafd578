//! Tests of GLAM that span its crates; see the files in `tests/`. What they share with the program
//! that they start and kill, `src/bin/child.rs`, is here.

pub mod stream;
