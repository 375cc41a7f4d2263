//! S3, S4, S6, S7 and S8 of the acceptance scenarios, as far as they are matters of combining and bounds.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::*;
use crate::Strategy;

mod properties;

/// Asks about a set; every member is the customer of one segment with these facts.
pub(super) fn ask(
    strategy: &Strategy,
    name: &str,
    request: Json,
    segments: &[(&str, &str)],
    facts: &Json,
    proposals: Vec<Proposal>,
) -> Result<SetVerdict, SetError> {
    let point = point(name);
    let request = point.read_request(&request).unwrap();
    let subject = |segment| Subject { id: "cus_1", source: None, external_id: None, segment: Some(segment), facts };
    let members: Vec<_> = segments.iter().map(|(key, segment)| Member { key, subject: subject(*segment) }).collect();
    let at = "2026-11-22T12:00:00Z".parse().unwrap();
    let question = SetQuestion { strategy, point: &point, members: &members, request: &request, at };
    decide_set(&question, &resolve_set(&question), proposals)
}

/// A field of every member, in the order of the verdict.
fn column(verdict: &SetVerdict, field: &str) -> Vec<(String, Json)> {
    verdict.members.iter().map(|member| (member.key.clone(), member.output[field].clone())).collect()
}

#[track_caller]
fn check(verdict: &SetVerdict, field: &str, expected: &[(&str, Json)]) {
    let expected: Vec<_> = expected.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    assert_eq!(column(verdict, field), expected, "{:?}", verdict.explanation);
}

/// Key, segment, ordered, confirmed so far, what is proposed, and who loses last.
type Claim<'a> = (&'a str, &'a str, i64, i64, i64, i32);

