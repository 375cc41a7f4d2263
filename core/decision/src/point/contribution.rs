//! Contribution: the decision points a plugin brings along. They stand in its namespace and take nothing that is another's.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::sdl::refuse;
use super::{DecisionPoint, Mode, PointError, read_points};

/// Most bytes of what a plugin brings along.
const MAX_BYTES: usize = 32 * 1024;
const MAX_POINTS: usize = 16;
const MAX_ENUMS: usize = 16;
/// The one type that plugins add fields to.
const SUBJECT: &str = "Customer";

/// The decision points of one plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    pub plugin: String,
    pub points: Vec<Arc<DecisionPoint>>,
}

/// The names that are Guildhall's own.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// The types of the schema, made ones and GraphQL's own among them.
    pub types: Vec<String>,
    /// The fields of a customer.
    pub fields: Vec<String>,
}

/// The names a plugin may give: `acme-scores` has `AcmeScores...`, `acmeScores...` and `acme_scores....`.
struct Namespace {
    types: String,
    fields: String,
    points: String,
}

impl Namespace {
    fn of(plugin: &str) -> Self {
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
        };
        let types: String = plugin.split('-').map(capital).collect();
        let mut words = plugin.split('-');
        let first = words.next().unwrap_or_default().to_owned();
        Namespace { types, fields: first + &words.map(capital).collect::<String>(), points: plugin.replace('-', "_") }
    }

    /// Whether `name` begins with `own` as a word of its own.
    fn has(own: &str, name: &str) -> bool {
        let rest = name.strip_prefix(own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|next: char| next.is_ascii_uppercase()))
    }

    /// Whether a type or field of this name, however its letters are written, would be read as one of this namespace.
    fn covers(&self, name: &str) -> bool {
        name.to_ascii_lowercase().starts_with(&self.types.to_ascii_lowercase())
    }
}

impl Contribution {
    /// Reads what `plugin` brings along: a text like those in `schema/decisions`, in the plugin's namespace.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, or which name is not the plugin's to give.
    pub fn read(plugin: &str, sdl: &str, core: &[Arc<DecisionPoint>], taken: &Taken) -> Result<Self, PointError> {
        if sdl.len() > MAX_BYTES {
            return refuse("the schema", format!("has {} bytes; a plugin brings at most {MAX_BYTES}", sdl.len()));
        }
        let mut points = read_points(sdl)?;
        if points.is_empty() {
            return refuse("the schema", "has no decision point; define one or leave the schema away");
        }
        if points.len() > MAX_POINTS {
            let problem = format!("has {} decision points; a plugin brings at most {MAX_POINTS}", points.len());
            return refuse("the schema", problem);
        }
        let namespace = Namespace::of(plugin);
        free(plugin, &namespace, core, taken)?;
        for point in &mut points {
            belongs(&namespace, plugin, point)?;
            point.plugin = Some(plugin.to_owned());
        }
        let contribution =
            Contribution { plugin: plugin.to_owned(), points: points.into_iter().map(Arc::new).collect() };
        contribution.distinct()?;
        Ok(contribution)
    }

    /// Every type and field, each once.
    fn names(&self) -> BTreeSet<&str> {
        let enums = self.points.iter().flat_map(|point| &point.enums).map(|definition| definition.name.as_str());
        let own = self.points.iter().flat_map(|point| [point.output_type.as_str(), point.field.as_str()]);
        enums.chain(own).collect()
    }

    /// Refuses names that differ in nothing but the case of their letters.
    fn distinct(&self) -> Result<(), PointError> {
        let enums: BTreeSet<_> =
            self.points.iter().flat_map(|point| &point.enums).map(|definition| definition.name.as_str()).collect();
        if enums.len() > MAX_ENUMS {
            let problem = format!("has {} enums; a plugin brings at most {MAX_ENUMS}", enums.len());
            return refuse("the schema", problem);
        }
        let outputs = self.points.iter().map(|point| point.output_type.as_str());
        alone(enums.into_iter().chain(outputs))?;
        alone(self.points.iter().map(|point| point.field.as_str()))
    }
}

