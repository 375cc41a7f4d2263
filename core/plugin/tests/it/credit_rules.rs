//! Finance's plugin as WebAssembly.

use expect_test::expect;
use guildhall_plugin_host::cases::Case;
use guildhall_plugin_host::{CONTRACT, Call};

use crate::fixture::{AT, host, limits, line, package, root};

const FOLDER: &str = "plugins/credit-rules";

#[test]
fn the_package_describes_itself() {
    let package = package(FOLDER);
    let manifest = package.manifest();
    assert_eq!((manifest.name.as_str(), manifest.department.as_str()), ("credit-rules", "finance"));
    assert_eq!(manifest.contract, CONTRACT);
    let points: Vec<_> = package.queries().map(|(point, _)| point).collect();
    assert_eq!(points, ["credit.check", "credit.terms"]);
    assert!(package.query("credit.terms").unwrap().contains("averageDaysLate"));
    assert_eq!(package.digest().len(), 64);
    assert!(package.size() < 400_000, "{}", package.size());
}

/// The same files as in the plugin's own tests, where they run natively.
#[test]
fn golden_cases_hold_as_wasm() {
    let guest = host(limits()).load(&package(FOLDER)).unwrap();
    let cases = Case::read_all(&root().join(FOLDER).join("cases")).unwrap();
    assert!(cases.len() >= 4);
    for case in cases {
        let fuel = case.check(&guest).unwrap_or_else(|mismatch| panic!("{mismatch}"));
        assert!(fuel < 500_000, "`{}` took {fuel}", case.name);
    }
}

#[test]
fn a_bad_call_fails_alone_and_says_what_is_wrong() {
    let guest = host(limits()).load(&package(FOLDER)).unwrap();
    let good = Case::read_all(&root().join(FOLDER).join("cases")).unwrap().into_iter().next_back().unwrap();
    let good_call = Call { parameters: good.parameters.get().as_bytes(), input: good.input.get().as_bytes() };
    let calls = [
        good_call,
        Call { input: b"{\"subject\":{},\"request\":null}", ..good_call },
        Call { parameters: b"{\"netDays\":\"many\"}", ..good_call },
        good_call,
    ];
    let batch = guest.decide(&good.point, &good.at, &calls);
    let lines: Vec<_> = batch.answers.iter().map(line).collect();
    expect![[r#"
        {"discount":"0.02","discountDays":14,"netDays":45} ["the strategy sets 45 days net"]
        REFUSED_BY_GUEST: the input is not what the input query selects: missing field `averageDaysLate` at line 1 column 13
        REFUSED_BY_GUEST: the parameters do not fit the decision point: invalid type: string "many", expected i32 at line 1 column 17
        {"discount":"0.02","discountDays":14,"netDays":45} ["the strategy sets 45 days net"]"#]].assert_eq(&lines.join("\n"));
    assert_eq!(batch.guest_calls, 1);
}

#[test]
fn neighbours_do_not_matter() {
    let guest = host(limits()).load(&package(FOLDER)).unwrap();
    let input = |late: i32| {
        format!(
            r#"{{"subject":{{"averageDaysLate":{late},"overdueAmount":{{"amount":"0","currency":"EUR"}},"creditAccount":null}},"request":null}}"#
        )
    };
    let inputs: Vec<_> = (0..600).map(input).collect();
    let calls: Vec<_> = inputs.iter().map(|input| Call { parameters: b"{}", input: input.as_bytes() }).collect();
    let together = guest.decide("credit.terms", AT, &calls);
    assert_eq!(together.guest_calls, 3);
    for (call, answer) in calls.iter().zip(&together.answers) {
        let alone = guest.decide("credit.terms", AT, &[*call]);
        assert_eq!(alone.answers[0], *answer);
    }
    let backwards: Vec<_> = calls.iter().rev().copied().collect();
    let backwards = guest.decide("credit.terms", AT, &backwards);
    assert!(backwards.answers.iter().rev().eq(&together.answers));
}

#[test]
fn a_point_that_is_not_served_is_refused() {
    let guest = host(limits()).load(&package(FOLDER)).unwrap();
    let batch = guest.decide("marketing.contact", AT, &[Call { parameters: b"{}", input: b"{}" }]);
    expect!["REFUSED_BY_GUEST: this plugin does not serve `marketing.contact`"].assert_eq(&line(&batch.answers[0]));
}
