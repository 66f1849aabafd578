//! Tells the programs which compiler built them.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or("rustc".into());
    let said = Command::new(compiler).arg("--version").output();
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    println!("cargo::rustc-env=GLAM_RUSTC={}", said.unwrap_or_default());
}
