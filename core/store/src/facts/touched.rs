//! What writes concern: whose facts, and which of their days.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_model::{ObjectType, Value};
use uuid::Uuid;

/// A type that facts are counted from.
pub(crate) struct Source {
    pub(crate) object: &'static str,
    /// The fields and references that are looked at. A change of others concerns nobody's facts.
    pub(crate) reads: &'static [&'static str],
    /// Those of them that say to which days a record belongs.
    days: &'static [&'static str],
}

pub(crate) const SOURCES: [Source; 7] = [
    Source { object: "Customer", reads: &["currency"], days: &[] },
    Source { object: "CreditAccount", reads: &["customer", "currency"], days: &[] },
    Source {
        object: "Order",
        reads: &["customer", "status", "orderedOn", "requiredOn", "shippedOn", "currency", "netTotal", "costTotal"],
        days: &["orderedOn"],
    },
    Source {
        object: "Invoice",
        reads: &["customer", "order", "status", "issuedOn", "dueOn", "paidOn", "currency", "amount", "paidAmount"],
        days: &["issuedOn", "paidOn"],
    },
    Source { object: "Payment", reads: &["customer", "receivedOn", "currency", "amount"], days: &["receivedOn"] },
    Source {
        object: "CreditNote",
        reads: &["customer", "invoice", "issuedOn", "currency", "amount"],
        days: &["issuedOn"],
    },
    Source { object: "Interaction", reads: &["customer", "occurredAt"], days: &["occurredAt"] },
];

/// Whose facts the writes of a transaction concern, and which of their days have to be counted anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub(super) customers: BTreeSet<Uuid>,
    pub(super) days: BTreeSet<(Uuid, NaiveDate)>,
    /// Whether days can be without a record now.
    pub(super) emptied: bool,
    /// Orders and invoices that a written record names: their customers are concerned, too.
    pub(super) orders: BTreeSet<Uuid>,
    pub(super) invoices: BTreeSet<Uuid>,
    /// Orders whose lines are others now.
    pub lined: BTreeSet<Uuid>,
}

impl Touched {
    /// Whether facts are counted from records of the type.
    pub fn concerns(object: &ObjectType) -> bool {
        source(object).is_some()
    }

    /// A record has these values now, or had them before: `value` gives one by the API's name. `changed` are the names of
    /// what was written; nothing where that is the whole record.
    pub fn note<'v>(
        &mut self,
        object: &ObjectType,
        id: Uuid,
        before: bool,
        changed: Option<&[&str]>,
        value: impl Fn(&str) -> Option<&'v Value>,
    ) {
        if let ("OrderLine", Some(Value::Id(order))) = (object.name.as_str(), value("order")) {
            self.lined.insert(*order);
        }
        let Some(source) = source(object) else { return };
        if changed.is_some_and(|changed| !changed.iter().any(|name| source.reads.contains(name))) {
            return;
        }
        let reference = |name: &str| match value(name) {
            Some(Value::Id(id)) if source.reads.contains(&name) => Some(*id),
            _ => None,
        };
        self.orders.extend(reference("order"));
        self.invoices.extend(reference("invoice"));
        let own = (source.object == "Customer").then_some(id);
        let Some(customer) = own.or_else(|| reference("customer")) else { return };
        self.customers.insert(customer);
        for name in source.days {
            let day = match value(name) {
                Some(Value::Date(day)) => *day,
                Some(Value::DateTime(time)) => time.date_naive(),
                _ => continue,
            };
            self.days.insert((customer, day));
            self.emptied |= before;
        }
    }
}

fn source(object: &ObjectType) -> Option<&'static Source> {
    SOURCES.iter().find(|source| source.object == object.name)
}

#[cfg(test)]
mod tests {
    use guildhall_model::Model;

    use super::*;

    #[test]
    fn what_is_looked_at_is_of_the_model() {
        let model = Model::core();
        for source in SOURCES {
            let object = model.object(source.object).unwrap();
            for name in source.reads {
                assert!(object.get(name).is_some() || object.relation(name).is_some(), "{}.{name}", source.object);
            }
            assert!(source.days.iter().all(|name| source.reads.contains(name)), "{}", source.object);
        }
    }
}
