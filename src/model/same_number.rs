//! Telephone numbers as they are compared: how one was written or dialled does not matter.

/// ITU-T E.164: country codes of regions, digits dialled before a national number, and before a country code. Where a
/// region is not named a number is compared as it is written.
struct Plan {
    regions: &'static str,
    country: &'static str,
    trunk: &'static str,
    abroad: &'static str,
}

/// Shorter ones are numbers inside a house or a town, services and emergencies: nothing can be put before them.
const NATIONAL_LEAST: usize = 7;
/// A country code with a whole national number behind it: eleven digits at least, or it is a number of the region that
/// happens to begin like that.
const WHOLE_LEAST: usize = 11;

const fn plan(regions: &'static str, country: &'static str, trunk: &'static str, abroad: &'static str) -> Plan {
    Plan { regions, country, trunk, abroad }
}

/// National numbering plans as ITU-T publishes them.
const PLANS: [Plan; 58] = [
    plan("US CA PR DO JM BS BB BM TT AG AI DM GD GU KN KY LC MP MS SX TC VC VG VI AS", "1", "1", "011"),
    plan("RU KZ", "7", "8", "810"),
    plan("EG", "20", "0", "00"),
    plan("ZA", "27", "0", "00"),
    plan("GR", "30", "", "00"),
    plan("NL", "31", "0", "00"),
    plan("BE", "32", "0", "00"),
    plan("FR", "33", "0", "00"),
    plan("ES", "34", "", "00"),
    plan("HU", "36", "06", "00"),
    plan("IT VA", "39", "", "00"),
    plan("RO", "40", "0", "00"),
    plan("CH", "41", "0", "00"),
    plan("AT", "43", "0", "00"),
    plan("GB GG IM JE", "44", "0", "00"),
    plan("DK", "45", "", "00"),
    plan("SE", "46", "0", "00"),
    plan("NO SJ", "47", "", "00"),
    plan("PL", "48", "", "00"),
    plan("DE", "49", "0", "00"),
    plan("PE", "51", "0", "00"),
    plan("MX", "52", "", "00"),
    plan("AR", "54", "0", "00"),
    plan("BR", "55", "0", "00"),
    plan("CL", "56", "", "00"),
    plan("CO", "57", "0", "00"),
    plan("MY", "60", "0", "00"),
    plan("AU CC CX", "61", "0", "0011"),
    plan("ID", "62", "0", "00"),
    plan("PH", "63", "0", "00"),
    plan("NZ", "64", "0", "00"),
    plan("SG", "65", "", "00"),
    plan("TH", "66", "0", "00"),
    plan("JP", "81", "0", "010"),
    plan("KR", "82", "0", "00"),
    plan("VN", "84", "0", "00"),
    plan("CN", "86", "0", "00"),
    plan("TR", "90", "0", "00"),
    plan("IN", "91", "0", "00"),
    plan("PK", "92", "0", "00"),
    plan("LK", "94", "0", "00"),
    plan("IR", "98", "0", "00"),
    plan("MA EH", "212", "0", "00"),
    plan("NG", "234", "0", "009"),
    plan("KE", "254", "0", "000"),
    plan("PT", "351", "", "00"),
    plan("LU", "352", "", "00"),
    plan("IE", "353", "0", "00"),
    plan("FI AX", "358", "0", "00"),
    plan("UA", "380", "0", "00"),
    plan("CZ", "420", "", "00"),
    plan("SK", "421", "0", "00"),
    plan("HK", "852", "", "001"),
    plan("MO", "853", "", "00"),
    plan("TW", "886", "0", "002"),
    plan("SA", "966", "0", "00"),
    plan("AE", "971", "0", "00"),
    plan("IL PS", "972", "0", "00"),
];

/// The same for every way to write one number in this region (ISO 3166): `13800138061`, `+8613800138061`,
/// `008613800138061` and `8613800138061` in CN.
pub fn same_number(number: &str, region: &str) -> Box<str> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let written_whole = number.trim_start().starts_with('+');
    let plan = PLANS.iter().find(|plan| plan.regions.split(' ').any(|known| known == region));
    let (false, Some(plan)) = (written_whole || digits.len() < NATIONAL_LEAST, plan) else {
        return digits.into();
    };
    let whole = digits.strip_prefix(plan.abroad).or_else(|| {
        let own = digits.len() >= WHOLE_LEAST && digits.starts_with(plan.country);
        own.then_some(digits.as_str()).filter(|_| plan.country != plan.trunk)
    });
    if let Some(whole) = whole {
        return whole.into();
    }
    let national = digits.strip_prefix(plan.trunk).filter(|_| !plan.trunk.is_empty()).unwrap_or(&digits);
    format!("{}{national}", plan.country).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_the_same_however_it_is_written() {
        for (region, spellings) in [
            ("CN", &["+8613800138061", "13800138061", "008613800138061", "8613800138061", "+86 138-0013-8061"][..]),
            ("CN", &["+861012345678", "01012345678", "00861012345678"]),
            ("DE", &["+493012345678", "03012345678", "00493012345678", "+49 (30) 12345678"]),
            ("US", &["+14155550132", "14155550132", "4155550132", "01114155550132"]),
            ("ES", &["+34612345678", "612345678", "0034612345678", "34612345678"]),
            ("HU", &["+3612345678", "0612345678", "003612345678"]),
            ("RU", &["+79161234567", "89161234567", "81079161234567"]),
        ] {
            let keys: Vec<_> = spellings.iter().map(|number| same_number(number, region)).collect();
            assert!(keys.iter().all(|key| *key == keys[0]), "{region}: {spellings:?} are {keys:?}");
        }
    }

    #[test]
    fn different_numbers_stay_different() {
        for (one, other) in [("13800138061", "13800138062"), ("+13800138061", "13800138061"), ("4008", "+864008")] {
            assert_ne!(same_number(one, "CN"), same_number(other, "CN"));
        }
        assert_eq!(&*same_number("110", "CN"), "110", "a service has no country");
        assert_eq!(&*same_number("013800", "XX"), "013800", "as it is written");
        assert_eq!(&*same_number("", "CN"), "");
    }

    #[test]
    fn a_region_has_one_plan() {
        let mut all: Vec<&str> = PLANS.iter().flat_map(|plan| plan.regions.split(' ')).collect();
        let regions = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), regions);
    }
}
