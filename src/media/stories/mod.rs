//! Stories of whole conversations in virtual time.

mod attacks;
mod chaos;
mod continuity;
mod conversation;
mod house;
mod keys;
mod playing;
mod recording;
