//! Typed input from an input query, typed output from a decision point, checked at compile time.
//!
//! [`macro@policy`] reads the plugin's `.graphql` file, validates it against the customer model as a server would, and writes
//! the Rust types of what the query selects, what the strategy sets and what the decision point wants to hear.

mod generate;
mod point;
mod query;
mod schema;
mod shape;

use proc_macro::TokenStream;
use proc_macro2::Span;
use syn::{ItemFn, LitStr, Token, parse_macro_input};

/// Makes a pure function a plugin's answer at a decision point.
///
/// ```text
/// #[policy(point = "credit.terms", query = "credit_terms.graphql")]
/// fn terms(question: &credit_terms::Question) -> Answer<credit_terms::CreditTerms> { ... }
/// ```
///
/// The query's path is relative to the plugin's `Cargo.toml`. Beside the function a module of the point's name appears
/// (`credit.terms` -> `credit_terms`) with `Question`, the selected types, `Parameters`, `Request` if the point has one,
/// and the output type under its GraphQL name.
#[proc_macro_attribute]
pub fn policy(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    let generated = expand(&arguments, &function).unwrap_or_else(|refusal| refusal.to_compile_error());
    quote::quote!(#function #generated).into()
}

/// What stands in the brackets of `#[policy(...)]`.
struct Arguments {
    point: LitStr,
    query: LitStr,
}

impl syn::parse::Parse for Arguments {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let (mut point, mut query) = (None, None);
        while !input.is_empty() {
            let name: syn::Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            let value: LitStr = input.parse()?;
            match name.to_string().as_str() {
                "point" => point = Some(value),
                "query" => query = Some(value),
                other => {
                    let message = format!("unknown argument `{other}`: `point` and `query` are known");
                    return Err(syn::Error::new(name.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| syn::Error::new(Span::call_site(), format!("`{what} = \"...\"` is missing"));
        Ok(Arguments { point: point.ok_or_else(|| missing("point"))?, query: query.ok_or_else(|| missing("query"))? })
    }
}

fn expand(arguments: &Arguments, function: &ItemFn) -> syn::Result<proc_macro2::TokenStream> {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let path = std::path::Path::new(&root).join(arguments.query.value());
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let message = format!("the input query `{}` cannot be read: {error}", path.display());
        syn::Error::new(arguments.query.span(), message)
    })?;
    let point =
        point::find(&arguments.point.value()).map_err(|message| syn::Error::new(arguments.point.span(), message))?;
    let mut types = shape::Types::new();
    let subject = query::read(&arguments.query.value(), &text, &point, &mut types)
        .map_err(|message| syn::Error::new(arguments.query.span(), message))?;
    let contract = point.types(&mut types).map_err(|message| syn::Error::new(arguments.point.span(), message))?;
    Ok(generate::module(&generate::Source { point: &point, query: &path, function, subject, contract, types: &types }))
}
