//! Room `call`.
