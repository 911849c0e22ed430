//! Which modules a configuration may use: its generation, with single ones added and taken out.

use crate::reader::Reader;
use crate::source::Span;
use crate::suggest::advice;
use crate::table::{Table, Wrong};
use engine::{MODULES, Module};
use model::Generation;

/// What `[generation]` comes to.
pub(crate) struct Modules {
    pub(crate) level: Generation,
    enabled: Vec<&'static str>,
    disabled: Vec<&'static str>,
}

impl Modules {
    pub(crate) fn read(table: &Table<'_>, level: Generation) -> Self {
        let enabled = table.list("enable", |value| {
            let module = named(value.text()?)?;
            if module.generation <= level {
                return Err(Wrong::new(
                    format!("{} is part of generation {}", module.name, module.generation.level()),
                    "take it out: it is there already",
                ));
            }
            if module.built { Ok(module.name) } else { Err(not_built(module)) }
        });
        let disabled = table.list("disable", |value| {
            let module = named(value.text()?)?;
            if !module.optional {
                return Err(Wrong::new(format!("nothing works without {}", module.name), "take it out"));
            }
            Ok(module.name)
        });
        for one in &disabled.value {
            if let Some(other) = enabled.value.iter().find(|other| other.value == one.value) {
                let message = format!("{} cannot be enabled and disabled", one.value);
                table.reader.clash(one.span, message, "decide", ("it is enabled", other.span));
            }
        }
        Modules { level, enabled: crate::sip::plain(enabled.value), disabled: crate::sip::plain(disabled.value) }
    }

    /// Notes an error when what stands at `span` is not there: `queue support needs queue.skills (generation 3), …`.
    pub(crate) fn need(&self, reader: &Reader<'_>, span: Span, who: &str, module: &str) {
        if let Some(wrong) = self.lacks(who, module) {
            reader.error(span, wrong.message, wrong.help);
        }
    }

    /// What is wrong with using this module, if anything.
    pub(crate) fn lacks(&self, who: &str, module: &str) -> Option<Wrong> {
        let module = MODULES.iter().find(|known| known.name == module).expect("a module of the registry");
        let level = module.generation.level();
        if self.disabled.contains(&module.name) {
            let message = format!("{who} needs {}, which generation.disable takes out", module.name);
            Some(Wrong::new(message, "leave it out, or take the module out of `disable`"))
        } else if module.generation > self.level && !self.enabled.contains(&module.name) {
            let message = format!("{who} needs {} (generation {level}), level is {}", module.name, self.level.level());
            Some(Wrong::new(message, format!("set generation.level = {level}, or enable = [\"{}\"]", module.name)))
        } else if !module.built {
            let wrong = not_built(module);
            Some(Wrong::new(format!("{who} needs {}: {}", module.name, wrong.message), wrong.help))
        } else {
            None
        }
    }
}

fn named(text: &str) -> Result<&'static Module, Wrong> {
    MODULES.iter().find(|module| module.name == text).ok_or_else(|| {
        let all = MODULES.iter().filter(|module| module.built).map(|module| module.name);
        Wrong::new(format!("there is no module \"{text}\""), advice(text, "module", all))
    })
}

fn not_built(module: &Module) -> Wrong {
    Wrong::new(format!("{} comes with a later version", module.name), "leave it out")
}
