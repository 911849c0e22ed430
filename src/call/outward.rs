use crate::contact::Stage;
use crate::hear::Hearing;
use crate::machine::Machine;
use crate::ring::{Call, Ring, shown_to_agent};
use crate::{OUTWARD_RING_MAX, PHONE_RING_MAX, PHONE_SILENT_MAX, TRUNK_SILENT_MAX};
use base::Now;
use model::{Cause, CauseKind, ContactId, DialTarget, Identity, Party, PhoneId, Pii, Role, TrunkId};

/// What is left to try when a trunk does not take the number.
#[derive(Clone, Debug)]
pub(crate) struct Onward {
    rest: Vec<TrunkId>,
    number: Box<str>,
    shown: Identity,
}

impl Onward {
    pub(crate) fn next(&mut self) -> Option<TrunkId> {
        (!self.rest.is_empty()).then(|| self.rest.remove(0))
    }

    pub(crate) fn number(&self) -> &str {
        &self.number
    }

    pub(crate) fn shown(&self) -> &Identity {
        &self.shown
    }
}

impl Machine {
    /// The trunks by which a number leaves, and how it is dialled there; `own` is shown where the route does not say.
    pub(crate) fn onward(&self, number: &str, own: Identity) -> Option<Onward> {
        let route = &self.directory.routes[self.route_of(number)?.index()];
        let usable = |t: &&TrunkId| !self.directory.trunk(**t).removed && !self.directory.trunk(**t).host.is_empty();
        let all: Vec<TrunkId> = route.trunks.iter().filter(usable).copied().collect();
        let mut rest: Vec<TrunkId> = all.iter().filter(|t| !self.trunks_down.contains(t)).copied().collect();
        if rest.is_empty() && route.emergency {
            // Better a trunk that seemed dead a moment ago than none.
            rest = all;
        }
        let stripped: String = number.chars().skip(usize::from(route.strip)).collect();
        let number = format!("{}{stripped}", route.prepend).into_boxed_str();
        let shown = match &route.caller_id {
            Some(shown) => Identity { number: Pii::new(shown.clone()), ..Identity::default() },
            None if own.withheld => Identity { withheld: true, ..Identity::default() },
            None => own,
        };
        Some(Onward { rest, number, shown })
    }

    /// Dials a number by its route. Whether the one who dialled may do so was decided before.
    pub(crate) fn dial_number(&mut self, now: Now, id: ContactId, number: &str) {
        let own = self.served_identity(id);
        let Some(onward) = self.onward(number, own) else {
            return self.target_failed(now, id, CauseKind::Forbidden.into());
        };
        if let Some(caller) = self.contacts.get(&id).map(|c| c.caller).filter(|c| self.is_up(*c)) {
            self.ringback(now, caller);
        }
        if let Err(kind) = self.dial_next(now, id, onward) {
            self.target_failed(now, id, kind.into());
        }
    }

    /// The next trunk of the route.
    fn dial_next(&mut self, now: Now, id: ContactId, mut onward: Onward) -> Result<(), CauseKind> {
        if onward.rest.is_empty() {
            return Err(CauseKind::Unreachable);
        }
        let trunk = onward.rest.remove(0);
        let role = self.far_role(id);
        let call = Call {
            to: DialTarget::Trunk { trunk, number: onward.number.clone() },
            party: Party::Outside(trunk),
            identity: Identity { number: Pii::new(onward.number.clone()), ..Identity::default() },
            role,
            shown: onward.shown.clone(),
            auto_answer: false,
            ring_max: OUTWARD_RING_MAX,
            silent_max: TRUNK_SILENT_MAX,
            offer: None,
            nailed: None,
        };
        self.ring_directly(now, id, call, Some(onward))
    }

    /// After a trunk that could not take the call: true when the next one is dialled.
    pub(crate) fn fail_over(&mut self, now: Now, id: ContactId, ring: Ring, cause: Cause) -> bool {
        let Some(onward) = ring.onward.filter(|o| !o.rest.is_empty() && is_trunk_failure(cause)) else { return false };
        if let Some(caller) = self.contacts.get(&id).map(|c| c.caller) {
            // The failed trunk's early media is over.
            self.hear(now, caller, Hearing::Nothing);
        }
        self.dial_next(now, id, onward).is_ok()
    }

    /// Rings a device by its own number.
    pub(crate) fn ring_phone(&mut self, now: Now, id: ContactId, phone: PhoneId) {
        let call = Call {
            to: DialTarget::Phone(phone),
            party: Party::Phone(phone),
            identity: Identity { number: Pii::new(self.directory.phone(phone).id.clone()), ..Identity::default() },
            role: self.far_role(id),
            shown: shown_to_agent(&self.served_identity(id), None),
            auto_answer: false,
            ring_max: PHONE_RING_MAX,
            silent_max: PHONE_SILENT_MAX,
            offer: None,
            nailed: None,
        };
        if let Some(caller) = self.contacts.get(&id).map(|c| c.caller) {
            self.ringback(now, caller);
        }
        if let Err(kind) = self.ring_directly(now, id, call, None) {
            self.target_failed(now, id, kind.into());
        }
    }

    fn ring_directly(&mut self, now: Now, id: ContactId, call: Call, onward: Option<Onward>) -> Result<(), CauseKind> {
        let contact = self.contacts.get_mut(&id).ok_or(CauseKind::ServerFailure)?;
        contact.dials += 1;
        if contact.dials > crate::DIALS_MAX {
            return Err(CauseKind::Overload);
        }
        let mut ring = self.ring(now, id, call)?;
        ring.onward = onward;
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.stage = Stage::Ringing(ring);
        }
        Ok(())
    }

    /// Who the served leg is, as the next one may see it.
    pub(crate) fn served_identity(&self, id: ContactId) -> Identity {
        let Some(contact) = self.contacts.get(&id) else { return Identity::default() };
        match (self.legs.get(&contact.caller), &contact.callback) {
            (Some(leg), _) => leg.identity.clone(),
            (None, Some(callback)) => callback.identity.clone(),
            (None, None) => Identity::default(),
        }
    }

    /// The other side of a conversation from the served leg.
    pub(crate) fn far_role(&self, id: ContactId) -> Role {
        let caller = self.contacts.get(&id).and_then(|c| self.legs.get(&c.caller));
        match caller.map(|l| l.role) {
            Some(Role::Agent) => Role::Caller,
            Some(Role::Caller | Role::Supervisor(_)) | None => Role::Agent,
        }
    }
}

/// The trunk or what is behind it failed, not the called person: RFC 3261 §21.5 and silence. A call that went in a
/// circle (482, 483) would only go round by the next trunk as well.
pub(crate) fn is_trunk_failure(cause: Cause) -> bool {
    !matches!(cause.sip, Some(482 | 483))
        && matches!(
            cause.kind,
            CauseKind::ServerFailure | CauseKind::Unreachable | CauseKind::Overload | CauseKind::ProtocolError
        )
}