fn allocate(strategy: &Strategy, supply: i64, claims: &[Claim<'_>]) -> SetVerdict {
    let asked = claims.iter().map(|(line, segment, requested, confirmed, ..)| {
        json!({"line": line, "segment": segment, "requested": requested.to_string(), "confirmed": confirmed.to_string(),
               "hoursToShipment": "72"})
    });
    let request = json!({"supply": supply.to_string(), "claims": asked.collect::<Vec<_>>()});
    let shares = claims.iter().map(
        |(line, .., proposed, standing)| json!({"line": line, "confirmed": proposed.to_string(), "standing": standing}),
    );
    let output = json!({"shares": shares.collect::<Vec<_>>()});
    let segments: Vec<_> = claims.iter().map(|(line, segment, ..)| (*line, *segment)).collect();
    let proposals = vec![proposal("fulfillment-priority", "fulfillment", output, &[])];
    ask(strategy, "fulfillment.allocate", request, &segments, &Json::Null, proposals).unwrap()
}

#[test]
fn s3_scarce_stock_is_shared_out_and_the_small_keep_their_share() {
    let strategy = demo();
    // Everybody wants what he has, and the new order of a key account all of it.
    let claims = [
        ("1-key", "key", 400, 400, 400, 3),
        ("2-core", "core", 300, 300, 300, 2),
        ("3-new", "key", 250, 0, 250, 1),
        ("4-small", "small", 120, 120, 120, 0),
        ("5-small", "small", 100, 100, 100, 0),
        ("6-small", "small", 80, 80, 80, 0),
    ];
    let verdict = allocate(&strategy, 1_000, &claims);
    let text = |number: i32| json!(number.to_string());
    let got = [("1-key", 400), ("2-core", 300), ("3-new", 200), ("4-small", 40), ("5-small", 33), ("6-small", 27)];
    check(&verdict, "confirmed", &got.map(|(key, number)| (key, text(number))));
    let back = [("1-key", 0), ("2-core", 0), ("3-new", 50), ("4-small", 80), ("5-small", 67), ("6-small", 53)];
    check(&verdict, "backordered", &back.map(|(key, number)| (key, text(number))));
    let new = &verdict.members[2];
    assert_eq!(new.output["exception"], json!(true));
    let said = "`3-new` gets 200 of the 250 that were proposed: there is not enough for all.";
    assert!(verdict.explanation.contains(&said.to_owned()), "{:?}", verdict.explanation);
    let rules: Vec<_> =
        verdict.members[3].bounds.iter().map(|bound| (bound.rule.as_str(), &bound.before, &bound.after)).collect();
    assert_eq!(rules, [("GR4", &json!("20"), &json!("40"))]);
    // The same where the plugin leaves the small nothing at all.
    let nothing = claims.map(|(line, segment, ordered, had, proposed, standing)| match segment {
        "small" => (line, segment, ordered, had, 0, standing),
        _ => (line, segment, ordered, had, proposed, standing),
    });
    check(&allocate(&strategy, 1_000, &nothing), "confirmed", &got.map(|(key, number)| (key, text(number))));
}

#[test]
fn what_is_frozen_stays() {
    let strategy = demo();
    let claim = |line: &str, hours: Json, confirmed: &str| json!({"line": line, "segment": "core", "requested": "100", "confirmed": confirmed, "hoursToShipment": hours});
    let request = |supply: &str| json!({"supply": supply, "claims": [claim("a", json!("5"), "60"), claim("b", json!("80"), "60"), claim("c", json!(null), "10")]});
    let share = |line: &str| json!({"line": line, "confirmed": "0", "standing": 0});
    let output = json!({"shares": [share("a"), share("b"), share("c")]});
    let proposals = vec![proposal("f", "fulfillment", output, &[])];
    let segments = [("a", "core"), ("b", "core"), ("c", "core")];
    let verdict =
        ask(&strategy, "fulfillment.allocate", request("100"), &segments, &Json::Null, proposals.clone()).unwrap();
    // Whether `c` is frozen is not known, so it is.
    check(&verdict, "confirmed", &[("a", json!("60")), ("b", json!("0")), ("c", json!("10"))]);
    assert!(verdict.members[2].bounds[0].undecided);
    // More is frozen than there is: the rule holds, and the overflow is told.
    let verdict = ask(&strategy, "fulfillment.allocate", request("50"), &segments, &Json::Null, proposals).unwrap();
    check(&verdict, "confirmed", &[("a", json!("60")), ("b", json!("0")), ("c", json!("10"))]);
    assert_eq!(verdict.failures[0].message, "ground rules keep 20 more than the 50 there are");
}

#[test]
fn s4_the_queue_goes_by_colour_and_then_by_value() {
    let orders =
        [("O1", "key", "48", "12"), ("O2", "small", "8", "1"), ("O3", "core", "24", "10"), ("O4", "key", "48", "38.4")];
    let asked =
        orders.map(|(order, _, buffer, left)| json!({"order": order, "bufferHours": buffer, "remainingHours": left}));
    // What fulfillment's plugin answers, from what it is asked and the parameters of each segment.
    let places = orders.map(|(order, segment, buffer, left)| {
        let (buffer, left): (Decimal, Decimal) = (buffer.parse().unwrap(), left.parse().unwrap());
        let used = (Decimal::ONE - left / buffer).round_dp(4);
        let colour = match used {
            used if used >= "0.67".parse().unwrap() => "RED",
            used if used >= "0.33".parse().unwrap() => "YELLOW",
            _ => "GREEN",
        };
        let value = match segment {
            "key" => "3",
            "core" => "2",
            _ => "1",
        };
        json!({"order": order, "colour": colour, "penetration": used.to_string(), "value": value})
    });
    let segments = orders.map(|(order, segment, ..)| (order, segment));
    let one = proposal("fulfillment-priority", "fulfillment", json!({"queue": places}), &[]);
    let request = json!({"orders": asked});
    let strategy = demo();
    let verdict =
        ask(&strategy, "fulfillment.priority", request.clone(), &segments, &Json::Null, vec![one.clone()]).unwrap();
    let (first, second, third, fourth) = (("O1", json!(1)), ("O2", json!(2)), ("O3", json!(3)), ("O4", json!(4)));
    check(&verdict, "place", &[first, second, third, fourth]);
    check(
        &verdict,
        "penetration",
        &[("O1", json!("0.75")), ("O2", json!("0.875")), ("O3", json!("0.5833")), ("O4", json!("0.2"))],
    );
    // Another department knows of a broken truck: O4 turns red, and its customer is worth more than O2's.
    let other = ["O1", "O2", "O3", "O4"].map(|order| {
        let colour = if order == "O4" { "RED" } else { "GREEN" };
        json!({"order": order, "colour": colour, "penetration": "0", "value": "0"})
    });
    let both = vec![one, proposal("transport", "logistics", json!({"queue": other}), &[])];
    let verdict = ask(&strategy, "fulfillment.priority", request, &segments, &Json::Null, both).unwrap();
    let keys: Vec<_> = verdict.members.iter().map(|member| member.key.as_str()).collect();
    assert_eq!(keys, ["O1", "O4", "O2", "O3"]);
}

fn arbitrate(dunning: i32, context: &str, lever: &str, currency: &str) -> Result<SetVerdict, SetError> {
    let strategy = demo();
    let request = json!({"candidates": [
        {"action": "plan", "kind": "PAYMENT_PLAN", "propensity": "0.35", "value": "240", "currency": "EUR"},
        {"action": "promotion", "kind": "PROMOTION", "propensity": "0.12", "value": "900", "currency": currency},
    ]});
    let marketing = json!({"actions": [{"action": "plan", "context": "1", "lever": "1", "allowed": true},
                                       {"action": "promotion", "context": "1", "lever": lever, "allowed": true}]});
    let finance = json!({"actions": [{"action": "plan", "context": context, "lever": "1", "allowed": true},
                                     {"action": "promotion", "context": "1", "lever": "1", "allowed": true}]});
    let facts = json!({"creditAccount": {"id": "crd_1", "dunningLevel": dunning}});
    let proposals = vec![
        proposal("marketing-campaigns", "marketing", marketing, &[]),
        proposal("credit-rules", "finance", finance, &[]),
    ];
    ask(&strategy, "nba.arbitrate", request, &[("plan", "core"), ("promotion", "core")], &facts, proposals)
}

#[test]
fn s6_the_better_action_wins_and_a_ground_rule_suppresses() {
    #[track_caller]
    fn check_scores(verdict: &SetVerdict, expected: &[(&str, &str, bool)]) {
        let got: Vec<_> = verdict
            .members
            .iter()
            .map(|member| {
                (member.key.as_str(), member.output["score"].as_str().unwrap(), member.output["chosen"] == json!(true))
            })
            .collect();
        assert_eq!(got, expected, "{:?}", verdict.explanation);
    }
    check_scores(&arbitrate(2, "1.5", "1", "EUR").unwrap(), &[("plan", "126", true), ("promotion", "108", false)]);
    check_scores(&arbitrate(1, "1.5", "1", "EUR").unwrap(), &[("plan", "126", true), ("promotion", "108", false)]);
    check_scores(&arbitrate(1, "1", "1", "EUR").unwrap(), &[("promotion", "108", true), ("plan", "84", false)]);
    // Suppressed although it would have won.
    check_scores(&arbitrate(2, "1", "1", "EUR").unwrap(), &[("promotion", "108", false), ("plan", "84", true)]);
    // A lever of 3 counts 1.5.
    check_scores(&arbitrate(1, "1.5", "3", "EUR").unwrap(), &[("promotion", "162", true), ("plan", "126", false)]);
}

#[test]
fn money_in_two_currencies_needs_a_rate() {
    let refused = arbitrate(1, "1", "1", "USD").unwrap_err().to_string();
    assert_eq!(
        refused,
        "the members of `nba.arbitrate` cannot be compared: `USD` has no rate to `EUR`; say in `rates` how much one USD is in EUR"
    );
}

fn contact(used: i32, order: [usize; 3]) -> SetVerdict {
    let strategy = demo();
    let wishes = [("A", "PROMOTION", "50"), ("B", "PROMOTION", "70"), ("invoice", "INVOICE", "0")];
    let wishes = order.map(|place| wishes[place]);
    let asked = wishes.map(|(wish, kind, value)| json!({"wish": wish, "kind": kind, "value": value, "consent": true}));
    let contacts = wishes
        .map(|(wish, kind, value)| json!({"wish": wish, "score": value, "allowed": true, "exempt": kind == "INVOICE"}));
    let request = json!({"used": used, "wishes": asked});
    let segments = wishes.map(|(wish, ..)| (wish, "core"));
    let proposals = vec![proposal("marketing-campaigns", "marketing", json!({"contacts": contacts}), &[])];
    ask(&strategy, "marketing.contact", request, &segments, &Json::Null, proposals).unwrap()
}

#[test]
fn s7_contact_slots_go_to_the_best_wish_whichever_asked_first() {
    let day = |day: i64| chrono::NaiveDate::from_ymd_opt(2026, 11, 22).unwrap() + chrono::TimeDelta::days(day);
    let contacts = [(day(-29), "PROMOTION"), (day(-12), "PROMOTION"), (day(-3), "PROMOTION"), (day(-2), "INVOICE")];
    // The policy of all departments: three promotional contacts in 30 days.
    let mut policy = demo().contact_policy.unwrap();
    policy.caps[0].at_most = 3;
    assert_eq!(policy.remaining("PROMOTION", &contacts, day(0)), Some(0));
    assert_eq!(policy.remaining("PROMOTION", &contacts, day(1)), Some(1));
    assert_eq!(policy.remaining("INVOICE", &contacts, day(0)), None);
    let time = |hour| chrono::NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    assert_eq!([7, 8, 19, 20].map(|hour| policy.is_quiet(time(hour))), [true, false, false, true]);
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [1, 0, 2]] {
        let sent = |used| -> BTreeMap<String, bool> {
            column(&contact(used, order), "send").into_iter().map(|(wish, send)| (wish, send == json!(true))).collect()
        };
        let expected = |a, b| BTreeMap::from([("A".to_owned(), a), ("B".to_owned(), b), ("invoice".to_owned(), true)]);
        assert_eq!(sent(3), expected(false, false));
        assert_eq!(sent(2), expected(false, true));
        assert_eq!(sent(1), expected(true, true));
    }
}

