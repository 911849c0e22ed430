use crate::limits::{BODY_BYTES_MAX, CONNECTIONS_MAX, REQUEST_TIME, TIDY_EVERY};
use crate::metrics::Metrics;
use crate::screens::Screens;
use crate::wallboard::{BoardView, PAGE};
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The running house, as far as these pages need it. Calls may take some milliseconds; they are made off the runtime.
pub trait House: Send + Sync + 'static {
    fn readiness(&self) -> Readiness;
    /// Brings gauges and totals up to date before they are read.
    fn refresh_metrics(&self);
    fn board(&self) -> BoardView;
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    Ready,
    /// Send new calls elsewhere, for this reason.
    NotReady(String),
}

/// A listener that is bound and does not accept yet.
pub struct Bound {
    listener: std::net::TcpListener,
    pub local: SocketAddr,
}

pub fn bind(address: SocketAddr) -> io::Result<Bound> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let local = listener.local_addr()?;
    Ok(Bound { listener, local })
}

#[derive(Clone)]
struct Desk {
    house: Arc<dyn House>,
    metrics: Option<Metrics>,
    places: Arc<Semaphore>,
    screens: Screens,
}

/// Serves until the runtime ends.
pub async fn serve(bound: Bound, house: Arc<dyn House>, metrics: Option<Metrics>) {
    if let Some(metrics) = metrics.clone() {
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TIDY_EVERY).await;
                metrics.tidy();
            }
        });
    }
    let screens = Screens::new();
    tokio::spawn(screens.clone().paint(Arc::clone(&house)));
    let desk = Desk { house, metrics, places: Arc::new(Semaphore::new(CONNECTIONS_MAX)), screens };
    let routes = Router::new()
        .route("/", get(|| async { Redirect::temporary("/wallboard") }))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(scrape))
        .route("/wallboard", get(page))
        .route("/wallboard.json", get(board))
        .route("/wallboard/events", get(events))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(axum::middleware::map_response(harden))
        .with_state(desk);
    let listener = match TcpListener::from_std(bound.listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the HTTP listener cannot be used"),
    };
    if let Err(error) = axum::serve(listener, routes).await {
        tracing::error!(%error, "HTTP ended");
    }
}

async fn readyz(State(desk): State<Desk>) -> Response {
    let house = Arc::clone(&desk.house);
    match off_runtime(move || house.readiness()).await {
        Some(Readiness::Ready) => (StatusCode::OK, "ready\n").into_response(),
        Some(Readiness::NotReady(reason)) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the house does not answer\n").into_response(),
    }
}

async fn scrape(State(desk): State<Desk>) -> Response {
    let Some(metrics) = desk.metrics else {
        return (StatusCode::NOT_FOUND, "another recorder has the metrics of this process\n").into_response();
    };
    let house = Arc::clone(&desk.house);
    match off_runtime(move || {
        house.refresh_metrics();
        metrics.render()
    })
    .await
    {
        Some(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn page() -> Html<&'static str> {
    Html(PAGE)
}

async fn board(State(desk): State<Desk>) -> Response {
    let house = Arc::clone(&desk.house);
    match off_runtime(move || house.board()).await {
        Some(view) => axum::Json(view).into_response(),
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// Pushes the board every second; the place is given back when the browser goes.
async fn events(State(desk): State<Desk>) -> Response {
    let Ok(place) = Arc::clone(&desk.places).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "10")], "too many screens\n").into_response();
    };
    Sse::new(desk.screens.open(place)).keep_alive(KeepAlive::default()).into_response()
}

async fn off_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::time::timeout(REQUEST_TIME, tokio::task::spawn_blocking(work)).await.ok()?.ok()
}

/// Nothing from elsewhere, in nobody's frame, kept by no cache.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
