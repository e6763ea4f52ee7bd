//! A line of a document: words, with the figures and the English texts in them kept apart.

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// Words in the language of the line.
    Text(String),
    /// Words that are held in English only, in a line of another language.
    English(String),
    /// A printed figure.
    Figure(PrintedFigure),
}

/// A figure as printed, with the marks of its footnotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrintedFigure {
    /// The figure in words and digits.
    pub(crate) printed: String,
    /// Where this revision changed it, what is read out for its `r`.
    pub(crate) revised: Option<String>,
    /// Its marks, in order.
    pub(crate) marks: Vec<NoteReference>,
}

/// One reference to a footnote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NoteReference {
    /// The footnote's mark, such as `1` or `a`.
    pub(crate) mark: String,
    /// Which reference to this footnote it is in the document, from 1.
    pub(crate) number: usize,
    /// What is read out for it.
    pub(crate) label: String,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its stretches in order.
    pub(crate) runs: Vec<Run>,
    /// The whole line is in English, because the document's language has no wording for it.
    pub(crate) english_only: bool,
}

impl Line {
    /// Whether any of it is English in a document of another language.
    pub(crate) fn has_english(&self) -> bool {
        self.english_only || self.runs.iter().any(|run| matches!(run, Run::English(_)))
    }

    /// The words without marks.
    pub(crate) fn words(&self) -> String {
        self.runs.iter().map(Run::words).collect()
    }
}

impl Run {
    /// The words without marks.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Text(text) | Self::English(text) => text,
            Self::Figure(figure) => &figure.printed,
        }
    }
}
