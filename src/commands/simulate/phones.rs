//! At which phone everybody sits who is simulated, and whether it opens by itself.

use model::{Agent, Directory, NailedUp, Phone, PhoneId};
use std::collections::HashSet;

/// Whoever has no phone of his own sits at some phone: here everybody at another. A nailed-up leg is for ears: here it is a
/// phone that opens by itself, or one that rings where a key takes the caller. Returns what cannot be told beforehand.
pub(super) fn give(directory: &mut Directory) -> Option<String> {
    let (opens, warning) = free_ones(directory);
    for n in 0..directory.agents.len() {
        let nailed = core::mem::replace(&mut directory.agents[n].nailed_up, NailedUp::Off);
        if directory.agents[n].removed {
            continue;
        }
        let own = directory.agents[n].phone.map(|phone| directory.phones[phone.index()].auto_answer);
        let opens = match nailed {
            NailedUp::Off => own.unwrap_or(opens),
            NailedUp::AtOnce => true,
            NailedUp::ByKey => false,
        };
        // A phone that is another's, too, opens as it did for him.
        if own != Some(opens) {
            let id = format!("simulated-{}", directory.agents[n].id);
            directory.agents[n].phone = Some(PhoneId(directory.phones.len() as u32));
            directory.phones.push(Phone { id: id.into(), auto_answer: opens, ..Phone::default() });
        }
    }
    warning
}

/// Whether the phones open by themselves that are nobody's own, at which others may sign on; a warning when some do.
fn free_ones(directory: &Directory) -> (bool, Option<String>) {
    let there = |agent: &&Agent| !agent.removed;
    let owned: HashSet<PhoneId> = directory.agents.iter().filter(there).filter_map(|agent| agent.phone).collect();
    let is_free = |(n, phone): &(usize, &Phone)| !phone.removed && !owned.contains(&PhoneId(*n as u32));
    let free: Vec<&Phone> = directory.phones.iter().enumerate().filter(is_free).map(|(_, phone)| phone).collect();
    let opening = free.iter().find(|phone| phone.auto_answer);
    let ringing = free.iter().find(|phone| !phone.auto_answer);
    let sits = |agent: &&Agent| agent.phone.is_none() && agent.nailed_up == NailedUp::Off && !agent.queues.is_empty();
    let warning = match (opening, ringing, directory.agents.iter().filter(there).find(sits)) {
        (Some(opening), Some(ringing), Some(agent)) => Some(format!(
            "warning: agent {} has no phone of his own, and of those at which he may sign on {} opens by itself \
             (auto_answer) and {} does not; simulated is that his rings\n  give him a phone, or set auto_answer alike \
             in both",
            agent.id, opening.id, ringing.id
        )),
        _ => None,
    };
    (opening.is_some() && ringing.is_none(), warning)
}
