use crate::{Kind, Mistake, Unknown, Value, alternatives, compile};
use proptest::prelude::*;

const NUMBERS: [&str; 4] = ["french", "billing", "vip", "waiting"];
const TEXTS: [&str; 2] = ["caller", "data.tier"];

/// Numbers are 0 to 3, texts from 10 on, `new` is a truth.
fn names(name: &str) -> Result<(usize, Kind), Unknown> {
    if let Some(at) = NUMBERS.iter().position(|known| *known == name) {
        return Ok((at, Kind::Number));
    }
    if let Some(at) = TEXTS.iter().position(|known| *known == name) {
        return Ok((10 + at, Kind::Text));
    }
    if name == "new" { Ok((20, Kind::Truth)) } else { Err(Unknown { help: "there is: french".into() }) }
}

fn holds(text: &str, numbers: [i64; 4], texts: [&str; 2]) -> bool {
    let condition = compile(text, names).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
    condition.holds(&|id: &usize| match *id {
        0..4 => Value::Number(numbers[*id]),
        10 | 11 => Value::Text(texts[*id - 10]),
        _ => Value::Truth(true),
    })
}

fn normal(text: &str) -> String {
    let condition = compile(text, names).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
    spell(alternatives(&condition, 0..=10))
}

fn spell(found: Result<Vec<Vec<crate::Interval<usize>>>, Mistake>) -> String {
    let found = match found {
        Ok(found) => found,
        Err(mistake) => return format!("{:?}", mistake.fault),
    };
    let interval = |i: &crate::Interval<usize>| format!("{} {}..{}", NUMBERS[i.name], i.least, i.most);
    let term = |t: &Vec<_>| t.iter().map(interval).collect::<Vec<_>>().join(" & ");
    found.iter().map(term).collect::<Vec<_>>().join(" | ")
}

/// The text with the mark under the mistake, what is wrong and how to mend it.
fn refused(text: &str, expected: &str) {
    let mistake = compile(text, names).map(|_| ()).expect_err(text);
    let marked = &text[mistake.span.clone()];
    assert_eq!(format!("«{marked}» {mistake}; {}", mistake.help()), expected, "{text}");
}

#[test]
fn conditions_mean_what_they_say() {
    let none = [""; 2];
    for (text, expected) in [
        ("french >= 4 && (billing >= 5 || vip)", true),
        ("french >= 4 && billing >= 5 || vip", true),
        ("vip", true),
        ("!vip", false),
        ("!(vip < 1)", true),
        ("! !vip", true),
        ("billing", false),
        ("4<=french", true),
        ("french != 4", false),
        ("-3 < french && french < 9223372036854775807", true),
        ("true && !false", true),
    ] {
        assert_eq!(holds(text, [4, 0, 1, 7], none), expected, "{text}");
    }
}

#[test]
fn texts_are_compared_and_searched() {
    let texts = ["+8613800138000", "gold"];
    for (text, expected) in [
        ("data.tier == 'gold' || caller.starts_with('+86')", true),
        ("data.tier != 'gold'", false),
        ("caller.ends_with('8000') && caller.contains('1380')", true),
        ("data.tier.one_of('silver', 'gold')", true),
        ("data.tier.one_of('silver','')", false),
        ("caller.number() > 8613800137999", true),
        ("data.tier.number() == 0", true),
        ("data.tier == caller", false),
        ("new == (data.tier == 'gold')", true),
        ("new != true", false),
    ] {
        assert_eq!(holds(text, [0; 4], texts), expected, "{text}");
    }
}

#[test]
fn a_mistake_says_where_it_is_and_how_to_mend_it() {
    refused("", "«» an empty condition says nothing; write a comparison such as `french >= 4`");
    refused("french = 4", "«=» `=` is no sign of this language; write `==`");
    refused("french and vip", "«and» `and` is no sign of this language; write `&&`");
    refused("french ≥ 4", "«≥» `≥` is no sign of this language; write `>=`");
    refused("caller == \"a\"", "«\"» `\"` is no sign of this language; write texts in single quotes: 'gold'");
    refused("caller == 'a", "«'a» this text has no end; close it with `'`");
    refused(
        "french >= 4.5",
        "«4.5» `4.5` is neither a whole number nor a name; a number has digits alone; a name begins with a letter",
    );
    refused("french >=", "«» a name or a value is expected here, not the end; write for instance `french >= 4`");
    refused(
        "french >= 4 vip",
        "«vip» `&&`, `||` or the end is expected here, not `vip`; join two conditions with `&&` or `||`",
    );
    refused("(french >= 4", "«(» this parenthesis is not closed; add `)`");
    refused("(french vip)", "«vip» `)` is expected here, not `vip`; close the parenthesis, or join by `&&` or `||`");
    refused("1 < french < 5", "«<» comparisons cannot be chained; write `a < b && b < c`");
    refused("!french >= 4", "«!french >=» `!` before a comparison can be read in two ways; write `!(…)`");
    refused("frensh >= 4", "«frensh» nothing here is called `frensh`; there is: french");
    refused("data.tier", "«data.tier» a text is neither true nor false; compare it, for instance with `== 'gold'`");
    refused(
        "data.tier == 5",
        "«data.tier == 5» a text cannot be compared with a number; write the number as a text, or `.number()` behind the text",
    );
    refused(
        "data.tier > 'a'",
        "«data.tier > 'a'» a text has no order; compare texts by `==` and `!=`, or add `.number()`",
    );
    refused(
        "caller.begins('a')",
        "«begins» there is no method `begins`; there is: starts_with, ends_with, contains, one_of, number",
    );
    refused("caller.contains()", "«caller.contains()» `contains` takes one text; write `caller.contains('…')`");
    refused("caller.contains(5)", "«5» a text is expected here, not a number; write it in single quotes: 'gold'");
    refused(
        "french.contains('a')",
        "«french» a text is expected here, not a number; write it in single quotes: 'gold'",
    );
}

