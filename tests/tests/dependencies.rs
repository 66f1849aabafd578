//! What the project depends on: licences that `deny.toml` allows, and no crate twice in the library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};
use serde::Deserialize;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The platform that is built for: what others would need besides is not in the tree.
fn platform() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

fn metadata() -> cargo_metadata::Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--locked".into(), "--filter-platform".into(), platform()])
        .exec()
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let allowed = toml::from_str::<Deny>(&text).unwrap().licenses.allow;
    let allowed: BTreeSet<&str> = allowed.iter().map(String::as_str).collect();
    let metadata = metadata().unwrap();
    assert!(metadata.packages.len() > 20);
    let mut refused = Vec::new();
    for package in &metadata.packages {
        let licence = package.license.clone().unwrap_or_default().replace('/', " OR ");
        let fits = spdx::Expression::parse(&licence).is_ok_and(|parsed| {
            parsed.evaluate(|wanted| allowed.contains(wanted.to_string().as_str()))
        });
        if !fits {
            refused.push(format!("{} {}: {licence:?}", package.name, package.version));
        }
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn the_library_holds_no_crate_twice() {
    // `cargo tree` of the one package: the workspace's metadata would add the features that the
    // benchmarks' peers ask of the same crates.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "glam-memory", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).unwrap();
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in listed.lines() {
        if let [name, version, ..] = line.split_whitespace().collect::<Vec<_>>()[..] {
            versions.entry(name).or_default().insert(version);
        }
    }
    assert!(versions.len() > 10, "{listed}");
    let twice: Vec<_> = versions.iter().filter(|(_, versions)| versions.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    println!("{} crates in the library's tree", versions.len());
}

#[test]
fn the_readme_gives_a_reason_for_every_direct_dependency() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let metadata = metadata().unwrap();
    let members: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let mut missing = BTreeSet::new();
    for package in metadata.packages.iter().filter(|package| members.contains(&package.id)) {
        for dependency in &package.dependencies {
            let line = format!("| `{}` |", dependency.name);
            if !dependency.name.starts_with("glam-") && !readme.contains(&line) {
                missing.insert(dependency.name.clone());
            }
        }
    }
    assert!(missing.is_empty(), "no line in the README's table of dependencies for {missing:?}");
}
