//! Reads what a set adds: its members, the answers about them and how these are settled.

use apollo_compiler::ast::{Directive, FieldDefinition, ObjectTypeDefinition, Type, Value};

use super::{
    Declared, PointError, argument_text, authorities, by_fields, description, lifting, only_arguments, only_directives,
    refuse,
};
use crate::point::{InputField, Members, Mode, OutputField, Ration, Score, Settle};
use crate::{CombineRule, DataType};

/// The list in the request whose members the answer is about.
pub(super) fn list_of(object: &ObjectTypeDefinition) -> Option<String> {
    let directive = object.fields.iter().find_map(|field| field.directives.get("each"))?;
    directive.specified_argument_by_name("of")?.as_str().map(str::to_owned)
}

/// The name of the type that a list which is never null, of what is never null, is of.
fn listed_type(ty: &Type) -> Option<&str> {
    match ty {
        Type::NonNullList(item) => match &**item {
            Type::NonNullNamed(name) => Some(name.as_str()),
            _ => None,
        },
        _ => None,
    }
}

impl Declared<'_> {
    /// Whether it is the type of the answers about a set's members.
    pub(super) fn is_answer_about_a_member(&self, object: &ObjectTypeDefinition) -> bool {
        let fields = self.objects.iter().flat_map(|object| &object.fields);
        object.directives.get("point").is_none()
            && fields
                .filter(|field| field.directives.get("each").is_some())
                .any(|field| listed_type(&field.ty) == Some(object.name.as_str()))
    }

    /// A set has members, and nothing else has.
    pub(super) fn members(
        &self,
        object: &ObjectTypeDefinition,
        mode: Mode,
        request: &[InputField],
        parameters: &[InputField],
    ) -> Result<Option<Members>, PointError> {
        let mut each = object.fields.iter().filter(|field| field.directives.get("each").is_some());
        let (first, second) = (each.next(), each.next());
        let name = object.name.as_str();
        match (mode, first, second) {
            (Mode::Independent, None, _) => Ok(None),
            (Mode::Independent, Some(_), _) => refuse(name, "has `@each`, which only a SET has"),
            (Mode::Set, Some(field), None) => self.answers(object, field, request, parameters).map(Some),
            (Mode::Set, ..) => refuse(name, "is a SET and needs exactly one list with `@each(of: ..., key: ...)`"),
        }
    }

    fn answers(
        &self,
        object: &ObjectTypeDefinition,
        field: &FieldDefinition,
        request: &[InputField],
        parameters: &[InputField],
    ) -> Result<Members, PointError> {
        let place = format!("{}.{}", object.name, field.name);
        only_directives(&place, &field.directives, &["each", "rank", "choose", "ration"])?;
        description(&place, field.description.as_ref())?;
        let Some(each) = field.directives.get("each") else { return refuse(place, "needs `@each`") };
        only_arguments(&place, each, &["of", "key"])?;
        let (list, key) = (argument_text(&place, each, "of")?, argument_text(&place, each, "key")?);
        let answer_type = listed_type(&field.ty).unwrap_or_default().to_owned();
        let Some(answer) = self.objects.iter().find(|object| object.name == answer_type.as_str()) else {
            return refuse(place, "is not a list like `[Share!]!` of a type of the same file");
        };
        let (list_type, inputs) = self.member(object, &list, &key)?;
        only_directives(&answer_type, &answer.directives, &[])?;
        description(&answer_type, answer.description.as_ref())?;
        if !answer.fields.iter().any(|field| field.name == key.as_str() && field.ty.to_string() == "String!") {
            return refuse(answer_type, format!("needs `{key}: String!`, which names the member"));
        }
        let fields = answer.fields.iter().filter(|field| field.name != key.as_str());
        let outputs = fields.map(|field| self.output(&answer_type, field)).collect::<Result<Vec<_>, _>>()?;
        by_fields(&answer_type, &outputs)?;
        authorities(&answer_type, &outputs, parameters)?;
        lifting(&answer_type, &outputs)?;
        if let Some(twice) = inputs.iter().find(|input| request.iter().any(|asked| asked.name == input.name)) {
            let place = format!("{list_type}.{}", twice.name);
            return refuse(place, "has the name of a field of the request; conditions could not tell them apart");
        }
        let score = self.score(answer, &outputs, &inputs)?;
        let mut members = Members {
            list,
            list_type,
            answers: field.name.to_string(),
            answer_type,
            key,
            inputs,
            outputs,
            settle: None,
            score,
        };
        members.settle = settle(&place, field, &members, request, parameters)?;
        all_filled(&members)?;
        Ok(members)
    }

    /// The type of the members, and their fields beside the key.
    fn member(
        &self,
        object: &ObjectTypeDefinition,
        list: &str,
        key: &str,
    ) -> Result<(String, Vec<InputField>), PointError> {
        let request = format!("{}Request", object.name);
        let declared = self.inputs.iter().find(|input| input.name == request.as_str());
        let declared = declared.and_then(|input| input.fields.iter().find(|field| field.name == list));
        let Some(declared) = declared else {
            return refuse(request, format!("needs `{list}`, the list that `@each` names"));
        };
        let place = format!("{request}.{list}");
        only_directives(&place, &declared.directives, &[])?;
        description(&place, declared.description.as_ref())?;
        let list_type = listed_type(&declared.ty).unwrap_or_default().to_owned();
        let Some(member) = self.inputs.iter().find(|input| input.name == list_type.as_str()) else {
            return refuse(place, "is not a list like `[Claim!]!` of an input of the same file");
        };
        only_directives(&list_type, &member.directives, &[])?;
        description(&list_type, member.description.as_ref())?;
        if !member.fields.iter().any(|field| field.name == key && field.ty.to_string() == "String!") {
            return refuse(list_type, format!("needs `{key}: String!`, which names the member"));
        }
        let fields = member.fields.iter().filter(|field| field.name != key);
        let inputs = fields.map(|field| self.input(&list_type, field)).collect::<Result<_, _>>()?;
        Ok((list_type, inputs))
    }

    fn score(
        &self,
        answer: &ObjectTypeDefinition,
        outputs: &[OutputField],
        inputs: &[InputField],
    ) -> Result<Option<Score>, PointError> {
        let mut scored = answer.fields.iter().filter_map(|field| Some((field, field.directives.get("score")?)));
        let Some((field, directive)) = scored.next() else { return Ok(None) };
        let place = format!("{}.{}", answer.name, field.name);
        if scored.next().is_some() {
            return refuse(answer.name.as_str(), "has two fields with `@score`; one is the score");
        }
        only_arguments(&place, directive, &["lever", "currency", "money"])?;
        let output = |name: &str| outputs.iter().find(|output| output.name == name);
        let of_core = output(&field.name).is_some_and(|field| is_core(field, &DataType::Decimal));
        if !of_core {
            return refuse(place, "has `@score`; it has to be a Decimal! that combines by CORE");
        }
        let lever = optional(&place, directive, "lever")?;
        if lever.as_deref().is_some_and(|name| output(name).is_none_or(|lever| lever.data_type != DataType::Decimal)) {
            return refuse(place, "has a `lever` that is no Decimal beside it");
        }
        let input = |name: &str| inputs.iter().find(|input| input.name == name).map(|input| &input.data_type);
        let currency = optional(&place, directive, "currency")?;
        if currency.as_deref().is_some_and(|name| input(name) != Some(&DataType::Text)) {
            return refuse(place, "has a `currency` that is no String of the member");
        }
        let money = texts(directive, "money");
        if money.iter().any(|name| input(name) != Some(&DataType::Decimal)) {
            return refuse(place, "has `money` that is no Decimal of the member");
        }
        Ok(Some(Score { field: field.name.to_string(), lever, currency, money }))
    }
}

