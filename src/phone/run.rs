//! One run of `strowger phone`: does what the options ask and judges whether it came about.

use std::future::Future;
use std::io::Write;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

use super::event::{CallEnd, Cause, HeardTone, PhoneEvent};
use super::handle::{Call, Phone};
use super::options::PhoneOptions;
use super::ua::{Progress, Refusal};

/// How long the other side may take to confirm the end of a call.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long a script may go on after the end of its call.
const AFTERTHOUGHT: Duration = Duration::from_secs(1);
/// A person hears that the call is up before the first key: time for the stream to stand in both directions.
const BEFORE_DIGITS: Duration = Duration::from_millis(500);
/// A tone counts as heard from this length on.
const TONE_SECONDS_MIN: f64 = 0.5;
/// A tone counts as the expected one within this distance.
const TONE_HZ_AWAY_MAX: f64 = 10.0;

/// A wait that only a signal ends.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    AsAsked,
    NotAsAsked,
    NoAnswer,
}

impl Outcome {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::AsAsked => 0,
            Self::NotAsAsked => 1,
            Self::NoAnswer => 2,
        }
    }

    fn and(self, other: Self) -> Self {
        if self == Self::AsAsked { other } else { self }
    }
}

/// Runs until all is done or the process is told to stop (SIGINT, SIGTERM), reporting on standard output.
pub(crate) async fn run(options: PhoneOptions) -> Outcome {
    let (phone, events) = match Phone::start(options.phone.clone()).await {
        Ok(started) => started,
        Err(refusal) => {
            // Whoever closed standard error does not want to know.
            let _ = writeln!(std::io::stderr(), "strowger phone: {refusal}");
            return Outcome::NotAsAsked;
        }
    };
    let reporter = tokio::spawn(report(events, options.json));
    let stop = Stop::on_signals();
    let outcome = errand(&phone, &options, &stop).await;
    phone.close().await;
    drop(phone);
    let heard = reporter.await.unwrap_or_default();
    outcome.and(heard.judge(&options))
}

async fn errand(phone: &Phone, options: &PhoneOptions, stop: &Stop) -> Outcome {
    if options.register {
        match stop.or(phone.register()).await {
            Some(Ok(())) => {}
            Some(Err(Refusal::NoAnswer)) => return Outcome::NoAnswer,
            Some(Err(_)) | None => return Outcome::NotAsAsked,
        }
    }
    if let Some(target) = &options.dial {
        return make_call(phone, target, options, stop).await;
    }
    if options.answer || options.reject.is_some() {
        return take_calls(phone, options, stop).await;
    }
    stay_registered(phone, options, stop).await;
    Outcome::AsAsked
}

async fn make_call(phone: &Phone, target: &str, options: &PhoneOptions, stop: &Stop) -> Outcome {
    let Ok(call) = phone.dial(target, None).await else { return Outcome::NotAsAsked };
    match stop.or(timeout(options.wait, call.answered())).await {
        Some(Ok(Ok(()))) => talk(phone, &call, options, stop).await,
        Some(Ok(Err(end))) => refused(&end),
        Some(Err(_)) => {
            hang_up(&call).await;
            Outcome::NoAnswer
        }
        None => {
            hang_up(&call).await;
            Outcome::NotAsAsked
        }
    }
}

/// A call that was never answered.
fn refused(end: &CallEnd) -> Outcome {
    match (end.cause, end.status) {
        (Cause::NoAnswer, _) | (_, Some(408 | 480 | 487)) => Outcome::NoAnswer,
        _ => Outcome::NotAsAsked,
    }
}

async fn take_calls(phone: &Phone, options: &PhoneOptions, stop: &Stop) -> Outcome {
    let mut taken = 0;
    while options.calls == 0 || taken < options.calls {
        // A phone that answers without end is stopped, not timed out.
        let limit = if options.calls == 0 { FOREVER } else { options.wait };
        let call = match stop.or(timeout(limit, phone.wait_call())).await {
            Some(Ok(Some(call))) => call,
            Some(Err(_)) => return Outcome::NoAnswer,
            Some(Ok(None)) | None => break,
        };
        if let Some(status) = options.reject {
            // Refused or already gone: either way it was not answered, as asked.
            let _ = call.reject(status).await;
            taken += 1;
            continue;
        }
        match receive(phone, &call, options, stop).await {
            Some(Outcome::AsAsked) => taken += 1,
            Some(outcome) => return outcome,
            None => {}
        }
    }
    // Stopped by a signal: as asked when it had no end to reach, or had some calls.
    if options.calls == 0 || taken > 0 { Outcome::AsAsked } else { Outcome::NoAnswer }
}

