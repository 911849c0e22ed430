use model::Generation;

/// Something a configuration can ask for, and the generation it comes with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Module {
    pub name: &'static str,
    pub generation: Generation,
    /// Part of this program; others are known by name, so that asking for one gets a clear answer.
    pub built: bool,
}

/// The closed registry, in order of generation. Nothing else in the house asks which level it is.
pub const MODULES: &[Module] = &[
    Module { name: "call", generation: Generation::Hotline, built: true },
    Module { name: "acd", generation: Generation::Hotline, built: true },
    Module { name: "media", generation: Generation::Hotline, built: true },
    Module { name: "report", generation: Generation::Hotline, built: true },
    Module { name: "ivr", generation: Generation::Ivr, built: false },
    Module { name: "cti", generation: Generation::Cti, built: false },
    Module { name: "outbound", generation: Generation::Cti, built: false },
    Module { name: "multimedia", generation: Generation::Multimedia, built: false },
    Module { name: "workforce", generation: Generation::Platform, built: false },
    Module { name: "tenancy", generation: Generation::Platform, built: false },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_is_in_order_of_generation() {
        assert!(MODULES.windows(2).all(|pair| pair[0].generation <= pair[1].generation));
    }
}
