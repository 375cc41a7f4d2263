//! The small company of `tests/data/small`: a server with it, and what its files say, read here a second time and
//! without the product's help.

use std::collections::BTreeMap;
use std::str::FromStr;

use guildhall_tests::{Place, Server, Servers, Shared, built, data};
use rust_decimal::Decimal;
use serde_json::Value;

static READ_ONLY: Shared = Shared::new(|place| {
    company(&place);
    Server::start(place)
});

/// A row by its columns.
pub type Row = BTreeMap<String, String>;

/// The small company with its strategy and finance's plugin, on each database. For tests that only read.
pub async fn servers() -> Servers {
    READ_ONLY.servers().await
}

/// Loads the small company, activates its strategy and installs finance's plugin.
pub fn company(place: &Place) {
    customers(place);
    place.activate(&data("small/strategy.toml"));
    place.install(&built("plugins/credit-rules"));
}

/// Loads the small company alone.
pub fn customers(place: &Place) {
    place.import(&data("small/mapping.toml"), &data("small"));
}

/// The rows of a file.
pub fn rows(file: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(data("small").join(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// The rows of `file` whose `column` is `value`.
pub fn rows_of(file: &str, column: &str, value: &str) -> Vec<Row> {
    rows(file).into_iter().filter(|row| row[column] == value).collect()
}

pub fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// An order's value after discounts.
pub fn net_total(order: &str) -> Decimal {
    let net =
        |line: &Row| decimal(&line["price"]) * decimal(&line["quantity"]) * (Decimal::ONE - decimal(&line["discount"]));
    rows_of("lines.csv", "order", order).iter().map(net).sum()
}

/// The texts at `pointer` in each node of a list.
pub fn column(list: &Value, pointer: &str) -> Vec<String> {
    let text = |node: &Value| match node.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no `{pointer}` in {node}"),
    };
    list["nodes"].as_array().unwrap().iter().map(text).collect()
}

/// In the order of their bytes.
pub fn sorted<T: Ord>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort();
    items
}
