//! Room `expr`: the small language of conditions inside the configuration.
//!
//! One language for what a contact asks of an agent (`french >= 4 && (billing >= 5 || vip)`), for when a step or a rule
//! counts (`waiting > 5 || expected_wait > 60`, `data.tier == 'gold'`), and for scripts.
//! Inputs: a text, and a function that says which names there are. Output: a [`Condition`], or one [`Mistake`] with
//! the octets it is about, what was expected and how to mend it. [`alternatives`] brings a condition over numbers into
//! a normal form: two texts that mean the same become equal.
//!
//! ```text
//! condition  = all { "||" all }
//! all        = one { "&&" one }
//! one        = "!" one | comparison
//! comparison = value [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) value ]
//! value      = "(" condition ")" | "true" | "false" | number | text | name | name "." method "(" [ value { "," value } ] ")"
//! number     = [ "-" ] digit { digit }
//! text       = "'" { any character but "'" } "'"
//! name       = ( letter | "_" ) { letter | digit | "_" | "-" | "." }      letters of any script
//! method     = "starts_with" | "ends_with" | "contains" | "one_of" | "number"
//! ```
//! - `&&` binds closer than `||`; blanks mean nothing. A comparison after `!` is written in parentheses, because
//!   languages differ in what `!a == b` is.
//! - There are truths, whole numbers (64 bits) and texts; only like is compared with like, and texts only for being
//!   equal. Where a truth is wanted a number means "at least 1": `vip` is `vip >= 1`.
//! - `starts_with`, `ends_with`, `contains` take one text, `one_of` any number of texts; `number` is the whole number a
//!   text spells, 0 when it spells none.
//!
//! Invariants: everything has a limit (`limits.rs`), so no text and no value can make reading or evaluating panic, run
//! on or use the stack up; evaluating has no error, for types are settled when it is read; same values, same answer.
//!
//! Deliberately absent: loops, own functions, assignment, arithmetic, regular expressions, time, chance, allocation
//! while evaluating; what names mean.
//!
//! ```
//! use expr::{Kind, Unknown, Value, compile};
//! let names = |name: &str| match name {
//!     "waiting" => Ok((0, Kind::Number)),
//!     "data.tier" => Ok((1, Kind::Text)),
//!     _ => Err(Unknown { help: "there is: waiting, data.tier".into() }),
//! };
//! let condition = compile("waiting > 5 || data.tier == 'gold'", names).unwrap();
//! let values = |id: &i32| if *id == 0 { Value::Number(3) } else { Value::Text("gold") };
//! assert!(condition.holds(&values));
//! let mistake = compile("waiting = 5", names).unwrap_err();
//! assert_eq!(mistake.span, 8..9);
//! assert_eq!(mistake.to_string(), "`=` is no sign of this language");
//! assert_eq!(mistake.help(), "write `==`");
//! ```

mod condition;
mod lexer;
mod limits;
mod mistake;
mod normal;
mod syntax;
mod typed;

#[cfg(test)]
mod tests;

pub use condition::{Condition, Kind, Value};
pub use mistake::{Fault, Mistake};
pub use normal::{Interval, alternatives};
pub use typed::{Unknown, compile};
