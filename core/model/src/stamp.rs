//! Stamp: what is written of an act on a record by itself, so that nobody says it was somebody else or another time.

/// What is written, and when. Imports bring what another system had stamped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    pub what: Stamped,
    pub when: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamped {
    /// The name of who does it.
    Actor,
    /// When it is done.
    Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The record is made.
    Creation,
    /// The field of this name comes to this value.
    Becomes(&'static str, &'static str),
}

#[cfg(test)]
mod tests {
    use crate::{EnumType, Kind, Model, Moment, Stamped};

    #[test]
    fn what_is_stamped_fits_its_field() {
        let mut stamped = Vec::new();
        for object in Model::core().objects() {
            for field in &object.fields {
                let Some(stamp) = &field.stamp else { continue };
                let kind = if stamp.what == Stamped::Actor { Kind::Text } else { Kind::DateTime };
                assert_eq!((&field.kind, field.writable), (&kind, false), "{}.{}", object.name, field.name);
                if let Moment::Becomes(state, value) = stamp.when {
                    let Some(Kind::Enum(EnumType { values, .. })) = object.get(state).map(|field| &field.kind) else {
                        panic!("{}.{state}", object.name);
                    };
                    assert!(values.iter().any(|known| known.name == value), "{}.{state}: {value}", object.name);
                }
                stamped.push(format!("{}.{}", object.name, field.name));
            }
            let made = object.relations.iter().filter(|relation| relation.maker);
            stamped.extend(made.map(|relation| {
                assert_eq!((relation.target.as_str(), relation.nullable, relation.writable), ("User", true, false));
                format!("{}.{}", object.name, relation.name)
            }));
        }
        let expected = [
            "Note.writtenAt",
            "Note.author",
            "Hold.placedAt",
            "Hold.placedBy",
            "Hold.releasedAt",
            "Hold.releasedBy",
            "Override.madeAt",
            "Override.madeBy",
        ];
        assert_eq!(stamped, expected);
    }
}
