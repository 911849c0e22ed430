//! Question: what a whole queue call (set-up, bridge, hang-up) costs the signalling shard in CPU, in virtual time and with
//! sockets left out. About 60 µs on a busy machine; the goal of 0.12 ms in the lab's W1 is for everything together.

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
