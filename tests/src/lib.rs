//! End-to-end tests: the real server on real databases with real guests.
