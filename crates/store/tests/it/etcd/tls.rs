//! A cluster that is spoken to by TLS, and whose certificates change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mesur_store::{Commit, EtcdSettings, EtcdStore, EtcdTls, Store as _};
use mesur_tests::ports::free_address;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::cluster::{Member, arguments};

/// Writes an authority that was not there before, and what it vouches for.
fn write_new_authority(folder: &Path) -> EtcdTls {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = CertifiedIssuer::self_signed(params, key).unwrap();
    let path = |name: &str| folder.join(name);
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    for name in ["member", "store"] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let signed = params.signed_by(&key, &authority).unwrap();
        fs::write(path(&format!("{name}.pem")), signed.pem()).unwrap();
        fs::write(path(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }
    EtcdTls {
        authority: path("ca.pem"),
        identity: Some((path("store.pem"), path("store.key"))),
    }
}

fn member(folder: &Path) -> Member {
    let [client, peer] = [(); 2].map(|()| free_address().unwrap());
    let (client, peer) = (format!("https://{client}"), format!("http://{peer}"));
    let mut command = vec!["etcd".to_owned()];
    command.extend(arguments(
        folder,
        0,
        &client,
        &peer,
        &format!("member0={peer}"),
    ));
    let file = |name: &str| folder.join(name).display().to_string();
    let known = [
        ("--cert-file", file("member.pem")),
        ("--key-file", file("member.key")),
        ("--trusted-ca-file", file("ca.pem")),
    ];
    command.extend(
        known
            .into_iter()
            .flat_map(|(flag, file)| [flag.to_owned(), file]),
    );
    command.push("--client-cert-auth".to_owned());
    Member::new(command, client)
}

fn settings(member: &Member, tls: Option<EtcdTls>) -> EtcdSettings {
    let mut settings = EtcdSettings::new(vec![member.endpoint.clone()], "test");
    // The machine may have much else to do.
    settings.patience = Duration::from_secs(30);
    settings.tls = tls;
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_replaced_are_taken_up_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let tls = write_new_authority(folder.path());
    let mut member = member(folder.path());
    member.start();
    let store = EtcdStore::open(settings(&member, Some(tls.clone()))).await;
    let store = store.unwrap();
    let one = Commit::new().put(b"key".to_vec(), b"one".to_vec());
    store.commit(one).await.unwrap();
    // Nothing of the old authority counts any more, on either side.
    let stranger = folder.path().join("old.pem");
    fs::copy(&tls.authority, &stranger).unwrap();
    write_new_authority(folder.path());
    member.kill();
    member.start();
    assert_eq!(store.get(b"key").await.unwrap().unwrap().value, b"one");
    let two = Commit::new().put(b"key".to_vec(), b"two".to_vec());
    store.commit(two).await.unwrap();
    assert_eq!(store.get(b"key").await.unwrap().unwrap().value, b"two");
    // That the new ones are needed: by the old authority the member is a stranger.
    let mut strange = settings(
        &member,
        Some(EtcdTls {
            authority: stranger,
            ..tls
        }),
    );
    strange.patience = Duration::from_secs(1);
    assert!(EtcdStore::open(strange).await.is_err());
    member.kill();
}

#[tokio::test]
async fn a_file_that_is_not_there_is_told_at_once() {
    let member = Member::new(Vec::new(), "https://127.0.0.1:1".to_owned());
    let missing = EtcdTls {
        authority: PathBuf::from("nowhere/ca.pem"),
        identity: None,
    };
    let Err(error) = EtcdStore::open(settings(&member, Some(missing))).await else {
        panic!("it opened")
    };
    let causes = std::error::Error::source(&error).unwrap().to_string();
    assert!(causes.contains("nowhere/ca.pem"), "{causes}");
}
