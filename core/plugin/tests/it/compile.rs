//! Whatever the process that compiles does, the host goes on and says what happened. That the real one compiles is tested end to
//! end, with the real program.

#![cfg(unix)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use guildhall_plugin_host::compile::Worker;
use guildhall_plugin_host::{Host, HostConfig};

use crate::fixture::{limits, package};

/// Loads a package with a shell script for a worker.
#[track_caller]
fn check(script: &str, expected: Expect) {
    let worker = Worker { wall: Duration::from_secs(2), ..Worker::of(PathBuf::from("/bin/sh"), &["-c", script]) };
    let started = Instant::now();
    let host = Host::new(HostConfig { worker: Some(worker), limits: limits(), ..HostConfig::default() }).unwrap();
    let refused = host.load(&package("tests/guests/hostile")).unwrap_err();
    expected.assert_eq(&refused.to_string());
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn a_worker_that_dies_is_told() {
    check("exit 1", expect!["the process that compiles plugins gave up: exit status: 1; nothing was loaded"]);
    check("exit 101", expect!["the process that compiles plugins died of it: exit status: 101; nothing was loaded"]);
    check(
        "kill -9 $$",
        expect!["the process that compiles plugins died of it: signal: 9 (SIGKILL); nothing was loaded"],
    );
}

#[test]
fn a_worker_that_is_too_slow_is_ended() {
    // It may do nothing, take all time there is, or close its pipes and stay.
    for script in ["exec sleep 100", "kill -XCPU $$", "exec sleep 100 <&- >&- 2>&-"] {
        check(script, expect!["compiling it took longer than 2 s; make it smaller, or divide its largest functions"]);
    }
}

#[test]
fn a_worker_that_gets_no_more_memory_is_told() {
    check(
        "echo 'memory allocation of 8388608 bytes failed' >&2; kill -ABRT $$",
        expect!["compiling it took more than 512 MiB of memory; make it smaller, or divide its largest functions"],
    );
}

#[test]
fn code_has_an_end() {
    check("exec yes", expect!["its compiled code is too large; make it smaller"]);
}

#[test]
fn what_is_wrong_with_the_component_is_told_in_one_bounded_line() {
    check("printf 'at line 1\\n\\033[31mred' >&2; exit 2", expect!["it is not a valid component: at line 1  [31mred"]);
}

#[test]
fn code_that_is_none_is_not_run() {
    check(
        "exec echo nonsense",
        expect![
            "the process that compiles plugins gave code that cannot be run here: failed to parse precompiled artifact as an ELF: Invalid ELF header size or alignment; nothing was loaded"
        ],
    );
}

#[test]
fn a_worker_that_is_not_there_is_told() {
    let worker = Some(Worker::of(PathBuf::from("/nowhere/guildhall"), &[]));
    let host = Host::new(HostConfig { worker, limits: limits(), ..HostConfig::default() }).unwrap();
    let refused = host.load(&package("tests/guests/hostile")).unwrap_err();
    expect!["the process that compiles plugins could not be started: No such file or directory (os error 2); nothing was loaded"]
        .assert_eq(&refused.to_string());
}
