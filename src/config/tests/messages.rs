//! Every class of mistake with the words a person reads.
