//! Token: lets an actor in. The store knows the secret's hash only.

use chrono::{DateTime, Utc};
use guildhall_model::{Kind, Reach, Scope};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use crate::entity::token;
use crate::link::Reads;
use crate::{StoreError, Transaction, row};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// Who acts when it is used.
    pub actor: String,
    /// The names of his roles.
    pub roles: Vec<String>,
    /// What it is for: narrows what the roles allow.
    pub scopes: Vec<Scope>,
    /// Whose records its bearer sees at most.
    pub reach: Reach,
    /// SHA-256 of the secret, in hex.
    pub secret_hash: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Token {
    /// Whether it lets anybody in at `now`.
    pub fn is_valid(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

pub async fn insert(transaction: &Transaction, token: &Token) -> Result<(), StoreError> {
    let cells = [
        ("id", Kind::Id, token.id.into()),
        ("name", Kind::Text, token.name.clone().into()),
        ("actor", Kind::Text, token.actor.clone().into()),
        ("roles", Kind::Text, token.roles.join(",").into()),
        ("scopes", Kind::Text, token.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",").into()),
        ("reach", Kind::Text, token.reach.text().into()),
        ("secret_hash", Kind::Text, token.secret_hash.clone().into()),
        ("created_at", Kind::DateTime, token.created_at.into()),
        ("expires_at", Kind::DateTime, token.expires_at.into()),
        ("revoked_at", Kind::DateTime, token.revoked_at.into()),
    ];
    row::insert(transaction, "token", &cells, "").await.map(drop)
}

/// The token with this hash, valid or not: see [`Token::is_valid`].
pub async fn find(on: &impl Reads, secret_hash: &str) -> Result<Option<Token>, StoreError> {
    let query = token::Entity::find().filter(token::Column::SecretHash.eq(secret_hash));
    on.link().find(query).await?.map(read).transpose()
}

/// All tokens, oldest first.
pub async fn list(on: &impl Reads) -> Result<Vec<Token>, StoreError> {
    let query = token::Entity::find().order_by_asc(token::Column::CreatedAt).order_by_asc(token::Column::Id);
    on.link().find_all(query).await?.into_iter().map(read).collect()
}

/// The token with this id, valid or not.
pub async fn get(on: &impl Reads, id: Uuid) -> Result<Option<Token>, StoreError> {
    on.link().find(token::Entity::find_by_id(id)).await?.map(read).transpose()
}

/// Lets a token hold until `end` and no longer. Says whether there was one in use.
pub async fn expire(transaction: &Transaction, id: Uuid, end: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [("id", Kind::Id, id.into()), ("expires_at", Kind::DateTime, end.into())];
    let sql = r#"UPDATE "token" SET "expires_at" = $2 WHERE "id" = $1 AND "revoked_at" IS NULL"#;
    Ok(transaction.execute(sql, row::bind(transaction, "token", &cells)?).await? == 1)
}

/// Takes a token out of use. Says whether there was one in use.
pub async fn revoke(transaction: &Transaction, id: Uuid, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let cells = [("id", Kind::Id, id.into()), ("revoked_at", Kind::DateTime, now.into())];
    let sql = r#"UPDATE "token" SET "revoked_at" = $2 WHERE "id" = $1 AND "revoked_at" IS NULL"#;
    Ok(transaction.execute(sql, row::bind(transaction, "token", &cells)?).await? == 1)
}

fn read(row: token::Model) -> Result<Token, StoreError> {
    let scope = |name: &str| {
        let unknown = || StoreError::Failed(format!("the token `{}` has the unknown scope `{name}`", row.name));
        Scope::named(name).ok_or_else(unknown)
    };
    let scopes = row.scopes.split(',').map(scope).collect::<Result<_, _>>()?;
    let reach = Reach::parse(&row.reach)
        .ok_or_else(|| StoreError::Failed(format!("the token `{}` has the unknown reach `{}`", row.name, row.reach)))?;
    Ok(Token {
        id: row.id,
        name: row.name,
        actor: row.actor,
        roles: row.roles.split(',').map(str::to_owned).collect(),
        scopes,
        reach,
        secret_hash: row.secret_hash,
        created_at: row.created_at,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, now, time};

    #[tokio::test]
    async fn a_token_lets_in_until_it_ends_or_is_revoked() {
        for (database, _fixture) in databases().await {
            let token = Token {
                id: Uuid::now_v7(),
                name: "front-end".to_owned(),
                actor: "ann".to_owned(),
                roles: vec!["department".to_owned(), "sales".to_owned()],
                scopes: vec![Scope::Read, Scope::Write],
                reach: Reach::Territory("North".to_owned()),
                secret_hash: "ab".repeat(32),
                created_at: now(),
                expires_at: Some(time("2027-01-01T00:00:00Z")),
                revoked_at: None,
            };
            let transaction = database.begin().await.unwrap();
            insert(&transaction, &token).await.unwrap();
            transaction.commit().await.unwrap();
            assert_eq!(find(&database, &token.secret_hash).await.unwrap(), Some(token.clone()));
            assert_eq!(find(&database, "other").await.unwrap(), None);
            assert!(token.is_valid(now()) && !token.is_valid(time("2027-01-01T00:00:00Z")));

            let transaction = database.begin().await.unwrap();
            assert!(revoke(&transaction, token.id, now()).await.unwrap());
            assert!(!revoke(&transaction, token.id, now()).await.unwrap());
            assert!(!list(&transaction).await.unwrap()[0].is_valid(now()));
        }
    }
}
