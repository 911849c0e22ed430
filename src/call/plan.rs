use crate::feature::Feature;
use crate::machine::Machine;
use core::time::Duration;
use model::{AgentId, CauseKind, ClassOfService, NumberRule, PhoneId, RouteId, SupervisorMode, Target};

/// What a number dialled inside the house leads to.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Destination {
    Target(Target),
    /// A device, whoever sits at it.
    Phone(PhoneId),
    Feature(Feature),
}

/// What of the numbering plan a dialled number is.
pub(crate) enum Found<'a> {
    Destination(Destination),
    /// `[[number]]`, which also says how whoever dials it is treated.
    Rule(&'a NumberRule),
}

impl Machine {
    /// Where a number dialled inside the house leads.
    pub(crate) fn resolve(&self, dialled: &str, agent: Option<AgentId>) -> Result<Destination, CauseKind> {
        self.look_up(dialled, agent).map(|found| match found {
            Found::Destination(destination) => destination,
            Found::Rule(rule) => Destination::Target(rule.to.clone()),
        })
    }

    /// The house's numbering plan: emergency, feature code, agent, queue, phone, route, number rule; else refused.
    pub(crate) fn look_up(&self, dialled: &str, agent: Option<AgentId>) -> Result<Found<'_>, CauseKind> {
        let target = |target| Found::Destination(Destination::Target(target));
        if self.route_of(dialled).is_some_and(|r| self.directory.routes[r.index()].emergency) {
            return Ok(target(Target::Number(dialled.into())));
        }
        if let Some(feature) = self.feature_of(dialled) {
            return Ok(Found::Destination(Destination::Feature(feature)));
        }
        if let Some(agent) = self.names.agents.get(dialled) {
            return Ok(target(Target::Agent(*agent)));
        }
        if let Some(queue) = self.names.queues.get(dialled) {
            return Ok(target(Target::Queue(*queue)));
        }
        if let Some(phone) = self.names.phones.get(dialled) {
            return Ok(Found::Destination(Destination::Phone(*phone)));
        }
        if let Some(route) = self.route_of(dialled) {
            let class = agent.map_or(ClassOfService::Internal, |a| self.directory.agent(a).class);
            let allowed = self.directory.routes[route.index()].class <= class;
            return allowed.then(|| target(Target::Number(dialled.into()))).ok_or(CauseKind::Forbidden);
        }
        let rule = self.directory.numbers.iter().find(|r| r.trunk.is_none() && r.pattern.matches(dialled));
        match rule {
            Some(rule) => Ok(Found::Rule(rule)),
            // Numbers leave by a route or not at all.
            None if dialled.trim_start_matches('+').bytes().all(|o| o.is_ascii_digit()) => Err(CauseKind::Forbidden),
            None => Err(CauseKind::NotFound),
        }
    }

    /// The route a number leaves by: an emergency route before all others, then the first that matches.
    pub(crate) fn route_of(&self, number: &str) -> Option<RouteId> {
        let routes = &self.directory.routes;
        let found = |emergency: bool| routes.iter().position(|r| r.emergency == emergency && r.pattern.matches(number));
        let index = found(true).or_else(|| found(false))?;
        Some(RouteId(u32::try_from(index).expect("a directory is far below 2^32 entries")))
    }

    /// The longest code the number begins with; a code that takes nothing behind it must stand alone.
    fn feature_of(&self, dialled: &str) -> Option<Feature> {
        let codes = &self.directory.feature_codes;
        let all = [
            (&codes.sign_on, Code::SignOn),
            (&codes.sign_off, Code::SignOff),
            (&codes.ready, Code::Ready),
            (&codes.not_ready, Code::NotReady),
            (&codes.extend, Code::Extend),
            (&codes.listen, Code::Watch(SupervisorMode::Listen)),
            (&codes.whisper, Code::Watch(SupervisorMode::Whisper)),
            (&codes.barge, Code::Watch(SupervisorMode::Barge)),
            (&codes.take_over, Code::TakeOver),
        ];
        let fits = all.iter().filter(|(code, _)| !code.is_empty() && dialled.starts_with(&***code));
        let (code, meaning) = fits.max_by_key(|(code, _)| code.len())?;
        let rest = &dialled[code.len()..];
        match meaning {
            Code::SignOn => Some(Feature::SignOn { typed: rest.into() }),
            Code::SignOff => Some(Feature::SignOff { code: small(rest, 0)? }),
            Code::Ready if rest.is_empty() => Some(Feature::Ready),
            Code::NotReady => Some(Feature::NotReady { code: small(rest, 0)? }),
            Code::Extend => Some(Feature::Extend { by: Duration::from_secs(60) * u32::from(small(rest, 1)?) }),
            Code::Watch(mode) => Some(Feature::Watch { agent: rest.into(), mode: Some(*mode) }),
            Code::TakeOver => Some(Feature::Watch { agent: rest.into(), mode: None }),
            Code::Ready => None,
        }
    }
}

/// One or two digits behind a code; `none` when there are none.
fn small(rest: &str, none: u8) -> Option<u8> {
    match rest.len() {
        0 => Some(none),
        1 | 2 => rest.parse().ok(),
        _ => None,
    }
}

#[derive(Clone, Copy)]
enum Code {
    SignOn,
    SignOff,
    Ready,
    NotReady,
    Extend,
    Watch(SupervisorMode),
    TakeOver,
}
