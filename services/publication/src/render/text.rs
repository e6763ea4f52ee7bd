//! The main points and the quality section as plain text, for reading and for comparing.

use mesur_figures::Shorthand;

use super::Error;
use super::document::Document;
use super::line::{Line, Run};
use super::speaker::Speaker;
use super::table::bracketed;

/// Writes the text: headings with number signs, one bullet a statement, each figure followed by
/// `r` where this revision
/// changed it and the marks of its footnotes.
pub(crate) fn write(document: &Document, speaker: &Speaker<'_>) -> Result<String, Error> {
    let mut text = Text {
        english_only: speaker.label("english-only")?,
        lines: Vec::new(),
    };
    text.heading(1, &text.plain(&document.title));
    for line in document.description.iter().chain(&document.designation) {
        text.paragraph(&text.plain(line));
    }
    text.list("", &document.details);
    main_points(&mut text, document, speaker)?;
    text.heading(2, &speaker.label("quality-heading")?);
    text.list("- ", &document.quality);
    if !document.unpublished.is_empty() {
        text.heading(3, &speaker.label("quality-unpublished-heading")?);
        text.paragraph(&document.unpublished.join(", "));
    }
    if !document.changes.is_empty() {
        let heading = speaker.label("changes-heading")?;
        // Said once for the whole list rather than on every line of it.
        let english = document.changes.iter().any(Line::has_english);
        text.heading(
            3,
            &if english {
                text.marked(&heading)
            } else {
                heading
            },
        );
        text.paragraph(&speaker.label("changes-intro")?);
        text.gap();
        for line in &document.changes {
            text.push(&format!("- {}", line.words()));
        }
    }
    text.heading(3, &speaker.label("language-report-heading")?);
    text.list("- ", &document.languages);
    if let Some(contact) = &document.contact {
        text.heading(2, &speaker.label("contact-heading")?);
        text.paragraph(&text.plain(contact));
    }
    text.heading(2, &speaker.label("licence-heading")?);
    text.paragraph(&speaker.label("licence")?);
    text.paragraph(&speaker.label("acknowledgement")?);
    Ok(text.finish())
}

fn main_points(text: &mut Text, document: &Document, speaker: &Speaker<'_>) -> Result<(), Error> {
    if document.sections.is_empty() {
        return Ok(());
    }
    text.heading(2, &speaker.label("main-points-heading")?);
    for section in &document.sections {
        text.heading(3, &text.plain(&section.heading));
        for group in &section.groups {
            text.heading(4, &text.plain(&group.heading));
            for statement in &group.statements {
                text.push(&format!("- {}", text.plain(&statement.text)));
                for source in &statement.sources {
                    let address = if source.url.is_empty() {
                        String::new()
                    } else {
                        format!(" <{}>", source.url)
                    };
                    text.push(&format!("  {}{address}", text.plain(&source.text)));
                }
            }
        }
    }
    if !document.footnotes.is_empty() {
        text.heading(3, &speaker.label("footnotes-heading")?);
        for footnote in &document.footnotes {
            text.push(&format!(
                "{} {}",
                bracketed(&footnote.mark),
                text.plain(&footnote.text)
            ));
        }
    }
    Ok(())
}

struct Text {
    /// Says that a text is held in English only.
    english_only: String,
    lines: Vec<String>,
}

impl Text {
    fn heading(&mut self, level: usize, words: &str) {
        self.gap();
        self.push(&format!("{} {words}", "#".repeat(level)));
        self.lines.push(String::new());
    }

    fn paragraph(&mut self, words: &str) {
        self.gap();
        self.push(words);
    }

    fn list(&mut self, bullet: &str, lines: &[Line]) {
        self.gap();
        for line in lines {
            self.push(&format!("{bullet}{}", self.plain(line)));
        }
    }

    /// One empty line, and never two.
    fn gap(&mut self) {
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    /// A text of an edition cannot begin a line of its own.
    fn push(&mut self, line: &str) {
        self.lines.push(line.replace(char::is_control, " "));
    }

    fn plain(&self, line: &Line) -> String {
        let mut words = String::new();
        for run in &line.runs {
            match run {
                Run::Text(text) => words.push_str(text),
                Run::English(text) => words.push_str(&self.marked(text)),
                Run::Figure(figure) => {
                    words.push_str(&figure.printed);
                    if figure.revised.is_some() {
                        words.push_str(&bracketed(Shorthand::Revised.code()));
                    }
                    words.extend(figure.marks.iter().map(|mark| bracketed(&mark.mark)));
                }
            }
        }
        if line.english_only {
            self.marked(&words)
        } else {
            words
        }
    }

    fn marked(&self, words: &str) -> String {
        format!("{words} ({})", self.english_only)
    }

    fn finish(self) -> String {
        let mut text = self.lines.join("\n");
        text.push('\n');
        text
    }
}
