//! Reads contracts and exceptions: what single customers get.

use std::collections::BTreeSet;

use guildhall_model::GlobalId;
use toml::de::DeValue;

use super::reader::{MAX_TEXT, Node, Reader, Table};
use super::{Agreement, CustomerKey, keys};

const MAX_AGREEMENTS: usize = 5_000;
const MAX_NAME: usize = 200;

impl Reader<'_> {
    pub(super) fn agreements(&mut self, document: &Table<'_>, key: &str) -> Vec<Agreement> {
        let mut seen: BTreeSet<(CustomerKey, String)> = BTreeSet::new();
        self.each(document, key, MAX_AGREEMENTS, |reader, table| {
            reader.only(table, keys::AGREEMENT);
            reader.place(table);
            let customer = reader.require(table, "customer").and_then(|node| reader.customer(&node));
            let expires = reader.date(table, "expires");
            let reason = reader.text(table, "reason", MAX_TEXT);
            let name = reader.text(table, "point", MAX_NAME);
            let node = table.get("point");
            let point = name.zip(node).and_then(|(name, node)| reader.point(&node.span, &node.path, &name));
            let parameters = reader.require(table, "parameters");
            let parameters = parameters.zip(point).map(|(node, point)| reader.parameters(&node, point));
            let (customer, point) = (customer?, point?);
            if !seen.insert((customer.clone(), point.name.clone())) {
                let message = format!("this customer has an entry for `{}` already; join them", point.name);
                reader.problem(&table.span, &table.path, message);
                return None;
            }
            let point = point.name.clone();
            Some(Agreement { customer, point, parameters: parameters?, expires: expires?, reason: reason? })
        })
    }

    fn customer(&mut self, node: &Node<'_>) -> Option<CustomerKey> {
        if let DeValue::String(id) = node.value {
            let object = self.model.object("Customer")?;
            return match GlobalId::parse_as(id, object) {
                Ok(_) => Some(CustomerKey::Id(id.to_string())),
                Err(error) => {
                    self.at(node, error.to_string());
                    None
                }
            };
        }
        let table = self.table(node)?;
        self.only(&table, keys::CUSTOMER);
        let source = self.text(&table, "source", MAX_NAME);
        let external_id = self.text(&table, "externalId", MAX_NAME);
        Some(CustomerKey::External { source: source?, external_id: external_id? })
    }
}
