//! The options about how much is taken on: those limits of `docs/limits.md` that depend on who calls and
//! from where. All others are the same everywhere.

use mesur_rpc::server::{Limits, Rate};

/// Seconds that a caller of the identity rate may save up by resting.
const IDENTITY_SAVED: u32 = 20;

/// The same of an address, for calls and for pages.
const ADDRESS_SAVED: u32 = 10;

/// How much a server takes on.
#[derive(Debug, Clone, clap::Args)]
pub struct Bounds {
    /// How many calls one identity may make each second, and 20 times as many at once after a rest; 0 for as
    /// many as it likes. Services have no such limit.
    #[arg(
        long,
        value_name = "CALLS",
        default_value_t = per_second(Limits::default().identity_rate),
        value_parser = clap::value_parser!(u32).range(..=1_000_000)
    )]
    pub rate_per_identity: u32,
    /// How many calls may come from one address each second, and 10 times as many at once after a rest; 0 for
    /// as many as like. Raise it where a proxy on another machine speaks for everybody.
    #[arg(
        long,
        value_name = "CALLS",
        default_value_t = per_second(Limits::default().address_rate),
        value_parser = clap::value_parser!(u32).range(..=1_000_000)
    )]
    pub rate_per_address: u32,
    /// How many pages one address may ask for each second, and 10 times as many at once after a rest; 0 for as
    /// many as it likes.
    #[arg(
        long,
        value_name = "PAGES",
        default_value_t = per_second(Limits::default().page_rate),
        value_parser = clap::value_parser!(u32).range(..=1_000_000)
    )]
    pub page_rate: u32,
    /// How many calls are at work at one time; as many again wait for a moment.
    #[arg(
        long,
        value_name = "CALLS",
        default_value_t = of_option(Limits::default().calls_max),
        value_parser = clap::value_parser!(u32).range(1..=4_096)
    )]
    pub calls_max: u32,
    /// How many connections are open at one time on one port.
    #[arg(
        long,
        value_name = "CONNECTIONS",
        default_value_t = of_option(Limits::default().connections_max),
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub connections_max: u32,
    /// How many of them may be from one address. Raise it where a proxy on another machine speaks for
    /// everybody.
    #[arg(
        long,
        value_name = "CONNECTIONS",
        default_value_t = of_option(Limits::default().connections_per_address_max),
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub connections_per_address_max: u32,
}

impl Bounds {
    /// The limits of a server with these.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let calls_max = count(self.calls_max);
        Limits {
            identity_rate: rate(self.rate_per_identity, IDENTITY_SAVED),
            address_rate: rate(self.rate_per_address, ADDRESS_SAVED),
            page_rate: rate(self.page_rate, ADDRESS_SAVED),
            calls_max,
            waiting_calls_max: calls_max,
            connections_max: count(self.connections_max),
            connections_per_address_max: count(self.connections_per_address_max),
            ..Limits::default()
        }
    }
}

fn rate(per_second: u32, saved: u32) -> Option<Rate> {
    (per_second > 0).then(|| Rate {
        per_second,
        burst: per_second.saturating_mul(saved),
    })
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A default as an option has it: 0 for none.
fn per_second(rate: Option<Rate>) -> u32 {
    rate.map_or(0, |rate| rate.per_second)
}

/// The same of a count.
fn of_option(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        bounds: Bounds,
    }

    fn read(arguments: &[&str]) -> Result<Limits, clap::Error> {
        let words = ["serve"].iter().chain(arguments);
        Ok(Command::try_parse_from(words)?.bounds.limits())
    }

    #[test]
    fn what_is_not_given_is_as_the_page_of_limits_has_it() {
        let (given, default) = (read(&[]).unwrap(), Limits::default());
        assert_eq!(format!("{given:?}"), format!("{default:?}"));
    }

    #[test]
    fn what_is_given_is_the_limit_and_nothing_beside_it_moves() {
        let limits = read(&[
            "--rate-per-identity=5",
            "--rate-per-address=0",
            "--page-rate=7",
            "--calls-max=8",
            "--connections-max=9",
            "--connections-per-address-max=3",
        ]);
        let expected = Limits {
            identity_rate: Some(Rate {
                per_second: 5,
                burst: 100,
            }),
            address_rate: None,
            page_rate: Some(Rate {
                per_second: 7,
                burst: 70,
            }),
            calls_max: 8,
            waiting_calls_max: 8,
            connections_max: 9,
            connections_per_address_max: 3,
            ..Limits::default()
        };
        assert_eq!(format!("{:?}", limits.unwrap()), format!("{expected:?}"));
    }

    #[test]
    fn a_number_that_lets_nobody_in_or_bounds_nothing_is_refused() {
        for (least, most) in [
            ("--rate-per-identity=1000000", "--rate-per-identity=1000001"),
            ("--rate-per-address=1000000", "--rate-per-address=1000001"),
            ("--page-rate=1000000", "--page-rate=1000001"),
            ("--calls-max=4096", "--calls-max=4097"),
            ("--calls-max=1", "--calls-max=0"),
            ("--connections-max=1000000", "--connections-max=1000001"),
            ("--connections-max=1", "--connections-max=0"),
            (
                "--connections-per-address-max=1",
                "--connections-per-address-max=0",
            ),
        ] {
            assert!(read(&[least]).is_ok(), "{least}");
            assert!(read(&[most]).is_err(), "{most}");
        }
    }
}
