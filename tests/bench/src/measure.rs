//! What is measured, how often, and what it comes to.
//!
//! The sides of a row take turns, round by round and in changing order, so that whatever else the
//! machine does meets all of them. A row's ratio is worked out within each round; its median and
//! its spread are those of the rounds.

use std::time::{Duration, Instant};

use serde::Serialize;

/// The median of some rounds, with the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// Half of the rounds are not above it.
    pub(crate) median: f64,
    /// The lowest round.
    pub(crate) low: f64,
    /// The highest round.
    pub(crate) high: f64,
}

impl Spread {
    /// Of no rounds everything is 0.
    pub(crate) fn of(rounds: &[f64]) -> Self {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
        let half = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            at(half)
        } else {
            f64::midpoint(at(half.saturating_sub(1)), at(half))
        };
        Self {
            median,
            low: at(0),
            high: at(sorted.len().saturating_sub(1)),
        }
    }
}

/// Whether more of a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    /// As with a rate.
    More,
    /// As with a time.
    Less,
}

/// One side of a row: Mesur, or what stands beside it.
pub(crate) struct Side<'a> {
    /// What it is.
    pub(crate) name: &'static str,
    /// Whether the ratio is to it, where it is the slower.
    is_floor: bool,
    run: Box<dyn FnMut() -> anyhow::Result<f64> + 'a>,
}

impl<'a> Side<'a> {
    /// A side that gives its figure each time it is run.
    pub(crate) fn new(name: &'static str, run: impl FnMut() -> anyhow::Result<f64> + 'a) -> Self {
        Self {
            name,
            is_floor: true,
            run: Box::new(run),
        }
    }

    /// A side that is only shown: no ratio is to it.
    pub(crate) fn shown(name: &'static str, run: impl FnMut() -> anyhow::Result<f64> + 'a) -> Self {
        Self {
            is_floor: false,
            ..Self::new(name, run)
        }
    }
}

/// What the sides of a row came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// Mesur's rounds.
    pub(crate) mesur: Spread,
    /// The rounds of what stands beside it.
    pub(crate) beside: Vec<(&'static str, Spread)>,
    /// How fast Mesur is beside the slower of them: 1 is as fast. Absent with nothing beside.
    pub(crate) ratio: Option<Spread>,
}

impl Measured {
    /// Rounds with nothing beside them.
    pub(crate) fn alone(rounds: &[f64]) -> Self {
        Self {
            mesur: Spread::of(rounds),
            beside: Vec::new(),
            ratio: None,
        }
    }
}

/// Runs every side once to warm up, then `rounds` times in turns. The first side is Mesur.
pub(crate) fn alternate(
    rounds: usize,
    better: Better,
    mut sides: Vec<Side<'_>>,
) -> anyhow::Result<Measured> {
    for side in &mut sides {
        (side.run)()?;
    }
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); sides.len()];
    for round in 0..rounds {
        let mut turns: Vec<_> = sides.iter_mut().zip(&mut figures).collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for (side, figures) in turns {
            figures.push((side.run)()?);
        }
    }
    let floors = sides.iter().zip(&figures);
    let floors = floors.filter(|(side, _)| side.is_floor);
    let ratio = ratio(
        better,
        &floors
            .map(|(_, rounds)| rounds.as_slice())
            .collect::<Vec<_>>(),
    );
    let names = sides.iter().map(|side| side.name);
    let mut spreads = names.zip(figures.iter().map(|rounds| Spread::of(rounds)));
    let mesur = spreads
        .next()
        .map_or_else(|| Spread::of(&[]), |(_, spread)| spread);
    Ok(Measured {
        mesur,
        beside: spreads.collect(),
        ratio,
    })
}

/// Mesur beside the slower of the others, round by round.
fn ratio(better: Better, figures: &[&[f64]]) -> Option<Spread> {
    let (mesur, others) = figures.split_first()?;
    let mut ratios = Vec::new();
    for (round, mesur) in mesur.iter().enumerate() {
        let others = others
            .iter()
            .filter_map(|rounds| rounds.get(round).copied());
        ratios.push(match better {
            Better::More => mesur / others.reduce(f64::min)?,
            Better::Less => others.reduce(f64::max)? / mesur,
        });
    }
    Some(Spread::of(&ratios))
}

/// How long a batch of calls takes at the least: long beside reading the clock, short beside the
/// time that the system gives a thread, so that what else runs hits few of them.
const BATCH: Duration = Duration::from_micros(200);

/// Nanoseconds that one call of `work` takes on this thread: the median batch of a window.
pub(crate) fn nanoseconds(window: Duration, mut work: impl FnMut()) -> f64 {
    let mut timed = |calls: u32| {
        let start = Instant::now();
        for _ in 0..calls {
            work();
        }
        start.elapsed()
    };
    let mut calls = 1u32;
    while timed(calls) < BATCH && calls < u32::MAX / 2 {
        calls *= 2;
    }
    let start = Instant::now();
    let mut batches = vec![timed(calls)];
    while start.elapsed() < window {
        batches.push(timed(calls));
    }
    batches.sort_unstable();
    let median = batches.get(batches.len() / 2).copied();
    median.unwrap_or_default().as_secs_f64() * 1e9 / f64::from(calls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_to_the_slower_side_of_each_round() {
        let figures: [&[f64]; 3] = [&[50.0, 80.0], &[100.0, 400.0], &[200.0, 100.0]];
        let rates = ratio(Better::More, &figures).expect("a ratio");
        assert_eq!((rates.low, rates.high), (0.5, 0.8));
        let times = ratio(Better::Less, &figures).expect("a ratio");
        assert_eq!((times.low, times.high), (4.0, 5.0));
    }

    #[test]
    fn a_side_that_is_only_shown_is_no_floor() {
        let sides = vec![
            Side::new("Mesur", || Ok(50.0)),
            Side::new("echo", || Ok(100.0)),
            Side::shown("both", || Ok(10.0)),
        ];
        let measured = alternate(1, Better::More, sides).expect("sides that run");
        assert_eq!(measured.ratio.map(|ratio| ratio.median), Some(0.5));
        assert_eq!(measured.beside.len(), 2);
    }

    #[test]
    fn the_median_of_an_even_number_of_rounds_lies_between_two() {
        let spread = Spread::of(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!((spread.low, spread.median, spread.high), (1.0, 2.5, 4.0));
    }
}
