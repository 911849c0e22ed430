//! A time that is drawn: `"3m"`, `{ exponential = "3m" }`, …

use crate::scalar;
use crate::table::{Value, Wrong};
use core::time::Duration;
use model::Spread;
use toml::de::DeValue;

const HELP: &str = "write \"3m\", { exponential = \"3m\" }, { lognormal = \"4m\", deviation = \"3m\" } or \
                    { observed = [\"40s\", \"2m\"] }";

pub(super) fn read(value: Value<'_>) -> Result<Spread, Wrong> {
    let DeValue::Table(table) = value.value else {
        return Ok(Spread::Exactly(scalar::duration(value.text()?)?));
    };
    let wrong = |message: String| Wrong::new(message, HELP);
    let known = ["exponential", "lognormal", "deviation", "observed"];
    if let Some(key) = table.keys().map(|key| &**key.get_ref()).find(|key| !known.contains(key)) {
        return Err(wrong(format!("there is no distribution `{key}`")));
    }
    let length = |key: &str| -> Result<Option<Duration>, Wrong> {
        let Some(found) = table.get(key) else { return Ok(None) };
        let inner = Value { value: found.get_ref(), ..value };
        scalar::duration(inner.text()?).map(Some)
    };
    let (exponential, lognormal, deviation) = (length("exponential")?, length("lognormal")?, length("deviation")?);
    match (exponential, lognormal, deviation, table.get("observed")) {
        (Some(mean), None, None, None) => Ok(Spread::Exponential { mean }),
        (None, Some(mean), Some(deviation), None) if !mean.is_zero() => Ok(Spread::Lognormal { mean, deviation }),
        (None, None, None, Some(observed)) => {
            let DeValue::Array(items) = observed.get_ref() else {
                return Err(wrong("`observed` is a list of times".into()));
            };
            let times = items.iter().map(|item| {
                let inner = Value { value: item.get_ref(), ..value };
                scalar::duration(inner.text()?)
            });
            let times = times.collect::<Result<Vec<_>, Wrong>>()?;
            if times.is_empty() {
                return Err(wrong("`observed` is empty".into()));
            }
            Ok(Spread::Observed(times.into()))
        }
        (None, Some(_), None, None) => Err(wrong("a lognormal time needs its deviation".into())),
        _ => Err(wrong("this is not one distribution".into())),
    }
}

/// As [`read`], or `"forever"`.
pub(super) fn patience(value: Value<'_>) -> Result<Option<Spread>, Wrong> {
    match value.value {
        DeValue::String(word) if word == "forever" => Ok(None),
        _ => read(value).map(Some),
    }
}
