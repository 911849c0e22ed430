//! The normal form of a condition over numbers: alternatives, each a set of intervals.

use crate::condition::{Condition, Number, Truth};
use crate::lexer::Compare;
use crate::limits::{MAX_ALTERNATIVES, MAX_ALTERNATIVES_ON_THE_WAY};
use crate::mistake::{Fault, Mistake};
use core::ops::{Range, RangeInclusive};

/// A number lies between two values, both included.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Interval<V> {
    pub name: V,
    pub least: i64,
    pub most: i64,
}

/// All of these hold; sorted by name, a name once, no interval that says nothing.
type Term<V> = Vec<Interval<V>>;

/// Brings a condition in which names are only compared with numbers into alternatives of which one must hold
/// completely; every name's value lies within `bounds`.
///
/// The alternatives are all the largest boxes inside the set of values for which the condition holds. That set alone
/// decides what they are, so two texts that mean the same have the same alternatives (unless there are very many).
/// None: the condition never holds; one empty alternative: it always does.
pub fn alternatives<V: Ord + Clone>(
    condition: &Condition<V>,
    bounds: RangeInclusive<i64>,
) -> Result<Vec<Vec<Interval<V>>>, Mistake> {
    let normal = Normal { bounds, octets: condition.text.len() };
    let mut terms = normal.terms(&condition.root, true)?;
    if let Some(largest) = normal.largest(&terms) {
        terms = largest;
    }
    normal.enough(terms.len(), MAX_ALTERNATIVES)?;
    terms.sort();
    Ok(terms)
}

struct Normal {
    bounds: RangeInclusive<i64>,
    /// Of the condition's text.
    octets: usize,
}

impl Normal {
    /// The alternatives of what is written, or of its contrary.
    fn terms<V: Ord + Clone>(&self, truth: &Truth<V>, holds: bool) -> Result<Vec<Term<V>>, Mistake> {
        match (truth, holds) {
            (Truth::Not(inner), _) => self.terms(inner, !holds),
            (Truth::Constant(constant), _) => Ok(always(*constant == holds)),
            (Truth::Or(parts), true) | (Truth::And(parts), false) => {
                let mut all = Vec::new();
                for part in parts {
                    for term in self.terms(part, holds)? {
                        add(&mut all, term);
                    }
                    self.enough(all.len(), MAX_ALTERNATIVES_ON_THE_WAY)?;
                }
                Ok(all)
            }
            (Truth::And(parts), true) | (Truth::Or(parts), false) => {
                let mut all = always(true);
                for part in parts {
                    all = self.product(&all, &self.terms(part, holds)?)?;
                }
                Ok(all)
            }
            (Truth::Numbers { sign, left, right, span }, _) => self.comparison(*sign, left, right, span, holds),
            (Truth::Named(_, span), _)
            | (Truth::Truths { span, .. } | Truth::Texts { span, .. } | Truth::Method { span, .. }, _) => {
                Err(Mistake::new(span.clone(), Fault::NotPlain))
            }
        }
    }

    fn product<V: Ord + Clone>(&self, left: &[Term<V>], right: &[Term<V>]) -> Result<Vec<Term<V>>, Mistake> {
        let mut all = Vec::new();
        for one in left {
            for other in right {
                if let Some(both) = self.both(one, other) {
                    add(&mut all, both);
                }
            }
            self.enough(all.len(), MAX_ALTERNATIVES_ON_THE_WAY)?;
        }
        Ok(all)
    }

    fn comparison<V: Ord + Clone>(
        &self,
        sign: Compare,
        left: &Number<V>,
        right: &Number<V>,
        span: &Range<usize>,
        holds: bool,
    ) -> Result<Vec<Term<V>>, Mistake> {
        let (name, sign, number) = match (left, right) {
            (Number::Named(name), Number::Constant(number)) => (name, sign, *number),
            (Number::Constant(number), Number::Named(name)) => (name, sign.turned(), *number),
            (Number::Constant(left), Number::Constant(right)) => {
                return Ok(always(sign.holds(left.cmp(right)) == holds));
            }
            (Number::Named(_) | Number::Constant(_) | Number::Spelt(_), _) => {
                return Err(Mistake::new(span.clone(), Fault::NotPlain));
            }
        };
        let (below, above) = (number.checked_sub(1), number.checked_add(1));
        let under = |most: Option<i64>| most.map(|most| (i64::MIN, most));
        let over = |least: Option<i64>| least.map(|least| (least, i64::MAX));
        let intervals = match if holds { sign } else { sign.contrary() } {
            Compare::Equal => [Some((number, number)), None],
            Compare::Unequal => [under(below), over(above)],
            Compare::Less => [under(below), None],
            Compare::AtMost => [under(Some(number)), None],
            Compare::More => [None, over(above)],
            Compare::AtLeast => [None, over(Some(number))],
        };
        let term = |(least, most): (i64, i64)| self.cut(Interval { name: name.clone(), least, most });
        Ok(intervals.into_iter().flatten().filter_map(term).collect())
    }

