use expect_test::expect;
use guildhall_model::Model;
use serde_json::{Map, json};

use super::*;
use crate::decision_points;

const DOCUMENT: &str = r#"
name = "Next"
vision = "Fair."
approvers = ["ada"]
currency = "EUR"
rates = { USD = 0.5 }
financing_rate = 0.1

[[pledges]]
policy = "credit.terms"
benefit = { amount = 5000, currency = "EUR" }
cost = { amount = 1500, currency = "EUR" }
minimum_ratio = 1
metric = "margin"
review = 2030-01-01
"#;

fn verdict(days: i32, discount: &str) -> Verdict {
    let output = json!({ "netDays": days, "discount": discount, "discountDays": 0 });
    Verdict { output: output.as_object().cloned().unwrap_or_else(Map::new), ..Verdict::default() }
}

/// A simulation at `credit.terms`.
struct Given {
    strategy: Strategy,
    points: Vec<DecisionPoint>,
}

impl Given {
    fn new(document: &str) -> Self {
        let points = decision_points().unwrap();
        Given { strategy: Strategy::read(document, &Model::core(), &points).unwrap(), points }
    }

    fn terms(&self) -> &DecisionPoint {
        self.points.iter().find(|point| point.name == "credit.terms").unwrap()
    }

    fn simulation(&self) -> Simulation<'_> {
        let worths = Worths::of(self.terms(), &Model::core()).unwrap();
        Simulation::new(&self.strategy, BTreeMap::from([("credit.terms".to_owned(), worths)]))
    }

    fn add(
        &self,
        simulation: &mut Simulation<'_>,
        (id, currency, revenue): (&str, &str, &str),
        (from, to): (&str, &str),
        (old, new): (&Verdict, &Verdict),
    ) {
        let facts = json!({ "revenue12m": { "amount": revenue } });
        let point = self.terms();
        let answers = [SimulatedAnswer { point, facts: &facts, request: &Json::Null, old, new, recorded: None }];
        simulation.add(&SimulatedCustomer { id, currency, from: Some(from), to: Some(to), answers: &answers });
    }
}

#[test]
fn who_changes_and_what_it_is_worth_is_counted_for_both_sides() {
    let given = Given::new(DOCUMENT);
    let mut simulation = given.simulation();
    let (short, long) = (verdict(0, "0"), verdict(365, "0"));
    // A year's revenue lent for a year, at 10 %: 1,000 gained. In dollars half as much, and lost.
    given.add(&mut simulation, ("cus_1", "EUR", "10000"), ("small", "key"), (&short, &long));
    given.add(&mut simulation, ("cus_2", "USD", "10000"), ("core", "core"), (&long, &short));
    // 2 % of 50,000 given away.
    given.add(&mut simulation, ("cus_3", "EUR", "50000"), ("key", "key"), (&short, &verdict(0, "0.02")));
    given.add(&mut simulation, ("cus_4", "EUR", "1"), ("small", "small"), (&short, &short));
    simulation.note("read on a Monday");
    let report = simulation.finish("0123456789abcdef", 3, true, 2);
    expect![[r#"
        simulation of `Next` (sha256 0123456789ab…) beside strategy 3
        customers: 4 asked, 1 come to another segment, 3 get another answer, 1 see no change
          small -> key                           1 move        1 get another answer
        money, over the revenue of twelve months:
          credit.terms discount: given in a year 0.00 -> 1000.00 EUR (+1000.00); 1 get more, 0 less
          credit.terms netDays: lent at any time 5000.00 -> 10000.00 EUR (+5000.00); 1 get more, 1 less
        in a year: 2 customers gain 2000.00 EUR, 1 lose 500.00 EUR; the enterprise gives +1500.00 EUR
          worst for a customer: cus_2 (core) -500.00 EUR
          dearest for the enterprise: cus_1 (small -> key) +1000.00 EUR
        one-sided: at credit.terms 1 customers of core lose 500.00 EUR a year and none gains: all gain is the enterprise's
        one-sided: at credit.terms 1 customers of key gain 1000.00 EUR a year and none loses: the enterprise gives it all
        one-sided: at credit.terms 1 customers of small -> key gain 1000.00 EUR a year and none loses: the enterprise gives it all
        pledge for credit.terms: 5000.00 EUR for 1500.00 EUR a year; given 500.00 -> 2000.00 EUR: MORE than pledged
        decisions:
          all                                    1 same        3 changed        0 failed
        credit.terms: 0 recorded, 4 asked with today's facts
          all                                    1 same        3 changed        0 failed
          core                                   0 same        1 changed        0 failed
          key                                    0 same        1 changed        0 failed
          small                                  1 same        0 changed        0 failed
          small -> key                           0 same        1 changed        0 failed
          discount - -> more                     1 times
          netDays 0 -> 365                       1 times
          netDays 365 -> 0                       1 times
        for example cus_1 at credit.terms: {"discount":"0","discountDays":0,"netDays":0} -> {"discount":"0","discountDays":0,"netDays":365}
        for example cus_2 at credit.terms: {"discount":"0","discountDays":0,"netDays":365} -> {"discount":"0","discountDays":0,"netDays":0}
        for example cus_3 at credit.terms: {"discount":"0","discountDays":0,"netDays":0} -> {"discount":"0.02","discountDays":0,"netDays":0}
        note: read on a Monday
    "#]]
    .assert_eq(&report.to_string());
}

#[test]
fn without_a_rate_what_is_lent_costs_nothing_and_the_report_says_so() {
    let given = Given::new("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\n");
    let mut simulation = given.simulation();
    given.add(&mut simulation, ("cus_1", "EUR", "365"), ("a", "a"), (&verdict(1, "0"), &verdict(2, "0")));
    let report = simulation.finish("d", 1, false, 0);
    assert!(report.sides.is_empty(), "{report}");
    assert_eq!(report.money[1].after, Decimal::from(2), "{report}");
    let told = report.comparison.notes.join("\n");
    assert!(told.contains("no `financing_rate`") && told.contains("those of 1 customers"), "{told}");
}

#[test]
fn what_is_held_does_not_grow_with_the_customers() {
    let given = Given::new(DOCUMENT);
    let mut simulation = given.simulation();
    let (old, new) = (verdict(10, "0"), verdict(20, "0.01"));
    for number in 0..5_000 {
        let (id, key) = (format!("cus_{number:04}"), format!("s{number}"));
        let currency = format!("X{}", number % 300);
        given.add(&mut simulation, (&id, &currency, "1000"), ("from", &key), (&old, &new));
    }
    let report = simulation.finish("d", 1, true, 0);
    assert_eq!((report.customers.asked, report.customers.moved), (5_000, 5_000));
    assert_eq!(report.moves.iter().map(|one| one.customers).sum::<u64>(), 5_000);
    assert!(report.moves.len() <= MAX_MOVES + 1 && report.sides.len() <= 20 && report.money.len() <= 2_000);
    assert!(report.one_sided.len() <= 2_000);
    assert!(report.sides.iter().all(|sides| sides.gain_most.len() <= 5 && sides.lose_most.is_empty()));
    assert!(report.comparison.notes.iter().any(|note| note.contains("in no sum")), "{:?}", report.comparison.notes);
}
