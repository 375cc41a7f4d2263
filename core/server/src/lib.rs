//! The guildhall binary: http, access, command line, configuration.
