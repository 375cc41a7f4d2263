//! Who acts, and what shows that he may.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use guildhall_model::{Ability, Access, Model, Reach, Role, Roles, Scope};

use crate::WorkflowError;

/// What the token of a request says: who bears it and what was given to him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub name: String,
    /// The names of his roles.
    pub roles: Vec<String>,
    pub scopes: Vec<Scope>,
    /// Whose records he sees at most.
    pub reach: Reach,
}

impl Bearer {
    /// What he may do where these are the roles.
    pub fn access(&self, model: &Model, roles: &Roles) -> Access {
        roles.access(model, &self.roles, &self.scopes, &self.reach)
    }
}

/// Who acts, with what he may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub name: String,
    /// The names of his roles: the strategy delegates authority to them.
    pub roles: Vec<String>,
    pub access: Arc<Access>,
    /// The sales territory whose records he sees, where his access speaks of one.
    pub territory: Option<String>,
}

impl Actor {
    /// An actor who has one of the built-in roles and sees all records.
    pub fn new(name: impl Into<String>, model: &Model, role: Role) -> Self {
        let roles = vec![role.name().to_owned()];
        Actor { name: name.into(), roles, access: Arc::new(Access::of(model, role)), territory: None }
    }

    /// The bearer of a token whose access is known.
    pub fn bearing(bearer: Bearer, access: Arc<Access>) -> Self {
        let territory = match bearer.reach {
            Reach::Territory(name) => Some(name),
            Reach::All | Reach::Own | Reach::Team => None,
        };
        Actor { name: bearer.name, roles: bearer.roles, access, territory }
    }

    /// What shows that he may do what `R` stands for. An act that needs it takes it instead of the actor, so nothing reaches
    /// the act without this.
    pub fn permit<R: Right>(&self) -> Result<Permit<'_, R>, WorkflowError> {
        if !self.access.has(R::ABILITY) {
            return Err(WorkflowError::refused(format!("your roles do not let you {}", R::ABILITY.verb())));
        }
        if R::EVERY_RECORD && !self.access.sees_all() {
            return Err(WorkflowError::refused(format!("only who sees all records may {}", R::ABILITY.verb())));
        }
        Ok(Permit { actor: self, right: PhantomData })
    }
}

/// What a [`Permit`] is for.
pub trait Right {
    const ABILITY: Ability;
    /// Whether it is for those alone who see every record.
    const EVERY_RECORD: bool = false;
}

/// An actor who was found to have a right. Only [`Actor::permit`] makes one.
#[derive(Debug)]
pub struct Permit<'a, R> {
    actor: &'a Actor,
    right: PhantomData<R>,
}

impl<R> Clone for Permit<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Permit<'_, R> {}

impl<R> Deref for Permit<'_, R> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        self.actor
    }
}

macro_rules! rights {
    ($($(#[$doc:meta])* $right:ident $(($every:literal))?,)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $right;

        impl Right for $right {
            const ABILITY: Ability = Ability::$right;
            $(const EVERY_RECORD: bool = $every;)?
        }
    )*};
}

rights! {
    /// To put decisions on the ledger.
    RecordDecisions,
    /// To place and to cancel orders.
    PlaceOrders,
    /// To release held orders, as far as the strategy delegates it.
    ReleaseHolds,
    /// To record payments.
    RecordPayments,
    /// To activate strategies, as far as their approvers agree.
    ActivateStrategy,
    /// To send, install and remove plugins.
    ManagePlugins,
    /// To make, rotate and revoke tokens.
    ManageTokens,
    /// To set the deployment's own roles.
    ManageRoles,
    /// To lay fields of the deployment's own over the model.
    ManageFields,
    /// To import. An import writes whatever the mapping says, so who does not see everything does not start one.
    ImportRecords(true),
    /// To read the metrics.
    SeeMetrics,
    /// To replay recorded decisions and to erase what they tell about customers.
    ManageLedger(true),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a built-in role, as far as a token's scopes and reach let it, has a right.
    fn check<R: Right>(role: Role, scopes: &[Scope], reach: &Reach, expected: Result<(), &str>) {
        let model = Model::core();
        let access = Roles::new(&model, []).access(&model, &[role.name().to_owned()], scopes, reach);
        let actor = Actor { roles: Vec::new(), name: "ann".to_owned(), access: Arc::new(access), territory: None };
        let found = actor.permit::<R>().map(drop).map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{role:?} {scopes:?} {reach:?}");
    }

    #[test]
    fn a_permit_is_given_for_what_a_role_lets_do_alone() {
        let all = Scope::ALL;
        check::<ManageTokens>(Role::Admin, &all, &Reach::All, Ok(()));
        let refusal = Err("your roles do not let you manage tokens");
        check::<ManageTokens>(Role::Department, &all, &Reach::All, refusal);
        check::<RecordDecisions>(Role::Department, &all, &Reach::Own, Ok(()));
        check::<RecordDecisions>(Role::Reader, &all, &Reach::All, Err("your roles do not let you record decisions"));
    }

    #[test]
    fn a_permit_is_given_for_what_a_token_is_for_alone() {
        let scopes = [Scope::Read, Scope::Write];
        check::<SeeMetrics>(Role::Admin, &scopes, &Reach::All, Err("your roles do not let you read the metrics"));
        check::<RecordDecisions>(Role::Admin, &scopes, &Reach::All, Err("your roles do not let you record decisions"));
        check::<SeeMetrics>(Role::Admin, &[Scope::Admin], &Reach::All, Ok(()));
    }

    #[test]
    fn who_does_not_see_everything_does_not_import() {
        check::<ImportRecords>(Role::Admin, &Scope::ALL, &Reach::All, Ok(()));
        check::<ImportRecords>(Role::Admin, &Scope::ALL, &Reach::Own, Err("only who sees all records may import"));
    }
}
