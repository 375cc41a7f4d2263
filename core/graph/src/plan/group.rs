//! Aggregates and groups: by what records are grouped, and what they come to.

use std::sync::Arc;

use apollo_compiler::executable::{Field as Selected, SelectionSet};
use guildhall_model::plan::{Aggregate, Bucket, Entry, Function, GroupKey, Groups, Measure, Output, Selection};
use guildhall_model::{Cardinality, Field, Kind, ObjectType, RelationKey};
use serde_json::Value;

use super::{Argument, Planner, Slot};
use crate::problem::{Code, Problem};
use crate::schema::{Gathered, is_date, is_measured, order_field};

const KEY_LIMIT: usize = 4;
/// What an aggregate costs, in records.
const AGGREGATE_COST: usize = 10;

/// The functions by the fields that show them.
const FUNCTIONS: [(&str, Function); 4] =
    [("sum", Function::Sum), ("average", Function::Average), ("min", Function::Minimum), ("max", Function::Maximum)];

/// Groups in the making: every number that is asked for becomes a column once.
pub(super) struct Grouping {
    pub groups: Groups,
    /// The type of the groups.
    pub object: Arc<ObjectType>,
}

impl Grouping {
    fn new(of: &Arc<ObjectType>, keys: Vec<GroupKey>, name: String) -> Self {
        let relations = keys.iter().filter_map(|key| match key {
            GroupKey::Relation { relation, .. } => Some(Arc::clone(relation)),
            GroupKey::Field { .. } => None,
        });
        let object =
            ObjectType { visible_with: of.visible_with.clone(), ..ObjectType::computed(name, relations.collect()) };
        Grouping { groups: Groups { of: Arc::clone(of), keys, measures: Vec::new() }, object: Arc::new(object) }
    }

    /// The group's field that holds a key.
    fn key_field(key: &GroupKey) -> Arc<Field> {
        Arc::new(match key {
            GroupKey::Field { field, bucket } => {
                let kind = if bucket.is_some() { Kind::Date } else { field.kind.clone() };
                Field::computed(&field.name, &field.column, kind, field.nullable)
            }
            GroupKey::Relation { relation, column } => {
                Field::computed(&relation.name, column, Kind::Id, relation.nullable)
            }
        })
    }

    pub(super) fn key_fields(&self) -> Vec<Arc<Field>> {
        self.groups.keys.iter().map(Self::key_field).collect()
    }

    /// The key of that name in the API's enum.
    pub(super) fn key_named(&self, wanted: &str) -> Result<Arc<Field>, String> {
        let key = self.groups.keys.iter().find(|key| key_name(key) == wanted);
        key.map(Self::key_field).ok_or_else(|| format!("`{wanted}` is not among what `by` groups by"))
    }

    /// What stands in the list, in words that are the same for every request that groups so.
    pub(super) fn described(&self) -> String {
        let key = |key: &GroupKey| match key {
            GroupKey::Field { bucket: Some(bucket), .. } => format!("{} {bucket:?}", key_name(key)).to_uppercase(),
            _ => key_name(key),
        };
        format!("{} by {}", self.groups.of.name, self.groups.keys.iter().map(key).collect::<Vec<_>>().join(", "))
    }

    /// A column of the group in such words: the key, or what is measured.
    pub(super) fn column_described(&self, column: &str) -> String {
        match self.groups.measures.iter().find(|measure| measure.column == column) {
            Some(Measure { function, field: Some(field), .. }) => {
                format!("{} {}", function_name(*function), order_field(&field.column))
            }
            Some(Measure { function, field: None, .. }) => function_name(*function).to_owned(),
            None => {
                let key = self.groups.keys.iter().find(|key| key.column() == column);
                key.map_or_else(|| order_field(column), key_name)
            }
        }
    }

    /// The group's field that holds a number.
    pub(super) fn measure(&mut self, function: Function, field: Option<&Arc<Field>>) -> Arc<Field> {
        let measures = &mut self.groups.measures;
        let same = |measure: &Measure| measure.function == function && measure.field.as_ref() == field;
        let place = measures.iter().position(same).unwrap_or_else(|| {
            measures.push(Measure { column: format!("m{}_", measures.len()), function, field: field.cloned() });
            measures.len() - 1
        });
        let kind = field.map_or(Kind::Int, |field| function.kind(&field.kind));
        // Over no records there is no value; a group has some.
        let nullable = field.is_some_and(|field| field.nullable || self.groups.keys.is_empty());
        let name = field.map_or("count", |field| field.name.as_str());
        Arc::new(Field::computed(name, &format!("m{place}_"), kind, nullable))
    }

