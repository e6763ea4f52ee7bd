//! The pages as HTML. Texts are escaped by the template; a colour never says what words do not.

use maud::{DOCTYPE, Markup, html};
use mesur_catalogue::EditionName;
use mesur_wording::{Args, Error, Language, Wording};

use super::session::address;
use crate::domain::{ReturnProgress, ShownState};
use crate::progress::{CollectionProgress, MetricCounts};

/// How often a page that is watched is loaded again, in seconds.
const REFRESH_SECONDS: u32 = 30;

/// Every state with its id in addresses, words and styles, in the order of a return's life.
pub(super) const STATES: [(ShownState, &str); 5] = [
    (ShownState::Nothing, "not-sent"),
    (ShownState::Submitted, "submitted"),
    (ShownState::Queried, "queried"),
    (ShownState::SignedOff, "signed-off"),
    (ShownState::Reopened, "reopened"),
];

/// What the form to sign in says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignIn {
    /// Nothing was sent yet.
    Asked,
    /// The token is not good.
    Refused,
    /// No browser would keep the token.
    TooLong,
}

/// What of the progress is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    /// Authorities in this state alone.
    pub(super) state: Option<ShownState>,
    /// Whether the page loads itself again.
    pub(super) is_watched: bool,
}

/// A frame around what a page says.
struct Frame<'a> {
    wording: &'a Wording,
    title: String,
    /// The same page in the other language.
    other: String,
    is_watched: bool,
    is_signed_in: bool,
}

impl Frame<'_> {
    fn page(&self, main: &Markup) -> Result<Markup, Error> {
        let language = self.wording.language();
        let other = other(language);
        let label = |id: &str| self.wording.text(id, &Args::new());
        Ok(html! {
            (DOCTYPE)
            html lang=(language.code()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    @if self.is_watched { meta http-equiv="refresh" content=(REFRESH_SECONDS); }
                    title { (self.title) }
                    link rel="stylesheet" href="/style.css";
                }
                body {
                    a.skip href="#main" { (label("skip-link")?) }
                    header {
                        div.tools {
                            a href=(self.other) hreflang=(other.code()) lang=(other.code()) {
                                (label("language-switch")?)
                            }
                            @if self.is_signed_in {
                                form method="post" action=(address("/sign-out", language)) {
                                    button type="submit" { (label("sign-out-button")?) }
                                }
                            }
                        }
                        h1 { (self.title) }
                    }
                    main #main tabindex="-1" { (main) }
                }
            }
        })
    }
}

fn other(language: Language) -> Language {
    match language {
        Language::En => Language::Cy,
        Language::Cy => Language::En,
    }
}

/// The list of editions.
pub(super) fn index(names: &[EditionName], wording: &Wording) -> Result<Markup, Error> {
    let language = wording.language();
    let main = html! {
        ul {
            // The latest period first.
            @for name in names.iter().rev() {
                li { a href=(address(&path(name), language)) { (title(name)) } }
            }
        }
    };
    let frame = Frame {
        wording,
        title: wording.text("progress-index", &Args::new())?,
        other: address("/", other(language)),
        is_watched: false,
        is_signed_in: true,
    };
    frame.page(&main)
}

