//! One business act per file. Transactions begin and end here.
