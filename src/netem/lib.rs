//! Room `netem`.