    /// An interval as a term; `None` when nothing of it is within the bounds.
    fn cut<V>(&self, interval: Interval<V>) -> Option<Term<V>> {
        let (least, most) = (interval.least.max(*self.bounds.start()), interval.most.min(*self.bounds.end()));
        if least > most {
            return None;
        }
        let all = (least, most) == (*self.bounds.start(), *self.bounds.end());
        Some(if all { Vec::new() } else { vec![Interval { least, most, ..interval }] })
    }

    /// What holds when both do; `None`: nothing.
    fn both<V: Ord + Clone>(&self, one: &Term<V>, other: &Term<V>) -> Option<Term<V>> {
        let mut found = one.clone();
        for interval in other {
            match found.binary_search_by(|known| known.name.cmp(&interval.name)) {
                Ok(at) => {
                    found[at].least = found[at].least.max(interval.least);
                    found[at].most = found[at].most.min(interval.most);
                    if found[at].least > found[at].most {
                        return None;
                    }
                }
                Err(at) => found.insert(at, interval.clone()),
            }
        }
        Some(found)
    }

    /// Closes the terms under consensus (Blake's canonical form, here for intervals): two boxes that touch along one
    /// name make one that spans both. `None` when that becomes too many.
    fn largest<V: Ord + Clone>(&self, terms: &[Term<V>]) -> Option<Vec<Term<V>>> {
        let mut all = terms.to_vec();
        let mut grown = true;
        while grown {
            grown = false;
            let before = all.clone();
            for (at, one) in before.iter().enumerate() {
                for other in &before[..at] {
                    for name in one.iter().map(|interval| &interval.name) {
                        if let Some(term) = self.consensus(one, other, name) {
                            grown |= add(&mut all, term);
                        }
                    }
                }
            }
            if all.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
        Some(all)
    }

    fn consensus<V: Ord + Clone>(&self, one: &Term<V>, other: &Term<V>, name: &V) -> Option<Term<V>> {
        let of = |term: &Term<V>| term.iter().find(|interval| interval.name == *name).cloned();
        let (a, b) = (of(one)?, of(other)?);
        let touch = a.least <= b.most.saturating_add(1) && b.least <= a.most.saturating_add(1);
        if !touch {
            return None;
        }
        let without = |term: &Term<V>| term.iter().filter(|interval| interval.name != *name).cloned().collect();
        let rest = self.both(&without(one), &without(other))?;
        let spans = Interval { name: name.clone(), least: a.least.min(b.least), most: a.most.max(b.most) };
        self.both(&rest, &self.cut(spans)?)
    }

    fn enough(&self, count: usize, most: usize) -> Result<(), Mistake> {
        if count > most {
            return Err(Mistake::new(0..self.octets, Fault::Alternatives));
        }
        Ok(())
    }
}

fn always<V>(holds: bool) -> Vec<Term<V>> {
    if holds { vec![Vec::new()] } else { Vec::new() }
}

/// Adds a term unless another implies it, and drops those it implies; true when it was added.
fn add<V: Ord>(all: &mut Vec<Term<V>>, term: Term<V>) -> bool {
    if all.iter().any(|known| implies(&term, known)) {
        return false;
    }
    all.retain(|known| !implies(known, &term));
    all.push(term);
    true
}

/// Whatever is in the first box is in the second.
fn implies<V: Ord>(one: &Term<V>, other: &Term<V>) -> bool {
    other.iter().all(|wide| {
        let narrow = one.binary_search_by(|known| known.name.cmp(&wide.name)).map(|at| &one[at]);
        narrow.is_ok_and(|narrow| wide.least <= narrow.least && narrow.most <= wide.most)
    })
}

impl Compare {
    /// `a < b` is `b > a`.
    fn turned(self) -> Self {
        match self {
            Compare::Equal | Compare::Unequal => self,
            Compare::Less => Compare::More,
            Compare::AtMost => Compare::AtLeast,
            Compare::More => Compare::Less,
            Compare::AtLeast => Compare::AtMost,
        }
    }

    fn contrary(self) -> Self {
        match self {
            Compare::Equal => Compare::Unequal,
            Compare::Unequal => Compare::Equal,
            Compare::Less => Compare::AtLeast,
            Compare::AtMost => Compare::More,
            Compare::More => Compare::AtMost,
            Compare::AtLeast => Compare::Less,
        }
    }
}
