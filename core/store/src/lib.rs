//! Persistence: entities, migrations, writes, read plan to SQL. The only crate with sea-orm.
