//! SDL that defines decision points.

use guildhall_decision::{DataType, Datum, DecisionPoint, point_sdl, read_points};

use crate::{Target, harmless, planted};

pub(crate) const TARGET: Target = Target { name: "sdl", run, seeds };

fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match read_points(text) {
        Ok(points) => points.iter().for_each(sound),
        Err(error) => harmless(&error.to_string()),
    }
}

/// Every default is a value of its field, and combining takes the field's type.
fn sound(point: &DecisionPoint) {
    assert!(!point.description.is_empty());
    if planted() {
        // Takes every letter for one byte.
        assert!(point.description.is_ascii(), "planted");
    }
    for field in &point.outputs {
        assert!(field.default.is_some() || field.nullable, "`{}` may be without a value", field.name);
        assert!(!field.description.is_empty());
        if let Some(default) = &field.default {
            typed(&field.data_type, default);
        }
    }
    for field in point.request.iter().chain(&point.parameters) {
        if let Some(default) = &field.default {
            typed(&field.data_type, default);
        }
    }
}

fn typed(data_type: &DataType, datum: &Datum) {
    assert_eq!(data_type.read_json(&datum.to_json()).as_ref(), Some(datum));
}

fn seeds() -> Vec<Vec<u8>> {
    point_sdl().iter().map(|text| text.as_bytes().to_vec()).collect()
}