    /// The same by the field's name in the API's enum.
    pub(super) fn measure_named(&mut self, function: Function, wanted: &str) -> Result<Arc<Field>, String> {
        let of = Arc::clone(&self.groups.of);
        let field = of.fields.iter().find(|field| order_field(&field.column) == wanted);
        let field = field.filter(|field| is_measured(&field.kind, gathered(function)));
        let field = field.ok_or_else(|| format!("`{wanted}` is no number that could be added up"))?;
        Ok(self.measure(function, Some(field)))
    }
}

/// A function by its name in the API's enum.
fn function_name(function: Function) -> &'static str {
    match function {
        Function::Count => "COUNT",
        Function::Sum => "SUM",
        Function::Average => "AVERAGE",
        Function::Minimum => "MIN",
        Function::Maximum => "MAX",
    }
}

fn gathered(function: Function) -> Gathered {
    match function {
        Function::Minimum | Function::Maximum => Gathered::Extremes,
        Function::Count | Function::Sum | Function::Average => Gathered::Sums,
    }
}

fn key_name(key: &GroupKey) -> String {
    match key {
        GroupKey::Field { field, .. } => order_field(&field.column),
        GroupKey::Relation { column, .. } => order_field(column.trim_end_matches("_id")),
    }
}

impl<'a> Planner<'a> {
    pub(super) fn count_aggregate(&mut self, parents: usize) -> Result<(), Problem> {
        self.count(parents.saturating_mul(AGGREGATE_COST))
    }

