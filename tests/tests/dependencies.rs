//! What the project depends on: licences that `deny.toml` allows, and no crate twice in the library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
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
    let metadata = metadata().unwrap();
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> =
        resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let library = metadata.packages.iter().find(|package| *package.name == "glam-memory").unwrap();
    let (mut seen, mut open) = (BTreeSet::new(), vec![&library.id]);
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let normal = nodes[id].deps.iter().filter(|dependency| {
                dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
            });
            open.extend(normal.map(|dependency| &dependency.pkg));
        }
    }
    let mut versions: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for package in metadata.packages.iter().filter(|package| seen.contains(&package.id)) {
        versions.entry(package.name.as_str()).or_default().push(package.version.to_string());
    }
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
