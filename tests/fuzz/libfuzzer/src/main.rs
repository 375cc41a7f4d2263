//! Runs one fuzz target in libFuzzer; `GUILDHALL_FUZZ` names it.

#![no_main]
#![allow(unsafe_code, reason = "libFuzzer is called through C")]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: guildhall_fuzz::sow(), |data: &[u8]| guildhall_fuzz::chosen(data));
