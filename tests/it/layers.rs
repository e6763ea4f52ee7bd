//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Table = toml::Table;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> Table {
    let text = fs::read_to_string(path).expect("a file");
    text.parse().expect("TOML")
}

/// The crates of a folder with the names of their dependencies, dev-dependencies left out.
fn crates(folder: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let manifest = read(&entry.expect("an entry").path().join("Cargo.toml"));
        let name = manifest["package"]["name"]
            .as_str()
            .expect("a name")
            .to_owned();
        let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
        let names = dependencies
            .into_iter()
            .flat_map(|table| table.keys().cloned());
        found.insert(name, names.collect());
    }
    found
}

/// Every package that these need to be built, and they: ours by their manifests, others by the lock file,
/// which does not tell dev-dependencies apart.
fn closure(direct: &BTreeSet<String>) -> BTreeSet<String> {
    let lock = read(&root().join("Cargo.lock"));
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in lock["package"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name").to_owned();
        let dependencies = package.get("dependencies").and_then(toml::Value::as_array);
        let names = dependencies
            .into_iter()
            .flatten()
            .filter_map(|dependency| dependency.as_str()?.split(' ').next().map(str::to_owned));
        packages.entry(name).or_default().extend(names);
    }
    for folder in ["crates", "services"] {
        packages.extend(crates(folder));
    }
    let mut found = BTreeSet::new();
    let mut due: Vec<String> = direct.iter().cloned().collect();
    while let Some(name) = due.pop() {
        if found.insert(name.clone()) {
            due.extend(packages.get(&name).into_iter().flatten().cloned());
        }
    }
    found
}

/// Every Rust file under a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn services_never_depend_on_one_another() {
    let services = crates("services");
    assert_eq!(services.len(), 4);
    for (name, dependencies) in &services {
        let others = services.keys().filter(|other| *other != name);
        for other in others {
            assert!(!dependencies.contains(other), "{name} depends on {other}");
        }
        let all = closure(dependencies);
        let reached: Vec<_> = services
            .keys()
            .filter(|other| all.contains(*other))
            .collect();
        assert!(reached.is_empty(), "{name} reaches {reached:?}");
    }
}

#[test]
fn catalogue_and_figures_know_no_wire_no_store_no_runtime_and_no_clock() {
    let crates = crates("crates");
    for name in ["mesur-catalogue", "mesur-figures"] {
        let all = closure(&crates[name]);
        for foreign in [
            "tonic",
            "prost",
            "sled",
            "tokio",
            "jiff",
            "mesur-proto",
            "mesur-store",
        ] {
            assert!(!all.contains(foreign), "{name} reaches {foreign}");
        }
    }
    for folder in [
        "crates/catalogue/src",
        "crates/figures/src",
        "crates/returns/src",
    ] {
        let sources = sources(&root().join(folder));
        assert!(sources.len() > 3, "{folder} has sources");
        for path in sources {
            let text = fs::read_to_string(&path).expect("a file");
            for clock in ["SystemTime", "Instant"] {
                assert!(!text.contains(clock), "{} names {clock}", path.display());
            }
        }
    }
}

#[test]
fn one_crate_alone_knows_the_embedded_store_and_one_compiles_the_contract() {
    for folder in ["crates", "services"] {
        for (name, dependencies) in crates(folder) {
            assert!(
                !dependencies.contains("sled") || name == "mesur-store",
                "{name} names sled"
            );
            assert!(
                !dependencies.contains("etcd-client") || name == "mesur-store",
                "{name} names etcd"
            );
            assert!(
                !dependencies.contains("protox"),
                "{name} compiles proto files to be built"
            );
        }
    }
}
