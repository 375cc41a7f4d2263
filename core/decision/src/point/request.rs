//! Checks what a caller asks.

use serde_json::{Map, Value as Json};

use super::{DecisionPoint, InputField};

/// Members of one set.
pub(crate) const MAX_MEMBERS: usize = 10_000;

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
    #[error("`{key}` stands twice in the request of `{point}`; name each member once")]
    Twice { point: String, key: String },
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
        let known = self.request.iter().map(|field| field.name.as_str());
        let known: Vec<_> = known.chain(self.members.iter().map(|members| members.list.as_str())).collect();
        self.only(given, &known, "")?;
        let mut read = self.fields(&self.request, given, "")?;
        if let Some(members) = &self.members {
            read.insert(members.list.clone(), self.read_members(members, given.get(&members.list))?);
        }
        Ok(if known.is_empty() { Json::Null } else { Json::Object(read) })
    }

    fn read_members(&self, members: &super::Members, given: Option<&Json>) -> Result<Json, RequestError> {
        let (point, field) = (self.name.clone(), members.list.clone());
        let Some(given) = given else { return Err(RequestError::Missing { point, field }) };
        let list = given.as_array().filter(|list| list.len() <= MAX_MEMBERS);
        let Some(list) = list else {
            let expected = format!("a list of at most {MAX_MEMBERS} objects");
            return Err(RequestError::Malformed { point, field, expected });
        };
        let mut known: Vec<_> = members.inputs.iter().map(|field| field.name.as_str()).collect();
        known.push(&members.key);
        let mut keys = std::collections::BTreeSet::new();
        let mut read = Vec::with_capacity(list.len());
        for (index, member) in list.iter().enumerate() {
            let place = format!("{}[{index}].", members.list);
            let Some(given) = member.as_object() else {
                let field = place.trim_end_matches('.').to_owned();
                return Err(RequestError::Malformed { point, field, expected: "an object".to_owned() });
            };
            self.only(given, &known, &place)?;
            let key = given.get(&members.key).and_then(Json::as_str).filter(|key| (1..=200).contains(&key.len()));
            let Some(key) = key else {
                let (field, expected) = (format!("{place}{}", members.key), "a text of 1 to 200 bytes".to_owned());
                return Err(RequestError::Malformed { point, field, expected });
            };
            if !keys.insert(key) {
                return Err(RequestError::Twice { point, key: key.to_owned() });
            }
            let mut fields = Map::new();
            fields.insert(members.key.clone(), key.into());
            fields.extend(self.fields(&members.inputs, given, &place)?);
            read.push(Json::Object(fields));
        }
        Ok(Json::Array(read))
    }

    fn only(&self, given: &Map<String, Json>, known: &[&str], place: &str) -> Result<(), RequestError> {
        let Some(field) = given.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
        let field = field.chars().take(64).collect::<String>();
        Err(RequestError::Unknown { point: self.name.clone(), field: format!("{place}{field}"), known })
    }

    fn fields(
        &self,
        declared: &[InputField],
        given: &Map<String, Json>,
        place: &str,
    ) -> Result<Map<String, Json>, RequestError> {
        let mut read = Map::new();
        for declared in declared {
            let (point, field) = (self.name.clone(), format!("{place}{}", declared.name));
            let value = match given.get(&declared.name) {
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
            read.insert(declared.name.clone(), value.map_or(Json::Null, |value| value.to_json()));
        }
        Ok(read)
    }
}
