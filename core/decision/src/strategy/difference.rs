//! What changes from one strategy to another, in words.

use std::collections::{BTreeMap, BTreeSet};

use guildhall_model::canonical_decimal;

use super::{Agreement, CustomerKey, Effect, Goal, GroundRule, Limit, Place, Pledge, Segment, Strategy};
use crate::Datum;
use crate::words::listed;

/// Beside what no act keeps to yet.
const NOT_ENFORCED: &str = " (no act enforces it yet)";

/// Everything that changes, one sentence each, in the order of the document: "segment `key` gets netDays 60 instead of 45 at
/// `credit.terms`". Two strategies that say the same have no difference, however they are written.
pub fn difference(old: &Strategy, new: &Strategy) -> Vec<String> {
    let mut said = Vec::new();
    changed(&mut said, "the name", &old.name, &new.name);
    changed(&mut said, "the vision", &old.vision, &new.vision);
    people(&mut said, old, new);
    promises(&mut said, old, new);
    goals(&mut said, old, new);
    segments(&mut said, old, new);
    treatments(&mut said, old, new);
    agreements(&mut said, "contract", &old.contracts, &new.contracts);
    agreements(&mut said, "exception", &old.exceptions, &new.exceptions);
    rules(&mut said, old, new);
    policies(&mut said, old, new);
    pledges(&mut said, old, new);
    said
}

fn changed(said: &mut Vec<String>, what: &str, old: &str, new: &str) {
    if old != new {
        said.push(format!("{what} is \"{new}\" instead of \"{old}\""));
    }
}

fn people(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) = (old.approvers.iter().collect(), new.approvers.iter().collect());
    said.extend(after.difference(&before).map(|who| format!("`{who}` may activate it")));
    said.extend(before.difference(&after).map(|who| format!("`{who}` may no longer activate it")));
}

fn promises(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    let words = |strategy: &Strategy| -> BTreeSet<String> {
        let all = strategy.value_propositions.iter().map(|one| {
            let whom = one.segment.as_ref().map_or("everybody".to_owned(), |key| format!("segment `{key}`"));
            format!("{whom} is promised \"{}\"", one.promise)
        });
        all.collect()
    };
    sets(said, &words(old), &words(new));
}

/// What is there now, and what no longer is.
fn sets(said: &mut Vec<String>, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    said.extend(new.difference(old).cloned());
    said.extend(old.difference(new).map(|gone| format!("no longer: {gone}")));
}

