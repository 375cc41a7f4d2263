//! What a new plugin says at a decision point: query, policy and golden case.

use std::sync::Arc;

use guildhall_decision::{CombineRule, DataType, Datum, DecisionPoint, InputField, Members, OutputField};
use guildhall_model::Model;
use serde_json::{Map, Value, json};

use super::template::fill;

const POLICY: &str = include_str!("../../../../../../plugin-sdk/templates/policy.rs.template");

/// What cannot be a name in Rust as it is.
const KEYWORDS: [&str; 14] =
    ["type", "match", "move", "ref", "use", "where", "in", "for", "if", "else", "loop", "let", "fn", "mod"];

/// The time of every new golden case.
const AT: &str = "2026-03-01T09:00:00Z";
/// The customer of every new golden case.
const SUBJECT: &str = "Harbour Bakery";
/// The member that every new golden case about a set asks about.
const MEMBER: &str = "first";

/// The files of a decision point. Paths are relative to the plugin's folder.
pub(super) struct PointFiles {
    /// The module the policy's types appear in, `credit_terms`.
    pub module: String,
    /// The module the policy stands in, `terms`.
    pub stem: String,
    pub query: (String, String),
    pub policy: (String, String),
    pub case: (String, String),
    /// What it reads, `Customer.name`.
    pub reads: String,
}

/// How the policy is made beyond its decision point.
pub(super) struct Making {
    pub own_schema: bool,
    pub settings: bool,
}

/// The files of a decision point, which is one of several.
pub(super) fn files(point: &DecisionPoint, all: &[Arc<DecisionPoint>], model: &Model, making: &Making) -> PointFiles {
    let module = point.name.replace(['.', '-'], "_");
    let last = |point: &DecisionPoint| point.name.rsplit('.').next().unwrap_or_default().replace('-', "_");
    let is_free = all.iter().filter(|other| last(other) == last(point)).count() == 1;
    let is_plain =
        !KEYWORDS.contains(&last(point).as_str()) && !["lib", "main", "tests", &module].contains(&last(point).as_str());
    let stem = if is_free && is_plain { last(point) } else { format!("{module}_policy") };
    let subject_field = match model.object(&point.subject).is_some_and(|object| object.get("name").is_some()) {
        true => "name",
        false => "id",
    };
    let query = format!(
        "# What the policy is told, what an administrator approves and what is read: add the fields you need.\n\
         fragment {}Input on {} {{\n  {subject_field}\n}}\n",
        point.output_type, point.subject
    );
    PointFiles {
        query: (format!("{module}.graphql"), query),
        policy: (format!("src/{stem}.rs"), policy(point, &module, subject_field, making)),
        case: (format!("cases/{module}-to-begin-with.json"), case(point, subject_field)),
        reads: format!("{}.{subject_field}", point.subject),
        module,
        stem,
    }
}

fn policy(point: &DecisionPoint, module: &str, subject_field: &str, making: &Making) -> String {
    let mut proposal: Vec<_> = proposed(point, &point.outputs).map(|field| format!("        {field},")).collect();
    proposal.extend(point.members.as_ref().map(|members| about_members(point, members)));
    let proposal = proposal.join("\n");
    let enums = point.enums.iter().map(|declared| declared.name.as_str());
    let used = |text: &str| {
        let mut used: Vec<_> = enums.clone().filter(|name| text.contains(&format!("{name}::"))).collect();
        used.sort_unstable();
        used
    };
    let request = match point.request_type() {
        None => "()".to_owned(),
        Some(_) => {
            let mut fields = asked_fields(&point.request);
            fields.extend(point.members.as_ref().map(|members| {
                let mut of_member = vec![format!("{}: \"{MEMBER}\".to_owned()", snake(&members.key))];
                of_member.extend(asked_fields(&members.inputs));
                format!("{}: vec![{} {{ {} }}]", snake(&members.list), members.list_type, of_member.join(", "))
            }));
            let request = format!("Request {{ {} }}", fields.join(", "));
            request.replace("Decimal::", "guildhall_plugin::Decimal::").replace("Date::", "guildhall_plugin::Date::")
        }
    };
    let parameters = if point.parameters.is_empty() { "Default::default()" } else { "Parameters::default()" };
    let mut uses = used(&proposal);
    uses.extend([point.output_type.as_str(), "Question"]);
    uses.extend(point.members.as_ref().map(|members| members.answer_type.as_str()));
    uses.sort_unstable();
    let mut test_uses: Vec<_> = used(&request).into_iter().filter(|name| !uses.contains(name)).collect();
    test_uses.push(&point.subject);
    test_uses.extend((!point.parameters.is_empty()).then_some("Parameters"));
    test_uses.extend((request != "()").then_some("Request"));
    test_uses.extend(point.members.as_ref().map(|members| members.list_type.as_str()));
    test_uses.sort_unstable();
    let mut sdk_uses = vec!["Answer"];
    sdk_uses.extend((proposal.contains("Date::")).then_some("Date"));
    sdk_uses.extend((proposal.contains("Decimal::")).then_some("Decimal"));
    sdk_uses.push("policy");
    let mut arguments = format!("point = \"{}\", query = \"{module}.graphql\"", point.name);
    if making.own_schema {
        arguments.push_str(", schema = \"schema.graphql\"");
    }
    if making.settings {
        arguments.push_str(", settings = crate::Settings");
    }
    let words: [(&str, &str); 14] = [
        ("point", point.name.as_str()),
        ("description", &point.description.replace('\n', " ")),
        ("module", module),
        ("uses", &braced(&uses)),
        ("test_uses", &braced(&test_uses)),
        ("sdk_uses", &braced(&sdk_uses)),
        ("arguments", &arguments),
        ("output", &point.output_type),
        ("proposal", &proposal),
        ("because", because(point)),
        ("subject", &point.subject),
        ("subject_field", subject_field),
        ("request", &request),
        ("parameters", parameters),
    ];
    fill(POLICY, &words)
}

