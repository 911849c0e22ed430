use model::Generation;

/// Something a configuration can ask for, and the generation it comes with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Module {
    pub name: &'static str,
    pub generation: Generation,
    /// Part of this program; others are known by name, so that asking for one gets a clear answer.
    pub built: bool,
    /// The rest works without it, so it can be disabled alone.
    pub optional: bool,
}

const fn core(name: &'static str) -> Module {
    Module { name, generation: Generation::Hotline, built: true, optional: false }
}

const fn built(name: &'static str, generation: Generation) -> Module {
    Module { name, generation, built: true, optional: true }
}

const fn later(name: &'static str, generation: Generation) -> Module {
    Module { name, generation, built: false, optional: true }
}

/// The closed registry, in order of generation. Nothing else in the house asks which level it is.
pub const MODULES: &[Module] = &[
    core("call"),
    core("acd"),
    core("media"),
    core("report"),
    later("ivr", Generation::Ivr),
    built("queue.callback", Generation::Ivr),
    built("queue.voicemail", Generation::Ivr),
    built("queue.skills", Generation::Cti),
    built("queue.sticky", Generation::Cti),
    built("queue.data", Generation::Cti),
    later("cti", Generation::Cti),
    later("outbound", Generation::Cti),
    later("multimedia", Generation::Multimedia),
    built("agent.capacity", Generation::Multimedia),
    built("queue.objective", Generation::Platform),
    built("queue.reserve", Generation::Platform),
    built("queue.groups", Generation::Platform),
    later("workforce", Generation::Platform),
    later("tenancy", Generation::Platform),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_order_of_generation() {
        assert!(MODULES.windows(2).all(|pair| pair[0].generation <= pair[1].generation));
    }
}
