//! Contract: which versions of `schema/plugin.wit` there are, and which of them this host speaks.

/// The newest contract, `guildhall:plugin@0.1.0`.
pub const CONTRACT: &str = "0.1";

/// Every contract that was released, the oldest first. One that is no longer spoken stays here, so that a plugin built for it
/// is told why.
const RELEASED: &[(&str, State)] = &[(CONTRACT, State::Spoken)];

/// Whether a contract can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Spoken,
    /// It was withdrawn, for this reason.
    #[cfg_attr(not(test), expect(dead_code, reason = "none was withdrawn so far; tests hold what is told when one is"))]
    Yanked(&'static str),
}

/// Why a plugin's contract cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is built for plugin contract `{contract}`, {problem}")]
pub struct ContractError {
    contract: String,
    problem: String,
}

/// Whether this host speaks a contract, as the manifest names it.
pub(crate) fn check(contract: &str) -> Result<(), ContractError> {
    check_among(RELEASED, contract)
}

fn check_among(released: &[(&str, State)], contract: &str) -> Result<(), ContractError> {
    let state = released.iter().find(|(version, _)| *version == contract).map(|(_, state)| *state);
    let mut spoken = released.iter().filter(|(_, state)| *state == State::Spoken).map(|(version, _)| *version);
    let oldest = spoken.next().unwrap_or(CONTRACT);
    let newest = spoken.next_back().unwrap_or(oldest);
    let problem = match state {
        Some(State::Spoken) => return Ok(()),
        Some(State::Yanked(reason)) => {
            format!("which was withdrawn: {reason}; build it with an SDK of contract `{newest}`")
        }
        None if number(contract) > number(newest) => format!(
            "which is newer than this Guildhall, which speaks `{newest}`; use a newer Guildhall, or build it with an SDK of contract `{newest}`"
        ),
        None if number(contract) < number(oldest) => format!(
            "which is older than this Guildhall speaks, `{oldest}` and newer; build it with an SDK of contract `{newest}`"
        ),
        None => format!("which was never released; build it with an SDK of contract `{newest}`"),
    };
    Err(ContractError { contract: contract.to_owned(), problem })
}

/// `0.10` comes after `0.9`.
fn number(contract: &str) -> Option<(u16, u16)> {
    let (major, minor) = contract.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const LATER: &[(&str, State)] = &[
        ("0.1", State::Yanked("answers of a batch could be mixed up")),
        ("0.2", State::Spoken),
        ("0.4", State::Spoken),
        ("1.0", State::Spoken),
    ];

    #[track_caller]
    fn check(contract: &str, expected: Expect) {
        let told = check_among(LATER, contract).map_or_else(|error| error.to_string(), |()| "spoken".to_owned());
        expected.assert_eq(&told);
    }

    #[test]
    fn released_contracts_are_spoken() {
        for (contract, _) in &LATER[1..] {
            check(contract, expect!["spoken"]);
        }
        assert_eq!(super::check(CONTRACT), Ok(()));
    }

    #[test]
    fn a_newer_contract_is_refused() {
        check(
            "1.1",
            expect![
                "it is built for plugin contract `1.1`, which is newer than this Guildhall, which speaks `1.0`; use a newer Guildhall, or build it with an SDK of contract `1.0`"
            ],
        );
        check(
            "0.10",
            expect![
                "it is built for plugin contract `0.10`, which was never released; build it with an SDK of contract `1.0`"
            ],
        );
        check(
            "2.0",
            expect![
                "it is built for plugin contract `2.0`, which is newer than this Guildhall, which speaks `1.0`; use a newer Guildhall, or build it with an SDK of contract `1.0`"
            ],
        );
    }

    #[test]
    fn an_older_contract_is_refused() {
        check(
            "0.0",
            expect![
                "it is built for plugin contract `0.0`, which is older than this Guildhall speaks, `0.2` and newer; build it with an SDK of contract `1.0`"
            ],
        );
    }

    #[test]
    fn a_yanked_contract_says_why() {
        check(
            "0.1",
            expect![
                "it is built for plugin contract `0.1`, which was withdrawn: answers of a batch could be mixed up; build it with an SDK of contract `1.0`"
            ],
        );
    }

    #[test]
    fn a_contract_between_two_was_never_released() {
        check(
            "0.3",
            expect![
                "it is built for plugin contract `0.3`, which was never released; build it with an SDK of contract `1.0`"
            ],
        );
    }

    /// What a contract was released with must run for as long as it is spoken: each has guests in `tests/data/contracts`.
    #[test]
    fn every_spoken_contract_has_a_stored_guest() {
        let stored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/contracts");
        for (contract, state) in RELEASED.iter().filter(|(_, state)| *state == State::Spoken) {
            let guests = std::fs::read_dir(stored.join(contract)).unwrap();
            let guests = guests.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "wasm"));
            assert!(guests.count() > 0, "{contract} {state:?}");
        }
    }
}
