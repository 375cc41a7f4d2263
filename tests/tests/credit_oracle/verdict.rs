//! What the documentation of `credit.check` and its parameters says about a case. A payment is looked for by trying every
//! amount, one cent after the other.

use super::case::Case;

#[derive(Debug)]
pub(super) struct Expected {
    pub approved: bool,
    pub blockers: Vec<&'static str>,
    pub exposure: Option<i64>,
    pub dynamic: Option<i64>,
    pub ceiling: Option<i64>,
    pub ceiling_static: Option<i64>,
    pub ceiling_group: Option<i64>,
    pub to_pay: Option<i64>,
}

/// Which of these a payment lifts.
const PAYABLE: [&str; 5] = ["limit-static", "limit", "group-limit", "oldest-open-item", "overdue-share"];
/// How many accounts of a group, and how many invoices, finance is shown.
const SHOWN: usize = 20;

pub(super) fn expected(case: &Case) -> Expected {
    let Some(account) = &case.account else {
        let blockers = vec!["no-account"];
        let none = None;
        return Expected {
            approved: false,
            blockers,
            exposure: none,
            dynamic: none,
            ceiling: none,
            ceiling_static: none,
            ceiling_group: none,
            to_pay: none,
        };
    };
    let rules = &case.rules;
    let (whole, soon) = case.owed();
    let horizon = rules.horizon.unwrap_or(14);
    let counts_soon = case.needed_in.is_none_or(|days| days <= horizon);
    let over = |limit: i64, share: i64| limit / 10_000 * (10_000 + share);
    let limit = if account.holds_for.is_some_and(|days| days < 0) { 0 } else { account.limit };
    let ceiling = over(limit, rules.over_limit.unwrap_or(0));
    // Finance's own default lets twice the limit be owed in all.
    let over_static = rules.over_static.unwrap_or(10_000);
    let by_finance = over(limit, over_static);
    let grouped = account.group.as_ref();
    let ceiling_group = grouped.filter(|group| !group.other_currency).map(|group| over(group.limit, over_static));
    let owed = Owed {
        // The account counts 14 days ahead; what lies beyond is only known as a whole.
        dynamic: if horizon <= 14 { soon } else { whole } + if counts_soon { case.asked } else { 0 },
        whole: whole + case.asked,
        group: grouped.map(|group| whole + case.asked + group.others.iter().sum::<i64>()),
    };
    let unknown_group = grouped.is_some_and(|group| {
        group.other_currency || group.others.len() + 1 > SHOWN || (group.mixed && !group.others.is_empty())
    });
    let too_old = |days: i64| rules.oldest.is_some_and(|most| days >= most.max(1));
    let old: Vec<i64> =
        case.invoices.iter().filter(|(days, ..)| too_old(*days)).map(|(_, amount, paid)| amount - paid).collect();
    let against = |paid: i64| -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut stands = |name, stands: bool| {
            if stands {
                found.push(name);
            }
        };
        stands("on-hold", account.on_hold);
        stands("limit-expired", account.holds_for.is_some_and(|days| days < 0));
        stands("dunning", rules.dunning.is_some_and(|from| account.dunning >= from));
        stands("limit-static", owed.whole - paid > by_finance);
        stands("limit", counts_soon && owed.dynamic - paid > ceiling);
        let above = |most: i64| owed.group.is_some_and(|owed| owed - paid > most);
        stands("group-limit", unknown_group || ceiling_group.is_some_and(above));
        stands("document-maximum", rules.document.is_some_and(|most| case.asked > most));
        // The oldest are paid first.
        stands("oldest-open-item", old.iter().sum::<i64>() > paid);
        let (open, overdue) = case.open();
        let (open, overdue) = (open - paid, overdue - paid);
        stands("overdue-share", rules.share.is_some_and(|share| overdue > 0 && overdue * 10_000 > share * open));
        found
    };
    let blockers = against(0);
    let lasting = blockers.iter().any(|name| !PAYABLE.contains(name))
        || unknown_group
        // More are too old than are shown.
        || old.len() > SHOWN
        || (old.len() == SHOWN && case.invoices.len() > SHOWN);
    let to_pay = (!lasting).then(|| (0..).find(|paid| against(*paid).is_empty()).unwrap());
    let forbidden = rules.ground.is_some_and(|most| owed.whole > account.limit / 10_000 * most);
    let ground = rules.ground.filter(|_| rules.clamped).map(|most| account.limit / 10_000 * most);
    Expected {
        approved: blockers.is_empty() && !forbidden,
        blockers,
        exposure: Some(owed.whole),
        dynamic: Some(owed.dynamic),
        ceiling: Some(ceiling),
        ceiling_static: Some(ground.map_or(by_finance, |most| most.min(by_finance))),
        ceiling_group,
        // Nobody knows what payment would lift a rule.
        to_pay: to_pay.filter(|_| !forbidden),
    }
}

/// What would be owed with the request.
struct Owed {
    dynamic: i64,
    whole: i64,
    group: Option<i64>,
}
