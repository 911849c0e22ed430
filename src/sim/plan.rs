use crate::sounds::Sounds;
use crate::world::World;
use base::Utc;
use core::time::Duration;
use model::{Directory, Memory};

/// What stands in every world: a house at 10.0.0.1 and a trunk for callers from 192.0.2.0/24.
const BASE: &str = r#"
[site]
domain = "house.example"
[sip]
listen = ["udp:10.0.0.1:5060"]
local_networks = ["10.0.0.0/8", "192.0.2.0/24"]
[media]
address = ["10.0.0.1"]
[http]
listen = ""
[store]
url = "sqlite:/nowhere/strowger.db"
[[trunk]]
name = "carrier"
allow_from = ["192.0.2.0/24"]
options_interval = "0s"
max_cps = 1000
max_calls = 1000
"#;

/// A world about to begin.
#[derive(Debug)]
pub struct WorldPlan {
    pub(crate) directory: Directory,
    /// What the configuration is warned of, a line each.
    pub(crate) warnings: Vec<String>,
    pub(crate) sounds: Sounds,
    pub(crate) seed: u64,
    pub(crate) begins: Utc,
    pub(crate) workers: u8,
    /// Phones send sound.
    pub(crate) voices: bool,
    /// How long a look-up of a name takes.
    pub(crate) names_take: Duration,
    /// How often the house was started, this time counted, and what it knows of the time before.
    pub(crate) boot: u32,
    pub(crate) memory: Memory,
    /// The reference distributor judges every decision.
    pub(crate) judged: bool,
}

impl WorldPlan {
    /// What `strowger check` warns of.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Configuration tables behind those of every world: queues, phones, agents, numbers, …
    pub(crate) fn new(tables: &str) -> Self {
        match Self::read(tables) {
            Ok(plan) => plan,
            Err(report) => panic!("the world's configuration is wrong\n{report}"),
        }
    }

    pub(crate) fn read(tables: &str) -> Result<Self, config::Report> {
        let sounds = Sounds::new();
        let text = format!("{BASE}{tables}");
        let config = config::load_text("world.toml", &text, &sounds.names)?;
        // Monday, 5 January 2026, 09:00 UTC.
        let begins = Utc::from_secs(1_767_603_600);
        Ok(WorldPlan {
            warnings: config.warnings.iter().map(|warning| warning.line()).collect(),
            directory: config.directory,
            sounds,
            seed: 1,
            begins,
            workers: 1,
            voices: true,
            names_take: Duration::ZERO,
            boot: 1,
            memory: Memory::default(),
            judged: false,
        })
    }

    pub fn seed(self, seed: u64) -> Self {
        WorldPlan { seed, ..self }
    }

    pub fn shards(mut self, shards: u8) -> Self {
        self.directory.limits.shards = shards;
        self
    }

    pub fn workers(self, workers: u8) -> Self {
        WorldPlan { workers, ..self }
    }

    /// No media workers: legs carry no descriptions, prompts are over at once. For stories of many calls.
    pub fn without_media(self) -> Self {
        WorldPlan { workers: 0, voices: false, ..self }
    }

    /// Looking up a host name takes so long.
    pub fn slow_names(self, names_take: Duration) -> Self {
        WorldPlan { names_take, ..self }
    }

    /// The reference distributor judges every decision. Everything happens at whole milliseconds, by which timers go: so
    /// that what is due at one instant happens at one.
    pub(crate) fn judged(self) -> Self {
        WorldPlan { judged: true, ..self }
    }

    pub fn begins(self, begins: Utc) -> Self {
        WorldPlan { begins, ..self }
    }

    /// A house that was killed and is started again.
    pub fn remembers(self, memory: Memory) -> Self {
        WorldPlan { boot: self.boot + 1, memory, ..self }
    }

    /// Changes what the configuration language cannot say.
    pub fn with(mut self, change: impl FnOnce(&mut Directory)) -> Self {
        change(&mut self.directory);
        self
    }

    pub fn open(self) -> World {
        World::begin(self)
    }
}
