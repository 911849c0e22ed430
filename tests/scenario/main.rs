//! Stories of a whole call centre in virtual time: what users of other products complain about must not happen here.
//!
//! A story tells telephones what to do and looks at what everybody sees and hears; each ends with [`sim::World::check`],
//! which fails when anything is left over or any book does not add up. Those named after a complaint assert what
//! closes it: the number is that of the collection of complaints the design started from.

mod caller;
mod devices;
mod floor;
mod races;
mod recording;
mod statistics;
