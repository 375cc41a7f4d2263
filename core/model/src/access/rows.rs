//! Rows: which records are seen.

use std::sync::Arc;

use crate::{Model, ObjectType, Relation};

/// Whose records: those of all customers, or those of some. What belongs to no customer is seen by all who read its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rows {
    All,
    /// Those of customers the actor owns.
    Own,
    /// Those of customers of the teams the actor is a member of today.
    Team,
    /// Those of customers of the territories the actor is assigned to, or of the one his token names.
    Territory,
}

impl Rows {
    pub const ALL: [Rows; 4] = [Rows::All, Rows::Own, Rows::Team, Rows::Territory];

    /// As a roles file has it.
    pub fn name(self) -> &'static str {
        match self {
            Rows::All => "all",
            Rows::Own => "own",
            Rows::Team => "team",
            Rows::Territory => "territory",
        }
    }

    /// The rows of that name, if there are such.
    pub fn named(name: &str) -> Option<Rows> {
        Rows::ALL.into_iter().find(|rows| rows.name() == name)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// Several [`Rows`], of which each opens some. None of them opens nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RowSet(u8);

impl RowSet {
    pub fn with(self, rows: Rows) -> RowSet {
        RowSet(self.0 | rows.bit())
    }

    pub fn union(self, other: RowSet) -> RowSet {
        RowSet(self.0 | other.0)
    }

    pub fn contains(self, rows: Rows) -> bool {
        self.0 & rows.bit() != 0
    }

    /// Whether whatever this opens `other` opens, too.
    pub fn is_in(self, other: RowSet) -> bool {
        other.contains(Rows::All) || self.0 & !other.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Rows> {
        Rows::ALL.into_iter().filter(move |rows| self.contains(*rows))
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }
}

impl FromIterator<Rows> for RowSet {
    fn from_iter<I: IntoIterator<Item = Rows>>(rows: I) -> Self {
        rows.into_iter().fold(RowSet::default(), RowSet::with)
    }
}

/// Whether records of a type are customers or belong to one.
pub fn belongs_to_customer(model: &Model, object: &ObjectType) -> bool {
    if object.name == "Customer" {
        return true;
    }
    towards_customer(model, object).is_some()
}

/// The relation that leads from records of a type towards the customer they belong to, and the type it leads to; nothing for
/// customers themselves and for what belongs to none.
pub fn towards_customer<'m>(model: &'m Model, object: &'m ObjectType) -> Option<(&'m Relation, &'m Arc<ObjectType>)> {
    let relation = object.relation(object.visible_with.as_deref()?)?;
    let target = model.object(&relation.target)?;
    belongs_to_customer(model, target).then_some((relation, target))
}

/// Which customers, and with them their records, a token lets its bearer work with, whatever his roles open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    #[default]
    All,
    /// Those the actor owns: whose owner's login is the actor's name.
    Own,
    /// Those of the actor's teams.
    Team,
    /// Those of one sales territory.
    Territory(String),
}

impl Reach {
    /// The text it is kept as: `all`, `own`, `team` or `territory:NAME`.
    pub fn text(&self) -> String {
        match self {
            Reach::All => "all".to_owned(),
            Reach::Own => "own".to_owned(),
            Reach::Team => "team".to_owned(),
            Reach::Territory(name) => format!("territory:{name}"),
        }
    }

    /// Reads that text.
    pub fn parse(text: &str) -> Option<Reach> {
        match (text, text.strip_prefix("territory:")) {
            ("all", _) => Some(Reach::All),
            ("own", _) => Some(Reach::Own),
            ("team", _) => Some(Reach::Team),
            (_, Some(name)) if !name.trim().is_empty() => Some(Reach::Territory(name.to_owned())),
            _ => None,
        }
    }

    /// Its form, which says nothing of whose territory it is.
    pub fn rows(&self) -> Rows {
        match self {
            Reach::All => Rows::All,
            Reach::Own => Rows::Own,
            Reach::Team => Rows::Team,
            Reach::Territory(_) => Rows::Territory,
        }
    }
}
