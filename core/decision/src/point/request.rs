//! Checks what a caller asks.

use serde_json::{Map, Value as Json};

use super::DecisionPoint;

/// Why a request cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    #[error("the request of `{0}` is no object; give its fields by name")]
    NoObject(String),
    #[error("`{point}` is not asked with `{field}`; it takes {known}")]
    Unknown { point: String, field: String, known: String },
    #[error("the request of `{point}` needs `{field}`")]
    Missing { point: String, field: String },
    #[error("`{field}` in the request of `{point}` is not {expected}")]
    Malformed { point: String, field: String, expected: String },
}

impl DecisionPoint {
    /// The request in its one form: every field, defaults filled in, values canonical. Null where there is nothing to ask.
    pub fn read_request(&self, request: &Json) -> Result<Json, RequestError> {
        let none = Map::new();
        let given = match request {
            Json::Object(fields) => fields,
            Json::Null => &none,
            _ => return Err(RequestError::NoObject(self.name.clone())),
        };
        if let Some(field) = given.keys().find(|name| !self.request.iter().any(|field| field.name == **name)) {
            let known: Vec<_> = self.request.iter().map(|field| field.name.as_str()).collect();
            let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
            let field = field.chars().take(64).collect();
            return Err(RequestError::Unknown { point: self.name.clone(), field, known });
        }
        let mut read = Map::new();
        for declared in &self.request {
            let (point, field) = (self.name.clone(), declared.name.clone());
            let value = match given.get(&field) {
                None => declared.default.clone(),
                Some(Json::Null) if !declared.required => None,
                Some(json) => match declared.data_type.read_json(json) {
                    Some(datum) => Some(datum),
                    None => {
                        return Err(RequestError::Malformed { point, field, expected: declared.data_type.expected() });
                    }
                },
            };
            if value.is_none() && declared.required {
                return Err(RequestError::Missing { point, field });
            }
            read.insert(field, value.map_or(Json::Null, |value| value.to_json()));
        }
        Ok(if self.request.is_empty() { Json::Null } else { Json::Object(read) })
    }
}