#[test]
fn s8_the_best_discount_counts_as_far_as_the_margin_allows() {
    let (strategy, point) = (demo(), point("price.discount"));
    let request = point.read_request(&json!({"list": "20.00", "cost": "16.20"})).unwrap();
    let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("core"), facts: &Json::Null };
    let question =
        Question { strategy: &strategy, point: &point, subject, request: &request, at: DateTime::UNIX_EPOCH };
    let of = |plugin: &str, department: &str, discount: &str, source: &str, prompt: &str| {
        proposal(plugin, department, json!({"discount": discount, "source": source, "prompt": prompt}), &[])
    };
    let proposals = vec![
        of("coupons", "marketing", "0.05", "coupon", "0"),
        of("prices", "sales", "0.12", "sales", "0"),
        of("credit-rules", "finance", "0", "prompt payment", "0.02"),
    ];
    let verdict = decide(&question, &resolve(&question), proposals, None);
    assert_eq!(
        Json::Object(verdict.output.clone()),
        json!({"discount": "0.1015", "source": "sales", "prompt": "0.02"})
    );
    let (list, cost): (Decimal, Decimal) = ("20.00".parse().unwrap(), "16.20".parse().unwrap());
    let price = list * (Decimal::ONE - "0.1015".parse::<Decimal>().unwrap());
    let net = price * "0.98".parse::<Decimal>().unwrap();
    assert_eq!(
        (price.round_dp(2).to_string(), ((net - cost) / net * Decimal::ONE_HUNDRED).round_dp(2).to_string()),
        ("17.97".into(), "8.01".into())
    );
    assert_eq!(
        verdict.explanation[1..],
        [
            "coupons (marketing) proposed discount 0.05, source coupon and prompt 0.",
            "credit-rules (finance) proposed discount 0, source prompt payment and prompt 0.02.",
            "prices (sales) proposed discount 0.12, source sales and prompt 0.",
            "Together the proposals give discount 0.12, source sales and prompt 0.02.",
            "Ground rule GR3 limits discount to 0.1015: below 8 % of contribution margin an order costs more than it brings.",
            "discount 0.1015 is above autoDiscount 0.08 (segment `core`), so it waits for approval.",
        ]
    );
    let place = crate::Place::Field(crate::Field { point: "price.discount".into(), field: "discount".into() });
    assert!(strategy.authority("sales", &place, "0.1015".parse().unwrap()).is_some());
    assert!(strategy.authority("service", &place, "0.1015".parse().unwrap()).is_none());
}

