//! The bundle, and every way of changing it.

use std::io::{Cursor, Read};
use std::sync::LazyLock;

use mesur_outputs::File;
use mesur_outputs::bundle::{Facts, Problem, PublicKey, Report, Signer, Trust, verify, write};
use zip::ZipArchive;

static SIGNER: LazyLock<Signer> = LazyLock::new(new_signer);

fn new_signer() -> Signer {
    Signer::generate().expect("random numbers")
}

fn files() -> Vec<File> {
    let file = |name: &str, content: &[u8]| File::new(name, "text/plain", content.to_vec());
    vec![
        file("release.json", b"{}"),
        file("data.csv", b"a,b\n1,2\n"),
        file("empty", b""),
    ]
}

fn bundle(files: &[File], signer: &Signer) -> Vec<u8> {
    let facts = Facts {
        release: "releases/water-2031/revisions/1".to_owned(),
        revision: 1,
        ..Facts::default()
    };
    write(facts, files, signer).expect("a bundle").content
}

fn checked(bytes: &[u8], trusted: Option<&PublicKey>) -> Report {
    verify(bytes, trusted).expect("it can be read")
}

#[test]
fn a_bundle_is_sound_names_its_release_and_any_program_unpacks_it() {
    let (bytes, key) = (bundle(&files(), &SIGNER), SIGNER.public_key());
    assert_eq!(bytes, bundle(&files(), &SIGNER));
    let report = checked(&bytes, Some(&key));
    assert_eq!(
        (report.problems.as_slice(), report.trust),
        ([].as_slice(), Trust::Trusted)
    );
    let manifest = report.manifest.expect("a manifest");
    assert_eq!(manifest.release.release, "releases/water-2031/revisions/1");
    let names: Vec<_> = report
        .files
        .iter()
        .map(|file| file.entry.name.as_str())
        .collect();
    assert_eq!(names, ["data.csv", "empty", "release.json"]);
    assert_eq!(checked(&bytes, None).trust, Trust::Unknown);
    let mut archive = ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
    let mut content = String::new();
    let mut file = archive.by_name("files/data.csv").expect("a file");
    file.read_to_string(&mut content).expect("its content");
    assert_eq!(content, "a,b\n1,2\n");
}

#[test]
fn every_changed_byte_every_cut_and_every_addition_is_found() {
    let bytes = bundle(&files(), &SIGNER);
    for place in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut changed = bytes.clone();
            changed[place] ^= bit;
            assert!(
                !checked(&changed, None).is_sound(),
                "byte {place}, bit {bit}"
            );
        }
        assert!(!checked(&bytes[..place], None).is_sound(), "cut at {place}");
        let mut longer = bytes.clone();
        longer.insert(place, 0);
        assert!(!checked(&longer, None).is_sound(), "longer at {place}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(checked(&longer, None).problems, [Problem::Form]);
}

#[test]
fn a_changed_file_is_named_and_a_bundle_signed_by_another_is_refused() {
    let key = SIGNER.public_key();
    let bytes = bundle(&files(), &SIGNER);
    let place = bytes.windows(8).position(|window| window == b"a,b\n1,2\n");
    let mut changed = bytes.clone();
    changed[place.expect("the content") + 4] = b'9';
    let named = checked(&changed, Some(&key)).problems;
    assert!(
        matches!(named.as_slice(), [Problem::Digest { name, .. }] if name == "data.csv"),
        "{named:?}"
    );
    let other = new_signer();
    let report = checked(&bundle(&files(), &other), Some(&key));
    let fingerprint = other.public_key().fingerprint();
    assert_eq!(report.problems, [Problem::OtherKey { fingerprint }]);
    assert_eq!(report.trust, Trust::Refused);
    let pem = key.to_pem();
    assert_eq!(PublicKey::from_pem(&pem), Ok(key));
}
