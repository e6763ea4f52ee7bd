//! Where stores are that are kept in etcd.

use std::path::PathBuf;
use std::sync::Arc;

use mesur_store::Store;

/// The options about etcd. They are there in every build, so that one without etcd can say so.
#[derive(Debug, Clone, clap::Args)]
pub struct Etcd {
    /// Keep the store in this etcd cluster instead of a folder: its members, such as
    /// `http://10.0.0.1:2379,http://10.0.0.2:2379,http://10.0.0.3:2379`.
    #[arg(
        id = "etcd",
        long = "etcd",
        value_delimiter = ',',
        value_name = "ENDPOINTS"
    )]
    pub endpoints: Vec<String>,
    /// What all keys in the cluster begin with; the name of the service follows.
    #[arg(
        id = "etcd-prefix",
        long = "etcd-prefix",
        default_value = "mesur",
        value_name = "PREFIX",
        requires = "etcd"
    )]
    pub prefix: String,
    /// How many seconds a duty stays with a replica that has gone away or is paused.
    #[arg(
        id = "etcd-lease-seconds", long = "etcd-lease-seconds",
        default_value_t = 5,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(2..=600),
        requires = "etcd"
    )]
    pub lease_seconds: u64,
    /// As whom the cluster is used.
    #[arg(
        id = "etcd-user", long = "etcd-user",
        value_name = "NAME",
        requires_all = ["etcd", "etcd-password-file"]
    )]
    pub user: Option<String>,
    /// The file with that user's password.
    #[arg(
        id = "etcd-password-file",
        long = "etcd-password-file",
        value_name = "FILE",
        requires = "etcd-user"
    )]
    pub password_file: Option<PathBuf>,
    /// The certificate, in PEM, of who vouches for the members of the cluster; they are then spoken to
    /// by TLS.
    #[arg(
        id = "etcd-ca",
        long = "etcd-ca",
        value_name = "FILE",
        requires = "etcd"
    )]
    pub authority: Option<PathBuf>,
    /// The certificate, in PEM, that is shown to the members of the cluster.
    #[arg(
        id = "etcd-cert", long = "etcd-cert",
        value_name = "FILE",
        requires_all = ["etcd-ca", "etcd-key"]
    )]
    pub certificate: Option<PathBuf>,
    /// The key of that certificate, in PEM.
    #[arg(
        id = "etcd-key",
        long = "etcd-key",
        value_name = "FILE",
        requires = "etcd-cert"
    )]
    pub key: Option<PathBuf>,
}

impl Etcd {
    /// Whether stores are kept in etcd.
    pub fn is_chosen(&self) -> bool {
        !self.endpoints.is_empty()
    }

    /// Opens, or makes, the store of a service.
    #[cfg(not(feature = "etcd"))]
    pub async fn open(&self, _service: &str) -> anyhow::Result<Arc<dyn Store>> {
        std::future::ready(Err(anyhow::anyhow!(
            "this program was built without etcd; build it with `--features etcd`"
        )))
        .await
    }

    /// Opens, or makes, the store of a service.
    #[cfg(feature = "etcd")]
    pub async fn open(&self, service: &str) -> anyhow::Result<Arc<dyn Store>> {
        use anyhow::Context as _;
        use mesur_store::{EtcdSettings, EtcdStore, EtcdTls};

        let prefix = format!("{}/{service}", self.prefix);
        let mut settings = EtcdSettings::new(self.endpoints.clone(), prefix);
        settings.lease_ttl = std::time::Duration::from_secs(self.lease_seconds);
        settings.user = self.user.clone().zip(self.password_file.clone());
        settings.tls = self.authority.clone().map(|authority| EtcdTls {
            authority,
            identity: self.certificate.clone().zip(self.key.clone()),
        });
        let store = EtcdStore::open(settings).await;
        let store = store.with_context(|| format!("opening the store of {service} in etcd"))?;
        Ok(Arc::new(store))
    }
}
