//! The fields of `Query`.

use std::sync::Arc;

use apollo_compiler::executable::{Field, SelectionSet};
use guildhall_model::plan::{
    Chained, Comparison, Condition, Connection, Direction, End, Expression, IdOf, Nulls, Operand, OrderTerm, Root,
    Rows, Size,
};
use guildhall_model::{Field as Stored, GlobalId, Kind, ObjectType, parse_text, prefix_end, prefix_start};
use serde_json::Value;

use super::arguments::scalar_text;
use super::{Argument, Planner, Slot, Source};
use crate::problem::Problem;
use crate::schema::{List, list_of, lower_first};

const IDS_LIMIT: usize = 100;
/// What looking for conflicts costs, in records.
const CONFLICTS_COST: usize = 1_000;
const SEARCH_DEFAULT: u32 = 5;
const SEARCH_LIMIT: u32 = 20;
/// What searching one type costs, in conditions: each is a list of its own for the database to plan.
const SEARCH_COST: usize = 8;

impl<'a> Planner<'a> {
    pub(super) fn root(&mut self, field: &'a Field, sets: &[&'a SelectionSet]) -> Result<Root, Problem> {
        match field.name.as_str() {
            "node" => return self.node(field, sets),
            "nodes" => return self.nodes(field, sets),
            "search" => return self.search(field, sets),
            "policyConflicts" => return self.conflicts(field, sets),
            _ => {}
        }
        let objects = self.context.model.objects();
        if let Some(object) = objects.iter().find(|object| lower_first(&object.name) == field.name.as_str()) {
            let id = self.record_id(field, object)?;
            self.count(1)?;
            return Ok(Root::Record { id, object: self.selection(object, sets, 1)? });
        }
        let (name, list) = list_of(field.name.as_str(), |name| objects.iter().any(|object| object.plural == name));
        let object = objects.iter().find(|object| object.plural == name).ok_or_else(|| self.unplanned(field))?;
        Ok(match list {
            List::Records => Root::List(Box::new(self.connection(object, field, sets, 1)?)),
            List::Aggregate => Root::Aggregate(Box::new(self.aggregate(object, field, sets, 1)?)),
            List::Groups => Root::List(Box::new(self.groups(object, field, sets, 1)?)),
        })
    }

    /// `policyConflicts(since, until, decisions)`: what is counted is said when the operation runs.
    fn conflicts(&mut self, field: &'a Field, sets: &[&'a SelectionSet]) -> Result<Root, Problem> {
        self.count(CONFLICTS_COST)?;
        let [since, until, decisions] = ["since", "until", "decisions"].map(|name| self.deferred(field, name));
        let said = self.said(sets, "PolicyConflicts")?;
        Ok(self.slot(Slot::Conflicts { since, until, decisions, said }, Root::Slot))
    }

    /// `node(id)`: the id's prefix says which type is read, so it shapes the plan.
    fn node(&mut self, field: &'a Field, sets: &[&'a SelectionSet]) -> Result<Root, Problem> {
        let text = self.argument(field, "id").and_then(|argument| self.current_text(&argument)).unwrap_or_default();
        let Some(object) = self.type_of(field, "id", &text)? else { return Ok(Root::Null) };
        let id = self.record_id(field, &object)?;
        self.count(1)?;
        Ok(Root::Record { id, object: self.selection(&object, sets, 1)? })
    }

    /// The type a global id is of, if the role may read it.
    fn type_of(&self, field: &Field, argument: &str, id: &str) -> Result<Option<Arc<ObjectType>>, Problem> {
        let id = GlobalId::parse(id).map_err(|error| self.bad_argument(field, argument, &error))?;
        let readable = |name: &str| self.context.front.schema().types.contains_key(name);
        Ok(id.object(self.context.model).filter(|object| readable(&object.name)).cloned())
    }

    /// `nodes(ids)`: the ids' prefixes shape the plan.
    fn nodes(&mut self, field: &'a Field, sets: &[&'a SelectionSet]) -> Result<Root, Problem> {
        let (variable, given) = match self.argument(field, "ids") {
            Some(Argument::List(items)) => (None, items),
            Some(Argument::Variable(name)) => {
                let value = self.context.variables.get(name.as_str());
                let items = match value.and_then(|value| serde_json::to_value(value).ok()) {
                    Some(Value::Array(items)) => items,
                    Some(single) => vec![single],
                    None => Vec::new(),
                };
                (Some(name), items.into_iter().map(Argument::Scalar).collect())
            }
            Some(single) => (None, vec![single]),
            None => (None, Vec::new()),
        };
        if given.len() > IDS_LIMIT {
            let message =
                format!("`ids` of `{}` are {}; at most {IDS_LIMIT} are taken", field.response_key(), given.len());
            return Err(self.located(Problem::limit("ids", message), field));
        }
        self.count(given.len())?;
        let mut types: Vec<Arc<ObjectType>> = Vec::new();
        let mut ids = Vec::with_capacity(given.len());
        for (item, given) in given.iter().enumerate() {
            let text = self.current_text(given).unwrap_or_default();
            let Some(of) = self.type_of(field, "ids", &text)? else {
                ids.push(None);
                continue;
            };
            let object = types.iter().position(|known| known.name == of.name).unwrap_or_else(|| {
                types.push(Arc::clone(&of));
                types.len() - 1
            });
            let id = match (&variable, given) {
                (Some(variable), _) => {
                    self.variable(Source::Id { variable: variable.clone(), item: Some(item), object: of })
                }
                (None, Argument::Variable(variable)) => {
                    self.variable(Source::Id { variable: variable.clone(), item: None, object: of })
                }
                (None, _) => Operand::Value(
                    GlobalId::parse_as(&text, &of).map_err(|error| self.bad_argument(field, "ids", &error))?.into(),
                ),
            };
            ids.push(Some(IdOf { id, object }));
        }
        let records = ids.len();
        let objects = types.iter().map(|object| self.selection(object, sets, records)).collect::<Result<_, _>>()?;
        Ok(Root::Records { ids, objects })
    }

    /// `search(text, first)`: for each type, the records whose searchable field begins with the text.
    fn search(&mut self, field: &'a Field, sets: &[&'a SelectionSet]) -> Result<Root, Problem> {
        let first = match self.argument(field, "first") {
            Some(Argument::Scalar(Value::Number(number))) => number.as_i64().unwrap_or(-1),
            _ => i64::from(SEARCH_DEFAULT),
        };
        let first = self.at_most(field, "first", first, SEARCH_LIMIT)?;
        let (from, to) = match self.argument(field, "text") {
            Some(Argument::Variable(variable)) => (
                self.variable(Source::PrefixStart { variable: variable.clone() }),
                self.variable(Source::PrefixEnd { variable }),
            ),
            Some(Argument::Scalar(value)) => {
                let text = scalar_text(&value);
                parse_text(&Kind::Text, &text).map_err(|error| self.bad_argument(field, "text", &error))?;
                (Operand::Value(prefix_start(&text).into()), Operand::Value(prefix_end(&text).into()))
            }
            _ => return Err(self.unplanned(field)),
        };
        let mut lists = Vec::new();
        for object in self.context.model.objects() {
            let Some(by) = self.searched(object) else { continue };
            let records = usize::try_from(first).unwrap_or(usize::MAX);
            self.count(records)?;
            for _ in 0..SEARCH_COST {
                self.count_condition()?;
            }
            let lower = || Expression::Lower(Box::new(Expression::Field(Arc::clone(by))));
            let bound = |comparison, operand: &Operand| Condition::Compare {
                left: lower(),
                comparison,
                right: Expression::Operand(operand.clone()),
            };
            let filter = Condition::All(vec![bound(Comparison::GreaterOrEqual, &from), bound(Comparison::Less, &to)]);
            let term = |field: &Arc<Stored>| OrderTerm {
                by: Expression::Field(Arc::clone(field)),
                kind: field.kind.clone(),
                nullable: field.nullable,
                direction: Direction::Ascending,
                nulls: Nulls::Last,
            };
            let id = object.get("id").ok_or_else(|| self.unplanned(field))?;
            let connection = Connection {
                rows: Rows::Records,
                object: Arc::clone(object),
                filter,
                order: vec![term(by), term(id)],
                digest: String::new(),
                size: Size { end: End::First, rows: first },
                after: None,
                before: None,
                outputs: Vec::new(),
            };
            lists.push(Chained { connection, node: self.selection(object, sets, records)? });
        }
        Ok(Root::Chain(lists))
    }

    /// The field by which records of a type are searched, if they are and the role may read it.
    fn searched(&self, object: &'a ObjectType) -> Option<&'a Arc<Stored>> {
        let served = self.context.front.schema().get_object(&object.name)?;
        object.fields.iter().find(|field| {
            field.searchable && field.kind == Kind::Text && served.fields.contains_key(field.name.as_str())
        })
    }
}
