use super::packet::Heard;
use super::{Timer, Worker};
use crate::ear::rate_of;
use crate::graph::Voice;
use crate::input::{Output, RecordingId, RecordingOutput};
use crate::limits::RECORD_CHUNK;
use crate::recorder::Recorder;
use crate::stream::Payload;
use audio::SampleRate;
use base::{Instant, Key, Now, TimerId};
use core::time::Duration;
use model::{ContactId, MediaEvent};

/// A group's recording and the timer that empties it.
#[derive(Debug)]
pub(super) struct Recording {
    recorder: Recorder,
    timer: TimerId,
}

impl Worker {
    pub(super) fn record(&mut self, now: Now, group: ContactId, name: Box<str>) {
        let Some(key) = self.group_keys.get(&group).copied() else {
            // Nobody is there to be recorded; whoever waits for the file is told so.
            let recorded = MediaEvent::Recorded { group, name, duration: Duration::ZERO, complete: false, kept: false };
            self.tell(group.home(), recorded);
            return;
        };
        self.finish_recording(now, key);
        self.recordings_begun += 1;
        let recording = RecordingId(u64::from(self.config.worker.0) << 56 | self.recordings_begun);
        let rate = self.recording_rate(key);
        let recorder = Recorder::new(recording, rate, now.mono);
        let timer = self.timers.insert(now.mono + RECORD_CHUNK, Timer::Recording(key));
        let entry = self.groups.get_mut(key).expect("found by its id");
        entry.recording = Some(Box::new(Recording { recorder, timer }));
        let sample_rate = rate.hz();
        self.outputs.push_back(Output::Recording(RecordingOutput::Begin { recording, group, name, sample_rate }));
    }

    pub(super) fn stop_recording(&mut self, now: Now, group: ContactId) {
        if let Some(key) = self.group_keys.get(&group).copied() {
            self.finish_recording(now, key);
        }
    }

    /// Ends what is being recorded in a group, if anything is.
    pub(super) fn finish_recording(&mut self, now: Now, group: Key) {
        let Some(entry) = self.groups.get_mut(group) else { return };
        let Some(recording) = entry.recording.take() else { return };
        self.timers.cancel(recording.timer);
        let id = recording.recorder.id();
        let (last, frames) = recording.recorder.finish(now.mono);
        self.outputs.push_back(Output::Recording(RecordingOutput::Chunk(last)));
        let end = RecordingOutput::End { recording: id, frames, complete: true };
        self.outputs.push_back(Output::Recording(end));
    }

    /// Every piece of a recording that is ready goes to the writer.
    pub(super) fn empty_recorder(&mut self, now: Instant, group: Key) {
        let Some(recording) = self.groups.get_mut(group).and_then(|g| g.recording.as_mut()) else { return };
        if let Some(chunk) = recording.recorder.poll_chunk(now) {
            self.outputs.push_back(Output::Recording(RecordingOutput::Chunk(chunk)));
        }
        recording.timer = self.timers.insert(now + RECORD_CHUNK, Timer::Recording(group));
    }

    /// Keeps what somebody in the conversation says, if it is recorded and he is somebody who is heard.
    pub(super) fn note_for_recording(&mut self, now: Instant, key: Key, heard: Heard<'_>) {
        let Some(leg) = self.legs.get(key).filter(|leg| leg.joined) else { return };
        let Some(recording) = self.groups.get_mut(leg.group).and_then(|g| g.recording.as_mut()) else { return };
        let Some(side) = Voice::of(leg.role).and_then(Voice::side) else { return };
        let Payload::Audio(codec) = heard.payload else { return };
        recording.recorder.handle_packet(now, key, side, codec, &heard.packet, heard.fresh);
    }

    pub(super) fn forget_recorded(&mut self, group: Key, leg: Key) {
        if let Some(recording) = self.groups.get_mut(group).and_then(|g| g.recording.as_mut()) {
            recording.recorder.forget(leg);
        }
    }

    /// Wide when anybody speaks a wide codec.
    fn recording_rate(&self, group: Key) -> SampleRate {
        let legs = self.groups.get(group).map_or(&[][..], |g| &g.legs);
        let streams = legs.iter().filter_map(|leg| self.legs.get(*leg)?.stream.as_ref());
        streams.map(|stream| rate_of(stream.setup.codec)).max().unwrap_or(SampleRate::Hz8000)
    }
}
