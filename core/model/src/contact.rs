//! Contact: a person at a customer.

use crate::{Kind, ObjectType};

pub(crate) fn declare() -> ObjectType {
    ObjectType::declare("Contact", "contacts", "con", "A person at a customer.")
        .field("name", Kind::Text, "The person's full name.")
        .searchable()
        .indexed()
        .optional("title", Kind::Text, "What the person does there.")
        .optional("email", Kind::Text, "The person's e-mail address.")
        .optional("phone", Kind::Text, "The person's telephone number.")
        .optional("bornOn", Kind::Date, "The day the person was born.")
        .one("customer", "Customer", false, "The customer the person works for.")
        .visible_with_it()
}
