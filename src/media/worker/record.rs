use super::Worker;
use base::{Key, Now};
use core::time::Duration;
use model::{ContactId, MediaEvent};

impl Worker {
    pub(super) fn record(&mut self, _now: Now, group: ContactId, name: Box<str>) {
        // Nothing is written yet, and that is said at once.
        let duration = Duration::ZERO;
        self.tell(group.home(), MediaEvent::Recorded { group, name, duration, complete: false });
    }

    pub(super) fn stop_recording(&mut self, now: Now, group: ContactId) {
        if let Some(key) = self.group_keys.get(&group).copied() {
            self.finish_recording(now, key);
        }
    }

    pub(super) fn finish_recording(&mut self, _now: Now, _group: Key) {}
}