#[test]
fn limits_are_named() {
    let deep = format!("{}vip{}", "(".repeat(33), ")".repeat(33));
    assert!(compile(&deep, names).unwrap_err().to_string().contains("32 deep"));
    assert!(compile(&deep[1..deep.len() - 1], names).is_ok());
    let bangs = format!("{}vip", "!".repeat(200));
    assert!(compile(&bangs, names).unwrap_err().to_string().contains("32 deep"));
    let many = vec!["vip"; 130].join("||");
    assert!(compile(&many, names).unwrap_err().to_string().contains("256 names"));
    assert!(compile(&" ".repeat(1001), names).unwrap_err().to_string().contains("1000 octets"));
}

#[test]
fn texts_that_mean_the_same_have_the_same_normal_form() {
    assert_eq!(
        normal("french >= 4 && (billing >= 5 || vip)"),
        "french 4..10 & billing 5..10 | french 4..10 & vip 1..10"
    );
    for same in ["(vip || 5 <= billing) && french > 3", "!(french < 4 || billing < 5 && !vip)"] {
        assert_eq!(normal(same), normal("french >= 4 && (billing >= 5 || vip)"), "{same}");
    }
    assert_eq!(normal("french >= 4 || french >= 6 && vip"), "french 4..10");
    assert_eq!(normal("vip && french || vip && !french"), "vip 1..10");
    assert_eq!(normal("french != 4"), "french 0..3 | french 5..10");
    assert_eq!(normal("french < 0 || vip > 10"), "");
    assert_eq!(normal("french >= 0"), normal("true"));
    assert_eq!(normal("french || !french"), normal("true"));
    assert_eq!(normal("french >= billing"), "NotPlain");
    assert_eq!(normal("caller == 'a'"), "NotPlain");
}

#[test]
fn a_normal_form_has_an_end() {
    // Every pair of ten comes to 2^10 alternatives.
    let wide = |name: &str| Ok((name.to_owned(), Kind::Number));
    let pairs: Vec<String> = (0..10).map(|n| format!("(a{n} || b{n})")).collect();
    let condition = compile::<String>(&pairs.join(" && "), wide).unwrap();
    let mistake = alternatives(&condition, 0..=10).unwrap_err();
    assert!(mistake.to_string().contains("more than 64 alternatives"), "{mistake}");
}

/// Conditions over three numbers from 0 to 3, as text.
fn condition() -> impl Strategy<Value = String> {
    let sign = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf =
        (prop::sample::select(&NUMBERS[..3]), sign, 0..5_i64, any::<bool>()).prop_map(|(name, sign, n, front)| {
            if front { format!("{n} {sign} {name}") } else { format!("{name} {sign} {n}") }
        });
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" && "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" || "))),
            inner.prop_map(|part| format!("!({part})")),
        ]
    })
}

fn table(text: &str) -> Vec<bool> {
    (0..64).map(|n| holds(text, [n & 3, n >> 2 & 3, n >> 4, 0], ["", ""])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_normal_form_holds_for_the_same_values(text in condition()) {
        let condition = compile(&text, names).expect("made by the grammar");
        if let Ok(found) = alternatives(&condition, 0..=3) {
            for n in 0..64_i64 {
                let values = [n & 3, n >> 2 & 3, n >> 4];
                let inside = found.iter().any(|term| term.iter().all(|i| (i.least..=i.most).contains(&values[i.name])));
                prop_assert_eq!(inside, holds(&text, [values[0], values[1], values[2], 0], ["", ""]), "{} at {:?}", text, values);
            }
        }
    }

    /// Said anew from its table of values, one alternative for each that holds, it comes to the same form.
    #[test]
    fn the_normal_form_depends_on_the_meaning_alone(text in condition()) {
        let held = table(&text);
        let points: Vec<String> = (0..64).filter(|n| held[*n]).map(|n| {
            format!("french == {} && billing == {} && vip == {}", n & 3, n >> 2 & 3, n >> 4)
        }).collect();
        // A text of many points is longer than a condition may be.
        if !(1..=16).contains(&points.len()) {
            return Ok(());
        }
        let form = |text: &str| alternatives(&compile(text, names).expect("made by the grammar"), 0..=3);
        prop_assert_eq!(form(&text), form(&points.join(" || ")));
    }

    #[test]
    fn any_text_is_read_or_refused_within_itself(text in "\\PC{0,60}") {
        if let Err(mistake) = compile(&text, names) {
            prop_assert!(text.get(mistake.span.clone()).is_some(), "{:?} of {:?}", mistake.span, text);
            prop_assert!(!mistake.help().is_empty());
        }
    }

    #[test]
    fn any_row_of_pieces_is_read_and_evaluated_or_refused(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "!", "&&", "||", "==", "<", ">=", ",", "'", "'a'", "5", "-5", "99999999999999999999", " ", "french",
            "caller", "data.tier", "new", "true", ".one_of(", "caller.starts_with(", "caller.number()", "=", "é", "安",
        ]), 0..40),
        number in any::<i64>(),
    ) {
        let text: String = pieces.concat();
        if let Ok(condition) = compile(&text, names) {
            condition.holds(&|_| Value::Number(number));
            condition.holds(&|_| Value::Text("a"));
            let _: Result<_, Mistake> = alternatives(&condition, 0..=10);
        }
    }
}
