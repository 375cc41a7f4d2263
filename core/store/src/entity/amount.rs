//! Exact decimals as both databases store them.

use guildhall_model::{MONEY_SCALE, unscaled};
use rust_decimal::Decimal;
use sea_orm::sea_query::{ArrayType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, ColumnType, QueryResult, TryGetError, TryGetable, Value};

/// A decimal with four places: `numeric(19, 4)` on PostgreSQL, the whole number of ten-thousandths on SQLite. Every decimal
/// of the model has this scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Decimal);

impl TryGetable for Amount {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match row.try_as_sqlite_row() {
            Some(_) => i64::try_get_by(row, index).map(|units| Amount(unscaled(units, MONEY_SCALE))),
            None => Decimal::try_get_by(row, index).map(Amount),
        }
    }
}

/// sea-orm asks every column type for a bindable value without saying which database it is for. There is no right
/// answer for an amount, so this gives one that no numeric column takes: a write that goes around the writer fails at once
/// on both databases, where a number would be stored ten thousand times too large or small on one of them.
impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        Value::Bytes(Some(amount.0.to_string().into_bytes()))
    }
}

impl Nullable for Amount {
    fn null() -> Value {
        Value::Bytes(None)
    }
}

impl ValueType for Amount {
    fn try_from(_: Value) -> Result<Self, ValueTypeErr> {
        Err(ValueTypeErr)
    }

    fn type_name() -> String {
        "Amount".to_owned()
    }

    fn array_type() -> ArrayType {
        ArrayType::Decimal
    }

    fn column_type() -> ColumnType {
        ColumnType::Decimal(Some((19, MONEY_SCALE)))
    }
}