#[test]
fn s10_a_promotion_of_what_cannot_be_delivered_is_not_eligible() {
    let (strategy, point) = (demo(), point("marketing.eligibility"));
    let facts = json!({"factsAsOf": "2026-11-22", "creditAccount": null});
    let eligible = |fill: &str| {
        let request =
            point.read_request(&json!({"campaign": "summer", "projectedFill": fill, "consent": true})).unwrap();
        let subject = Subject { id: "cus_1", source: None, external_id: None, segment: Some("small"), facts: &facts };
        let at = "2026-11-22T12:00:00Z".parse().unwrap();
        let question = Question { strategy: &strategy, point: &point, subject, request: &request, at };
        let yes = vec![proposal("marketing-campaigns", "marketing", json!({"eligible": true}), &[])];
        let verdict = decide(&question, &resolve(&question), yes, None);
        (verdict.output["eligible"] == json!(true), verdict.bounds.first().map(|bound| bound.rule.clone()))
    };
    assert_eq!(eligible("0.4"), (false, Some("GR7".to_owned())));
    assert_eq!(eligible("0.8"), (true, None));
}

#[track_caller]
fn answers_nothing(output: Json, expected: &str) {
    let request = json!({"orders": [{"order": "O1", "bufferHours": "1", "remainingHours": "1"}]});
    let proposals = vec![proposal("f", "fulfillment", output, &[])];
    let strategy = demo();
    let verdict = ask(&strategy, "fulfillment.priority", request, &[("O1", "key")], &Json::Null, proposals).unwrap();
    assert!(verdict.fallback);
    assert_eq!((verdict.failures[0].code.as_str(), verdict.failures[0].message.as_str()), ("INVALID_OUTPUT", expected));
}

