//! What changes, in words.

use super::*;

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    let text = DEMO.replacen(from, to, 1);
    assert_ne!(text, DEMO, "`{from}` is not in the text");
    assert_eq!(crate::difference(&read(DEMO).unwrap(), &read(&text).unwrap()), expected);
}

#[test]
fn changes_are_told_in_words() {
    check("netDays = 45\n", "netDays = 60\n", &["segment `key` gets netDays 60 instead of 45 at `credit.terms`"]);
    check("lateAfterDays = 45\n", "", &["segment `key` no longer gets lateAfterDays 45 at `credit.terms`"]);
    check(
        "callAfterDays = 7\n",
        "callAfterDays = 7\nplanFrom = 500\n",
        &["segment `key` gets planFrom 500 at `collections.next`"],
    );
    check(
        "approvers = [\"ada\"]",
        "approvers = [\"ben\"]",
        &["`ben` may activate it", "`ada` may no longer activate it"],
    );
    check(
        "when = \"customer.margin12m >= 250000\"",
        "when = \"customer.margin12m >= 300000\"",
        &["segment `key`: condition is \"customer.margin12m >= 300000\" instead of \"customer.margin12m >= 250000\""],
    );
    check(
        "target = { at_most = 45 }",
        "target = { at_most = 38 }",
        &["goal `Money comes in`: target is at most 38 instead of at most 45"],
    );
    check(
        "max = 60 }",
        "max = 50 }",
        &["ground rule `GR2`: effect is netDays at most 50 instead of netDays at most 60"],
    );
    check(
        "lever_cap = 1.5",
        "lever_cap = 2",
        &[
            "actions are weighed by \"request.propensity * verdict.context * request.value * verdict.lever\" with a lever of at most 2",
            "no longer: actions are weighed by \"request.propensity * verdict.context * request.value * verdict.lever\" with a lever of at most 1.5",
        ],
    );
    check(
        "amount = 180000",
        "amount = 200000",
        &["pledge for `credit.terms`: benefit is 200000 EUR instead of 180000 EUR"],
    );
    check(
        "share = 0.05\n",
        "share = 0.1\n",
        &[
            "a share of 0.1 of the customers, by the seed \"first year\", is held out from `marketing.contact`",
            "no longer: a share of 0.05 of the customers, by the seed \"first year\", is held out from `marketing.contact`",
        ],
    );
    check("# The strategy of", "# A strategy of", &[]);
}

#[test]
fn agreements_and_segments_come_and_go() {
    let old = read(NORTHWIND).unwrap();
    let longer =
        NORTHWIND.replace("expires = 2099-12-31", "expires = 2100-12-31").replace("netDays = 55", "netDays = 50");
    let changes = crate::difference(&old, &read(&longer).unwrap());
    let whom = "contract of `ERNSH` of `northwind` at `credit.terms`";
    assert_eq!(
        changes,
        [
            format!("{whom} gets netDays 50 instead of 55"),
            format!("{whom} counts until 2100-12-31 instead of 2099-12-31")
        ]
    );
    let mut fewer = old.clone();
    fewer.contracts.clear();
    fewer.segments.retain(|segment| segment.key != "dormant");
    fewer.segments.swap(0, 1);
    fewer.treatments.retain(|treatment| treatment.segment != "dormant");
    let expected = [
        "segment `dormant` is gone".to_owned(),
        "the segments are tried in the order `core`, `key`, `small` instead of `key`, `core`, `small`".to_owned(),
        format!("{whom} is gone"),
    ];
    assert_eq!(crate::difference(&old, &fewer), expected);
    let back = crate::difference(&fewer, &old);
    assert!(
        back.contains(&format!("{whom} is new: discount 0.01, discountDays 14 and netDays 55 until 2099-12-31")),
        "{back:?}"
    );
    assert!(
        back.iter().any(|change| change.starts_with("segment `dormant` is new: condition \"customer.orders12m == 0\"")),
        "{back:?}"
    );
    assert!(back.contains(&"segment `dormant` gets netDays 7 at `credit.terms`".to_owned()), "{back:?}");
}
