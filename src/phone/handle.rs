//! [`Phone`] and [`Call`]: what a program holds of a phone whose work is done in a task.

use tokio::sync::{Mutex, mpsc, oneshot, watch};

use super::drive::{Driver, Order};
use super::event::{CallEnd, CallNumber, Cause, MediaReport, PhoneEvent};
use super::limits::{COMMANDS_MAX, EVENTS_MAX, LINES_MAX};
use super::options::{CallAudio, PhoneConfig};
use super::ua::{Progress, Refusal};

/// One softphone. Its task ends when [`close`](Phone::close) is called or when the phone and all its calls are dropped; only
/// `close` says goodbye to calls and server.
pub(crate) struct Phone {
    orders: mpsc::Sender<Order>,
    incoming: Mutex<mpsc::Receiver<Call>>,
    events: mpsc::Sender<PhoneEvent>,
}

impl Phone {
    /// Opens the sockets and starts the task. Events that are not read are dropped, calls are not disturbed.
    pub(crate) async fn start(config: PhoneConfig) -> Result<(Self, mpsc::Receiver<PhoneEvent>), Refusal> {
        let (orders, order_receiver) = mpsc::channel(COMMANDS_MAX);
        let (event_sender, events) = mpsc::channel(EVENTS_MAX);
        let (call_sender, incoming) = mpsc::channel(LINES_MAX);
        let driver = Driver::open(config, orders.downgrade(), event_sender.clone(), call_sender).await?;
        tokio::spawn(driver.run(order_receiver));
        Ok((Self { orders, incoming: Mutex::new(incoming), events: event_sender }, events))
    }

    /// Registers and stays registered.
    pub(crate) async fn register(&self) -> Result<(), Refusal> {
        ask(&self.orders, Order::Register).await?
    }

    /// Calls a URI or a number of our server. `audio` replaces what the configuration says for every call.
    pub(crate) async fn dial(&self, target: &str, audio: Option<CallAudio>) -> Result<Call, Refusal> {
        let target = target.to_owned();
        ask(&self.orders, |reply| Order::Dial { target, audio, reply }).await?
    }

    /// The next call to us; None once the phone is closed.
    pub(crate) async fn wait_call(&self) -> Option<Call> {
        self.incoming.lock().await.recv().await
    }

    /// Adds an event of the owner's own to the phone's.
    pub(super) fn note(&self, event: PhoneEvent) {
        // A reader that does not keep up loses events.
        let _ = self.events.try_send(event);
    }

    /// Ends every call, takes the registration back and waits a moment for the answers.
    pub(crate) async fn close(&self) {
        // A phone that is closed already is closed.
        let _ = ask(&self.orders, Order::Close).await;
    }
}

/// One call, ours or to us. Dropping it does not end the call.
#[derive(Clone)]
pub(crate) struct Call {
    pub(super) number: CallNumber,
    pub(super) orders: mpsc::WeakSender<Order>,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) report: watch::Receiver<Option<MediaReport>>,
}

impl Call {
    pub(crate) fn number(&self) -> CallNumber {
        self.number
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Says that we ring.
    pub(crate) async fn ring(&self) -> Result<(), Refusal> {
        self.order(|call, reply| Order::Ring { call, reply }).await
    }

    pub(crate) async fn answer(&self, audio: Option<CallAudio>) -> Result<(), Refusal> {
        self.order(|call, reply| Order::Answer { call, audio, reply }).await
    }

    pub(crate) async fn reject(&self, status: u16) -> Result<(), Refusal> {
        self.order(|call, reply| Order::Reject { call, status, reply }).await
    }

    /// Ends the call in whatever state it is. [`ended`](Call::ended) tells when it is over.
    pub(crate) async fn hang_up(&self) -> Result<(), Refusal> {
        self.order(|call, reply| Order::HangUp { call, reply }).await
    }

    pub(crate) async fn hold(&self) -> Result<(), Refusal> {
        self.order(|call, reply| Order::Hold { call, hold: true, reply }).await
    }

    pub(crate) async fn resume(&self) -> Result<(), Refusal> {
        self.order(|call, reply| Order::Hold { call, hold: false, reply }).await
    }

    /// Sends digits in the configured way; a comma is a pause. Returns when the last one is out.
    pub(crate) async fn press(&self, digits: &str) -> Result<(), Refusal> {
        let digits = digits.to_owned();
        self.order(|call, reply| Order::Press { call, digits, reply }).await
    }

    /// Blind transfer: returns when the other side has reached the target, or refused to.
    pub(crate) async fn refer(&self, target: &str) -> Result<(), Refusal> {
        let target = target.to_owned();
        self.order(|call, reply| Order::Refer { call, target, replaces: None, reply }).await
    }

    /// Attended transfer: this call's far side takes over `other`'s far side.
    pub(crate) async fn refer_to_call(&self, other: &Call) -> Result<(), Refusal> {
        let replaces = Some(other.number);
        self.order(|call, reply| Order::Refer { call, target: String::new(), replaces, reply }).await
    }

    /// Waits for the answer, ours or theirs.
    pub(crate) async fn answered(&self) -> Result<(), CallEnd> {
        self.reach(|progress| match progress {
            Progress::Answered => Some(Ok(())),
            Progress::Ended(end) => Some(Err(end.clone())),
            Progress::New | Progress::Ringing => None,
        })
        .await
        .unwrap_or_else(|| Err(gone()))
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) -> CallEnd {
        let end = self.reach(|progress| match progress {
            Progress::Ended(end) => Some(end.clone()),
            Progress::New | Progress::Ringing | Progress::Answered => None,
        });
        end.await.unwrap_or_else(gone)
    }

    /// Waits for the end and for what its sound amounted to.
    pub(crate) async fn report(&self) -> MediaReport {
        let mut report = self.report.clone();
        match report.wait_for(Option::is_some).await {
            Ok(report) => report.clone().unwrap_or_default(),
            Err(_) => MediaReport::default(),
        }
    }

    async fn reach<T>(&self, find: impl Fn(&Progress) -> Option<T>) -> Option<T> {
        let mut progress = self.progress.clone();
        let reached = progress.wait_for(|progress| find(progress).is_some()).await.ok()?;
        find(&reached)
    }

    async fn order(&self, order: impl FnOnce(CallNumber, Reply) -> Order) -> Result<(), Refusal> {
        let orders = self.orders.upgrade().ok_or(Refusal::Closed)?;
        ask(&orders, |reply| order(self.number, reply)).await?
    }
}

pub(super) type Reply = oneshot::Sender<Result<(), Refusal>>;

/// The phone's task is gone, and the call with it.
fn gone() -> CallEnd {
    CallEnd { cause: Cause::Local, status: None, reason: Some("the phone is closed".to_owned()) }
}

async fn ask<T>(orders: &mpsc::Sender<Order>, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, Refusal> {
    let (reply, answer) = oneshot::channel();
    orders.send(order(reply)).await.map_err(|_| Refusal::Closed)?;
    answer.await.map_err(|_| Refusal::Closed)
}
