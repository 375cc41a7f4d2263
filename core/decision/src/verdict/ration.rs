//! Sharing out what is scarce, in whole units.

/// What one member wants and may get.
#[derive(Clone, Debug)]
pub(super) struct Share {
    /// What was proposed for it.
    pub(super) proposed: i128,
    pub(super) demand: i128,
    /// What ground rules say it gets at least and at most.
    pub(super) low: i128,
    pub(super) high: Option<i128>,
    /// The greater, the later it loses.
    pub(super) standing: i128,
    /// The reserves it draws on, by their place in the list.
    pub(super) reserves: Vec<usize>,
}

/// Greatest number of units there are or are wanted; products of two fit.
pub(super) const MAX_UNITS: i128 = 1_000_000_000_000_000_000;

/// What each gets. First what was proposed, within demand and ground rules; then each reserve (units kept for its members, as
/// far as they want them) is filled up; then, if that is more than there is, the lowest standing gives back first, and reserves
/// last. Only what ground rules fix can leave more given than there is.
pub(super) fn ration(supply: i128, shares: &[Share], reserves: &[i128]) -> Vec<i128> {
    let mut given: Vec<i128> = shares.iter().map(|share| share.within(share.proposed.min(share.demand))).collect();
    let mut floors = Vec::with_capacity(reserves.len());
    for (index, reserve) in reserves.iter().enumerate() {
        let drawn = |share: &Share| share.reserves.contains(&index);
        let rooms: Vec<i128> = shares
            .iter()
            .zip(&given)
            .map(|(share, given)| if drawn(share) { (share.within(share.demand) - given).max(0) } else { 0 })
            .collect();
        let have: i128 = shares.iter().zip(&given).filter(|(share, _)| drawn(share)).map(|(_, given)| given).sum();
        let floor = (*reserve).min(have + rooms.iter().sum::<i128>());
        let missing = (floor - have).max(0);
        for (given, more) in given.iter_mut().zip(apportion(missing, &rooms)) {
            *given += more;
        }
        floors.push(floor);
    }
    cut(supply, shares, &floors, &mut given);
    // What is fixed may leave less than the reserves want: nobody is promised what is not there.
    cut(supply, shares, &vec![0; floors.len()], &mut given);
    given
}

/// Takes back what is too much.
fn cut(supply: i128, shares: &[Share], floors: &[i128], given: &mut [i128]) {
    let mut standings: Vec<i128> = shares.iter().map(|share| share.standing).collect();
    standings.sort_unstable();
    standings.dedup();
    for standing in standings {
        let excess = given.iter().sum::<i128>() - supply;
        if excess <= 0 {
            return;
        }
        let mut slack: Vec<i128> = floors
            .iter()
            .enumerate()
            .map(|(index, floor)| {
                let drawn = shares.iter().zip(given.iter()).filter(|(share, _)| share.reserves.contains(&index));
                (drawn.map(|(_, given)| given).sum::<i128>() - floor).max(0)
            })
            .collect();
        // Members that draw on the same reserves lose together.
        let mut groups: Vec<(&[usize], Vec<usize>)> = Vec::new();
        for (place, share) in shares.iter().enumerate().filter(|(_, share)| share.standing == standing) {
            match groups.iter_mut().find(|(reserves, _)| *reserves == share.reserves) {
                Some((_, members)) => members.push(place),
                None => groups.push((&share.reserves, vec![place])),
            }
        }
        groups.sort();
        let mut most = Vec::with_capacity(groups.len());
        for (reserves, members) in &groups {
            let free = reserves.iter().filter_map(|index| slack.get(*index)).min().copied();
            let loose: i128 = members.iter().map(|place| loose(shares, given, *place)).sum();
            let lost = free.map_or(loose, |free| free.min(loose));
            for index in *reserves {
                if let Some(slack) = slack.get_mut(*index) {
                    *slack -= lost;
                }
            }
            most.push(lost);
        }
        let lost = apportion(excess.min(most.iter().sum()), &most);
        for ((_, members), lost) in groups.iter().zip(lost) {
            let weights: Vec<i128> = members.iter().map(|place| loose(shares, given, *place)).collect();
            let kept = apportion(weights.iter().sum::<i128>() - lost, &weights);
            for ((place, weight), kept) in members.iter().zip(weights).zip(kept) {
                if let Some(given) = given.get_mut(*place) {
                    *given -= weight - kept;
                }
            }
        }
    }
}

/// What a member could give back.
fn loose(shares: &[Share], given: &[i128], place: usize) -> i128 {
    shares.get(place).zip(given.get(place)).map_or(0, |(share, given)| (given - share.low).max(0))
}

impl Share {
    fn within(&self, units: i128) -> i128 {
        units.min(self.high.unwrap_or(units)).max(self.low)
    }
}

/// Shares out `total` by weight, with the largest remainder; nobody gets more than its weight, so `total` is at most their sum.
/// Of equal remainders the first in the list gets the unit.
pub(super) fn apportion(total: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    if sum <= 0 || total <= 0 {
        return vec![0; weights.len()];
    }
    let total = total.min(sum);
    let mut parts: Vec<i128> = weights.iter().map(|weight| total * weight / sum).collect();
    let mut remainders: Vec<(i128, usize)> =
        weights.iter().enumerate().map(|(place, weight)| (total * weight % sum, place)).collect();
    remainders.sort_by(|(one, place), (other, other_place)| other.cmp(one).then(place.cmp(other_place)));
    let left = usize::try_from(total - parts.iter().sum::<i128>()).unwrap_or(0);
    for (_, place) in remainders.into_iter().take(left) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    parts
}
