//! Input queries against a schema given as a text: that of another version of Guildhall.

use guildhall_decision::DecisionPoint;

use crate::ApiError;
use crate::front::Front;
use crate::plan::validated;

/// A schema that input queries are checked against.
pub struct SchemaQueries {
    front: Front,
}

impl SchemaQueries {
    /// Reads the schema that `guildhall schema` prints.
    pub fn new(sdl: &str) -> Result<Self, ApiError> {
        let front = Front::new(sdl).map_err(|error| ApiError::Schema(error.to_string()))?;
        Ok(SchemaQueries { front })
    }

    /// Whether a plugin's fragment on the point's subject fits the schema. The error says what of it does not.
    pub fn check(&self, point: &DecisionPoint, text: &str) -> Result<(), String> {
        validated(&self.front, point, "any", text).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use guildhall_decision::decision_points;
    use guildhall_model::Model;

    use super::*;
    use crate::model_sdl;

    #[test]
    fn a_schema_without_a_field_says_which_query_wants_it() {
        let sdl = model_sdl(&Model::core()).unwrap();
        let points = decision_points().unwrap();
        let query = "fragment Input on Customer { name averageDaysLate }";
        assert_eq!(SchemaQueries::new(&sdl).unwrap().check(&points[0], query), Ok(()));
        let less = sdl.replace("\taverageDaysLate: Int!\n", "\taverageLateness: Int!\n");
        assert_ne!(less, sdl);
        let problem = SchemaQueries::new(&less).unwrap().check(&points[0], query).unwrap_err();
        assert_eq!(problem, "type `Customer` does not have a field `averageDaysLate`");
        assert!(SchemaQueries::new("type Query {").is_err());
    }
}