fn settle(
    place: &str,
    field: &FieldDefinition,
    members: &Members,
    request: &[InputField],
    parameters: &[InputField],
) -> Result<Option<Settle>, PointError> {
    let given = ["rank", "choose", "ration"].map(|name| field.directives.get(name).map(|directive| (name, directive)));
    let mut given = given.into_iter().flatten();
    let Some((name, directive)) = given.next() else { return Ok(None) };
    if given.next().is_some() {
        return refuse(place, "has more than one of `@rank`, `@choose` and `@ration`; keep one");
    }
    match name {
        "rank" => {
            only_arguments(place, directive, &["by", "into"])?;
            let into = core(place, directive, members, "into", &DataType::Int)?;
            Ok(Some(Settle::Rank { by: order(place, directive, members)?, into }))
        }
        "choose" => {
            only_arguments(place, directive, &["by", "into", "allowed", "exempt", "cap", "used"])?;
            let flag = |name: &str| answered(place, directive, members, name, &[DataType::Bool]);
            let cap = argument_text(place, directive, "cap")?;
            if !parameters.iter().any(|field| field.name == cap && field.data_type == DataType::Int && field.required) {
                return refuse(place, format!("has the cap `{cap}`, which is no parameter of type Int!"));
            }
            let used = optional(place, directive, "used")?;
            let counts =
                |name: &str| request.iter().any(|field| field.name == name && field.data_type == DataType::Int);
            if used.as_deref().is_some_and(|name| !counts(name)) {
                return refuse(place, "has a `used` that is no Int of the request");
            }
            Ok(Some(Settle::Choose {
                by: order(place, directive, members)?,
                into: core(place, directive, members, "into", &DataType::Bool)?,
                allowed: flag("allowed")?,
                exempt: flag("exempt")?,
                cap,
                used,
            }))
        }
        _ => ration(place, directive, members, request).map(|ration| Some(Settle::Ration(ration))),
    }
}

