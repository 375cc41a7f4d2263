//! Mappings of plain lists, for tests that look at runs and rows and not at fields.

/// A mapping of the entries.
pub(super) fn list(entries: &[&str]) -> String {
    format!("source = \"list\"\n{}", entries.concat())
}

/// An entry that makes a person of each row, from the columns `nr` and `name`. `keys` are lines of the entry besides.
pub(super) fn customers(file: &str, keys: &str) -> String {
    format!(
        r#"
[[files]]
file = "{file}"
type = "Customer"
id = "{{nr}}"
{keys}
[files.fields]
name = "name"
kind = {{ constant = "PERSON" }}
status = {{ constant = "ACTIVE" }}
currency = {{ constant = "EUR" }}
"#
    )
}
