//! The pieces of SQL text: names, literals, parameters, aliases, JSON text.

use std::collections::HashMap;

use guildhall_model::plan::{Operand, Visible};
use guildhall_model::{Kind, Model, Value};
use uuid::Uuid;

use super::any_case::Part;
use crate::id_list::{id_text, ids_of};
use crate::{Dialect, StoreError};

/// SQL in the making: hands out aliases and collects parameters.
pub(super) struct Sql<'m> {
    pub(super) model: &'m Model,
    pub(super) dialect: Dialect,
    /// What the reader may see; nothing where everything is.
    pub(super) visible: Option<&'m Visible>,
    binds: Vec<(Bind, Kind)>,
    /// Where the plan's variables are bound, by variable: one place for each kind it is bound as.
    variables: HashMap<usize, Vec<usize>>,
    aliases: usize,
}

/// Where a parameter's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bind {
    Value(Value),
    Variable(usize),
    /// What the database makes of a text for which case does not count.
    AnyCase(Operand, Part),
}

impl Bind {
    pub(super) fn value(&self, dialect: Dialect, variables: &[Value]) -> Result<Value, StoreError> {
        let variable = |index: &usize| {
            let value = variables.get(*index);
            value.ok_or_else(|| StoreError::internal("a plan was run without one of its variables"))
        };
        match self {
            Bind::Value(value) => Ok(value.clone()),
            Bind::Variable(index) => variable(index).cloned(),
            Bind::AnyCase(operand, part) => {
                let value = match operand {
                    Operand::Value(value) => value,
                    Operand::Variable(index) => variable(index)?,
                };
                match value {
                    Value::Text(text) => Ok(part.of(dialect, text).into()),
                    _ => Err(StoreError::internal("what is no text is compared as one")),
                }
            }
        }
    }
}

impl<'m> Sql<'m> {
    pub(super) fn new(model: &'m Model, dialect: Dialect) -> Self {
        Sql { model, dialect, visible: None, binds: Vec::new(), variables: HashMap::new(), aliases: 0 }
    }

    /// The same for a reader who may see only what `visible` says.
    pub(super) fn within(self, visible: &'m Visible) -> Self {
        Sql { visible: Some(visible), ..self }
    }

    /// An id that no record has, typed.
    pub(super) fn no_id(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "NULL::uuid",
            Dialect::Sqlite => "NULL",
        }
    }

    pub(super) fn into_binds(self) -> Vec<(Bind, Kind)> {
        self.binds
    }

    /// A table alias no other part of the statement uses.
    pub(super) fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("t{}", self.aliases)
    }

    /// A parameter. A variable of one kind is bound once, however often it is used.
    pub(super) fn bind(&mut self, operand: &Operand, kind: &Kind) -> String {
        let index = match operand {
            Operand::Value(value) => self.push(Bind::Value(value.clone()), kind),
            Operand::Variable(variable) => {
                let places = self.variables.get(variable).map(Vec::as_slice).unwrap_or_default();
                let known =
                    places.iter().copied().find(|place| self.binds.get(*place).is_some_and(|(_, bound)| bound == kind));
                known.unwrap_or_else(|| {
                    let place = self.push(Bind::Variable(*variable), kind);
                    self.variables.entry(*variable).or_default().push(place);
                    place
                })
            }
        };
        self.place(index)
    }

    /// Ids as a subquery, over one parameter.
    pub(super) fn ids(&mut self, ids: &[Uuid]) -> String {
        let index = self.push(Bind::Value(id_text(ids).into()), &Kind::Text);
        ids_of(self.dialect, index + 1)
    }

    /// A parameter made of a text for which case does not count.
    pub(super) fn bind_any_case(&mut self, operand: &Operand, part: Part) -> String {
        let index = self.push(Bind::AnyCase(operand.clone(), part), &Kind::Text);
        self.place(index)
    }

    fn place(&self, index: usize) -> String {
        match self.dialect {
            Dialect::Postgres => format!("${}", index + 1),
            Dialect::Sqlite => format!("?{}", index + 1),
        }
    }

    fn push(&mut self, bind: Bind, kind: &Kind) -> usize {
        self.binds.push((bind, kind.clone()));
        self.binds.len() - 1
    }
}

/// Most arguments of one function call that both databases take.
const MAX_ARGUMENTS: usize = 90;

/// Joins texts with `concat`, which takes null for nothing. Long lists are nested, because a call has a limit of arguments.
pub(super) fn concat(parts: &[String]) -> String {
    match parts {
        [] => literal(""),
        [only] => format!("concat({only}, '')"),
        _ if parts.len() <= MAX_ARGUMENTS => format!("concat({})", parts.join(", ")),
        _ => {
            let chunks: Vec<String> = parts.chunks(MAX_ARGUMENTS).map(concat).collect();
            concat(&chunks)
        }
    }
}

/// A JSON object of keys and SQL expressions that give JSON text. Neighbouring constants become one literal.
pub(super) fn json_object(entries: &[(&str, String)]) -> String {
    let mut text = Text::default();
    text.constant("{");
    for (index, (key, value)) in entries.iter().enumerate() {
        text.constant(if index == 0 { "" } else { "," });
        text.constant(&json_string(key));
        text.constant(":");
        text.expression(value);
    }
    text.constant("}");
    text.into_sql()
}

/// Text put together from constants and SQL expressions.
#[derive(Default)]
pub(super) struct Text {
    parts: Vec<String>,
    pending: String,
}

impl Text {
    pub(super) fn constant(&mut self, text: &str) {
        self.pending.push_str(text);
    }

    /// Adds an expression; one that is itself a literal joins its neighbours.
    pub(super) fn expression(&mut self, sql: &str) {
        match plain_literal(sql) {
            Some(text) => self.pending.push_str(&text),
            None => {
                self.flush();
                self.parts.push(sql.to_owned());
            }
        }
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.parts.push(literal(&self.pending));
            self.pending.clear();
        }
    }

    pub(super) fn into_sql(mut self) -> String {
        self.flush();
        match self.parts.as_slice() {
            [only] if plain_literal(only).is_some() => only.clone(),
            parts => concat(parts),
        }
    }
}

/// The text of `sql` if it is one literal and nothing else.
fn plain_literal(sql: &str) -> Option<String> {
    let inner = sql.strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inner.replace("''", "\u{0}");
    (!text.contains('\'')).then(|| text.replace('\u{0}', "'"))
}

/// A SQL string literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A quoted identifier. Names come from the model, never from a request.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` as a JSON string.
pub(super) fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// 10^-`places` as an exact literal.
pub(super) fn ten_to_minus(places: u32) -> String {
    match places {
        0 => "1".to_owned(),
        _ => format!("0.{:0>width$}", 1, width = places as usize),
    }
}
