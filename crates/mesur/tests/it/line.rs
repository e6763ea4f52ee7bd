//! A way to a service that can be cut.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Lets connections through to a service.
pub(crate) struct Line {
    /// Where it listens.
    pub(crate) address: String,
    open: Arc<Mutex<Vec<TcpStream>>>,
    broken: Arc<AtomicUsize>,
}

impl Line {
    /// A line to the service at an address.
    pub(crate) fn to(service: &str) -> Self {
        Self::open(service, 0)
    }

    /// A line whose first connection is taken and then dropped.
    pub(crate) fn breaking_once(service: &str) -> Self {
        Self::open(service, 1)
    }

    fn open(service: &str, breaks: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let open = Arc::new(Mutex::new(Vec::new()));
        let broken = Arc::new(AtomicUsize::new(0));
        let (held, dropped, service) = (open.clone(), broken.clone(), service.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.expect("a client");
                if dropped.load(Ordering::SeqCst) < breaks {
                    dropped.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                let server = TcpStream::connect(&service).expect("the service");
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let copy = |stream: &TcpStream| stream.try_clone().expect("a copy");
                    let (mut from, mut to) = (copy(from), copy(to));
                    held.lock().expect("held").push(copy(&from));
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self {
            address,
            open,
            broken,
        }
    }

    /// Cuts every connection, and says how many; new ones are let through.
    pub(crate) fn cut(&self) -> usize {
        let cut: Vec<TcpStream> = self.open.lock().expect("held").drain(..).collect();
        for stream in &cut {
            let _ = stream.shutdown(Shutdown::Both);
        }
        cut.len()
    }

    /// How many connections were dropped at their beginning.
    pub(crate) fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }
}
