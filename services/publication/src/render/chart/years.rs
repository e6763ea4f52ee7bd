//! A series over periods, with what breaks it.

use maud::{Markup, html};

use super::hundredths;

/// The top of the plot, in pixels: room for a value above its point.
const TOP: i64 = 34;
/// The height of the plot, in pixels.
const PLOT: i64 = 130;
/// The room below it, for the periods.
const FOOT: i64 = 30;

/// One period.
pub(crate) struct YearMark {
    /// The period.
    pub(crate) period: String,
    /// The value; without one `printed` says why.
    pub(crate) value: Option<i64>,
    /// The value as printed.
    pub(crate) printed: String,
    /// The definition changed since the point before.
    pub(crate) is_break: bool,
    /// The point before is of the period before, so that a line may join them.
    pub(crate) is_next: bool,
}

/// A chart of a series.
pub(crate) struct Years<'a> {
    /// Unique on the page.
    pub(crate) id: &'a str,
    /// What it shows.
    pub(crate) title: &'a str,
    /// What is to be seen in it.
    pub(crate) description: &'a str,
    /// What a break is called.
    pub(crate) break_label: &'a str,
    /// The periods, oldest first.
    pub(crate) marks: &'a [YearMark],
}

/// Draws the series from zero up. Points are joined only within one definition and from one period to
/// the next.
pub(crate) fn years(chart: &Years<'_>) -> Markup {
    let most = chart
        .marks
        .iter()
        .filter_map(|mark| mark.value)
        .max()
        .unwrap_or(0);
    let count = i64::try_from(chart.marks.len()).unwrap_or(i64::MAX).max(1);
    // The middle of each period's share of the width, and its left edge.
    let middle = |place: usize| share(place, count, 1);
    let edge = |place: usize| share(place, count, 0);
    let foot = TOP.saturating_add(PLOT);
    let (title, description) = (format!("{}-title", chart.id), format!("{}-about", chart.id));
    let pairs = chart
        .marks
        .iter()
        .zip(chart.marks.iter().skip(1))
        .enumerate();
    html! {
        svg.chart.years role="img" aria-labelledby={ (title) " " (description) }
            width="100%" height=(foot.saturating_add(FOOT)) {
            title id=(title) { (chart.title) }
            desc id=(description) { (chart.description) }
            line.axis x1="0" x2="100%" y1=(foot) y2=(foot) {}
            @for (place, (before, mark)) in pairs {
                @if mark.is_break {
                    @let at = edge(place.saturating_add(1));
                    line.break x1=(at) x2=(at) y1="18" y2=(foot) {}
                    text.break x=(at) y="12" text-anchor="middle" { (chart.break_label) }
                } @else if let (true, Some(from), Some(to)) = (mark.is_next, before.value, mark.value) {
                    line.series x1=(middle(place)) x2=(middle(place.saturating_add(1)))
                        y1=(up(from, most)) y2=(up(to, most)) {}
                }
            }
            @for (place, mark) in chart.marks.iter().enumerate() {
                @let at = middle(place);
                @if let Some(value) = mark.value {
                    @let height = up(value, most);
                    line.stem x1=(at) x2=(at) y1=(height) y2=(foot) {}
                    circle.point cx=(at) cy=(height) r="6" {}
                    text.value x=(at) y=(height.saturating_sub(12)) text-anchor="middle" { (mark.printed) }
                } @else {
                    text.none x=(at) y=(foot.saturating_sub(10)) text-anchor="middle" { (mark.printed) }
                }
                text.period x=(at) y=(foot.saturating_add(20)) text-anchor="middle" { (mark.period) }
            }
        }
    }
}

/// How far down a value's point is set, in pixels.
fn up(value: i64, most: i64) -> i64 {
    let (value, most) = (i128::from(value.max(0)), i128::from(most.max(1)));
    let height = i128::from(PLOT)
        .saturating_mul(value)
        .checked_div(most)
        .unwrap_or(0);
    let height = i64::try_from(height).unwrap_or(PLOT);
    TOP.saturating_add(PLOT).saturating_sub(height)
}

/// The left edge of a place's share of the width, and halves of a share to the right of it.
fn share(place: usize, count: i64, halves: i64) -> String {
    let place = i64::try_from(place).unwrap_or(0);
    let halves = place.saturating_mul(2).saturating_add(halves);
    hundredths(halves.saturating_mul(5_000).checked_div(count).unwrap_or(0))
}
