use super::*;
use crate::Scope;
use guildhall_model::Model;
use proptest::prelude::*;

fn region(text: &str) -> Region {
    let model = Model::core();
    Region::of(&Condition::compile(text, &Scope::subject(&model, "Customer")).unwrap()).unwrap()
}

#[track_caller]
fn check(text: &str, earlier: &[&str], empty: bool) {
    let left = earlier.iter().fold(region(text), |left, earlier| left.without(&region(earlier)).unwrap());
    assert_eq!(left.is_empty(), empty, "{text} after {earlier:?}: {left:?}");
}

#[test]
fn what_no_record_fulfils_is_empty() {
    check("customer.margin12m > 10 && customer.margin12m < 10", &[], true);
    check("customer.margin12m > 10 && customer.margin12m <= 10.01", &[], false);
    check("customer.orders12m > 4 && customer.orders12m < 5", &[], true);
    check("customer.margin12m > 4 && customer.margin12m < 5", &[], false);
    check("has(customer.industry) && !has(customer.industry)", &[], true);
    check("customer.industry == 'A' && customer.industry in ['B', 'C']", &[], true);
    check("customer.status == 'ACTIVE' && customer.status != 'ACTIVE'", &[], true);
    check("customer.status != 'ACTIVE' && customer.status != 'PROSPECT' && customer.status != 'CLOSED'", &[], true);
    check("customer.industry != 'A' && customer.industry != 'B'", &[], false);
    check("customer.creditAccount.onHold && !customer.creditAccount.onHold", &[], true);
    check("!has(customer.margin12m) && customer.margin12m > 1", &[], true);
    check("customer.lastOrderOn > date('2026-01-01') && customer.lastOrderOn < date('2026-01-02')", &[], true);
    check("false", &[], true);
}

#[test]
fn what_earlier_ones_take_is_empty() {
    let (key, core) = ("customer.margin12m >= 250000", "customer.margin12m >= 20000");
    check("customer.margin12m >= 300000", &[key], true);
    check(core, &[key], false);
    check("customer.margin12m >= 100 && customer.margin12m < 300000", &[key, core], false);
    check("customer.margin12m > 30000", &[key, core], true);
    check("customer.margin12m < 5 || customer.margin12m >= 250000", &["customer.margin12m < 10", key], true);
    // Who has no margin fulfils neither, and its opposite only if that asks.
    check("!has(customer.margin12m)", &[key, "customer.margin12m < 250000"], false);
    check("true", &[key, "customer.margin12m < 250000"], false);
    check("true", &[key, "customer.margin12m < 250000", "!has(customer.margin12m)"], true);
    check("customer.margin12m > 1 && customer.industry == 'A'", &["customer.industry == 'A'"], true);
    // Two fields: the same comparison is the same, another one is not known.
    let two = "customer.revenue12m < customer.creditAccount.limit";
    check(two, &[two], true);
    check(two, &["customer.revenue12m <= customer.creditAccount.limit"], false);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What is said to be empty holds for no record.
    #[test]
    fn a_record_is_never_left_out(
        texts in prop::collection::vec(crate::condition::tests::condition_text(), 1..4),
        facts in prop::collection::vec(crate::condition::tests::facts(), 20),
    ) {
        let model = Model::core();
        let scope = Scope::subject(&model, "Customer");
        let all: Result<Vec<_>, _> = texts.iter().map(|text| Condition::compile(text, &scope)).collect();
        let Ok(all) = all else { return Ok(()) };
        let (first, rest) = all.split_first().unwrap();
        let left = rest.iter().try_fold(Region::of(first), |left, next| Some(Some(left?.without(&Region::of(next)?)?)));
        let Some(Some(left)) = left else { return Ok(()) };
        for facts in &facts {
            let holds = |condition: &Condition| condition.evaluate(&crate::Bindings::subject(facts)) == Some(true);
            if holds(first) && !rest.iter().any(holds) {
                prop_assert!(!left.is_empty(), "{} over {}", texts.join(" / "), facts);
            }
        }
    }
}
