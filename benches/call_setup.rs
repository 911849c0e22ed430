//! Claim: a whole queue call (set-up, bridge, hang-up) costs the signalling shard some ten microseconds of CPU in virtual
//! time, sockets left out; the lab's W1 goal of 0.12 ms a call is for everything together.

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

#[path = "support/house.rs"]
mod house;
#[path = "support/messages.rs"]
mod messages;

fn call(c: &mut Criterion) {
    let mut strowger = house::House::new();
    let mut n = 0;
    c.bench_function("call_setup/queue call from INVITE to BYE", |b| {
        b.iter(|| {
            n += 1;
            house::whole_call(&mut strowger, n);
            // Lingering transactions (RFC 6026) end as they do in life: at 1,000 calls a second.
            strowger.advance(Duration::from_millis(1));
        });
    });
    let left = strowger.shard.status();
    assert_eq!((left.contacts, left.legs), (0, 0), "nothing is left over");
}

criterion_group!(benches, call);
criterion_main!(benches);
