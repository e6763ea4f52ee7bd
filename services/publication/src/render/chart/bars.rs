//! Horizontal bars, one for each area, with a line for the nation.

use maud::{Markup, html};

use super::across;

/// The room above the bars, where the line is named, in pixels.
const HEAD: usize = 26;
/// How far the longest bar reaches; the rest is for its value.
const SPAN: u8 = 80;

/// One area.
pub(crate) struct Bar {
    /// Its name.
    pub(crate) name: String,
    /// Its value; without one `printed` says why.
    pub(crate) value: Option<i64>,
    /// The value as printed.
    pub(crate) printed: String,
}

/// The line that bars are compared with.
pub(crate) struct Reference {
    /// What it stands for, with its value.
    pub(crate) label: String,
    /// Where it stands.
    pub(crate) value: i64,
}

/// A chart of bars.
pub(crate) struct Bars<'a> {
    /// Unique on the page.
    pub(crate) id: &'a str,
    /// What it shows.
    pub(crate) title: &'a str,
    /// What is to be seen in it.
    pub(crate) description: &'a str,
    /// The bars from above.
    pub(crate) areas: &'a [Bar],
    /// The line.
    pub(crate) reference: Option<Reference>,
}

/// Where the names of the areas stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// Over their bars: for any width.
    Above,
    /// Left of their bars: where there is room for the longest name.
    Beside,
}

/// Lengths down a chart, in pixels, and across.
struct Layout {
    class: &'static str,
    row: usize,
    name_y: usize,
    bar_y: usize,
    bar_height: usize,
    value_y: usize,
    plot_x: &'static str,
    plot_width: &'static str,
}

impl Names {
    fn layout(self) -> Layout {
        match self {
            Self::Above => Layout {
                class: "above",
                row: 34,
                name_y: 13,
                bar_y: 18,
                bar_height: 11,
                value_y: 28,
                plot_x: "0",
                plot_width: "100%",
            },
            Self::Beside => Layout {
                class: "beside-names",
                row: 28,
                name_y: 19,
                bar_y: 5,
                bar_height: 19,
                value_y: 19,
                plot_x: "26%",
                plot_width: "74%",
            },
        }
    }
}

/// Draws the bars.
pub(crate) fn bars(chart: &Bars<'_>, names: Names) -> Markup {
    let layout = names.layout();
    let most = most(chart.areas, chart.reference.as_ref());
    let top = |place: usize| HEAD.saturating_add(layout.row.saturating_mul(place));
    let height = top(chart.areas.len());
    let id = |part: &str| format!("{}-{}-{part}", chart.id, layout.class);
    let (title, description) = (id("title"), id("about"));
    html! {
        svg.chart.(layout.class) role="img" aria-labelledby={ (title) " " (description) }
            width="100%" height=(height) {
            title id=(title) { (chart.title) }
            desc id=(description) { (chart.description) }
            svg x=(layout.plot_x) width=(layout.plot_width) height=(height) {
                @for (place, bar) in chart.areas.iter().enumerate() {
                    @if let Some(value) = bar.value {
                        rect.bar y=(top(place).saturating_add(layout.bar_y))
                            width=(across(value, most, SPAN)) height=(layout.bar_height) {}
                    }
                }
                // Over the bars, and under the values.
                @if let Some(line) = &chart.reference {
                    @let place = across(line.value, most, SPAN);
                    line.reference x1=(place) x2=(place) y1=(HEAD.saturating_sub(4)) y2=(height) {}
                    text.reference x=(place) y="15" text-anchor=(anchor(line.value, most)) { (line.label) }
                }
                @for (place, bar) in chart.areas.iter().enumerate() {
                    (printed(bar, most, top(place).saturating_add(layout.value_y)))
                }
            }
            @for (place, bar) in chart.areas.iter().enumerate() {
                text.name x="0" y=(top(place).saturating_add(layout.name_y)) { (bar.name) }
            }
        }
    }
}

fn printed(bar: &Bar, most: i64, y: usize) -> Markup {
    html! {
        @if let Some(value) = bar.value {
            text.value x=(across(value, most, SPAN)) dx="6" y=(y) { (bar.printed) }
        } @else {
            text.none x="0" y=(y) { (bar.printed) }
        }
    }
}

/// One bar beside the line, without words, for a cell of a table that has the values.
pub(crate) fn spark(value: i64, reference: i64, most: i64) -> Markup {
    let place = across(reference, most, 100);
    html! {
        svg.spark aria-hidden="true" width="100%" height="18" {
            rect.bar y="4" width=(across(value, most, 100)) height="10" {}
            line.reference x1=(place) x2=(place) y1="0" y2="18" {}
        }
    }
}

fn most(bars: &[Bar], reference: Option<&Reference>) -> i64 {
    let values = bars.iter().filter_map(|bar| bar.value);
    values
        .chain(reference.map(|line| line.value))
        .max()
        .unwrap_or(0)
}

/// A label near an edge is set inwards of the line.
fn anchor(value: i64, most: i64) -> &'static str {
    let (value, most) = (i128::from(value), i128::from(most));
    if value.saturating_mul(3) < most {
        "start"
    } else if value.saturating_mul(3) > most.saturating_mul(2) {
        "end"
    } else {
        "middle"
    }
}
