//! What several shards told, in the order in which they did: any contact is explained from it with nothing in doubt.

use super::{DELAYS, World};
use crate::testing::secs;
use crate::{Explainer, Moment, Passed, Standing, Verdict, What};
use base::Instant;
use model::{ContactId, Directory, Fact, Judged, JudgedBy, Judgement, QueueId, Wish};
use std::sync::Arc;

/// Everything that was told, and the configurations it was told under.
#[derive(Debug, Default)]
pub(crate) struct Told {
    lines: Vec<(Instant, Line)>,
}

#[derive(Debug)]
enum Line {
    Fact(Fact),
    Configured(Arc<Directory>),
}

impl Told {
    pub(super) fn fact(&mut self, at: Instant, fact: Fact) {
        self.lines.push((at, Line::Fact(fact)));
    }

    pub(super) fn configured(&mut self, at: Instant, directory: &Arc<Directory>) {
        self.lines.push((at, Line::Configured(Arc::clone(directory))));
    }

    /// As the call room tells it.
    pub(super) fn wished(&mut self, at: Instant, contact: ContactId, queue: QueueId, wish: Wish) {
        let needs = wish.needs.map(|value| Judged { value, by: JudgedBy::Sticky });
        let judgement = Judgement { needs, ..Judgement::default() };
        self.fact(at, Fact::Judged { contact, queue, judgement });
    }
}

/// Of the contacts that were looked at.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Understood {
    pub(crate) offers: usize,
    /// What would have been in doubt had one shard written all of it.
    pub(crate) crossed: usize,
}

impl World {
    /// Every so many contacts' lives. What a reload did is not looked at: it reaches every shard at once here, and
    /// messages on their way are of before.
    pub(crate) fn explained(&self, every: usize, seen: &mut Understood) {
        if self.delay != DELAYS[0] {
            // No real message takes as long as that.
            return;
        }
        let contacts = self.told.lines.iter().filter_map(|(_, line)| match line {
            Line::Fact(Fact::Queued { contact, .. }) => Some(*contact),
            _ => None,
        });
        for contact in contacts.step_by(every) {
            for moment in self.moments(contact, self.directory.limits.shards) {
                assert_eq!(moment.doubts, Vec::<Box<str>>::new(), "{contact}: {moment:#?}");
                let came_first = moment.rivals.iter().any(|rival| rival.standing == Standing::Before);
                let passed = matches!(moment.what, What::Passed { why: Passed::Before, .. });
                assert!(!came_first && !passed, "{contact}: {moment:#?}");
                if let What::Offered { .. } = moment.what {
                    seen.offers += 1;
                    let unexplained = moment.candidates.iter().find(|c| c.verdict == Verdict::Unexplained);
                    assert_eq!(unexplained, None, "{contact}: {moment:#?}");
                }
            }
            seen.crossed += self.moments(contact, 1).iter().map(|moment| moment.doubts.len()).sum::<usize>();
        }
    }

    fn moments(&self, contact: ContactId, shards: u8) -> Vec<Moment> {
        let mut explainer: Option<Explainer> = None;
        let mut reloads = Vec::new();
        for (at, line) in &self.told.lines {
            match (&mut explainer, line) {
                (None, Line::Configured(directory)) => {
                    let mut directory = Directory::clone(directory);
                    directory.limits.shards = shards;
                    explainer = Some(Explainer::new(&directory, contact));
                }
                (Some(explainer), Line::Configured(directory)) => {
                    reloads.push(*at);
                    explainer.configure(*at, directory);
                }
                (Some(explainer), Line::Fact(fact)) => explainer.handle_fact(*at, fact),
                (None, Line::Fact(_)) => unreachable!("the first line is a configuration"),
            }
        }
        let near_reload = |at: Instant| reloads.iter().any(|reload| at >= *reload && at.since(*reload) < secs(2));
        let moments = explainer.expect("the first line is a configuration").into_moments();
        moments.into_iter().filter(|moment| !near_reload(moment.at)).collect()
    }
}