/// Rings and answers one call; None when the caller gave up first.
async fn receive(phone: &Phone, call: &Call, options: &PhoneOptions, stop: &Stop) -> Option<Outcome> {
    call.ring().await.ok()?;
    let waited = timeout(options.ring, call.ended());
    if !options.ring.is_zero() && stop.or(waited).await.is_none_or(|ended| ended.is_ok()) {
        hang_up(call).await;
        return None;
    }
    call.answer(None).await.ok()?;
    match stop.or(call.answered()).await {
        Some(Ok(())) => Some(talk(phone, call, options, stop).await),
        Some(Err(_)) => Some(Outcome::NotAsAsked),
        None => {
            hang_up(call).await;
            None
        }
    }
}

/// An answered call: digits, hold, transfer, and the end by the clock, the other side or a signal.
async fn talk(phone: &Phone, call: &Call, options: &PhoneOptions, stop: &Stop) -> Outcome {
    let limit = sleep(options.duration.unwrap_or(FOREVER));
    let script = script(phone, call, options);
    tokio::pin!(limit, script);
    let (mut outcome, mut ended) = (None, false);
    loop {
        tokio::select! {
            result = &mut script, if outcome.is_none() => {
                outcome = Some(match result {
                    Ok(()) => Outcome::AsAsked,
                    Err(Failure { what, refusal }) => {
                        phone.note(PhoneEvent::Failed { call: call.number(), what, reason: refusal.to_string() });
                        Outcome::NotAsAsked
                    }
                });
                if ended || options.refer.is_some() || options.consult.is_some() {
                    break;
                }
            }
            () = &mut limit => break,
            _ = call.ended(), if !ended => {
                ended = true;
                if outcome.is_some() {
                    break;
                }
                // A transfer that came about ends the call a moment before its last step is done.
                limit.set(sleep(AFTERTHOUGHT));
            }
            () = stop.asked() => break,
        }
    }
    hang_up(call).await;
    // What was asked for and is still under way has not been done.
    outcome.unwrap_or(Outcome::NotAsAsked)
}

/// What is to happen in the call, in order. Ready at once when nothing is.
async fn script(phone: &Phone, call: &Call, options: &PhoneOptions) -> Result<(), Failure> {
    if !options.digits.is_empty() {
        sleep(BEFORE_DIGITS).await;
        call.press(&options.digits).await.map_err(at("digits"))?;
    }
    if let Some(length) = options.hold {
        sleep(length).await;
        call.hold().await.map_err(at("hold"))?;
        sleep(length).await;
        call.resume().await.map_err(at("resume"))?;
    }
    if let Some(target) = &options.refer {
        sleep(options.refer_after).await;
        call.refer(target).await.map_err(at("transfer"))?;
    }
    if let Some(target) = &options.consult {
        call.hold().await.map_err(at("hold"))?;
        let consultation = phone.dial(target, None).await.map_err(at("consultation"))?;
        let answered = consultation.answered().await;
        answered.map_err(|end| at("consultation")(Refusal::Status(end.status.unwrap_or(408))))?;
        sleep(options.refer_after).await;
        call.refer_to_call(&consultation).await.map_err(at("transfer"))?;
        hang_up(&consultation).await;
    }
    Ok(())
}

/// A step of the script that failed, and why.
struct Failure {
    what: &'static str,
    refusal: Refusal,
}

fn at(what: &'static str) -> impl FnOnce(Refusal) -> Failure {
    move |refusal| Failure { what, refusal }
}

async fn hang_up(call: &Call) {
    if !matches!(call.progress(), Progress::Ended(_)) {
        // A call that ends by itself at this moment is what we wanted.
        let _ = call.hang_up().await;
    }
    let _ = timeout(GOODBYE, call.report()).await;
}

/// Rings for every call and answers none.
async fn stay_registered(phone: &Phone, options: &PhoneOptions, stop: &Stop) {
    let ringing = async {
        while let Some(call) = phone.wait_call().await {
            // A caller who is gone already hears no ringing.
            let _ = call.ring().await;
        }
    };
    let limit = options.duration.unwrap_or(FOREVER);
    // Whether it was the clock or a signal, it is over.
    let _ = stop.or(timeout(limit, ringing)).await;
}

/// The wish of the operating system that we end.
struct Stop(watch::Receiver<bool>);

impl Stop {
    fn on_signals() -> Self {
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            use tokio::signal::unix::{SignalKind, signal};
            if let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                sender.send_replace(true);
            }
            sender.closed().await;
        });
        Self(receiver)
    }

    async fn asked(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// None when the stop came first.
    async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            () = self.asked() => None,
        }
    }
}

/// What all calls of a run heard.
#[derive(Default)]
struct AllHeard {
    digits: String,
    tones: Vec<HeardTone>,
}

impl AllHeard {
    fn judge(&self, options: &PhoneOptions) -> Outcome {
        let tone = options.expect_tone.is_none_or(|hz| {
            self.tones.iter().any(|tone| (tone.hz - hz).abs() <= TONE_HZ_AWAY_MAX && tone.seconds >= TONE_SECONDS_MIN)
        });
        let digits = options.expect_digits.as_ref().is_none_or(|expected| *expected == self.digits);
        if tone && digits { Outcome::AsAsked } else { Outcome::NotAsAsked }
    }
}