fn ration(place: &str, directive: &Directive, members: &Members, request: &[InputField]) -> Result<Ration, PointError> {
    only_arguments(place, directive, &["field", "supply", "demand", "segment", "standing", "short", "cut"])?;
    let name = argument_text(place, directive, "field")?;
    let Some(shared) = members
        .output(&name)
        .filter(|field| field.data_type == DataType::Decimal && !field.nullable && field.combine != CombineRule::Core)
    else {
        return refuse(place, format!("shares out `{name}`, which is no Decimal! that plugins answer"));
    };
    let supply = argument_text(place, directive, "supply")?;
    let is_quantity =
        |field: &InputField, name: &str| field.name == name && field.data_type == DataType::Decimal && field.required;
    if !request.iter().any(|field| is_quantity(field, &supply)) {
        return refuse(place, format!("shares out `{supply}`, which is no Decimal! of the request"));
    }
    let demand = argument_text(place, directive, "demand")?;
    if !members.inputs.iter().any(|field| is_quantity(field, &demand)) {
        return refuse(place, format!("has the demand `{demand}`, which is no Decimal! of the member"));
    }
    let segment = optional(place, directive, "segment")?;
    let is_text = |name: &str| members.input(name).is_some_and(|field| field.data_type == DataType::Text);
    if segment.as_deref().is_some_and(|name| !is_text(name)) {
        return refuse(place, "has a `segment` that is no String of the member");
    }
    let core_of = |name: &str, data_type: DataType| {
        let given = directive.specified_argument_by_name(name).is_some();
        given.then(|| core(place, directive, members, name, &data_type)).transpose()
    };
    Ok(Ration {
        field: shared.name.clone(),
        supply,
        demand,
        segment,
        standing: answered(place, directive, members, "standing", &[DataType::Int, DataType::Decimal])?,
        short: core_of("short", DataType::Decimal)?,
        cut: core_of("cut", DataType::Bool)?,
    })
}

/// Every field of the core is filled in by something.
fn all_filled(members: &Members) -> Result<(), PointError> {
    let mut filled: Vec<&str> = members.score.iter().map(|score| score.field.as_str()).collect();
    match &members.settle {
        Some(Settle::Rank { into, .. } | Settle::Choose { into, .. }) => filled.push(into),
        Some(Settle::Ration(ration)) => filled.extend(ration.short.iter().chain(&ration.cut).map(String::as_str)),
        None => {}
    }
    let unfilled = |field: &&OutputField| field.combine == CombineRule::Core && !filled.contains(&field.name.as_str());
    match members.outputs.iter().find(unfilled) {
        Some(field) => {
            let place = format!("{}.{}", members.answer_type, field.name);
            refuse(place, "combines by CORE, and neither `@score`, `@rank`, `@choose` nor `@ration` fills it in")
        }
        None => Ok(()),
    }
}

/// The fields that put the answers in order.
fn order(place: &str, directive: &Directive, members: &Members) -> Result<Vec<String>, PointError> {
    let by = texts(directive, "by");
    let scores = |name: &str| members.score.as_ref().is_some_and(|score| score.field == name);
    let ordered =
        |name: &String| members.output(name).is_some_and(|field| field.combine != CombineRule::Core || scores(name));
    if by.is_empty() || !by.iter().all(ordered) {
        return refuse(place, "needs `by`: fields of the answer, each of which plugins answer or `@score` fills in");
    }
    Ok(by)
}

fn is_core(field: &OutputField, data_type: &DataType) -> bool {
    field.combine == CombineRule::Core && field.data_type == *data_type && !field.nullable
}

fn core(
    place: &str,
    directive: &Directive,
    members: &Members,
    argument: &str,
    data_type: &DataType,
) -> Result<String, PointError> {
    let name = argument_text(place, directive, argument)?;
    match members.output(&name).is_some_and(|field| is_core(field, data_type)) {
        true => Ok(name),
        false => {
            let wanted = format!("{}! that combines by CORE", data_type.graphql());
            refuse(place, format!("has the {argument} `{name}`, which is no {wanted}"))
        }
    }
}

fn answered(
    place: &str,
    directive: &Directive,
    members: &Members,
    argument: &str,
    types: &[DataType],
) -> Result<Option<String>, PointError> {
    let Some(name) = optional(place, directive, argument)? else { return Ok(None) };
    let fits =
        |field: &OutputField| types.contains(&field.data_type) && !field.nullable && field.combine != CombineRule::Core;
    match members.output(&name).is_some_and(fits) {
        true => Ok(Some(name)),
        false => refuse(place, format!("has the {argument} `{name}`, which plugins do not answer in that type")),
    }
}

fn optional(place: &str, directive: &Directive, argument: &str) -> Result<Option<String>, PointError> {
    let given = directive.specified_argument_by_name(argument).is_some();
    given.then(|| argument_text(place, directive, argument)).transpose()
}

fn texts(directive: &Directive, argument: &str) -> Vec<String> {
    match directive.specified_argument_by_name(argument).map(|value| &**value) {
        Some(Value::List(items)) => items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}
