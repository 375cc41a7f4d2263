//! EnumType: the values a field may have, and how a record may move between them.

/// An enum of the model. Values are stored by name.
#[derive(Clone, Debug, PartialEq)]
pub struct EnumType {
    pub name: &'static str,
    pub doc: &'static str,
    pub values: &'static [EnumValue],
    /// The values a new record may begin with; empty if with any.
    pub begins: &'static [&'static str],
    /// From each value, the values a record may move to; empty if from any to any. Imports set any value: what they bring
    /// happened elsewhere.
    pub moves: &'static [(&'static str, &'static [&'static str])],
}

#[derive(Clone, Debug, PartialEq)]
pub struct EnumValue {
    pub name: &'static str,
    pub doc: &'static str,
}

impl EnumType {
    /// Whether a new record may have `value`.
    pub fn may_begin(&self, value: &str) -> bool {
        self.begins.is_empty() || self.begins.contains(&value)
    }

    /// Whether a record may go from one value to another. Staying is no move and always possible.
    pub fn may_move(&self, from: &str, to: &str) -> bool {
        from == to || self.moves.is_empty() || self.next(from).contains(&to)
    }

    /// The values a record may move to from `from`, for those that have declared moves.
    pub fn next(&self, from: &str) -> &'static [&'static str] {
        self.moves.iter().find(|(name, _)| *name == from).map_or(&[], |(_, targets)| targets)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{Kind, Model};

    fn machines() -> Vec<(String, EnumType)> {
        let mut all = Vec::new();
        for object in Model::core().objects() {
            for field in &object.fields {
                if let Kind::Enum(declared) = &field.kind {
                    all.push((format!("{}.{}", object.name, field.name), declared.clone()));
                }
            }
        }
        all
    }

    #[test]
    fn every_named_state_exists_and_none_moves_to_itself() {
        for (place, declared) in machines() {
            let known = |name: &str| declared.values.iter().any(|value| value.name == name);
            assert!(declared.begins.iter().all(|name| known(name)), "{place} begins");
            let mut seen = HashSet::new();
            for (from, targets) in declared.moves {
                assert!(known(from) && seen.insert(from), "{place} from {from}");
                let unlike: HashSet<_> = targets.iter().collect();
                assert_eq!(unlike.len(), targets.len(), "{place} from {from}");
                assert!(targets.iter().all(|to| known(to) && to != from), "{place} from {from}");
            }
        }
    }

    /// States that business acts alone put a record into.
    const BY_ACTS: [(&str, &str); 1] = [("Order.status", "HELD")];

    #[test]
    fn every_state_is_reached_from_a_beginning() {
        for (place, declared) in machines().iter().filter(|(_, declared)| !declared.moves.is_empty()) {
            assert!(!declared.begins.is_empty(), "{place} has moves and no beginning");
            let mut reached: Vec<_> = declared.begins.to_vec();
            reached.extend(BY_ACTS.iter().filter(|(at, _)| at == place).map(|(_, state)| *state));
            let mut next = 0;
            while let Some(from) = reached.get(next).copied() {
                next += 1;
                for to in declared.next(from) {
                    if !reached.contains(to) {
                        reached.push(to);
                    }
                }
            }
            for value in declared.values {
                assert!(reached.contains(&value.name), "{place}: {} is never reached", value.name);
            }
        }
    }

    #[test]
    fn a_life_is_declared_for_what_has_one() {
        let alive: Vec<_> =
            machines().into_iter().filter(|(_, declared)| !declared.moves.is_empty()).map(|(place, _)| place).collect();
        for object in [
            "Customer",
            "Order",
            "Invoice",
            "Quote",
            "Case",
            "Task",
            "Dispute",
            "Opportunity",
            "Hold",
            "Offer",
            "Campaign",
            "CampaignMember",
            "Consent",
            "Milestone",
        ] {
            assert!(alive.contains(&format!("{object}.status")), "{object}");
        }
    }

    #[test]
    fn a_record_begins_and_moves_as_declared() {
        let model = Model::core();
        let Kind::Enum(status) = &model.object("Quote").unwrap().get("status").unwrap().kind else { panic!() };
        assert!(status.may_begin("DRAFT") && !status.may_begin("ACCEPTED"));
        assert!(status.may_move("DRAFT", "SENT") && status.may_move("ACCEPTED", "ACCEPTED"));
        assert!(!status.may_move("ACCEPTED", "DRAFT") && !status.may_move("DRAFT", "ACCEPTED"));
        let Kind::Enum(kind) = &model.object("Customer").unwrap().get("kind").unwrap().kind else { panic!() };
        assert!(kind.may_begin("PERSON") && kind.may_move("PERSON", "ORGANIZATION"));
    }
}
