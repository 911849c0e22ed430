//! `strowger phone`: a softphone for tests and demonstrations.
//!
//! Purpose: to be the other end of the wire. It registers, calls, answers, plays, records, sends and hears digits, holds,
//! transfers, and reports what happened as events. It parses and builds SIP with `rsip` and RTP with `rtp-rs`, and shares no
//! code with the rooms `sip`, `sdp` and `rtp`, so that our own protocol code is never tested only against itself.
//!
//! Inputs: [`PhoneConfig`] for one phone, [`PhoneOptions`] for one run of the command. Outputs: [`PhoneEvent`]s, a WAV file,
//! an [`Outcome`]. Any number of phones live in one process; nothing here is global.
//!
//! Inside: `ua` is the sans-IO user agent over `transaction` and `dialog`; `sender` and `receiver` are the sans-IO halves of
//! a stream; `drive`, `media` and `transport` put sockets and the clock around them; `handle` is what a program holds.
//!
//! Deliberately absent: TLS, SRTP, SRV look-up, early offers in PRACK, session timers of its own, being transferred (an
//! incoming REFER is declined), video. What `rsip` cannot parse is listed in `message`.
//!
//! ```text
//! let (phone, mut events) = Phone::start(PhoneConfig::new("sip:127.0.0.1:5060".parse()?, "1001")).await?;
//! phone.register().await?;
//! let call = phone.wait_call().await.expect("open");
//! call.ring().await?;
//! call.answer(None).await?;
//! call.ended().await;
//! phone.close().await;
//! ```

mod args;
mod codec;
mod dialog;
mod digest;
mod drive;
mod event;
mod handle;
mod limits;
mod media;
mod message;
mod options;
mod receiver;
mod rtcp;
mod run;
mod sdp;
mod sender;
mod tones;
mod transaction;
mod transport;
mod ua;
mod wav;

pub(crate) use args::PhoneArgs;
pub(crate) use options::parse_duration;
pub(crate) use run::run;

#[allow(unused_imports, reason = "what a program that drives phones by itself may need; no single one needs all")]
pub(crate) use {
    event::{CallEnd, CallNumber, Cause, HeardTone, MediaReport, PacketCount, PhoneEvent},
    handle::{Call, Phone},
    options::{CallAudio, Codec, DtmfMode, OptionError, PhoneConfig, PhoneOptions, Server, Source, Transport},
    run::Outcome,
    ua::{Progress, Refusal},
};