/// The form to sign in with.
pub(super) fn sign_in(why: SignIn, wording: &Wording) -> Result<Markup, Error> {
    let label = |id: &str| wording.text(id, &Args::new());
    let language = wording.language();
    let problem = match why {
        SignIn::Asked => None,
        SignIn::Refused => Some(label("sign-in-refused")?),
        SignIn::TooLong => Some(label("sign-in-too-long")?),
    };
    let main = html! {
        @if let Some(problem) = problem { p.problem role="alert" { (problem) } }
        form method="post" action=(address("/sign-in", language)) {
            p { label for="token" { (label("sign-in-token")?) } }
            p { input #token name="token" type="password" autocomplete="off" required; }
            p { button type="submit" { (label("sign-in-button")?) } }
        }
    };
    let frame = Frame {
        wording,
        title: label("sign-in-heading")?,
        other: address("/sign-in", other(language)),
        is_watched: false,
        is_signed_in: false,
    };
    frame.page(&main)
}

/// What a caller sees who may not look at the collection.
pub(super) fn denied(wording: &Wording) -> Result<Markup, Error> {
    let main = html! { p.problem { (wording.text("sign-in-denied", &Args::new())?) } };
    let language = wording.language();
    let frame = Frame {
        wording,
        title: wording.text("progress-index", &Args::new())?,
        other: address("/", other(language)),
        is_watched: false,
        is_signed_in: true,
    };
    frame.page(&main)
}

/// Why there is no page, and the way to one that there is.
pub(super) fn problem(message: &str, wording: &Wording) -> Result<Markup, Error> {
    let label = |id: &str| wording.text(id, &Args::new());
    let language = wording.language();
    let main = html! {
        p.problem { (label(message)?) }
        p { a href=(address("/", language)) { (label("progress-index")?) } }
    };
    let frame = Frame {
        wording,
        title: label("problem-heading")?,
        other: address("/", other(language)),
        is_watched: false,
        is_signed_in: false,
    };
    frame.page(&main)
}

/// How far the collection of an edition has come.
pub(super) fn progress(
    progress: &CollectionProgress,
    shown: Shown,
    wording: &Wording,
) -> Result<Markup, Error> {
    let page = Page {
        progress,
        shown,
        wording,
    };
    let label = |id: &str| wording.text(id, &Args::new());
    let main = html! {
        p { a href=(address("/", wording.language())) { (label("progress-index")?) } }
        (page.filters()?)
        (page.authorities()?)
        (page.metrics()?)
    };
    let name = title(progress.edition.name());
    let frame = Frame {
        wording,
        title: wording.text("progress-heading", &Args::new().text("edition", &name))?,
        other: page.address(shown, other(wording.language())),
        is_watched: shown.is_watched,
        is_signed_in: true,
    };
    frame.page(&main)
}

fn title(name: &EditionName) -> String {
    format!("{} {}", name.collection, name.period)
}

fn path(name: &EditionName) -> String {
    format!("/progress/{}/{}", name.collection, name.period)
}

fn state_id(state: ShownState) -> &'static str {
    let mut named = STATES.iter().filter(|(known, _)| *known == state);
    named.next().map_or("", |(_, id)| id)
}

/// The page of an edition's progress.
struct Page<'a> {
    progress: &'a CollectionProgress,
    shown: Shown,
    wording: &'a Wording,
}