/// Prints events as they come, until the phone and its media are gone.
async fn report(mut events: mpsc::Receiver<PhoneEvent>, json: bool) -> AllHeard {
    #[derive(Serialize)]
    struct Line<'a> {
        /// Seconds since the phone started.
        t: f64,
        #[serde(flatten)]
        event: &'a PhoneEvent,
    }
    let start = Instant::now();
    let mut all = AllHeard::default();
    while let Some(event) = events.recv().await {
        match &event {
            PhoneEvent::Digit { digit, .. } => all.digits.push(*digit),
            PhoneEvent::Summary { media, .. } => all.tones.extend(media.tones.iter().cloned()),
            _ => {}
        }
        let t = (start.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0;
        let line = if json {
            serde_json::to_string(&Line { t, event: &event }).expect("events hold nothing that JSON cannot say")
        } else {
            match readable(&event) {
                Some(text) => format!("{t:8.3} {text}"),
                None => continue,
            }
        };
        say(&line);
    }
    all
}

fn say(line: &str) {
    // Whoever closed the pipe does not want to read on; the calls go on.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// One line for a person; None for what would only scroll by.
fn readable(event: &PhoneEvent) -> Option<String> {
    let text = match event {
        PhoneEvent::Listening { address } => format!("listening on {address}"),
        PhoneEvent::Registered { expires } => format!("registered for {expires} s"),
        PhoneEvent::Unregistered => "unregistered".to_owned(),
        PhoneEvent::RegistrationFailed { status: Some(status), .. } => format!("registration refused with {status}"),
        PhoneEvent::RegistrationFailed { reason, .. } => format!("registration failed: {reason}"),
        PhoneEvent::Incoming { call, from, .. } => format!("call {} from {from}", call.0),
        PhoneEvent::Dialing { call, to } => format!("call {} to {to}", call.0),
        PhoneEvent::Ringing { call, status } => format!("call {} ringing ({status})", call.0),
        PhoneEvent::EarlyMedia { call } => format!("call {} sounds before its answer", call.0),
        PhoneEvent::Answered { call, codec, .. } => format!("call {} answered, {codec:?}", call.0),
        PhoneEvent::Held { call } => format!("call {} put on hold by the other side", call.0),
        PhoneEvent::Resumed { call } => format!("call {} resumed by the other side", call.0),
        PhoneEvent::Digit { call, digit, by } => format!("call {} received {digit} ({by:?})", call.0),
        PhoneEvent::DigitsSent { call, digits } => format!("call {} sent {digits}", call.0),
        PhoneEvent::Heard { .. } => return None,
        PhoneEvent::Transfer { call, status } => format!("call {} transfer: {status}", call.0),
        PhoneEvent::Failed { call, what, reason } => format!("call {} {what} failed: {reason}", call.0),
        PhoneEvent::Ended { call, end } => format!("call {} ended: {:?}{}", call.0, end.cause, status_text(end)),
        PhoneEvent::Summary { call, media } => {
            let packets = media.packets;
            let tones: Vec<_> =
                media.tones.iter().map(|tone| format!("{:.0} Hz for {:.1} s", tone.hz, tone.seconds)).collect();
            format!(
                "call {} packets sent {} received {} lost {}; heard {:.1} s{}{}",
                call.0,
                packets.sent,
                packets.received,
                packets.lost,
                media.seconds_heard,
                if tones.is_empty() { "" } else { ": " },
                tones.join(", ")
            )
        }
    };
    Some(text)
}

fn status_text(end: &CallEnd) -> String {
    let status = end.status.map(|status| format!(" ({status})")).unwrap_or_default();
    let reason = end.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
    status + &reason
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_nobody_took_are_told_from_refused_ones() {
        let end = |cause, status| CallEnd { cause, status, reason: None };
        assert_eq!(refused(&end(Cause::NoAnswer, None)), Outcome::NoAnswer);
        assert_eq!(refused(&end(Cause::Refused, Some(480))), Outcome::NoAnswer);
        assert_eq!(refused(&end(Cause::Refused, Some(486))), Outcome::NotAsAsked);
        assert_eq!(refused(&end(Cause::Refused, Some(403))), Outcome::NotAsAsked);
    }

    #[test]
    fn the_first_failure_is_the_outcome() {
        assert_eq!(Outcome::AsAsked.and(Outcome::NotAsAsked), Outcome::NotAsAsked);
        assert_eq!(Outcome::NoAnswer.and(Outcome::NotAsAsked), Outcome::NoAnswer);
        assert_eq!([Outcome::AsAsked, Outcome::NotAsAsked, Outcome::NoAnswer].map(Outcome::exit_code), [0, 1, 2]);
    }
}
