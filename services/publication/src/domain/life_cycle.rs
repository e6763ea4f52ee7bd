//! The life of a revision of a release. Which moves there are stands in the table of permissions,
//! `mesur_access::table`, with who may make them; what else must hold is asked by the use case.
//!
//! `docs/life-cycle.md` is written from the table. Every move stands in the history of the release, also
//! one that leads back to the state it began in.

pub(crate) use mesur_access::ReleaseState as State;
use mesur_access::Rules;

/// A move that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IllegalMove {
    /// Where the revision is.
    pub(crate) state: State,
    /// What was to be done, in an error.
    pub(crate) action: &'static str,
}

/// The state that an action leads to, if the rules have the move.
pub(crate) fn go(
    rules: Rules<State>,
    state: State,
    (action, to): (&'static str, State),
) -> Result<State, IllegalMove> {
    if rules.lead(state, to) {
        Ok(to)
    } else {
        Err(IllegalMove { state, action })
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use mesur_access::table::{RELEASE_FOLLOWS, row};

    use super::*;

    const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/life-cycle.md");
    const HEADING: &str = "## The life of a release";

    /// What is done: as the document calls it, and the rules that it goes by.
    fn columns() -> [(&'static str, Rules<State>); 9] {
        let of = |method: &str| {
            let row = row(&format!(
                "/mesur.publication.v1.PublicationService/{method}"
            ));
            row.expect("a row").states.of_release()
        };
        [
            ("compile", of("CompileRelease")),
            ("submit", of("SubmitRelease")),
            ("reject", of("RejectRelease")),
            ("approve", of("ApproveRelease")),
            ("schedule", of("ScheduleRelease")),
            ("publish", of("PublishRelease")),
            ("give early access", of("GrantEarlyAccess")),
            ("take it back", of("RevokeEarlyAccess")),
            ("by itself", RELEASE_FOLLOWS),
        ]
    }

    fn table() -> String {
        let mut text = "| |".to_owned();
        for (name, _) in columns() {
            write!(text, " {name} |").expect("a string");
        }
        text += "\n| --- |";
        text += &" --- |".repeat(columns().len());
        for state in State::ALL {
            write!(text, "\n| **{}** |", state.word()).expect("a string");
            for (_, rules) in columns() {
                let mut having = rules.0.iter().filter(|rule| rule.from.contains(&state));
                match having.next() {
                    Some(rule) => write!(text, " {} |", rule.to.unwrap_or(state).word()),
                    None => write!(text, " |"),
                }
                .expect("a string");
                assert_eq!(having.next(), None, "it leads to two states");
            }
        }
        text
    }

    #[test]
    fn the_document_has_this_table() {
        let document = fs::read_to_string(DOCUMENT).expect("docs/life-cycle.md");
        let (before, part) = document.split_once(HEADING).expect("a heading");
        let (about, rest) = part.split_once("| |").expect("a table");
        let (_, after) = rest.split_once("\n\n").expect("text behind the table");
        let written = format!("{before}{HEADING}{about}{}\n\n{after}", table());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(DOCUMENT, written).expect("a writable document");
        } else {
            assert_eq!(document, written, "UPDATE_DOCS=1 writes it anew");
        }
    }
}
