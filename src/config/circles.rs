//! Rules of queues that send callers round.

use crate::queue::ReadQueue;
use crate::reader::Reader;
use crate::source::Span;
use model::{FLOWS_MAX, QueueId};

/// Rules that act at once must not lead back: full → full, closed → closed.
pub(crate) fn check(reader: &Reader<'_>, queues: &[Option<ReadQueue>]) {
    each(queues, &|queue| queue.at_once.clone(), &|path, span| {
        let message = format!("these rules can send a caller round in a circle: {path}");
        reader.error(span, message, "let one of them end, for instance with an announcement");
    });
}

/// Those that act when somebody has waited may, for as long as callers keep count.
pub(crate) fn warn_of_slow(reader: &Reader<'_>, queues: &[Option<ReadQueue>]) {
    let all = |queue: &ReadQueue| queue.at_once.iter().copied().chain(queue.in_time).collect();
    each(queues, &all, &|path, span| {
        let message = format!("callers whom nobody serves go round here: {path}");
        let help = format!(
            "let one of them end, for instance with an announcement; after {FLOWS_MAX} moves a caller stays where he is, \
             or hears `sorry` where nobody is signed on"
        );
        reader.warn(span, message, help);
    });
}

type Ways = Vec<(QueueId, Span)>;

/// Every circle once, with the rule that closes it.
fn each(queues: &[Option<ReadQueue>], ways: &dyn Fn(&ReadQueue) -> Ways, found: &dyn Fn(&str, Span)) {
    let ways: Vec<Ways> = queues.iter().map(|queue| queue.as_ref().map_or(Ways::new(), ways)).collect();
    // 0: not seen, 1: on the way, 2: done. Depth is the number of queues, so the stack is our own.
    let mut state = vec![0_u8; queues.len()];
    for start in 0..queues.len() {
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((from, next)) = way.last_mut().map(|(at, next)| (*at, next)) {
            if *next == 0 && state[from] != 0 {
                way.pop();
                continue;
            }
            state[from] = 1;
            let Some((to, span)) = ways[from].get(*next) else {
                state[from] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            match state[to.index()] {
                0 => way.push((to.index(), 0)),
                1 => found(&path(queues, way.iter().map(|(at, _)| *at), to.index()), *span),
                _ => {}
            }
        }
    }
}

fn path(queues: &[Option<ReadQueue>], way: impl Iterator<Item = usize>, to: usize) -> String {
    let name = |at: usize| queues[at].as_ref().map_or("", |read| &*read.queue.name);
    way.skip_while(|at| *at != to).chain([to]).map(name).collect::<Vec<_>>().join(" → ")
}
