//! Mutations by name: reads the input, calls the workflow, says what came of it.

mod records;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_model::{GlobalId, Reach, Scope};
use guildhall_workflow::create_token::{Created, Origin};
use guildhall_workflow::{ActValue, Actor, Deployment, House, WorkflowError};
use serde::Deserialize;
use serde_json::Value;

use crate::problem::{Code, Problem};
use crate::schema::{RecordAct, lower_first};

/// What came of an act.
pub(crate) struct Outcome {
    /// The type it came to, where it may come to several.
    pub of: Option<String>,
    pub gave: Gave,
}

pub(crate) enum Gave {
    /// Values by payload field; records among them are read.
    Records(Values),
    /// All there is to say.
    Said(Value),
}

type Values = Vec<(String, ActValue)>;

impl From<Vec<(&'static str, ActValue)>> for Outcome {
    fn from(values: Vec<(&'static str, ActValue)>) -> Self {
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Outcome { of: None, gave: Gave::Records(values) }
    }
}

/// Does the act `name`. The input was validated against the schema; what the schema cannot say is checked here.
pub(crate) async fn perform(
    house: &Arc<House>,
    deployment: &Arc<Deployment>,
    actor: &Actor,
    name: &str,
    input: Value,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    if let Some(act) = RecordAct::named(&house.model, name) {
        return records::perform(house, actor, name, &act, input, now).await;
    }
    match name {
        "recordDecision" => record_decision(house, deployment, actor, read(input)?, now).await,
        "replayDecision" => replay_decision(house, actor, read(input)?, now).await,
        "eraseDecisions" => erase_decisions(house, actor, read(input)?, now).await,
        "activateStrategy" => activate_strategy(house, actor, read(input)?, now).await,
        "installPlugin" => install_plugin(house, actor, read(input)?, now).await,
        "removePlugin" => remove_plugin(house, actor, read(input)?, now).await,
        "createToken" => create_token(house, actor, read(input)?, now).await,
        "rotateToken" => rotate_token(house, actor, read(input)?, now).await,
        "setRoles" => set_roles(house, actor, read(input)?, now).await,
        "revokeToken" => revoke_token(house, actor, read(input)?, now).await,
        "startImport" => start_import(house, actor, read(input)?, now).await,
        "cancelImport" => {
            let (id, key) = import_named(house, input)?;
            imported(guildhall_workflow::cancel_import::cancel_import(house, actor.permit()?, id, &key, now).await)
        }
        "resumeImport" => {
            let (id, key) = import_named(house, input)?;
            imported(guildhall_workflow::resume_import::resume_import(house, actor.permit()?, id, &key, now).await)
        }
        _ => Err(Problem::new(Code::Internal, format!("mutation `{name}` cannot be done"))),
    }
}

fn read<T: serde::de::DeserializeOwned>(input: Value) -> Result<T, Problem> {
    serde_json::from_value(input).map_err(|error| Problem::new(Code::BadUserInput, format!("input: {error}")))
}

fn id_of(house: &House, object: &str, text: &str) -> Result<uuid::Uuid, Problem> {
    let object = house.model.object(object).ok_or_else(|| Problem::new(Code::Internal, "the model lacks a type"))?;
    GlobalId::parse_as(text, object).map_err(|error| Problem::new(Code::BadUserInput, error.to_string()))
}

/// Refuses to act on a record the actor does not see, as if there were none.
async fn seen(house: &House, actor: &Actor, object: &str, id: uuid::Uuid, now: DateTime<Utc>) -> Result<(), Problem> {
    if actor.access.sees_all() {
        return Ok(());
    }
    let object = house.model.object(object).ok_or_else(|| Problem::new(Code::Internal, "the model lacks a type"))?;
    let statement = crate::plan::sees(&house.model, house.database.dialect(), actor, object, id, now)?;
    let read = statement.run(&house.database, &[]).await?;
    if read.response == r#"{"record":null}"# {
        return Err(Problem::new(Code::NotFound, format!("there is no such {}", lower_first(&object.name))));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordDecision {
    point: String,
    customer: String,
    #[serde(default)]
    request: Value,
    idempotency_key: String,
}

async fn record_decision(
    house: &Arc<House>,
    deployment: &Arc<Deployment>,
    actor: &Actor,
    input: RecordDecision,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let customer = id_of(house, "Customer", &input.customer)?;
    seen(house, actor, "Customer", customer, now).await?;
    let order = guildhall_workflow::record_decision::Order {
        point: input.point,
        customer,
        request: input.request,
        idempotency_key: input.idempotency_key,
    };
    let decision =
        guildhall_workflow::record_decision::record_decision(house, deployment, actor.permit()?, order, now).await?;
    Ok(vec![("decision", ActValue::Record(decision))].into())
}

#[derive(Deserialize)]
struct ReplayDecision {
    decision: String,
}

async fn replay_decision(
    house: &Arc<House>,
    actor: &Actor,
    input: ReplayDecision,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let by = actor.permit()?;
    let id = id_of(house, "Decision", &input.decision)?;
    seen(house, actor, "Decision", id, now).await?;
    let replayed = guildhall_workflow::replay::replay_decision(house, by, id).await?;
    let differences: Vec<Value> = replayed.differences.iter().map(|found| found.to_string().into()).collect();
    Ok(vec![
        ("decision", ActValue::Record(id)),
        ("same", ActValue::Json(replayed.same.into())),
        ("replayedDigest", ActValue::Json(replayed.replayed_digest.into())),
        ("differences", ActValue::Json(differences.into())),
    ]
    .into())
}

#[derive(Deserialize)]
struct EraseDecisions {
    customer: String,
}

async fn erase_decisions(
    house: &Arc<House>,
    actor: &Actor,
    input: EraseDecisions,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    use guildhall_workflow::erase_decisions::{Which, erase_decisions};
    let customer = id_of(house, "Customer", &input.customer)?;
    seen(house, actor, "Customer", customer, now).await?;
    let erased = erase_decisions(house, actor.permit()?, Which::Customer(customer), now).await?;
    Ok(vec![("erased", ActValue::Json(erased.into()))].into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActivateStrategy {
    document: String,
    idempotency_key: String,
}

async fn activate_strategy(
    house: &Arc<House>,
    actor: &Actor,
    input: ActivateStrategy,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let activated = guildhall_workflow::activate_strategy::activate_strategy(
        house,
        actor.permit()?,
        &input.document,
        Some(&input.idempotency_key),
        now,
    )
    .await?;
    Ok(vec![
        ("strategy", ActValue::Record(activated.strategy)),
        ("assigned", ActValue::Json(activated.assigned.into())),
    ]
    .into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InstallPlugin {
    digest: String,
    approve: Vec<String>,
    idempotency_key: String,
}

async fn install_plugin(
    house: &Arc<House>,
    actor: &Actor,
    input: InstallPlugin,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    use guildhall_workflow::install_plugin::{Approval, install_plugin};
    let by = actor.permit()?;
    let bytes = house.package(&input.digest).await?;
    let installed =
        install_plugin(house, by, &bytes, &Approval::Exactly(input.approve), Some(&input.idempotency_key), now).await?;
    Ok(vec![("plugin", ActValue::Record(installed.plugin))].into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RemovePlugin {
    plugin: String,
    idempotency_key: String,
}

async fn remove_plugin(
    house: &Arc<House>,
    actor: &Actor,
    input: RemovePlugin,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let plugin = id_of(house, "Plugin", &input.plugin)?;
    guildhall_workflow::remove_plugin::remove_plugin(house, actor.permit()?, plugin, Some(&input.idempotency_key), now)
        .await?;
    Ok(vec![("plugin", ActValue::Record(plugin))].into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    actor: String,
    roles: Vec<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    reach: Option<String>,
    #[serde(default)]
    territory: Option<String>,
    #[serde(default)]
    expires_at: Option<DateTime<Utc>>,
}

async fn create_token(
    house: &Arc<House>,
    actor: &Actor,
    input: CreateToken,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let scopes = match input.scopes {
        None => Scope::ALL.to_vec(),
        Some(names) => {
            let scope = |name: &String| Scope::named(&name.to_ascii_lowercase());
            let unknown = || Problem::new(Code::BadUserInput, "input: no such scope");
            names.iter().map(scope).collect::<Option<_>>().ok_or_else(unknown)?
        }
    };
    let reach = match (input.reach.as_deref(), input.territory) {
        (None | Some("ALL"), None) => Reach::All,
        (Some("OWN"), None) => Reach::Own,
        (Some("TEAM"), None) => Reach::Team,
        (Some("TERRITORY"), Some(name)) if !name.trim().is_empty() => Reach::Territory(name),
        _ => {
            return Err(Problem::new(
                Code::BadUserInput,
                "input: `territory` names one with the reach TERRITORY, and only then",
            ));
        }
    };
    use guildhall_workflow::create_token::{NewToken, create_token};
    let token = NewToken { actor: input.actor, roles: input.roles, scopes, reach, expires_at: input.expires_at };
    Ok(shown(create_token(house, actor.permit()?, Origin::Api, token, now).await?))
}

/// A token, shown this once.
fn shown(created: Created) -> Outcome {
    let id = ActValue::Json(created.id.to_string().into());
    vec![("tokenId", id), ("token", ActValue::Json(created.secret.into()))].into()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RotateToken {
    token_id: String,
    #[serde(default)]
    grace_seconds: Option<i64>,
}

async fn rotate_token(
    house: &Arc<House>,
    actor: &Actor,
    input: RotateToken,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let grace = u32::try_from(input.grace_seconds.unwrap_or(0))
        .map_err(|_| WorkflowError::BadInput("`graceSeconds` is less than nothing".to_owned()))?;
    let (by, id) = (actor.permit()?, token_id(&input.token_id)?);
    Ok(shown(guildhall_workflow::rotate_token::rotate_token(house, by, Origin::Api, id, grace, now).await?))
}

fn token_id(text: &str) -> Result<uuid::Uuid, WorkflowError> {
    uuid::Uuid::try_parse(text).map_err(|_| WorkflowError::BadInput(format!("`{text}` is not a token's id")))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SetRoles {
    document: String,
    idempotency_key: String,
}

async fn set_roles(house: &Arc<House>, actor: &Actor, input: SetRoles, now: DateTime<Utc>) -> Result<Outcome, Problem> {
    let (by, key) = (actor.permit()?, Some(input.idempotency_key.as_str()));
    let set = guildhall_workflow::set_roles::set_roles(house, by, Origin::Api, &input.document, key, now).await?;
    Ok(vec![("roleDocument", ActValue::Record(set))].into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokeToken {
    token_id: String,
}

async fn revoke_token(
    house: &Arc<House>,
    actor: &Actor,
    input: RevokeToken,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    let id = token_id(&input.token_id)?;
    guildhall_workflow::revoke_token::revoke_token(house, actor.permit()?, id, now).await?;
    Ok(vec![("tokenId", ActValue::Json(input.token_id.into()))].into())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartImport {
    mapping: String,
    files: Vec<ImportFile>,
    #[serde(default)]
    dry_run: Option<bool>,
    idempotency_key: String,
}

#[derive(Deserialize)]
struct ImportFile {
    name: String,
    upload: String,
}

async fn start_import(
    house: &Arc<House>,
    actor: &Actor,
    input: StartImport,
    now: DateTime<Utc>,
) -> Result<Outcome, Problem> {
    use guildhall_workflow::start_import::{Order, OrderedFile, start_import};
    let files = input.files.into_iter().map(|file| OrderedFile { name: file.name, upload: file.upload });
    let order = Order {
        mapping: input.mapping,
        files: files.collect(),
        dry_run: input.dry_run.unwrap_or(false),
        idempotency_key: input.idempotency_key,
    };
    imported(start_import(house, actor.permit()?, order, now).await)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedImport {
    id: String,
    idempotency_key: String,
}

fn import_named(house: &House, input: Value) -> Result<(uuid::Uuid, String), Problem> {
    let NamedImport { id, idempotency_key } = read(input)?;
    Ok((id_of(house, "ImportRun", &id)?, idempotency_key))
}

fn imported(run: Result<uuid::Uuid, WorkflowError>) -> Result<Outcome, Problem> {
    Ok(vec![("importRun", ActValue::Record(run?))].into())
}
