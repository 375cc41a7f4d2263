//! Defaults that the schema declares, as Rust.

use apollo_compiler::ast::Value;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use rust_decimal::Decimal;

use super::{field_name, ident, rust_type, variant};
use crate::shape::{Field, Origin, Struct, Ty, Types};

/// Path of the function that gives a field's default, if it has one.
pub(super) fn function_name(built: &Struct, field: &Field, types: &Types) -> Option<String> {
    if built.origin != Origin::Given {
        return None;
    }
    value(field, types).map(|_| format!("{}::default_{}", built.name, plain(field)))
}

/// The functions that give defaults, and `Default` if every field has one.
pub(super) fn implementation(built: &Struct, types: &Types) -> TokenStream {
    let name = ident(&built.name);
    let functions = built.fields.iter().filter_map(|field| {
        let value = value(field, types)?;
        let (function, ty) = (format_ident!("default_{}", plain(field)), rust_type(&field.ty));
        Some(quote!(fn #function() -> #ty { #value }))
    });
    let functions: Vec<_> = functions.collect();
    let default = (functions.len() == built.fields.len()).then(|| {
        let fields = built.fields.iter().map(|field| {
            let (name, function) = (field_name(&field.key), format_ident!("default_{}", plain(field)));
            quote!(#name: Self::#function())
        });
        quote!(impl Default for #name { fn default() -> Self { Self { #(#fields),* } } })
    });
    quote! {
        impl #name { #(#functions)* }
        #default
    }
}

fn plain(field: &Field) -> String {
    field_name(&field.key).to_string().trim_start_matches("r#").to_owned()
}

/// The default as a Rust expression. What may be null and has no default is null.
fn value(field: &Field, types: &Types) -> Option<TokenStream> {
    match (&field.default, &field.ty) {
        (Some(default), ty) => expression(default, ty, types),
        (None, Ty::Optional(_)) => Some(quote!(::core::option::Option::None)),
        (None, _) => None,
    }
}

fn expression(value: &Value, ty: &Ty, types: &Types) -> Option<TokenStream> {
    Some(match (ty, value) {
        (Ty::Optional(_), Value::Null) => quote!(::core::option::Option::None),
        (Ty::Optional(inner), value) => {
            let inner = expression(value, inner, types)?;
            quote!(::core::option::Option::Some(#inner))
        }
        (Ty::List(inner), Value::List(values)) => {
            let values = values.iter().map(|value| expression(value, inner, types)).collect::<Option<Vec<_>>>()?;
            quote!(::std::vec![#(#values),*])
        }
        (Ty::Bool, Value::Boolean(value)) => quote!(#value),
        (Ty::Int, Value::Int(value)) => {
            let value = value.try_to_i32().ok()?;
            quote!(#value)
        }
        (Ty::Long, Value::String(value)) => {
            let value = value.parse::<i64>().ok()?;
            quote!(#value)
        }
        (Ty::Float, value) => {
            let value = value.to_f64()?;
            quote!(#value)
        }
        (Ty::Text, Value::String(value)) => quote!(::std::string::String::from(#value)),
        (Ty::Date, Value::String(value)) => date(value)?,
        (Ty::Decimal, Value::String(value)) => decimal(value)?,
        (Ty::Decimal, Value::Int(value)) => decimal(value.as_str())?,
        (Ty::Decimal, Value::Float(value)) => decimal(value.as_str())?,
        (Ty::Named(name), Value::Enum(value)) => {
            types.enums.iter().find(|known| known.name == *name)?;
            let (name, variant) = (ident(name), variant(value.as_str()));
            quote!(#name::#variant)
        }
        (Ty::Named(name), Value::Object(fields)) if fields.is_empty() && types.has_default(name) => {
            let name = ident(name);
            quote!(<#name as ::core::default::Default>::default())
        }
        _ => return None,
    })
}

/// A day by its parts, which are known to be one.
fn date(text: &str) -> Option<TokenStream> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?.parse::<i32>().ok()?, parts.next()?, parts.next()?);
    let (month, day) = (month.parse::<u32>().ok()?, day.parse::<u32>().ok()?);
    Some(quote!(::guildhall_plugin::Date::new(#year, #month, #day).unwrap_or_default()))
}

/// A decimal by its parts: nothing is left to parse, and nothing can fail, when the plugin runs.
fn decimal(text: &str) -> Option<TokenStream> {
    let value = Decimal::from_str_exact(text).ok()?.unpack();
    let (low, middle, high, negative, scale) = (value.lo, value.mid, value.hi, value.negative, value.scale);
    Some(quote!(::guildhall_plugin::Decimal::from_parts(#low, #middle, #high, #negative, #scale)))
}
