//! The same call gives the same bytes and the same fuel, wherever and in whatever company it is asked.

use std::path::{Path, PathBuf};

use guildhall_plugin_host::cases::Case;
use guildhall_plugin_host::{Answer, Batch, Call, Failure, Guest, Host, HostConfig};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fixture::{AT, host, limits, package, root};

/// What is asked of a plugin at one point and time.
struct Questions {
    point: String,
    at: String,
    calls: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Every plugin of the tree that is written in Rust: the departments' and the tests'.
fn plugins() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for parent in ["plugins", "tests/guests"] {
        let entries = std::fs::read_dir(root().join(parent)).unwrap().map(|entry| entry.unwrap().path());
        let is_ours = |folder: &PathBuf| folder.join("plugin.toml").is_file() && folder.join("Cargo.toml").is_file();
        folders.extend(entries.filter(is_ours));
    }
    folders.sort();
    assert!(folders.len() >= 3, "{folders:?}");
    folders
}

/// The plugin's golden cases, and what no golden case asks: nonsense, and what makes guests of ours misbehave.
fn questions(folder: &Path, guest: &Guest) -> Vec<Questions> {
    let cases = folder.join("cases");
    let cases = if cases.is_dir() { Case::read_all(&cases).unwrap() } else { Vec::new() };
    let points = guest.points().map(str::to_owned);
    points
        .map(|point| {
            let mut calls =
                vec![(b"{}".to_vec(), b"{}".to_vec()), (b"{\"netDays\":\"many\"}".to_vec(), b"nonsense".to_vec())];
            for name in ["Good", "Panic", "Loop", "Torn", "Silent"] {
                calls.push((
                    b"{}".to_vec(),
                    format!("{{\"subject\":{{\"name\":\"{name}\"}},\"request\":null}}").into_bytes(),
                ));
            }
            for behaviour in ["panic", "loop", "count", "flood", "malformed", "refuse", "too_few", "log"] {
                calls.push((format!("{{\"misbehave\":\"{behaviour}\"}}").into_bytes(), b"{\"subject\":{}}".to_vec()));
            }
            let own = cases.iter().filter(|case| case.point == point);
            // Cases count for more than one: they are what plugins are asked in earnest.
            for case in own.clone().chain(own.clone()).chain(own) {
                calls.push((case.parameters.get().as_bytes().to_vec(), case.input.get().as_bytes().to_vec()));
            }
            Questions { point, at: AT.to_owned(), calls }
        })
        .collect()
}

impl Questions {
    fn ask(&self, guest: &Guest, chosen: &[usize]) -> Batch {
        let call = |index: &usize| {
            let (parameters, input) = &self.calls[*index];
            Call { parameters, input }
        };
        guest.decide(&self.point, &self.at, &chosen.iter().map(call).collect::<Vec<_>>())
    }

    fn alone(&self, guest: &Guest) -> Vec<Result<Answer, Failure>> {
        (0..self.calls.len()).map(|index| self.ask(guest, &[index]).answers.remove(0)).collect()
    }
}

#[test]
fn fuel_and_bytes_are_the_same_on_every_host_compiled_or_cached() {
    for folder in plugins() {
        let package = package(folder.strip_prefix(root()).unwrap().to_str().unwrap());
        let cache = tempfile::tempdir().unwrap();
        let cached = || HostConfig { cache: Some(cache.path().to_owned()), limits: limits(), ..HostConfig::default() };
        // Compiled and run from memory, compiled and run from the cache, and found there.
        let configs = [HostConfig { limits: limits(), ..HostConfig::default() }, cached(), cached()];
        let guests = configs.map(|config| Host::new(config).unwrap().load(&package).unwrap());
        for questions in questions(&folder, &guests[0]) {
            let all: Vec<_> = (0..questions.calls.len()).collect();
            let mut asked: Vec<Vec<usize>> = all.iter().map(|index| vec![*index]).collect();
            asked.push(all);
            for chosen in asked {
                let seen = |guest: &Guest| {
                    let batch = questions.ask(guest, &chosen);
                    (batch.answers, batch.fuel, batch.memory_peak, batch.log, batch.guest_calls)
                };
                let first = seen(&guests[0]);
                // Twice of the first: an instance leaves nothing to the next.
                for guest in &guests {
                    assert_eq!(seen(guest), first, "{} at {}, {chosen:?}", guest.name(), questions.point);
                }
            }
        }
    }
}

#[test]
fn an_answer_does_not_depend_on_its_company() {
    for folder in plugins() {
        let guest = host(limits()).load(&package(folder.strip_prefix(root()).unwrap().to_str().unwrap())).unwrap();
        for questions in questions(&folder, &guest) {
            let alone = questions.alone(&guest);
            let chosen = prop::collection::vec(0..questions.calls.len(), 1..14);
            let mut runner = TestRunner::new(Config { cases: 48, failure_persistence: None, ..Config::default() });
            runner
                .run(&chosen, |chosen| {
                    let together = questions.ask(&guest, &chosen);
                    for (index, answer) in chosen.iter().zip(&together.answers) {
                        prop_assert_eq!(answer, &alone[*index], "{} in {:?}", guest.name(), &chosen);
                    }
                    Ok(())
                })
                .unwrap();
        }
    }
}