/// The fields that a policy answers, as it writes them.
fn proposed<'a>(point: &'a DecisionPoint, outputs: &'a [OutputField]) -> impl Iterator<Item = String> + 'a {
    by_plugins(outputs).map(move |output| match passed_on(point, output) {
        Some(parameter) => {
            let name = snake(&parameter.name);
            let clone = if is_copy(&parameter.data_type) { "" } else { ".clone()" };
            format!("{}: question.parameters.{name}{clone}", snake(&output.name))
        }
        None => format!("{}: {}", snake(&output.name), answered(output)),
    })
}

/// The answers about a set's members, as a policy writes them.
fn about_members(point: &DecisionPoint, members: &Members) -> String {
    let key = snake(&members.key);
    let mut fields = vec![format!("{key}: member.{key}.clone()")];
    fields.extend(proposed(point, &members.outputs));
    let fields: Vec<_> = fields.into_iter().map(|field| format!("                {field},\n")).collect();
    format!(
        "        {}: question\n            .request\n            .{}\n            .iter()\n            .map(|member| {} {{\n{}            }})\n            .collect(),",
        snake(&members.answers),
        snake(&members.list),
        members.answer_type,
        fields.concat()
    )
}

/// What plugins answer; the core fills in the rest.
fn by_plugins(outputs: &[OutputField]) -> impl Iterator<Item = &OutputField> {
    outputs.iter().filter(|output| output.combine != CombineRule::Core)
}

fn asked_fields(fields: &[InputField]) -> Vec<String> {
    fields.iter().map(|field| format!("{}: {}", snake(&field.name), asked(field))).collect()
}

fn braced(names: &[&str]) -> String {
    match names {
        [name] => (*name).to_owned(),
        names => format!("{{{}}}", names.join(", ")),
    }
}

fn because(point: &DecisionPoint) -> &'static str {
    let members = point.members.iter().flat_map(|members| &members.outputs);
    match point.outputs.iter().chain(members).any(|output| passed_on(point, output).is_some()) {
        true => "as the strategy sets it",
        false => "nothing is decided here yet",
    }
}

/// The parameter of the same name and type: to begin with, the policy proposes what the strategy sets.
fn passed_on<'a>(point: &'a DecisionPoint, output: &OutputField) -> Option<&'a InputField> {
    point.parameters.iter().find(|parameter| {
        parameter.name == output.name
            && parameter.data_type == output.data_type
            && parameter.required != output.nullable
    })
}