#[test]
fn an_answer_about_a_set_names_every_member_once() {
    let place = |order: &str| json!({"order": order, "colour": "RED", "penetration": "1", "value": "1"});
    answers_nothing(json!({}), "`queue` is missing; answer about every member");
    answers_nothing(json!({"queue": []}), "`O1` has no answer; answer about every member");
    answers_nothing(json!({"queue": [place("O1"), place("O1")]}), "`queue[1].order` is answered twice");
    answers_nothing(json!({"queue": [place("O2")]}), "`queue[0].order`: `O2` is no member that was asked about");
    answers_nothing(json!({"queue": [7]}), "`queue[0]` is no object");
    let mut own_place = place("O1");
    own_place["place"] = json!(1);
    answers_nothing(json!({"queue": [own_place]}), "`queue[0].place` is the core's to say; leave it out");
    let refused = ask(
        &demo(),
        "fulfillment.priority",
        json!({"orders": [{"order": "O1", "bufferHours": "1", "remainingHours": "1"}]}),
        &[("O2", "key")],
        &Json::Null,
        Vec::new(),
    );
    let said = "the request of `fulfillment.priority` and the records do not name the same members: `O1`, `O2`";
    assert_eq!(refused.unwrap_err().to_string(), said);
}

#[test]
fn without_arbitration_nothing_is_chosen() {
    let strategy = Strategy { arbitration: None, ..demo() };
    let request = json!({"candidates": [{"action": "a", "kind": "SALES", "propensity": "1", "value": "1"}]});
    let output = json!({"actions": [{"action": "a", "context": "1", "lever": "1", "allowed": true}]});
    let proposals = vec![proposal("s", "sales", output, &[])];
    let verdict = ask(&strategy, "nba.arbitrate", request, &[("a", "key")], &Json::Null, proposals).unwrap();
    assert_eq!((verdict.fallback, verdict.failures[0].code.as_str()), (true, "NO_ARBITRATION"));
    check(&verdict, "chosen", &[("a", json!(false))]);
}

#[test]
fn an_output_answers_about_every_member_that_was_asked_about() {
    let point = point("fulfillment.allocate");
    let request = json!({"supply": "10", "claims": [{"line": "a"}, {"line": "b"}]});
    let check = |shares: Json, expected: Result<(), &str>| {
        let output = json!({ "shares": shares });
        let said = point.check_output(&request, output.as_object().unwrap());
        assert_eq!(said, expected.map_err(str::to_owned));
    };
    let share = |line: &str| json!({"line": line, "confirmed": "4", "standing": 0});
    check(json!([share("b"), share("a")]), Ok(()));
    check(json!([share("a")]), Err("`b` has no answer; answer about every member"));
    check(json!([share("a"), share("c")]), Err("`shares[1].line`: `c` is no member that was asked about"));
    let whole = json!({"line": "a", "confirmed": "4", "standing": 0, "backordered": "0"});
    check(json!([whole, share("b")]), Err("`shares[0].backordered` is the core's to say; leave it out"));
}
