//! Keys and tokens in files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use mesur_access::dev::{FILES_LIFETIME, Issuer, write_folder};
use mesur_access::token::{Error, Settings};
use mesur_access::{Role, Verifier, watched};
use mesur_catalogue::AuthorityCode;
use serde_json::json;
use tempfile::tempdir;

use crate::provider::{ISSUER, NOW, Provider, at};

#[test]
fn keys_that_change_in_their_file_count_at_once_and_nonsense_changes_nothing() {
    let folder = tempdir().expect("a folder");
    let path = folder.path().join("jwks.json");
    let settings = || Settings::new(ISSUER, "mesur");
    let open = || Verifier::from_file(settings(), &path, Duration::ZERO);
    assert!(matches!(open().err(), Some(watched::Error::Read { .. })));
    fs::write(&path, "nonsense").expect("written");
    assert!(matches!(open().err(), Some(watched::Error::Parse { .. })));
    fs::write(&path, " ".repeat(1 << 20)).expect("written");
    assert!(matches!(
        open().err(),
        Some(watched::Error::TooLarge { .. })
    ));

    let (first, second) = (Provider::new(), Provider::new());
    let [of_first, of_second] = [&first, &second].map(|provider| provider.with(&json!({})));
    // Of different lengths, so that a clock of coarse ticks hides no change.
    let put = |provider: &Provider, filling: usize| {
        let text = format!("{}{}", provider.keys(), " ".repeat(filling));
        fs::write(&path, text).expect("written");
    };
    put(&first, 0);
    let verifier = open().expect("keys");
    assert!(verifier.verify(&of_first, at(NOW)).is_ok());
    assert_eq!(verifier.verify(&of_second, at(NOW)), Err(Error::Signature));
    put(&second, 1);
    // Remembered as good, and refused nevertheless.
    assert_eq!(verifier.verify(&of_first, at(NOW)), Err(Error::Signature));
    assert!(verifier.verify(&of_second, at(NOW)).is_ok());
    for nonsense in ["", "nonsense", r#"{"keys":[]}"#] {
        fs::write(&path, nonsense).expect("written");
        assert!(verifier.verify(&of_second, at(NOW)).is_ok(), "{nonsense}");
    }
    fs::remove_file(&path).expect("removed");
    assert!(verifier.verify(&of_second, at(NOW)).is_ok());
    put(&first, 2);
    assert!(verifier.verify(&of_first, at(NOW)).is_ok());
}

#[test]
fn the_folder_of_a_throw_away_issuer_has_a_token_for_each_part_that_only_its_owner_reads() {
    let folder = tempdir().expect("a folder");
    let access = folder.path().join("new").join("access");
    let codes = ["W06000001", "W06000003"].map(|code| AuthorityCode::parse(code).expect("a code"));
    let issuer = Issuer::generate();
    // A second start replaces what the first one wrote, whatever rights it had.
    write_folder(&Issuer::generate(), &access, &codes, at(NOW)).expect("written");
    fs::set_permissions(&access, fs::Permissions::from_mode(0o755)).expect("opened");
    fs::write(access.join(".jwks.json.new"), "left behind").expect("written");
    write_folder(&issuer, &access, &codes, at(NOW)).expect("written again");

    let mode = |path: &std::path::Path| {
        let mode = fs::metadata(path).expect("there").permissions().mode();
        mode & 0o777
    };
    assert_eq!(mode(&access), 0o700);
    let entries = fs::read_dir(&access).expect("a folder");
    let mut names = BTreeSet::new();
    let settings = issuer.settings();
    let jwks = access.join("jwks.json");
    let verifier = Verifier::from_file(settings, &jwks, Duration::ZERO).expect("keys");
    let last = NOW + i64::try_from(FILES_LIFETIME.as_secs()).expect("a month");
    for entry in entries {
        let path = entry.expect("an entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if let Some(part) = name.strip_suffix(".token") {
            let token = fs::read_to_string(&path).expect("text");
            let caller = verifier.verify(token.trim(), at(last - 1)).expect("good");
            assert_eq!(caller.identity, format!("dev:{part}"));
            let role = match part.split_once('-') {
                Some((code, role)) => format!("{role}/{code}"),
                None => part.to_owned(),
            };
            assert_eq!(caller.roles, [Role::parse(&role).expect("a role")]);
            let late = verifier.verify(token.trim(), at(last + 30));
            assert_eq!(late, Err(Error::Expired));
        }
        names.insert(name);
    }
    let expected = [
        "W06000001-approver.token",
        "W06000001-submitter.token",
        "W06000003-approver.token",
        "W06000003-submitter.token",
        "jwks.json",
        "operator.token",
        "publisher.token",
        "reader.token",
        "service.token",
        "statistician.token",
        "supplier.token",
    ];
    assert_eq!(names, expected.map(str::to_owned).into());
}
