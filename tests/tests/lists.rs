//! Files of customers and the mapping that reads them.

/// Customers of the columns `nr` and `name` of `people.csv`.
pub(crate) const PEOPLE: &str = r#"
source = "list"
as_of = 2026-06-30
[[files]]
file = "people.csv"
type = "Customer"
id = "{nr}"
[files.fields]
name = "name"
kind = { constant = "ORGANIZATION" }
status = { constant = "ACTIVE" }
currency = { constant = "EUR" }
"#;
