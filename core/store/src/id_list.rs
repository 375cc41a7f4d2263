//! Lists of ids: one text, so one statement takes any number of them.

use uuid::Uuid;

use crate::Dialect;

/// Ids as one text.
pub(crate) fn id_text<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| id.simple().to_string()).collect();
    serde_json::Value::from(ids).to_string()
}

/// Ids as one parameter.
pub(crate) fn id_list<'a>(ids: impl IntoIterator<Item = &'a Uuid>) -> sea_orm::Value {
    id_text(ids).into()
}

/// What makes ids of the parameter that [`id_list`] is.
pub(crate) fn ids_of(dialect: Dialect, parameter: usize) -> String {
    match dialect {
        Dialect::Postgres => format!("SELECT json_array_elements_text(${parameter}::json)::uuid"),
        Dialect::Sqlite => format!("SELECT unhex(value) FROM json_each(${parameter})"),
    }
}
