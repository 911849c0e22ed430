//! `[site]`.

use crate::address;
use crate::calendar;
use crate::sip::Reach;
use crate::table::{Table, Wrong};
use model::{Language, Site};

/// ISO 3166-1, all of it.
const REGIONS: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
    BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
    JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
    SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
    US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

pub(crate) const LANGUAGES: [(&str, Language); 2] = [("en", Language::English), ("zh", Language::Mandarin)];

/// `reach` is what `[sip]` says about addresses: the model keeps it with the site.
pub(crate) fn read(table: &Table<'_>, reach: Reach) -> Site {
    Site {
        time_zone: table.convert("time_zone", |value| Ok(calendar::time_zone(value.text()?)?.into())).value,
        region: table.convert("region", |value| Ok(region(value.text()?)?.into())).value,
        language: table.word("language", &LANGUAGES, &[]),
        domain: table.convert("domain", |value| Ok(address::host(value.text()?)?.into())).value,
        public_address: reach.public_address,
        local_networks: reach.local_networks,
    }
}

fn region(text: &str) -> Result<&str, Wrong> {
    if text.len() == 2 && REGIONS.split(' ').any(|known| known == text) {
        return Ok(text);
    }
    let upper = text.to_uppercase();
    let help = if upper == "UK" {
        "did you mean \"GB\"?".to_owned()
    } else if REGIONS.split(' ').any(|known| known == upper) {
        format!("did you mean \"{upper}\"?")
    } else {
        "write the two capital letters of ISO 3166, such as \"CN\"".to_owned()
    };
    Err(Wrong::new(format!("`{text}` is not a region"), help))
}