    /// What all records of `of` come to, once for each of `parents` records.
    pub(super) fn aggregate(
        &mut self,
        of: &Arc<ObjectType>,
        field: &'a Selected,
        sets: &[&'a SelectionSet],
        parents: usize,
    ) -> Result<Aggregate, Problem> {
        self.count_aggregate(parents)?;
        let filter = self.filter_argument(of, field)?;
        let mut grouping = Grouping::new(of, Vec::new(), format!("{}Aggregate", of.name));
        let selection = self.group(&mut grouping, sets, parents)?;
        Ok(Aggregate { groups: grouping.groups, filter, selection })
    }

    /// By what records are grouped.
    pub(super) fn grouping(&self, of: &Arc<ObjectType>, field: &'a Selected) -> Result<Grouping, Problem> {
        let given = match self.argument(field, "by") {
            Some(Argument::List(keys)) => keys,
            Some(single @ Argument::Object(_)) => vec![single],
            _ => Vec::new(),
        };
        let told = |message: String| format!("`by` of `{}`: {message}", field.response_key());
        let bad = |message: String| self.located(Problem::new(Code::BadUserInput, told(message)), field);
        if given.is_empty() {
            return Err(bad("name what to group by; the aggregate of all is another field".to_owned()));
        }
        if given.len() > KEY_LIMIT {
            return Err(
                self.located(Problem::limit("groups", told(format!("at most {KEY_LIMIT} fields are taken"))), field)
            );
        }
        let mut keys: Vec<GroupKey> = Vec::with_capacity(given.len());
        for given in &given {
            let key = group_key(of, given).map_err(bad)?;
            if keys.iter().any(|known| known.column() == key.column()) {
                return Err(bad(format!("`{}` stands there twice", key_name(&key))));
            }
            keys.push(key);
        }
        Ok(Grouping::new(of, keys, format!("{}Group", of.name)))
    }

    /// What is read of a group, or of all records as one.
    pub(super) fn group(
        &mut self,
        grouping: &mut Grouping,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Selection, Problem> {
        let object = Arc::clone(&grouping.object);
        let all = self.collect(sets, &object.name)?;
        self.count_values(records, all.len())?;
        let mut outputs = Vec::new();
        for collected in all {
            let field = collected.first()?;
            let function = FUNCTIONS.iter().find(|(name, _)| *name == field.name.as_str());
            let value = match (field.name.as_str(), function) {
                ("__typename", _) => Output::Constant(object.name.clone()),
                ("count", _) => Output::Field(grouping.measure(Function::Count, None)),
                ("key", _) => Output::Same(self.key(grouping, &collected.selections(), records)?),
                (_, Some((_, function))) => {
                    Output::Same(self.measures(grouping, *function, &collected.selections(), records)?)
                }
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object, outputs })
    }

    fn key(&mut self, grouping: &Grouping, sets: &[&'a SelectionSet], records: usize) -> Result<Selection, Problem> {
        let name = format!("{}GroupKey", grouping.groups.of.name);
        let all = self.collect(sets, &name)?;
        self.count_values(records, all.len())?;
        let mut outputs = Vec::new();
        for collected in all {
            let field = collected.first()?;
            let key = grouping.groups.keys.iter().find(|key| match key {
                GroupKey::Field { field: grouped, .. } => grouped.name == field.name.as_str(),
                GroupKey::Relation { relation, .. } => relation.name == field.name.as_str(),
            });
            let value = match key {
                _ if field.name == "__typename" => Output::Constant(name.clone()),
                Some(GroupKey::Relation { relation, .. }) => {
                    let target = self.context.model.object(&relation.target).ok_or_else(|| self.unplanned(field))?;
                    self.count(records)?;
                    let selection = self.selection(target, &collected.selections(), records)?;
                    Output::One { relation: Arc::clone(relation), selection }
                }
                Some(key) => Output::Field(Grouping::key_field(key)),
                None => Output::Null,
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object: Arc::clone(&grouping.object), outputs })
    }

    fn measures(
        &mut self,
        grouping: &mut Grouping,
        function: Function,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Selection, Problem> {
        let of = Arc::clone(&grouping.groups.of);
        let name = gathered(function).type_name(&of);
        let all = self.collect(sets, &name)?;
        self.count_values(records, all.len())?;
        let mut outputs = Vec::new();
        for collected in all {
            let field = collected.first()?;
            let value = if field.name == "__typename" {
                Output::Constant(name.clone())
            } else {
                let declared = of.get(field.name.as_str()).ok_or_else(|| self.unplanned(field))?;
                let measured = grouping.measure(function, Some(declared));
                if measured.kind == Kind::Money {
                    let parts = self.money(&collected.selections())?;
                    if grouping.groups.needs_currency() {
                        self.slot(Slot::MixedCurrencies, |mixed| Output::Total { field: measured, parts, mixed })
                    } else {
                        Output::Money { field: measured, parts }
                    }
                } else {
                    Output::Field(measured)
                }
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object: Arc::clone(&grouping.object), outputs })
    }
}

fn group_key(of: &ObjectType, given: &Argument) -> Result<GroupKey, String> {
    let Argument::Object(parts) = given else { return Err("it lists objects with a `field`".to_owned()) };
    let part = |name: &str| {
        parts.iter().find(|(key, _)| key == name).and_then(|(_, value)| match value {
            Argument::Scalar(Value::String(text)) => Some(text.as_str()),
            _ => None,
        })
    };
    let wanted = part("field").unwrap_or_default();
    let bucket = match part("bucket") {
        None => None,
        Some("DAY") => Some(Bucket::Day),
        Some("WEEK") => Some(Bucket::Week),
        Some("MONTH") => Some(Bucket::Month),
        Some("QUARTER") => Some(Bucket::Quarter),
        Some("YEAR") => Some(Bucket::Year),
        Some(other) => return Err(format!("`{other}` is no period")),
    };
    let field = of.fields.iter().find(|field| order_field(&field.column) == wanted);
    let key = match field {
        Some(field) if is_date(&field.kind) => {
            return Ok(GroupKey::Field { field: Arc::clone(field), bucket: Some(bucket.unwrap_or(Bucket::Day)) });
        }
        Some(field) => GroupKey::Field { field: Arc::clone(field), bucket: None },
        None => {
            let relation = of.relations.iter().find_map(|relation| match &relation.key {
                RelationKey::Here { column } if relation.cardinality == Cardinality::One => {
                    let key = GroupKey::Relation { relation: Arc::clone(relation), column: column.clone() };
                    (key_name(&key) == wanted).then_some(key)
                }
                _ => None,
            });
            relation.ok_or_else(|| format!("nothing is grouped by `{wanted}`"))?
        }
    };
    match bucket {
        Some(_) => Err(format!("`{wanted}` is no date, so it takes no `bucket`")),
        None => Ok(key),
    }
}
