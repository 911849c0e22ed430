//! The one view all screens share: made once a second while somebody looks, encoded once, handed to each.

use crate::limits::{REQUEST_TIME, SHOW_EVERY};
use crate::server::House;
use axum::response::sse::Event;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};

/// A board as JSON. Empty: none yet, or the last one is old because nobody looked.
type Shown = Arc<str>;

#[derive(Clone)]
pub(crate) struct Screens {
    shown: watch::Sender<Shown>,
    somebody_looks: Arc<Notify>,
}

impl Screens {
    pub(crate) fn new() -> Self {
        Screens { shown: watch::Sender::new("".into()), somebody_looks: Arc::new(Notify::new()) }
    }

    /// Makes the view as long as there are screens, and rests while there are none.
    pub(crate) async fn paint(self, house: Arc<dyn House>) {
        let mut beat = tokio::time::interval(SHOW_EVERY);
        // After a rest the next view is due at once and not as often as seconds have passed.
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            while self.shown.receiver_count() == 0 {
                self.shown.send_replace("".into());
                self.somebody_looks.notified().await;
                beat.reset_immediately();
            }
            beat.tick().await;
            let house = Arc::clone(&house);
            let view = tokio::task::spawn_blocking(move || serde_json::to_string(&house.board()).ok());
            // A house that does not answer leaves the screens with what they have; they say how old it is.
            if let Ok(Ok(Some(view))) = tokio::time::timeout(REQUEST_TIME, view).await {
                self.shown.send_replace(view.into());
            }
        }
    }

    /// What one screen is sent; `place` is given back when it goes.
    pub(crate) fn open(
        &self,
        place: OwnedSemaphorePermit,
    ) -> impl Stream<Item = Result<Event, Infallible>> + Send + 'static {
        let (to, views) = mpsc::channel(1);
        tokio::spawn(follow(self.shown.subscribe(), to, place));
        self.somebody_looks.notify_one();
        ReceiverStream::new(views).map(|view: Shown| Ok(Event::default().data(&*view)))
    }
}

/// Hands every view to one screen. One that reads slowly gets the newest when it is ready and misses those between.
async fn follow(mut shown: watch::Receiver<Shown>, to: mpsc::Sender<Shown>, _place: OwnedSemaphorePermit) {
    loop {
        let view = Arc::clone(&shown.borrow_and_update());
        if !view.is_empty() && to.send(view).await.is_err() {
            return;
        }
        tokio::select! {
            changed = shown.changed() => if changed.is_err() { return },
            () = to.closed() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BoardView, Readiness};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::sync::Semaphore;

    #[derive(Default)]
    struct Painted(AtomicUsize);

    impl House for Painted {
        fn readiness(&self) -> Readiness {
            Readiness::Ready
        }
        fn refresh_metrics(&self) {}
        fn board(&self) -> BoardView {
            let calls = self.0.fetch_add(1, Ordering::Relaxed);
            BoardView { calls, ..BoardView::default() }
        }
    }

    fn place() -> OwnedSemaphorePermit {
        Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
    }

    async fn wait(until: impl Fn() -> bool) {
        let waiting = async {
            while !until() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("within twenty seconds");
    }

    #[tokio::test]
    async fn all_screens_share_one_view_and_nobody_looking_costs_nothing() {
        let (house, screens) = (Arc::new(Painted::default()), Screens::new());
        tokio::spawn(screens.clone().paint(Arc::clone(&house) as Arc<dyn House>));
        tokio::time::sleep(SHOW_EVERY + SHOW_EVERY / 2).await;
        assert_eq!(house.0.load(Ordering::Relaxed), 0, "nobody looks");
        let mut open: Vec<_> = (0..50).map(|_| Box::pin(screens.open(place()))).collect();
        for screen in &mut open {
            assert!(matches!(screen.next().await, Some(Ok(_))));
        }
        let views = house.0.load(Ordering::Relaxed);
        assert!((1..=20).contains(&views), "{views} views for fifty screens");
        drop(open);
        wait(|| screens.shown.receiver_count() == 0).await;
        wait(|| screens.shown.borrow().is_empty()).await;
        let views = house.0.load(Ordering::Relaxed);
        tokio::time::sleep(SHOW_EVERY * 2).await;
        assert_eq!(house.0.load(Ordering::Relaxed), views, "nobody looks any more");
    }

    #[tokio::test]
    async fn a_screen_that_does_not_read_holds_up_nobody_and_gets_the_newest_view() {
        let screens = Screens::new();
        let (to, mut views) = mpsc::channel(1);
        tokio::spawn(follow(screens.shown.subscribe(), to, place()));
        for n in 1..=500 {
            screens.shown.send_replace(n.to_string().into());
            tokio::task::yield_now().await;
        }
        let mut read = Vec::new();
        while read.last().is_none_or(|last| last != "500") {
            let view = tokio::time::timeout(Duration::from_secs(20), views.recv()).await.expect("in time");
            read.push(view.expect("a view").to_string());
        }
        assert!(read.len() <= 3, "{read:?}");
    }

    #[tokio::test]
    async fn a_screen_that_goes_gives_its_place_back() {
        let (screens, places) = (Screens::new(), Arc::new(Semaphore::new(1)));
        let open = screens.open(Arc::clone(&places).try_acquire_owned().unwrap());
        assert_eq!(places.available_permits(), 0);
        drop(open);
        wait(|| places.available_permits() == 1).await;
    }
}
