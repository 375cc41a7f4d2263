//! What the strategy in force asks of the one after it. One that asks nothing is followed in one step.

use super::keys;
use super::reader::{Reader, Table};

/// What the next strategy needs before it is active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivationRules {
    /// An approver who did not propose it approves it.
    pub four_eyes: bool,
    /// It was simulated over the whole base, so many days before at most.
    pub simulation_within_days: Option<i32>,
    /// Every policy has a pledge.
    pub pledges: bool,
}

impl ActivationRules {
    /// One sentence for each.
    pub(super) fn words(self) -> Vec<String> {
        let eyes = self.four_eyes.then(|| "who proposes the next strategy does not approve it".to_owned());
        let days = self.simulation_within_days;
        let simulation = days.map(|days| format!("the next strategy is simulated {days} days before at most"));
        let pledges = self.pledges.then(|| "every policy of the next strategy has a pledge".to_owned());
        [eyes, simulation, pledges].into_iter().flatten().collect()
    }
}

impl Reader<'_> {
    pub(super) fn activation(&mut self, document: &Table<'_>) -> ActivationRules {
        let Some(table) = document.get("activation").and_then(|node| self.table(&node)) else {
            return ActivationRules::default();
        };
        self.only(&table, keys::ACTIVATION);
        let mut yes = |key: &str| match table.get(key) {
            None => false,
            Some(node) => self.one_bool(&node),
        };
        let (four_eyes, pledges) = (yes("four_eyes"), yes("pledges"));
        let days = table.get("simulation_within_days");
        let simulation_within_days = days.and_then(|node| self.whole(&node, 1, 365));
        ActivationRules { four_eyes, simulation_within_days, pledges }
    }
}

#[cfg(test)]
mod tests {
    use guildhall_model::Model;

    use super::*;
    use crate::{Problems, Strategy, decision_points, difference};

    fn read(more: &str) -> Result<Strategy, Problems> {
        let text = format!("name = \"n\"\nvision = \"v\"\napprovers = [\"ada\"]\n{more}");
        Strategy::read(&text, &Model::core(), &decision_points().unwrap())
    }

    #[test]
    fn a_strategy_says_what_the_next_one_needs() {
        let all = read("[activation]\nfour_eyes = true\nsimulation_within_days = 7\npledges = true\n").unwrap();
        let asked = ActivationRules { four_eyes: true, simulation_within_days: Some(7), pledges: true };
        assert_eq!(all.activation, asked);
        let none = read("").unwrap();
        assert_eq!(none.activation, ActivationRules::default());
        let said = difference(&none, &all);
        assert!(said.contains(&"the next strategy is simulated 7 days before at most".to_owned()), "{said:?}");
    }

    #[test]
    fn what_is_no_demand_is_refused() {
        let refused = read("[activation]\nfour_eyes = 4\nsimulation_within_days = 0\nsix = true\n").unwrap_err();
        let told = refused.to_string();
        assert!(told.contains("`activation.four_eyes`: is not true or false"), "{told}");
        assert!(told.contains("is not a whole number from 1 to 365") && told.contains("known are four_eyes"), "{told}");
    }
}
