//! Conditions inside strings: demands on skills, and when a step counts.

use crate::limits::MAX_LEVEL;
use crate::names::Names;
use crate::source::Span;
use crate::suggest::advice;
use crate::table::{Table, Value};
use core::cell::RefCell;
use expr::{Condition, Interval, Kind, Mistake, Unknown};
use model::{FigureRange, QueueFigure, Requirement, RequirementId, SkillId, SkillRange};

/// Demands that mean the same are one; an index keeps its meaning over reloads.
#[derive(Default)]
pub(crate) struct Requirements {
    all: RefCell<Vec<Requirement>>,
}

impl Requirements {
    pub(crate) fn new(previous: Vec<Requirement>) -> Self {
        Requirements { all: RefCell::new(previous) }
    }

    fn intern(&self, text: &str, any: Vec<Vec<SkillRange>>) -> RequirementId {
        let mut all = self.all.borrow_mut();
        let known = all.iter().position(|known| known.any == any);
        let at = known.unwrap_or_else(|| {
            all.push(Requirement { text: text.into(), any });
            all.len() - 1
        });
        RequirementId(at as u32)
    }

    pub(crate) fn len(&self) -> usize {
        self.all.borrow().len()
    }

    pub(crate) fn with<T>(&self, id: RequirementId, see: impl FnOnce(&Requirement) -> T) -> T {
        see(&self.all.borrow()[id.index()])
    }

    pub(crate) fn into_all(self) -> Vec<Requirement> {
        self.all.into_inner()
    }
}

/// Reads the condition at `key`; `""` is none, and so is one with a mistake, which is noted.
pub(crate) fn condition<'a, V>(
    table: &Table<'a>,
    key: &str,
    names: impl Fn(&str) -> Result<(V, Kind), Unknown>,
) -> Option<(Box<str>, Condition<V>, Value<'a>)> {
    let value = table.value(key);
    let text = table.convert(key, |value| value.text()).value;
    if text.is_empty() {
        return None;
    }
    match expr::compile(text, names) {
        Ok(condition) => Some((text.into(), condition, value)),
        Err(mistake) => {
            note(table, value, text, &mistake);
            None
        }
    }
}

/// `french >= 4 && (billing >= 5 || vip)`
pub(crate) fn demand(
    table: &Table<'_>,
    key: &str,
    skills: &Names,
    requirements: &Requirements,
) -> Option<(RequirementId, Span)> {
    let names = |name: &str| match skills.find(name) {
        Ok(index) => Ok((SkillId(index), Kind::Number)),
        Err(wrong) => Err(Unknown { help: format!("skills are declared as [[skill]]; {}", wrong.help).into() }),
    };
    let (text, condition, value) = condition(table, key, names)?;
    let any = plain(table, value, &text, &condition, MAX_LEVEL, "anybody")?;
    let range = |i: Interval<SkillId>| SkillRange { skill: i.name, least: i.least as u8, most: i.most as u8 };
    let any = any.into_iter().map(|all| all.into_iter().map(range).collect()).collect();
    if requirements.len() >= crate::limits::MAX_REQUIREMENTS {
        let message = format!("there are more than {} different demands", crate::limits::MAX_REQUIREMENTS);
        table.reader.error(value.span, message, "start the process anew when they came by reloads");
        return None;
    }
    Some((requirements.intern(&text, any), value.span))
}

/// Farther out than any number a figure has, with room for one more on either side.
const BEYOND: i64 = 1 << 62;

/// `waiting > 5 || expected_wait > 60`: over these figures.
pub(crate) fn figures(table: &Table<'_>, key: &str, known: &[QueueFigure]) -> Vec<Vec<FigureRange>> {
    let names = |name: &str| match known.iter().find(|figure| figure.word() == name) {
        Some(figure) => Ok((*figure, Kind::Number)),
        None => Err(Unknown { help: advice(name, "figure", known.iter().map(|figure| figure.word())).into() }),
    };
    let Some((text, condition, value)) = condition(table, key, names) else { return Vec::new() };
    let any = plain(table, value, &text, &condition, i64::from(u32::MAX), "any queue");
    let range = |i: Interval<QueueFigure>| FigureRange { figure: i.name, least: i.least as u32, most: i.most as u32 };
    any.unwrap_or_default().into_iter().map(|all| all.into_iter().map(range).collect()).collect()
}

/// The normal form; one that never or always holds is a mistake.
fn plain<V: Ord + Clone>(
    table: &Table<'_>,
    value: Value<'_>,
    text: &str,
    condition: &Condition<V>,
    most: i64,
    whom: &str,
) -> Option<Vec<Vec<Interval<V>>>> {
    let any = match expr::alternatives(condition, 0..=most) {
        Ok(any) => any,
        Err(mistake) => {
            note(table, value, text, &mistake);
            return None;
        }
    };
    if any.is_empty() {
        // Without bounds it either holds for some number, or its parts exclude each other.
        let beyond = expr::alternatives(condition, -BEYOND..=BEYOND).is_ok_and(|any| !any.is_empty());
        let help = match beyond {
            true => format!("numbers here go from 0 to {most}"),
            false => "its parts exclude each other, whatever the numbers are".to_owned(),
        };
        table.reader.error(value.span, "this can never hold", help);
        return None;
    }
    if any.iter().any(Vec::is_empty) {
        table.reader.error(value.span, format!("this holds for {whom}"), "leave it out");
        return None;
    }
    Some(any)
}

fn note(table: &Table<'_>, value: Value<'_>, text: &str, mistake: &Mistake) {
    let span = table.inside(value, text, mistake.span.clone());
    table.reader.error(span, mistake.to_string(), mistake.help());
}
