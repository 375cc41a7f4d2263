//! Typed input from an input query, typed output from a decision point, checked at compile time.
