//! Template: a text with columns in it, such as `{OrderID}-{ProductID}`.

use super::refusal::{Fault, shown};
use super::rows::{MAX_FIELD_BYTES, Row};

/// Text and columns in turn. A brace itself is written twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Column(String),
}

impl Template {
    /// The template that is one column.
    pub(crate) fn column(name: &str) -> Self {
        Template { parts: vec![Part::Column(name.to_owned())] }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let broken = || {
            Fault::new(
                format!("`{}` is not a template", shown(text)),
                "write columns in braces, as in `{First} {Last}`, and a brace itself twice",
            )
        };
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.next_if_eq(&letter).is_some() => plain.push(letter),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match letters.next() {
                            Some('}') => break,
                            Some('{') | None => return Err(broken()),
                            Some(other) => name.push(other),
                        }
                    }
                    if name.is_empty() {
                        return Err(broken());
                    }
                    if !plain.is_empty() {
                        parts.push(Part::Text(std::mem::take(&mut plain)));
                    }
                    parts.push(Part::Column(name));
                }
                '}' => return Err(broken()),
                other => plain.push(other),
            }
        }
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Template { parts })
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The text for a row. Empty if all its columns are, so that `{First} {Last}` of nobody is nobody and not a blank.
    pub(crate) fn render(&self, row: &Row) -> Result<String, Fault> {
        let mut text = String::new();
        let mut filled = self.columns().next().is_none();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Column(name) => {
                    let value = row.get(name)?;
                    filled |= !value.is_empty();
                    text.push_str(value);
                }
            }
            if text.len() > MAX_FIELD_BYTES {
                let reason = format!("a template makes a text of more than {MAX_FIELD_BYTES} bytes");
                return Err(Fault::new(reason, "make it shorter"));
            }
        }
        // Blanks come from texts between columns that are empty. One column is taken as it is.
        Ok(match self.parts.as_slice() {
            [_] => text,
            _ if filled => text.trim().to_owned(),
            _ => String::new(),
        })
    }

    /// The text for a row, as a key: every column of it has a value.
    pub(crate) fn render_key(&self, row: &Row) -> Result<String, Fault> {
        for name in self.columns() {
            if row.get(name)?.is_empty() {
                return Err(
                    Fault::new("the column is part of the id and is empty", "give every row an id").in_column(name)
                );
            }
        }
        self.render(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::rows::Rows;

    fn row(text: &str) -> Row {
        let input = Box::new(std::io::Cursor::new(text.to_owned()));
        Rows::read(input, "A.csv", std::sync::Arc::default()).unwrap().next_row().unwrap().unwrap().unwrap()
    }

    #[test]
    fn columns_are_filled_in_and_doubled_braces_kept() {
        let row = row("First,Last\nNancy,Davolio\n");
        assert_eq!(Template::parse("{First} {Last} {{x}}").unwrap().render(&row).unwrap(), "Nancy Davolio {x}");
    }

    #[test]
    fn a_template_of_empty_columns_is_empty_and_no_key() {
        let row = row("First,Last\n,\n");
        let template = Template::parse("{First} {Last}").unwrap();
        assert_eq!(template.render(&row).unwrap(), "");
        assert_eq!(template.render_key(&row).unwrap_err().column.as_deref(), Some("First"));
    }

    #[test]
    fn unbalanced_braces_are_refused() {
        for text in ["{First", "First}", "{}", "{a{b}}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
