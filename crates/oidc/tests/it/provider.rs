//! A provider on this machine that answers what a test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What stands at a path: answers that are given one after another, the last one for ever.
pub(crate) type Answers = Arc<Mutex<BTreeMap<String, Vec<(u16, String)>>>>;

pub(crate) struct Provider {
    pub(crate) at: String,
    answers: Answers,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let body = String::from_utf8_lossy(&body.expect("a body")).into_owned();
    shared
        .asked
        .lock()
        .expect("asked")
        .push(format!("{path} {body}"));
    let (status, text) = {
        let mut answers = shared.answers.lock().expect("answers");
        match answers.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.remove(0),
            Some(queue) => queue.first().cloned().expect("an answer"),
            None => (404, String::new()),
        }
    };
    if text == "silent" {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(status);
    if (300..400).contains(&status) {
        response = response.header("location", text.as_str());
    }
    response.body(Body::from(text)).expect("an answer")
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let at = format!("http://{}", listener.local_addr().expect("an address"));
        let (answers, asked) = (Answers::default(), Arc::default());
        let shared = Shared {
            answers: Arc::clone(&answers),
            asked: Arc::clone(&asked),
        };
        let app = Router::new().fallback(answer).with_state(shared);
        let serving = async { axum::serve(listener, app).await.expect("serving") };
        let task = tokio::spawn(serving);
        Self {
            at,
            answers,
            asked,
            task,
        }
    }

    pub(crate) fn put(&self, path: &str, answers: &[(u16, &str)]) {
        let owned = answers
            .iter()
            .map(|(status, text)| (*status, (*text).to_owned()));
        let queue = owned.collect();
        self.answers
            .lock()
            .expect("answers")
            .insert(path.to_owned(), queue);
    }

    /// A document that says that the issuer is `issuer`.
    pub(crate) fn document(&self, issuer: &str) -> String {
        let at = &self.at;
        format!(
            r#"{{"issuer":"{issuer}","jwks_uri":"{at}/keys","token_endpoint":"{at}/token",
            "device_authorization_endpoint":"{at}/device","revocation_endpoint":"{at}/revoke"}}"#
        )
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Long enough for anything on this machine.
pub(crate) const WAIT: Duration = Duration::from_secs(30);
