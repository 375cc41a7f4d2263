//! The module that appears beside a policy.

mod default;

use std::path::Path;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ItemFn;

use crate::point::{Contract, Point};
use crate::query::pascal;
use crate::shape::{Enum, Field, Origin, Struct, Ty, Types};

/// What a policy's module is made from.
pub(crate) struct Source<'a> {
    pub point: &'a Point,
    /// What the types are made from.
    pub files: &'a [&'a Path],
    pub function: &'a ItemFn,
    pub subject: String,
    pub contract: Contract,
    pub settings: Option<&'a syn::Type>,
    pub types: &'a Types,
}

pub(crate) fn module(source: &Source<'_>) -> TokenStream {
    let Source { point, function, contract, .. } = source;
    let module = format_ident!("{}", point.module());
    let (visibility, name) = (&function.vis, &function.sig.ident);
    let point_name = &point.name;
    let doc = format!("The types of the decision point `{point_name}`.");
    let files = source.files.iter().map(|path| watched(path));
    let structs = source.types.structs.iter().map(|built| structure(built, source.types));
    let enums = source.types.enums.iter().map(enumeration);
    let (subject, output) = (ident(&source.subject), ident(&contract.output));
    let request = contract.request.as_ref().map_or_else(|| quote!(()), |name| ident(name));
    let none = || quote!(::guildhall_plugin::NoParameters);
    let parameters = contract.parameters.as_ref().map_or_else(none, |name| ident(name));
    let alias = format_ident!("__{}_settings", point.module());
    let settings = source.settings.map_or_else(|| quote!(::guildhall_plugin::NoSettings), |settings| quote!(#settings));
    quote! {
        // The module below is one deeper than where the type was named.
        #[allow(non_camel_case_types, reason = "nobody writes this name")]
        type #alias = #settings;

        #[doc = #doc]
        #visibility mod #module {
            #(#files)*

            #(#structs)*
            #(#enums)*

            /// One question to this policy.
            pub type Question = ::guildhall_plugin::Question<#subject, #request, #parameters, super::#alias>;

            /// The policy as `export!` takes it.
            #[derive(Clone, Copy, Debug)]
            pub struct Policy;

            impl ::guildhall_plugin::Policy for Policy {
                const POINT: &'static str = #point_name;
                type Subject = #subject;
                type Request = #request;
                type Parameters = #parameters;
                type Settings = super::#alias;
                type Output = #output;

                fn answer(
                    question: &Question,
                ) -> ::core::result::Result<::guildhall_plugin::Answer<#output>, ::std::string::String> {
                    ::guildhall_plugin::IntoAnswer::into_answer(super::#name(question))
                }
            }
        }
    }
}

/// The types of a plugin's settings, where the macro stands.
pub(crate) fn settings(path: &Path, types: &Types) -> TokenStream {
    let file = watched(path);
    let structs = types.structs.iter().map(|built| structure(built, types));
    let enums = types.enums.iter().map(enumeration);
    quote!(#file #(#structs)* #(#enums)*)
}

/// Makes the compiler look again when the file changes.
fn watched(path: &Path) -> TokenStream {
    let path = path.display().to_string();
    quote!(
        const _: &str = include_str!(#path);
    )
}

fn structure(built: &Struct, types: &Types) -> TokenStream {
    let name = ident(&built.name);
    let doc = docs(&built.doc);
    let fields = built.fields.iter().map(|field| structure_field(built, field, types));
    let derives = match built.origin {
        Origin::Selected => quote!(Clone, Debug, Default, PartialEq, ::guildhall_plugin::__private::Deserialize),
        Origin::Given => quote!(Clone, Debug, PartialEq, ::guildhall_plugin::__private::Deserialize),
        Origin::Answered => quote!(Clone, Debug, PartialEq, ::guildhall_plugin::__private::Serialize),
    };
    let defaults =
        if built.origin == Origin::Given { default::implementation(built, types) } else { TokenStream::new() };
    quote! {
        #doc
        #[derive(#derives)]
        #[serde(crate = "::guildhall_plugin::__private::serde")]
        pub struct #name { #(#fields),* }
        #defaults
    }
}

fn structure_field(built: &Struct, field: &Field, types: &Types) -> TokenStream {
    let name = field_name(&field.key);
    let (doc, key, ty) = (docs(&field.doc), &field.key, rust_type(&field.ty));
    let missing = match default::function_name(built, field, types) {
        Some(function) => quote!(#[serde(default = #function)]),
        None => TokenStream::new(),
    };
    quote!(#doc #[serde(rename = #key)] #missing pub #name: #ty)
}

fn enumeration(built: &Enum) -> TokenStream {
    let name = ident(&built.name);
    let doc = docs(&built.doc);
    let values = built.values.iter().map(|(value, doc)| {
        let (doc, variant) = (docs(doc), variant(value));
        quote!(#doc #[serde(rename = #value)] #variant)
    });
    let is_read = built.origin == Origin::Selected;
    // The model may learn new values; a plugin built before that must be able to read on.
    let unknown = is_read.then(|| {
        quote! {
            /// A value that the model did not have when this plugin was built.
            #[serde(other)]
            #[default]
            Unrecognized
        }
    });
    let values = values.chain(unknown);
    let default = is_read.then(|| quote!(Default,));
    quote! {
        #doc
        #[derive(
            Clone, Copy, Debug, #default PartialEq, Eq, PartialOrd, Ord, Hash,
            ::guildhall_plugin::__private::Deserialize, ::guildhall_plugin::__private::Serialize
        )]
        #[serde(crate = "::guildhall_plugin::__private::serde")]
        pub enum #name { #(#values),* }
    }
}

fn rust_type(ty: &Ty) -> TokenStream {
    match ty {
        Ty::Bool => quote!(bool),
        Ty::Int => quote!(i32),
        Ty::Long => quote!(i64),
        Ty::Float => quote!(f64),
        Ty::Text => quote!(::std::string::String),
        Ty::Decimal => quote!(::guildhall_plugin::Decimal),
        Ty::Date => quote!(::guildhall_plugin::Date),
        Ty::DateTime => quote!(::guildhall_plugin::DateTime),
        Ty::Json => quote!(::guildhall_plugin::Json),
        Ty::Money => quote!(::guildhall_plugin::Money),
        Ty::Named(name) => ident(name),
        Ty::Optional(inner) => {
            let inner = rust_type(inner);
            quote!(::core::option::Option<#inner>)
        }
        Ty::List(inner) => {
            let inner = rust_type(inner);
            quote!(::std::vec::Vec<#inner>)
        }
    }
}

fn docs(text: &Option<String>) -> TokenStream {
    text.as_ref().map_or_else(TokenStream::new, |text| quote!(#[doc = #text]))
}

fn ident(name: &str) -> TokenStream {
    let name = format_ident!("{name}");
    quote!(#name)
}

/// `MOST_URGENT` -> `MostUrgent`; `Self` cannot be a variant.
fn variant(value: &str) -> TokenStream {
    match pascal(value).as_str() {
        "Self" => quote!(Self_),
        name => ident(name),
    }
}

/// `averageDaysLate` -> `average_days_late`, `type` -> `r#type`.
fn field_name(key: &str) -> syn::Ident {
    let mut name = String::with_capacity(key.len() + 4);
    let mut after_lower = false;
    for letter in key.chars() {
        if letter.is_ascii_uppercase() && after_lower {
            name.push('_');
        }
        after_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        name.push(letter.to_ascii_lowercase());
    }
    if let Ok(name) = syn::parse_str::<syn::Ident>(&name) {
        return name;
    }
    // `self`, `super` and `crate` cannot be written raw.
    match name.as_str() {
        "self" | "super" | "crate" | "_" => format_ident!("{name}_"),
        _ => syn::Ident::new_raw(&name, proc_macro2::Span::call_site()),
    }
}
