//! Aggregates and groups: by what records are grouped, and what they come to.

use std::sync::Arc;

use apollo_compiler::executable::{Field as Selected, SelectionSet};
use guildhall_model::plan::{Aggregate, Bucket, Entry, Function, GroupKey, Groups, KeyOf, Measure, Output, Selection};
use guildhall_model::{Cardinality, Field, Kind, Model, ObjectType, Relation, RelationKey};
use serde_json::Value;

use super::filter::RELATION_COST;
use super::{Argument, Planner, Slot};
use crate::problem::{Code, Problem};
use crate::schema::{Gathered, is_date, is_measured, order_field, related_key_name};

const KEY_LIMIT: usize = 4;
/// Relations a key may go through.
const DEPTH_LIMIT: usize = 3;
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
        let relations = keys.iter().filter_map(key_relation);
        let object =
            ObjectType { visible_with: of.visible_with.clone(), ..ObjectType::computed(name, relations.collect()) };
        Grouping { groups: Groups { of: Arc::clone(of), keys, measures: Vec::new() }, object: Arc::new(object) }
    }

    /// The group's field that holds a key.
    fn key_field(key: &GroupKey) -> Arc<Field> {
        // A related record may be one that is not seen.
        let nullable = |own: bool| own || !key.through.is_empty();
        Arc::new(match &key.by {
            KeyOf::Field { field, bucket } => {
                let kind = if bucket.is_some() { Kind::Date } else { field.kind.clone() };
                Field::computed(&field.name, &key.column, kind, nullable(field.nullable))
            }
            KeyOf::Relation { relation, .. } => {
                Field::computed(&relation.name, &key.column, Kind::Id, nullable(relation.nullable))
            }
        })
    }

    pub(super) fn key_fields(&self) -> Vec<Arc<Field>> {
        self.groups.keys.iter().map(Self::key_field).collect()
    }

    /// The key of that name in the API's enum, of the record that relations of these names lead to.
    pub(super) fn key_named(&self, through: &[&str], wanted: &str) -> Result<Arc<Field>, String> {
        let wanted = through.iter().copied().chain([wanted]).collect::<Vec<_>>().join(".");
        let key = self.groups.keys.iter().find(|key| key_name(key) == wanted);
        key.map(Self::key_field).ok_or_else(|| format!("`{wanted}` is not among what `by` groups by"))
    }

    /// What stands in the list, in words that are the same for every request that groups so.
    pub(super) fn described(&self) -> String {
        let key = |key: &GroupKey| match &key.by {
            KeyOf::Field { bucket: Some(bucket), .. } => {
                format!("{} {}", key_name(key), format!("{bucket:?}").to_uppercase())
            }
            _ => key_name(key),
        };
        format!("{} by {}", self.groups.of.name, self.groups.keys.iter().map(key).collect::<Vec<_>>().join(", "))
    }

    /// A column of the group in such words: the key, or what is measured.
    pub(super) fn column_described(&self, column: &str) -> String {
        match self.groups.measures.iter().find(|measure| measure.column == column) {
            Some(Measure { function, field: Some(field), .. }) => {
                format!("{} {}", function_name(*function), field.capitals())
            }
            Some(Measure { function, field: None, .. }) => function_name(*function).to_owned(),
            None => {
                let key = self.groups.keys.iter().find(|key| key.column == column);
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
        let field = of.fields.iter().find(|field| field.capitals() == wanted);
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

/// A key as the API's enum names it, after the relations that lead to it.
fn key_name(key: &GroupKey) -> String {
    let own = match &key.by {
        KeyOf::Field { field, .. } => field.capitals(),
        KeyOf::Relation { column, .. } => order_field(column.trim_end_matches("_id")),
    };
    let through = key.through.iter().map(|relation| relation.name.clone());
    through.chain([own]).collect::<Vec<_>>().join(".")
}

/// From the group to the record that its key names. A relation of another type gets a name of its own, because what is seen
/// over this type's relations is not seen over that.
fn key_relation(key: &GroupKey) -> Option<Arc<Relation>> {
    let KeyOf::Relation { relation, .. } = &key.by else { return None };
    if key.through.is_empty() {
        return Some(Arc::clone(relation));
    }
    let here = RelationKey::Here { column: key.column.clone() };
    Some(Arc::new(Relation { name: key_name(key), key: here, nullable: true, ..Relation::clone(relation) }))
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
    pub(super) fn grouping(&mut self, of: &Arc<ObjectType>, field: &'a Selected) -> Result<Grouping, Problem> {
        let given = match self.argument(field, "by") {
            Some(Argument::List(keys)) => keys,
            Some(single @ Argument::Object(_)) => vec![single],
            _ => Vec::new(),
        };
        let told = |message: String| format!("`by` of `{}`: {message}", field.response_key());
        let mut keys: Vec<GroupKey> = Vec::with_capacity(given.len());
        for given in &given {
            // Each related record is one more for the database to find.
            for _ in 0..relations_in(given) * RELATION_COST {
                self.count_condition()?;
            }
        }
        let bad = |message: String| self.located(Problem::new(Code::BadUserInput, told(message)), field);
        if given.is_empty() {
            return Err(bad("name what to group by; the aggregate of all is another field".to_owned()));
        }
        if given.len() > KEY_LIMIT {
            return Err(
                self.located(Problem::limit("groups", told(format!("at most {KEY_LIMIT} fields are taken"))), field)
            );
        }
        for given in &given {
            let mut key = group_key(self.context.model, of, given, 0).map_err(bad)?;
            if keys.iter().any(|known| key_name(known) == key_name(&key)) {
                return Err(bad(format!("`{}` stands there twice", key_name(&key))));
            }
            if !key.through.is_empty() {
                key.column = format!("k{}_", keys.len());
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
                ("key", _) => {
                    let of = Arc::clone(&grouping.groups.of);
                    Output::Same(self.key(grouping, &of, &[], &collected.selections(), records)?)
                }
                (_, Some((_, function))) => {
                    Output::Same(self.measures(grouping, *function, &collected.selections(), records)?)
                }
                _ => return Err(self.unplanned(field)),
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object, outputs })
    }

    /// What is read of a group's key: of the grouped records, or of those of type `of` that relations of these names lead to.
    fn key(
        &mut self,
        grouping: &Grouping,
        of: &Arc<ObjectType>,
        through: &[&str],
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Selection, Problem> {
        let name = format!("{}GroupKey", of.name);
        let all = self.collect(sets, &name)?;
        self.count_values(records, all.len())?;
        let mut outputs = Vec::new();
        for collected in all {
            let field = collected.first()?;
            let wanted = field.name.as_str();
            let key = grouping.groups.keys.iter().find(|key| {
                let own = match &key.by {
                    KeyOf::Field { field, .. } => &field.name,
                    KeyOf::Relation { relation, .. } => &relation.name,
                };
                own == wanted && leads(key, through) && key.through.len() == through.len()
            });
            let value = match key {
                _ if wanted == "__typename" => Output::Constant(name.clone()),
                Some(key) => match key_relation(key) {
                    Some(relation) => {
                        let target =
                            self.context.model.object(&relation.target).ok_or_else(|| self.unplanned(field))?;
                        self.count(records)?;
                        let selection = self.selection(target, &collected.selections(), records)?;
                        Output::One { relation, selection }
                    }
                    None => Output::Field(Grouping::key_field(key)),
                },
                None => self.related_key(grouping, of, through, wanted, &collected.selections(), records)?,
            };
            outputs.push(Entry { key: collected.key.to_owned(), value });
        }
        Ok(Selection { object: Arc::clone(&grouping.object), outputs })
    }

    /// The same of a record one relation further, if it is grouped by something there.
    fn related_key(
        &mut self,
        grouping: &Grouping,
        of: &Arc<ObjectType>,
        through: &[&str],
        wanted: &str,
        sets: &[&'a SelectionSet],
        records: usize,
    ) -> Result<Output, Problem> {
        let relation = of.relations.iter().find(|relation| related_key_name(relation) == wanted);
        let Some(relation) = relation else { return Ok(Output::Null) };
        let further: Vec<&str> = through.iter().copied().chain([relation.name.as_str()]).collect();
        let target = self.context.model.object(&relation.target).cloned();
        match target.filter(|_| grouping.groups.keys.iter().any(|key| leads(key, &further))) {
            Some(target) => Ok(Output::Same(self.key(grouping, &target, &further, sets, records)?)),
            None => Ok(Output::Null),
        }
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

/// Whether a key is one of a record that relations of these names lead to, or lead further from.
fn leads(key: &GroupKey, through: &[&str]) -> bool {
    key.through.len() >= through.len() && key.through.iter().zip(through).all(|(relation, name)| relation.name == *name)
}

/// How many relations a key goes through.
fn relations_in(given: &Argument) -> usize {
    let Argument::Object(parts) = given else { return 0 };
    let further = parts.iter().filter(|(_, inner)| matches!(inner, Argument::Object(_)));
    further.map(|(_, inner)| 1 + relations_in(inner)).sum()
}

fn group_key(model: &Model, of: &ObjectType, given: &Argument, depth: usize) -> Result<GroupKey, String> {
    let Argument::Object(parts) = given else { return Err("it lists objects with a `field`".to_owned()) };
    let parts: Vec<_> = parts.iter().filter(|(_, value)| !matches!(value, Argument::Null)).collect();
    let part = |name: &str| {
        parts.iter().find(|(key, _)| key == name).and_then(|(_, value)| match value {
            Argument::Scalar(Value::String(text)) => Some(text.as_str()),
            _ => None,
        })
    };
    let relation = parts.iter().find_map(|(name, inner)| Some((of.relation(name)?, inner)));
    if parts.iter().filter(|(name, _)| name != "bucket").count() != 1 {
        return Err("a key names one `field`, or one relation and what to group by there".to_owned());
    }
    if let Some((relation, inner)) = relation {
        if parts.len() > 1 {
            return Err("`bucket` stands beside `field`, not beside a relation".to_owned());
        }
        if depth == DEPTH_LIMIT {
            return Err(format!("a key goes through at most {DEPTH_LIMIT} relations"));
        }
        let target = model.object(&relation.target).filter(|_| relation.cardinality == Cardinality::One);
        let target = target.ok_or("a key goes through relations to one record")?;
        let mut key = group_key(model, target, inner, depth + 1)?;
        key.through.insert(0, Arc::clone(relation));
        return Ok(key);
    }
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
    let own = |column: &str, by| GroupKey { through: Vec::new(), by, column: column.to_owned() };
    let field = of.fields.iter().find(|field| field.capitals() == wanted);
    let by = match field {
        Some(field) if is_date(&field.kind) => {
            let bucket = Some(bucket.unwrap_or(Bucket::Day));
            return Ok(own(&field.column, KeyOf::Field { field: Arc::clone(field), bucket }));
        }
        Some(field) => own(&field.column, KeyOf::Field { field: Arc::clone(field), bucket: None }),
        None => {
            let relation = of.relations.iter().find_map(|relation| match &relation.key {
                RelationKey::Here { column } if relation.cardinality == Cardinality::One => {
                    let by = KeyOf::Relation { relation: Arc::clone(relation), column: column.clone() };
                    Some(own(column, by)).filter(|key| key_name(key) == wanted)
                }
                _ => None,
            });
            relation.ok_or_else(|| format!("nothing is grouped by `{wanted}`"))?
        }
    };
    match bucket {
        Some(_) => Err(format!("`{wanted}` is no date, so it takes no `bucket`")),
        None => Ok(by),
    }
}