impl Page<'_> {
    fn label(&self, id: &str) -> Result<String, Error> {
        self.wording.text(id, &Args::new())
    }

    /// The address of the page with other choices.
    fn address(&self, shown: Shown, language: Language) -> String {
        let state = shown.state.map(|state| ("state", state_id(state)));
        let watch = shown.is_watched.then_some(("watch", "1"));
        let lang = (language == Language::Cy).then_some(("lang", language.code()));
        let mut address = path(self.progress.edition.name());
        let mut separator = '?';
        for (name, value) in [state, watch, lang].into_iter().flatten() {
            address.push(separator);
            address.extend([name, "=", value]);
            separator = '&';
        }
        address
    }

    fn state_of(progress: Option<&ReturnProgress>) -> ShownState {
        progress.map_or(ShownState::Nothing, ReturnProgress::shown)
    }

    /// Links to the authorities of each state, and the choice to watch.
    fn filters(&self) -> Result<Markup, Error> {
        let returns = &self.progress.returns;
        let count = |state: ShownState| {
            let states = returns.iter().map(|one| Self::state_of(one.as_ref()));
            states.filter(|one| *one == state).count()
        };
        let language = self.wording.language();
        let link = |state: Option<ShownState>, words: &str, count: usize| {
            let shown = Shown {
                state,
                ..self.shown
            };
            let current = (state == self.shown.state).then_some("true");
            html! {
                a href=(self.address(shown, language)) aria-current=[current] {
                    (words) " (" (count) ")"
                }
            }
        };
        let watch = Shown {
            is_watched: !self.shown.is_watched,
            ..self.shown
        };
        let watching = if self.shown.is_watched {
            "progress-unwatch"
        } else {
            "progress-watch"
        };
        Ok(html! {
            nav aria-label=(self.label("progress-filter")?) {
                ul.filters {
                    li { (link(None, &self.label("progress-all")?, returns.len())) }
                    @for (state, id) in STATES {
                        li {
                            (link(Some(state), &self.label(&format!("progress-state-{id}"))?, count(state)))
                        }
                    }
                }
            }
            p { a href=(self.address(watch, language)) { (self.label(watching)?) } }
        })
    }

    fn authorities(&self) -> Result<Markup, Error> {
        let edition = &self.progress.edition;
        let rows = edition.authorities().iter().zip(&self.progress.returns);
        let wanted = |held: &Option<ReturnProgress>| {
            let state = Self::state_of(held.as_ref());
            self.shown.state.is_none_or(|wanted| wanted == state)
        };
        let heads = [
            "progress-late",
            "progress-errors",
            "progress-warnings",
            "progress-open",
            "progress-queries",
            "progress-values",
        ];
        Ok(html! {
            div.scroll tabindex="0" {
                table {
                    caption { (self.label("progress-authorities")?) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-authority")?) }
                            th.words scope="col" { (self.label("progress-state")?) }
                            @for head in heads { th scope="col" { (self.label(head)?) } }
                        }
                    }
                    tbody {
                        @for (authority, held) in rows.filter(|(_, held)| wanted(held)) {
                            @let name = self.named(&authority.name_en, &authority.name_cy);
                            (self.authority(&name, held.as_ref())?)
                        }
                    }
                }
            }
        })
    }

    /// Words in the language of the page; where no Welsh ones are held the English ones, marked.
    fn named(&self, english: &str, welsh: &str) -> Markup {
        match self.wording.language() {
            Language::Cy if !welsh.is_empty() => html! { (welsh) },
            Language::Cy if !english.is_empty() => html! { span lang="en" { (english) } },
            Language::Cy | Language::En => html! { (english) },
        }
    }

    fn authority(&self, name: &Markup, held: Option<&ReturnProgress>) -> Result<Markup, Error> {
        let id = state_id(Self::state_of(held));
        let late = held.is_some_and(|held| held.late);
        let cells = self.progress.edition.cells().len().to_string();
        Ok(html! {
            tr {
                th scope="row" { (name) }
                td.words { span class={ "state " (id) } { (self.label(&format!("progress-state-{id}"))?) } }
                td { @if late { span.late { (self.label("progress-late")?) } } }
                @if let Some(held) = held {
                    @let open = held.open.errors.saturating_add(held.open.warnings);
                    td { (held.counts.errors) }
                    td { (held.counts.warnings) }
                    td { (open) }
                    td { (held.open_queries) }
                    td {
                        (self.wording.text(
                            "progress-values-of",
                            &Args::new().text("values", &held.values.to_string()).text("cells", &cells),
                        )?)
                    }
                } @else {
                    @for _ in 0..5 { td { "–" } }
                }
            }
        })
    }

    fn metrics(&self) -> Result<Markup, Error> {
        let edition = &self.progress.edition;
        let rows = edition.metrics().iter().zip(&self.progress.metrics);
        let heads = [
            "progress-provided",
            "progress-part",
            "progress-missing",
            "progress-not-applicable",
        ];
        Ok(html! {
            div.scroll tabindex="0" {
                table {
                    caption { (self.label("progress-metrics")?) }
                    thead {
                        tr {
                            th scope="col" { (self.label("table-metric")?) }
                            @for head in heads { th scope="col" { (self.label(head)?) } }
                        }
                    }
                    tbody {
                        @for (metric, counts) in rows {
                            tr {
                                th scope="row" {
                                    span.code { (metric.code) }
                                    " " (self.named(&metric.title_en, &metric.title_cy))
                                }
                                @for count in Self::counts(*counts) { td { (count) } }
                            }
                        }
                    }
                }
            }
        })
    }

    fn counts(counts: MetricCounts) -> [u32; 4] {
        [
            counts.provided,
            counts.part,
            counts.missing,
            counts.not_applicable,
        ]
    }
}