/// New, gone and changed entries, by a name that is theirs.
fn by_name<'a, T: PartialEq>(
    said: &mut Vec<String>,
    what: &str,
    old: &'a [T],
    new: &'a [T],
    name: impl Fn(&'a T) -> String,
    words: impl Fn(&'a T) -> BTreeMap<&'static str, String>,
) {
    let entries = |all: &'a [T]| -> Vec<(String, &'a T)> { all.iter().map(|one| (name(one), one)).collect() };
    let (before, after) = (entries(old), entries(new));
    for (name, one) in &after {
        match before.iter().find(|(other, _)| other == name) {
            None => {
                let parts = words(one).into_iter().map(|(key, value)| format!("{key} {value}"));
                said.push(format!("{what} `{name}` is new: {}", listed(parts.collect())));
            }
            Some((_, other)) if other != one => {
                let (old, new) = (words(other), words(one));
                let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
                for key in keys {
                    let (was, is) = (old.get(key), new.get(key));
                    match (was, is) {
                        (Some(was), Some(is)) if was != is => {
                            said.push(format!("{what} `{name}`: {key} is {is} instead of {was}"));
                        }
                        (None, Some(is)) => said.push(format!("{what} `{name}`: {key} is {is}")),
                        (Some(was), None) => said.push(format!("{what} `{name}`: {key} is no longer {was}")),
                        _ => {}
                    }
                }
            }
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|(name, _)| !after.iter().any(|(other, _)| other == name));
    said.extend(gone.map(|(name, _)| format!("{what} `{name}` is gone")));
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn goals(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    by_name(
        said,
        "goal",
        &old.goals,
        &new.goals,
        |goal| goal.name.clone(),
        |goal: &Goal| {
            let mut words =
                BTreeMap::from([("metric", quoted(&goal.metric)), ("side", format!("{:?}", goal.side).to_lowercase())]);
            let aim = |aim: &super::Aim| format!("{} {}", aim.direction.words(), canonical_decimal(aim.value));
            words.extend(goal.owner.as_ref().map(|owner| ("owner", owner.clone())));
            words.extend(goal.unit.as_ref().map(|unit| ("unit", unit.clone())));
            words.extend(goal.objective.map(|objective| ("objective", format!("{objective:?}").to_lowercase())));
            words.extend(goal.baseline.map(|baseline| ("baseline", canonical_decimal(baseline))));
            words.extend(goal.target.as_ref().map(|target| ("target", aim(target))));
            words.extend(goal.projection.as_ref().map(|projection| ("projection", projected(projection))));
            words.extend(goal.guard.as_ref().map(|guard| {
                let leads = guard.projection.as_ref().map(|projection| format!(", {}", projected(projection)));
                ("guard", format!("\"{}\" {}{}", guard.metric, aim(&guard.aim), leads.unwrap_or_default()))
            }));
            words
        },
    );
}

fn projected(projection: &super::Projection) -> String {
    let number = |(name, value): (&String, &rust_decimal::Decimal)| format!("{name} {}", canonical_decimal(*value));
    let with: Vec<_> = projection.assumptions.iter().chain(&projection.mix).map(number).collect();
    match with.is_empty() {
        true => format!("\"{}\"", projection.formula.text()),
        false => format!("\"{}\" with {}", projection.formula.text(), listed(with)),
    }
}

fn segments(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    by_name(
        said,
        "segment",
        &old.segments,
        &new.segments,
        |segment| segment.key.clone(),
        |segment: &Segment| {
            let mut words = BTreeMap::from([
                ("name", quoted(&segment.name)),
                ("need", quoted(&segment.need)),
                ("condition", quoted(segment.when.text())),
            ]);
            words.extend(segment.stay.as_ref().map(|stay| ("staying condition", quoted(stay.text()))));
            words.extend(segment.parent.as_ref().map(|parent| ("parent", format!("`{parent}`"))));
            words
        },
    );
    let order = |strategy: &Strategy, among: &Strategy| -> Vec<String> {
        let shared = strategy.segments.iter().filter(|segment| among.segment(&segment.key).is_some());
        shared.map(|segment| format!("`{}`", segment.key)).collect()
    };
    let (before, after) = (order(old, new), order(new, old));
    if before != after {
        said.push(format!("the segments are tried in the order {} instead of {}", after.join(", "), before.join(", ")));
    }
}

fn treatments(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    let known = old.treatments.iter().chain(&new.treatments).map(|one| (one.segment.as_str(), one.point.as_str()));
    let mut places: Vec<_> = known.collect();
    places.sort_unstable();
    places.dedup();
    let none = BTreeMap::new();
    for (segment, point) in places {
        // What goes with its segment needs no sentence of its own.
        if new.segment(segment).is_none() {
            continue;
        }
        let of = |strategy: &Strategy| strategy.treatment(segment, point).map(|one| one.parameters.clone());
        let (before, after) = (of(old), of(new));
        let changes = parameters(before.as_ref().unwrap_or(&none), after.as_ref().unwrap_or(&none));
        said.extend(changes.into_iter().map(|change| format!("segment `{segment}` {change} at `{point}`")));
    }
}

/// "gets netDays 60 instead of 45".
fn parameters(old: &BTreeMap<String, Datum>, new: &BTreeMap<String, Datum>) -> Vec<String> {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let change = |name: &String| match (old.get(name), new.get(name)) {
        (Some(was), Some(is)) if was != is => Some(format!("gets {name} {is} instead of {was}")),
        (None, Some(is)) => Some(format!("gets {name} {is}")),
        (Some(was), None) => Some(format!("no longer gets {name} {was}")),
        _ => None,
    };
    names.into_iter().filter_map(change).collect()
}

fn agreements(said: &mut Vec<String>, word: &str, old: &[Agreement], new: &[Agreement]) {
    type Key<'a> = (&'a CustomerKey, &'a str);
    let by_key = |all: &'_ [Agreement]| -> BTreeMap<(CustomerKey, String), Agreement> {
        all.iter().map(|one| ((one.customer.clone(), one.point.clone()), one.clone())).collect()
    };
    let whom = |(customer, point): Key<'_>| {
        let customer = match customer {
            CustomerKey::Id(id) => format!("`{id}`"),
            CustomerKey::External { source, external_id } => format!("`{external_id}` of `{source}`"),
        };
        format!("{word} of {customer} at `{point}`")
    };
    let (before, after) = (by_key(old), by_key(new));
    for ((customer, point), one) in &after {
        let whom = whom((customer, point));
        let Some(other) = before.get(&(customer.clone(), point.clone())) else {
            let sets = one.parameters.iter().map(|(name, value)| format!("{name} {value}"));
            said.push(format!("{whom} is new: {} until {}", listed(sets.collect()), one.expires));
            continue;
        };
        said.extend(
            parameters(&other.parameters, &one.parameters).into_iter().map(|change| format!("{whom} {change}")),
        );
        if other.expires != one.expires {
            said.push(format!("{whom} counts until {} instead of {}", one.expires, other.expires));
        }
        changed(said, &format!("the reason of the {whom}"), &other.reason, &one.reason);
    }
    let gone = before.keys().filter(|key| !after.contains_key(*key));
    said.extend(gone.map(|(customer, point)| format!("{} is gone", whom((customer, point)))));
}

