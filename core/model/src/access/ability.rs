//! Abilities: what is done beside reading and writing records; scopes: what a token is for.

/// What an actor may do beside reading and writing records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ability {
    /// Puts decisions on the ledger.
    RecordDecisions,
    /// Places and cancels orders.
    PlaceOrders,
    /// Releases orders that are held, within the authority the strategy gives.
    ReleaseHolds,
    /// Records payments and what they pay.
    RecordPayments,
    /// Activates a strategy, if he is also one of the approvers.
    ActivateStrategy,
    ManagePlugins,
    ManageTokens,
    ManageRoles,
    /// Lays fields of the deployment's own over the model.
    ManageFields,
    /// Imports files, which writes whatever the mapping says.
    ImportRecords,
    SeeMetrics,
    /// Replays recorded decisions and erases what they tell about customers.
    ManageLedger,
}

impl Ability {
    pub const ALL: [Ability; 12] = [
        Ability::RecordDecisions,
        Ability::PlaceOrders,
        Ability::ReleaseHolds,
        Ability::RecordPayments,
        Ability::ActivateStrategy,
        Ability::ManagePlugins,
        Ability::ManageTokens,
        Ability::ManageRoles,
        Ability::ManageFields,
        Ability::ImportRecords,
        Ability::SeeMetrics,
        Ability::ManageLedger,
    ];

    /// As a roles file has it.
    pub fn name(self) -> &'static str {
        match self {
            Ability::RecordDecisions => "record-decisions",
            Ability::PlaceOrders => "place-orders",
            Ability::ReleaseHolds => "release-holds",
            Ability::RecordPayments => "record-payments",
            Ability::ActivateStrategy => "activate-strategy",
            Ability::ManagePlugins => "manage-plugins",
            Ability::ManageTokens => "manage-tokens",
            Ability::ManageRoles => "manage-roles",
            Ability::ManageFields => "manage-fields",
            Ability::ImportRecords => "import",
            Ability::SeeMetrics => "see-metrics",
            Ability::ManageLedger => "manage-ledger",
        }
    }

    /// The ability of that name, if there is one.
    pub fn named(name: &str) -> Option<Ability> {
        Ability::ALL.into_iter().find(|ability| ability.name() == name)
    }

    /// What it lets do, for a sentence: "your roles do not let you ...".
    pub fn verb(self) -> &'static str {
        match self {
            Ability::RecordDecisions => "record decisions",
            Ability::PlaceOrders => "place and cancel orders",
            Ability::ReleaseHolds => "release holds",
            Ability::RecordPayments => "record payments",
            Ability::ActivateStrategy => "activate a strategy",
            Ability::ManagePlugins => "manage plugins",
            Ability::ManageTokens => "manage tokens",
            Ability::ManageRoles => "manage roles",
            Ability::ManageFields => "manage fields",
            Ability::ImportRecords => "import",
            Ability::SeeMetrics => "read the metrics",
            Ability::ManageLedger => "manage the ledger",
        }
    }

    /// The scope a token needs for it.
    pub fn scope(self) -> Scope {
        match self {
            Ability::RecordDecisions | Ability::PlaceOrders | Ability::ReleaseHolds | Ability::RecordPayments => {
                Scope::Act
            }
            _ => Scope::Admin,
        }
    }

    /// The type whose records it works on and is answered with, which comes to read with it.
    pub(crate) fn brings(self) -> Option<&'static str> {
        match self {
            Ability::ActivateStrategy => Some("Strategy"),
            Ability::ManagePlugins => Some("Plugin"),
            Ability::ManageRoles => Some("RoleDocument"),
            Ability::ManageFields => Some("FieldDocument"),
            Ability::ImportRecords => Some("ImportRun"),
            Ability::ManageLedger => Some("Decision"),
            Ability::RecordDecisions
            | Ability::PlaceOrders
            | Ability::ReleaseHolds
            | Ability::RecordPayments
            | Ability::ManageTokens
            | Ability::SeeMetrics => None,
        }
    }
}

/// What a token is for. Scopes only narrow what the roles allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Reads records.
    Read,
    /// Makes, changes, deletes and restores records.
    Write,
    /// Does business acts: records decisions and payments, places orders, releases holds.
    Act,
    /// Manages: all other abilities.
    Admin,
}

impl Scope {
    pub const ALL: [Scope; 4] = [Scope::Read, Scope::Write, Scope::Act, Scope::Admin];

    /// The name used on the command line and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Act => "act",
            Scope::Admin => "admin",
        }
    }

    /// The scope of that name, if there is one.
    pub fn named(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}
