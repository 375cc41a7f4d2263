//! What plugin authors use to write a department's policy.