fn rules(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    let limit = |limit: &Limit| match limit {
        Limit::Value(value) => value.to_string(),
        Limit::Formula(formula) => format!("\"{}\"", formula.text()),
    };
    by_name(
        said,
        "ground rule",
        &old.ground_rules,
        &new.ground_rules,
        |rule| rule.id.clone(),
        |rule: &GroundRule| {
            let effect = match &rule.effect {
                Effect::Clamp { field, min, max } => {
                    let ends = [
                        min.as_ref().map(|min| format!("at least {}", limit(min))),
                        max.as_ref().map(|max| format!("at most {}", limit(max))),
                    ];
                    format!("{field} {}", listed(ends.into_iter().flatten().collect()))
                }
                Effect::Force(fields) => listed(fields.iter().map(|(name, value)| format!("{name} {value}")).collect()),
                Effect::Keep(fields) => {
                    listed(fields.iter().map(|(name, asked)| format!("{name} stays at {asked}")).collect())
                }
                Effect::Reserve { segment, share } => format!("{} for `{segment}`", canonical_decimal(*share)),
            };
            let mut words = BTreeMap::from([
                ("name", quoted(&rule.name)),
                ("reason", quoted(&rule.reason)),
                ("effect", effect),
                ("decision point", format!("`{}`", rule.point)),
            ]);
            words.extend(rule.when.as_ref().map(|when| ("condition", quoted(when.text()))));
            words
        },
    );
}

/// What has no name of its own: a change is one sentence gone and one that is new.
fn policies(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    sets(said, &policy_words(old), &policy_words(new));
}

fn policy_words(strategy: &Strategy) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for authority in &strategy.authorities {
        let over = match &authority.place {
            Place::Field(field) => format!("{} at `{}`", field.field, field.point),
            Place::Act(act) => format!("`{act}`"),
        };
        let yet = if matches!(authority.place, Place::Field(_)) { NOT_ENFORCED } else { "" };
        words.insert(format!(
            "{} may approve {over} up to {}{yet}",
            authority.department,
            canonical_decimal(authority.at_most)
        ));
    }
    for incentive in &strategy.incentives {
        let rewards = if incentive.rewards_more { "more" } else { "less" };
        words.insert(format!("{} is paid for {rewards} `{}`", incentive.department, incentive.metric));
    }
    for information in &strategy.information {
        let age = information.max_age_days.map(|days| format!(", at most {days} days old"));
        let at = match information.points.is_empty() {
            true => String::new(),
            false => format!(" at {}", listed(information.points.iter().map(|point| format!("`{point}`")).collect())),
        };
        words.insert(format!(
            "{} answers for `{}`{}{at}",
            information.owner,
            information.fact,
            age.unwrap_or_default()
        ));
    }
    if let Some(policy) = &strategy.contact_policy {
        for cap in &policy.caps {
            let kinds = if cap.kinds.is_empty() { "any kind".to_owned() } else { listed(cap.kinds.clone()) };
            words.insert(format!("at most {} contacts of {kinds} in {} days{NOT_ENFORCED}", cap.at_most, cap.days));
        }
        words.extend(policy.exempt.iter().map(|kind| format!("contacts of {kind} always go out{NOT_ENFORCED}")));
        words.extend(policy.quiet_hours.map(|quiet| {
            format!(
                "nobody is contacted from {} to {}{NOT_ENFORCED}",
                quiet.from.format("%H:%M"),
                quiet.to.format("%H:%M")
            )
        }));
    }
    words.extend(strategy.arbitration.as_ref().map(|arbitration| {
        format!(
            "actions are weighed by \"{}\" with a lever of at most {}",
            arbitration.score.text(),
            canonical_decimal(arbitration.lever_cap)
        )
    }));
    words.extend(strategy.holdout.as_ref().map(|holdout| {
        let points = holdout.points.iter().map(|point| format!("`{point}`"));
        let (share, seed) = (canonical_decimal(holdout.share), &holdout.seed);
        format!(
            "a share of {share} of the customers, by the seed \"{seed}\", is held out from {}",
            listed(points.collect())
        )
    }));
    words.extend(strategy.currency.as_ref().map(|currency| format!("money is counted in {currency}")));
    words.extend(strategy.financing_rate.map(|rate| format!("a year of lent money costs {}", canonical_decimal(rate))));
    words.extend(strategy.activation.words());
    words.extend(strategy.rates.iter().map(|(code, rate)| format!("one {code} counts {}", canonical_decimal(*rate))));
    words
}

fn pledges(said: &mut Vec<String>, old: &Strategy, new: &Strategy) {
    by_name(
        said,
        "pledge for",
        &old.pledges,
        &new.pledges,
        |pledge| pledge.policy.clone(),
        |pledge: &Pledge| {
            let money = |money: &super::Money| format!("{} {}", canonical_decimal(money.amount), money.currency);
            BTreeMap::from([
                ("benefit", money(&pledge.benefit)),
                ("cost", money(&pledge.cost)),
                ("minimum ratio", canonical_decimal(pledge.minimum_ratio)),
                ("metric", quoted(&pledge.metric)),
                ("review", pledge.review.to_string()),
            ])
        },
    );
}