fn case(point: &DecisionPoint, subject_field: &str) -> String {
    let parameters: Map<_, _> = point.parameters.iter().map(|field| (field.name.clone(), default(field))).collect();
    let mut request = examples(&point.request);
    let mut output = expected(point, &point.outputs);
    if let Some(members) = &point.members {
        let named = |mut fields: Map<String, Value>| {
            fields.insert(members.key.clone(), json!(MEMBER));
            json!([fields])
        };
        request.insert(members.list.clone(), named(examples(&members.inputs)));
        output.insert(members.answers.clone(), named(expected(point, &members.outputs)));
    }
    let request = if request.is_empty() { Value::Null } else { Value::Object(request) };
    let text = |value: &Value| value.to_string();
    // Written out in the order in which people read it.
    format!(
        "{{\n  \"name\": {},\n  \"point\": {},\n  \"at\": {},\n  \"parameters\": {},\n  \"input\": {{\n    \"subject\": {},\n    \"request\": {}\n  }},\n  \"expected\": {{\n    \"output\": {},\n    \"reasons\": {}\n  }}\n}}\n",
        text(&json!(format!("{SUBJECT}, to begin with"))),
        text(&json!(point.name)),
        text(&json!(AT)),
        text(&Value::Object(parameters)),
        text(&json!({ subject_field: SUBJECT })),
        text(&request),
        text(&Value::Object(output)),
        text(&json!([format!("{SUBJECT}: {}", because(point))])),
    )
}

fn examples(fields: &[InputField]) -> Map<String, Value> {
    fields.iter().map(|field| (field.name.clone(), example(field))).collect()
}

/// What the policy answers to begin with.
fn expected(point: &DecisionPoint, outputs: &[OutputField]) -> Map<String, Value> {
    let value = |output: &OutputField| match passed_on(point, output) {
        Some(parameter) => default(parameter),
        None => output.default.as_ref().map_or(Value::Null, Datum::to_json),
    };
    by_plugins(outputs).map(|output| (output.name.clone(), value(output))).collect()
}

fn default(field: &InputField) -> Value {
    field.default.as_ref().map_or(Value::Null, Datum::to_json)
}

fn example(field: &InputField) -> Value {
    if let Some(default) = &field.default {
        return default.to_json();
    }
    match &field.data_type {
        DataType::Int => json!(1),
        DataType::Decimal => json!("100"),
        DataType::Bool => json!(true),
        DataType::Text => json!("text"),
        DataType::Date => json!("2026-03-01"),
        DataType::Enum(declared) => declared.values.first().map_or(Value::Null, |value| json!(value.name)),
        DataType::Texts => json!(["text"]),
    }
}

/// The example of a request's field, in Rust.
fn asked(field: &InputField) -> String {
    let datum = field.data_type.read_json(&example(field));
    wrapped(!field.required, &field.data_type, datum.as_ref())
}

/// What answers when no plugin can, in Rust.
fn answered(output: &OutputField) -> String {
    wrapped(output.nullable, &output.data_type, output.default.as_ref())
}

fn wrapped(nullable: bool, data_type: &DataType, datum: Option<&Datum>) -> String {
    match (datum, nullable) {
        (Some(datum), true) => format!("Some({})", rust(data_type, datum)),
        (Some(datum), false) => rust(data_type, datum),
        (None, _) => "None".to_owned(),
    }
}

fn rust(data_type: &DataType, datum: &Datum) -> String {
    match (data_type, datum) {
        (DataType::Enum(declared), Datum::Text(value)) => format!("{}::{}", declared.name, pascal(value)),
        (_, Datum::Decimal(value)) if value.is_zero() => "Decimal::ZERO".to_owned(),
        (_, Datum::Decimal(value)) => format!("Decimal::new({}, {})", value.mantissa(), value.scale()),
        (_, Datum::Date(day)) => {
            let day = day.format("%Y, %-m, %-d");
            format!("Date::new({day}).unwrap_or_default()")
        }
        (_, Datum::Int(value)) => value.to_string(),
        (_, Datum::Bool(value)) => value.to_string(),
        (_, Datum::Text(text)) => format!("{text:?}.to_owned()"),
        (_, Datum::Texts(texts)) if texts.is_empty() => "Vec::new()".to_owned(),
        (_, Datum::Texts(texts)) => {
            let texts: Vec<_> = texts.iter().map(|text| format!("{text:?}.to_owned()")).collect();
            format!("vec![{}]", texts.join(", "))
        }
    }
}

fn is_copy(data_type: &DataType) -> bool {
    !matches!(data_type, DataType::Text | DataType::Texts)
}

/// `netDays` -> `net_days`, as the SDK names fields.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        snake.push(letter.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&snake.as_str()) { format!("r#{snake}") } else { snake }
}

/// `ON_HOLD` -> `OnHold`, as the SDK names values.
pub(super) fn pascal(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect::<String>()
    };
    name.split(['_', '-', '.']).map(word).collect()
}
