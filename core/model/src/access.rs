//! Who may read what.

use serde::{Deserialize, Serialize};

/// What an actor may do. Roles are ordered: a later role may read everything an earlier one may.
///
/// A field a role may not read does not exist in the schema that role is served, so it can be neither selected, filtered,
/// ordered nor guessed from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads the customer base without costs, margins and credit.
    Reader,
    /// Works in a department: reads everything of the business and records decisions.
    Department,
    /// Also manages tokens, plugins and the strategy.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 3] = [Role::Reader, Role::Department, Role::Admin];

    /// The name used on the command line, in configuration and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Department => "department",
            Role::Admin => "admin",
        }
    }

    /// The role of that name, if there is one.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Which customers, and with them their records, an actor works with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    #[default]
    All,
    /// Those the actor looks after: whose owner's login is the actor's name.
    Own,
    /// Those of the teams the actor belongs to today.
    Team,
    /// Those of one sales territory, by its name.
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
}
