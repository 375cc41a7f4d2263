//! Records for an export: read through the API, page by page, as any client could.

use guildhall_model::{Kind, ObjectType};
use guildhall_workflow::export::{Page, Pages, Table};
use guildhall_workflow::{Actor, WorkflowError};
use serde_json::{Value, json};

use crate::api::{Api, Request, Response};
use crate::problem::Code;
use crate::schema::filter_name;

/// Records of a page: the most the API gives.
const ROWS: u32 = 250;

/// What is asked for of a record that is referred to, and of every record beside its table's fields.
const ORIGIN: &str = "id source externalId";

/// Pages of the records that fulfil a filter.
pub struct RecordPages<'a> {
    api: &'a Api,
    actor: &'a Actor,
    filter: Option<Value>,
    rows: u32,
}

impl<'a> RecordPages<'a> {
    /// The records that `actor` sees. A filter is as the API takes it, for one type.
    pub fn new(api: &'a Api, actor: &'a Actor, filter: Option<Value>) -> Self {
        RecordPages { api, actor, filter, rows: ROWS }
    }
}

impl Pages for RecordPages<'_> {
    async fn page(&mut self, table: &Table, after: Option<&str>) -> Result<Page, WorkflowError> {
        let query = operation(table);
        loop {
            let mut variables = json!({ "first": self.rows, "after": after });
            if let (Some(filter), Some(variables)) = (&self.filter, variables.as_object_mut()) {
                variables.insert("filter".to_owned(), filter.clone());
            }
            let request = Request { query: query.clone(), operation_name: None, variables };
            let response = self.api.execute(&request, self.actor, false).await;
            match response.code {
                None => {
                    // After a page with long texts there may be shorter ones.
                    self.rows = (self.rows * 2).min(ROWS);
                    return page(&response);
                }
                Some(Code::LimitExceeded) if self.rows > 1 => self.rows /= 2,
                Some(code) => return Err(refused(code, &response)),
            }
        }
    }
}

/// The query of a page.
fn operation(table: &Table) -> String {
    let ObjectType { name, plural, .. } = table.object.as_ref();
    let mut selected = ORIGIN.to_owned();
    for field in &table.fields {
        selected.push(' ');
        selected.push_str(&field.name);
        if field.kind == Kind::Money {
            selected.push_str(" { amount }");
        }
    }
    for reference in &table.references {
        selected.push_str(&format!(" {} {{ {ORIGIN} }}", reference.name));
    }
    let filter = filter_name(name);
    format!(
        "query($filter: {filter}, $first: Int!, $after: String) {{ page: {plural}(filter: $filter, orderBy: [{{ field: ID }}], first: $first, after: $after) {{ nodes {{ {selected} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
}

fn page(response: &Response) -> Result<Page, WorkflowError> {
    let unreadable = || WorkflowError::Internal("the API gave a page that cannot be read".to_owned());
    let mut body: Value = serde_json::from_slice(&response.body).map_err(|_| unreadable())?;
    let page = body.pointer_mut("/data/page").ok_or_else(unreadable)?;
    let Some(Value::Array(records)) = page.get_mut("nodes").map(Value::take) else { return Err(unreadable()) };
    let next = match (page.pointer("/pageInfo/hasNextPage"), page.pointer("/pageInfo/endCursor")) {
        (Some(Value::Bool(true)), Some(Value::String(cursor))) => Some(cursor.clone()),
        (Some(Value::Bool(false)), _) => None,
        _ => return Err(unreadable()),
    };
    Ok(Page { records, next })
}

/// The first problem of a response, as an act tells it. Only the filter comes from outside.
fn refused(code: Code, response: &Response) -> WorkflowError {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let message = body.pointer("/errors/0/message").and_then(Value::as_str).unwrap_or("the API could not answer");
    match code {
        Code::BadUserInput => WorkflowError::BadInput(format!("the filter is refused: {message}")),
        Code::LimitExceeded => WorkflowError::BadInput(message.to_owned()),
        Code::Busy => WorkflowError::Busy(message.to_owned()),
        _ => WorkflowError::Internal(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use guildhall_model::Model;
    use guildhall_workflow::export::tables;

    use super::*;

    fn check(object: &str, expected: Expect) {
        let tables = tables(&Model::core(), &[object.to_owned()]).unwrap();
        expected.assert_eq(&operation(&tables[0]));
    }

    #[test]
    fn a_page_asks_for_what_an_import_can_set() {
        check(
            "CreditAccount",
            expect![
                "query($filter: CreditAccountFilter, $first: Int!, $after: String) { page: creditAccounts(filter: $filter, orderBy: [{ field: ID }], first: $first, after: $after) { nodes { id source externalId currency limit { amount } limitUntil dunningLevel onHold customer { id source externalId } group { id source externalId } } pageInfo { hasNextPage endCursor } } }"
            ],
        );
    }
}
