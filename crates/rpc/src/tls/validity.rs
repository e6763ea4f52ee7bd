//! From when until when a certificate counts, told to who operates the service.

use std::time::Duration;

use mesur_telemetry::table;
use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, Error, KeyUsage};

/// The time in which a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    /// Since 1970, as is the end.
    begin: Duration,
    end: Duration,
}

impl Validity {
    /// Of the certificate in a chain that ends first.
    pub(super) fn of_chain(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let validities = chain.iter().filter_map(Self::of);
        validities.min_by_key(|validity| validity.end)
    }

    /// webpki has no function for it, but of a moment outside of the time it says which bound that is
    /// beyond, before it looks at anything else.
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = EndEntityCert::try_from(certificate).ok()?;
        let refused = |moment| {
            let moment = UnixTime::since_unix_epoch(moment);
            let usage = KeyUsage::server_auth();
            parsed
                .verify_for_usage(&[], &[], &[], moment, usage, None, None)
                .err()
        };
        let begin = match refused(Duration::ZERO) {
            Some(Error::CertNotValidYet { not_before, .. }) => not_before.as_secs(),
            _ => 0,
        };
        match refused(Duration::from_secs(u64::MAX)) {
            Some(Error::CertExpired { not_after, .. }) => Some(Self {
                begin: Duration::from_secs(begin),
                end: Duration::from_secs(not_after.as_secs()),
            }),
            _ => None,
        }
    }

    /// Tells that a certificate of this time is shown now.
    pub(super) fn tell(self) {
        table::CERTIFICATE_BEGIN.set([], self.begin.as_secs_f64());
        table::CERTIFICATE_END.set([], self.end.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(begin: i32, end: i32) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(begin, 1, 1);
        params.not_after = date_time_ymd(end, 1, 1);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().clone()
    }

    #[test]
    fn the_time_is_that_of_the_certificate_which_ends_first() {
        let validity = |begin, end| Validity {
            begin: Duration::from_secs(begin),
            end: Duration::from_secs(end),
        };
        // As `date -u -d 2020-01-01 +%s` prints them.
        let (of_2020, of_2030, of_3000) = (1_577_836_800, 1_893_456_000, 32_503_680_000);
        let (short, long) = (certificate(2020, 2030), certificate(1970, 3000));
        let of = |chain: &[&CertificateDer<'static>]| {
            let chain: Vec<_> = chain.iter().copied().cloned().collect();
            Validity::of_chain(&chain)
        };
        assert_eq!(of(&[&short]), Some(validity(of_2020, of_2030)));
        assert_eq!(of(&[&long]), Some(validity(0, of_3000)));
        assert_eq!(of(&[&long, &short]), Some(validity(of_2020, of_2030)));
        assert_eq!(of(&[&b"no certificate".to_vec().into()]), None);
        assert_eq!(of(&[]), None);
    }
}
