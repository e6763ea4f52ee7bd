//! What pages are commonly served by: nginx with a static file, as its package comes, but for what lets
//! a client keep its connection for the whole of a round.

use std::fs::Permissions;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use mesur_tests::ports::free_address;
use tempfile::TempDir;

use crate::process;

/// The name under which the file is served.
const FILE: &str = "file";

/// A running nginx.
pub(crate) struct Nginx {
    process: Child,
    address: String,
    _folder: TempDir,
}

impl Nginx {
    /// Serves these bytes; `None` where there is no nginx.
    pub(crate) fn start(content: &[u8]) -> anyhow::Result<Option<Self>> {
        let Some(program) = process::find("nginx") else {
            return Ok(None);
        };
        let folder = tempfile::tempdir().context("a folder")?;
        // Its workers may be another user than its master.
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        std::fs::write(folder.path().join(FILE), content)?;
        let at = free_address()?;
        let settings = folder.path().join("nginx.conf");
        std::fs::write(&settings, configuration(folder.path(), at))?;
        let mut process = Command::new(program)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&settings)
            .stderr(Stdio::null())
            .spawn()
            .context("starting nginx")?;
        process::until(|| {
            ensure!(process.try_wait()?.is_none(), "nginx ended");
            Ok(TcpStream::connect(at).is_ok())
        })?;
        Ok(Some(Self {
            process,
            address: format!("http://{at}/{FILE}"),
            _folder: folder,
        }))
    }

    /// Where the file is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // One that does not end is seen by whoever looks at the processes; nothing depends on it.
        let _ = process::stop(&mut self.process);
    }
}

fn configuration(folder: &Path, at: SocketAddr) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {folder}/{name};\n"))
        .concat();
    format!(
        "daemon off;\n\
         worker_processes auto;\n\
         pid {folder}/pid;\n\
         error_log {folder}/error.log;\n\
         events {{ worker_connections 768; }}\n\
         http {{\n\
         {temporary}    access_log off;\n    \
             sendfile on;\n    \
             tcp_nopush on;\n    \
             keepalive_requests 1000000000;\n    \
             default_type text/html;\n    \
             server {{ listen {at}; root {folder}; }}\n\
         }}\n"
    )
}
