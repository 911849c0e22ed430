//! Room `acd`.