/// Refuses a plugin whose namespace has names of Guildhall's own in it.
fn free(plugin: &str, namespace: &Namespace, core: &[Arc<DecisionPoint>], taken: &Taken) -> Result<(), PointError> {
    let names = taken.types.iter().chain(&taken.fields).map(String::as_str);
    let own = core.iter().flat_map(|point| {
        let enums = point.enums.iter().map(|definition| definition.name.as_str());
        [point.output_type.as_str(), point.field.as_str()].into_iter().chain(enums)
    });
    let point = core.iter().map(|point| point.name.as_str());
    let mut points = point.filter(|name| name.split('.').next() == Some(namespace.points.as_str()));
    match names.chain(own).find(|name| namespace.covers(name)).or_else(|| points.next()) {
        Some(name) => refuse(
            name,
            format!(
                "is Guildhall's own and stands in the namespace of plugin `{plugin}`, which brings a schema; give the plugin another name"
            ),
        ),
        None => Ok(()),
    }
}

/// Refuses a point that is not in its plugin's namespace, or that the core does not ask.
fn belongs(namespace: &Namespace, plugin: &str, point: &DecisionPoint) -> Result<(), PointError> {
    let Namespace { types, fields, points } = namespace;
    let enums = point.enums.iter().map(|definition| definition.name.as_str());
    if let Some(name) = enums.chain([point.output_type.as_str()]).find(|name| !Namespace::has(types, name)) {
        return refuse(name, format!("is no name of plugin `{plugin}`; its types begin with `{types}`"));
    }
    let place = point.output_type.as_str();
    if point.subject != SUBJECT {
        let problem =
            format!("is about a `{}`; a decision point of a plugin is about a `{SUBJECT}`", shown(&point.subject));
        return refuse(place, problem);
    }
    if !Namespace::has(fields, &point.field) || !is_word(&point.field) {
        let field = shown(&point.field);
        return refuse(
            place,
            format!(
                "adds the field `{field}`, which is no name of plugin `{plugin}`; its fields begin with `{fields}`"
            ),
        );
    }
    let question = point.name.strip_prefix(points.as_str()).and_then(|rest| rest.strip_prefix('.'));
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !question.is_some_and(|question| {
        question.starts_with(|first: char| first.is_ascii_lowercase())
            && question.len() <= 64
            && question.bytes().all(letter)
    }) {
        let name = shown(&point.name);
        return refuse(
            place,
            format!(
                "answers `{name}`, which is no name of plugin `{plugin}`; its points are named like `{points}.risk`"
            ),
        );
    }
    if point.mode != Mode::Independent {
        return refuse(place, "has mode SET, which the core does not ask a plugin's point in; use INDEPENDENT");
    }
    Ok(())
}

/// A name out of a text, which may be anything.
fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(64).collect()
}

fn is_word(name: &str) -> bool {
    name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn alone<'n>(names: impl Iterator<Item = &'n str>) -> Result<(), PointError> {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name.to_ascii_lowercase()) {
            return refuse(
                name,
                "is a name that stands there twice, if the case of letters does not count; choose another",
            );
        }
    }
    Ok(())
}

/// The decision points there are: the core's and those of every contribution.
///
/// # Errors
///
/// Says which of the plugins cannot be together: no name of one may stand in the namespace of another, so that nobody who
/// reads the schema takes the one for the other.
pub fn join_points(
    core: &[Arc<DecisionPoint>],
    contributions: &[Contribution],
) -> Result<Vec<Arc<DecisionPoint>>, PointError> {
    for one in contributions {
        let own = Namespace::of(&one.plugin);
        for other in contributions.iter().filter(|other| other.plugin != one.plugin) {
            let theirs = Namespace::of(&other.plugin);
            if own.types.eq_ignore_ascii_case(&theirs.types) {
                let (one, types, other) = (&one.plugin, &own.types, &other.plugin);
                return refuse(
                    one,
                    format!("has the namespace `{types}`, as plugin `{other}` has; rename one of them"),
                );
            }
            // `acme` may have `AcmeScore`, but not `AcmeScoresChurn` beside `acme-scores`.
            let longer = theirs.types.len() > own.types.len();
            if let Some(name) = one.names().into_iter().find(|name| longer && theirs.covers(name)) {
                let (one, other) = (&one.plugin, &other.plugin);
                return refuse(
                    name,
                    format!(
                        "of plugin `{one}` stands in the namespace of plugin `{other}`; the two cannot be installed together"
                    ),
                );
            }
        }
    }
    Ok(core.iter().chain(contributions.iter().flat_map(|contribution| &contribution.points)).cloned().collect())
}

#[cfg(test)]
mod tests;
