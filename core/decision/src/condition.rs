//! Conditions: a typed subset of CEL with the logic of SQL.
//!
//! A condition compares fields and literals, exactly, and joins comparisons with `&&`, `||`, `!`. What is missing makes a
//! comparison unknown, neither true nor false, as null does in SQL; only `has(...)` tells. So both back ends agree:
//! [`Condition::evaluate`] over one record's facts and [`Condition::lower`] for the database.
//!
//! The `cel` crate parses, nothing more. Before it, [`bounds`] limits the text; after it, [`check`] gives every name and
//! operator a type against the model. There are no loops, no functions beyond `date` and `has`, and no division.

mod bounds;
mod check;
mod evaluate;
mod formula;
mod lower;
mod money;
mod region;
mod scope;
mod tree;

use guildhall_model::plan;

pub use bounds::MAX_CONDITION_LENGTH;
pub use evaluate::Bindings;
pub use formula::{Formula, FormulaError, FormulaNames, FormulaValues};
pub(crate) use region::Region;
pub use scope::Scope;

use tree::{Literal, Root, Tree};

/// A condition whose names and types are known to be right.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    tree: Tree,
    reads: Vec<Vec<String>>,
}

/// Why a text is no condition. `column` counts characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {message}")]
pub struct ConditionError {
    pub column: usize,
    pub message: String,
}

impl Condition {
    /// Reads a condition over the names of `scope`.
    pub fn compile(text: &str, scope: &Scope) -> Result<Condition, ConditionError> {
        bounds::check(text, false)?;
        let tree = check::compile(text, scope)?;
        Ok(Condition::of(text.to_owned(), tree))
    }

    fn of(text: String, tree: Tree) -> Condition {
        let mut reads = Vec::new();
        tree.each_path(&mut |path| {
            if path.root == Root::Subject && !reads.contains(&path.names) {
                reads.push(path.names.clone());
            }
        });
        reads.sort();
        Condition { text, tree, reads }
    }

    /// Holds when any of them does.
    pub(crate) fn any(parts: &[&Condition]) -> Condition {
        let texts: Vec<_> = parts.iter().map(|part| format!("({})", part.text)).collect();
        Condition::of(texts.join(" || "), Tree::Any(parts.iter().map(|part| part.tree.clone()).collect()))
    }

    /// Holds when all of them do.
    pub(crate) fn all(parts: &[&Condition]) -> Condition {
        let texts: Vec<_> = parts.iter().map(|part| format!("({})", part.text)).collect();
        Condition::of(texts.join(" && "), Tree::All(parts.iter().map(|part| part.tree.clone()).collect()))
    }

    /// The same, shown by another text.
    pub(crate) fn written(self, text: &str) -> Condition {
        Condition { text: text.to_owned(), ..self }
    }

    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The fields of the subject it reads, each as the path of names that leads there; sorted, each once.
    pub fn reads(&self) -> &[Vec<String>] {
        &self.reads
    }

    /// Whether it compares amounts of money with numbers, which have to be in some currency.
    pub(crate) fn counts_money(&self) -> bool {
        money::needs_rates(&self.tree)
    }

    /// The segments it asks for by their keys.
    pub(crate) fn segment_keys(&self) -> Vec<&str> {
        let mut keys = Vec::new();
        self.tree.each_comparison(&mut |path, literals| {
            let names: Vec<&str> = path.names.iter().map(String::as_str).collect();
            let asks = match path.root {
                Root::Subject => names.ends_with(&["segment", "key"]),
                Root::Request | Root::Verdict => names == ["segment"],
            };
            if asks {
                let texts = literals.iter().filter_map(|literal| match literal {
                    Literal::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                keys.extend(texts);
            }
        });
        keys
    }

    /// True, false or unknown.
    pub fn evaluate(&self, bindings: &Bindings<'_>) -> Option<bool> {
        evaluate::tree(&self.tree, bindings)
    }

    /// The same condition for the database; nothing if it reads the request or the verdict, which no database knows.
    pub fn lower(&self) -> Option<plan::Condition> {
        lower::tree(&self.tree)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
pub(crate) mod interpreter;
#[cfg(test)]
pub(crate) mod tests;
