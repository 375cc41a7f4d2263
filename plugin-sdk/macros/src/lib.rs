//! Typed input from an input query, typed output from a decision point, checked at compile time.
//!
//! [`macro@policy`] reads the plugin's `.graphql` file, validates it against the customer model as a server would, and writes
//! the Rust types of what the query selects, what the strategy sets and what the decision point wants to hear.

mod generate;
mod point;
mod query;
mod schema;
mod settings;
mod shape;
mod suggest;

use std::path::{Path, PathBuf};

use proc_macro::TokenStream;
use proc_macro2::Span;
use syn::{ItemFn, LitStr, Token, Type, parse_macro_input};

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
///
/// `schema = "schema.graphql"` names SDL with decision points of the plugin's own, or of another plugin: `point` may then be
/// one of them. `settings = Settings` names the type of `question.settings`; [`settings!`] makes one.
#[proc_macro_attribute]
pub fn policy(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments as Arguments);
    let function = parse_macro_input!(item as ItemFn);
    let generated = expand(&arguments, &function).unwrap_or_else(|refusal| refusal.to_compile_error());
    quote::quote!(#function #generated).into()
}

/// Makes the type of a plugin's settings from their JSON Schema: `settings!("settings.schema.json");`
///
/// The file's path is relative to the plugin's `Cargo.toml`. `Settings` appears, with a struct for each object and an enum
/// for each text with choices. What has a default has it in Rust too; what may be missing is an `Option`.
#[proc_macro]
pub fn settings(arguments: TokenStream) -> TokenStream {
    let file = parse_macro_input!(arguments as LitStr);
    let made = read_beside(&file, "settings schema").and_then(|(path, text)| {
        let types = settings::read(&file.value(), &text).map_err(|message| syn::Error::new(file.span(), message))?;
        Ok(generate::settings(&path, &types))
    });
    made.unwrap_or_else(|refusal| refusal.to_compile_error()).into()
}

/// What stands in the brackets of `#[policy(...)]`.
struct Arguments {
    point: LitStr,
    query: LitStr,
    schema: Option<LitStr>,
    settings: Option<Type>,
}

impl syn::parse::Parse for Arguments {
    fn parse(input: syn::parse::ParseStream<'_>) -> syn::Result<Self> {
        let (mut point, mut query, mut schema, mut settings) = (None, None, None, None);
        while !input.is_empty() {
            let name: syn::Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "point" => point = Some(input.parse()?),
                "query" => query = Some(input.parse()?),
                "schema" => schema = Some(input.parse()?),
                "settings" => settings = Some(input.parse()?),
                other => {
                    let known = ["point", "query", "schema", "settings"];
                    let hint = suggest::hint(other, known);
                    let message = format!("unknown argument `{other}`{hint}; there are `{}`", known.join("`, `"));
                    return Err(syn::Error::new(name.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let missing = |what: &str| syn::Error::new(Span::call_site(), format!("`{what} = \"...\"` is missing"));
        let (point, query) = (point.ok_or_else(|| missing("point"))?, query.ok_or_else(|| missing("query"))?);
        Ok(Arguments { point, query, schema, settings })
    }
}

/// A file of the plugin: its path and its text.
fn read_beside(file: &LitStr, what: &str) -> syn::Result<(PathBuf, String)> {
    let path = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default()).join(file.value());
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok((path, text)),
        Err(error) => {
            Err(syn::Error::new(file.span(), format!("the {what} `{}` cannot be read: {error}", path.display())))
        }
    }
}

fn expand(arguments: &Arguments, function: &ItemFn) -> syn::Result<proc_macro2::TokenStream> {
    let (path, text) = read_beside(&arguments.query, "input query")?;
    let own =
        arguments.schema.as_ref().map(|file| Ok::<_, syn::Error>((file, read_beside(file, "schema")?))).transpose()?;
    let sdl = own.as_ref().map(|(file, (_, text))| (file.value(), text.as_str()));
    let decisions = schema::decisions(sdl.as_ref().map(|(file, text)| (file.as_str(), *text))).map_err(|message| {
        syn::Error::new(own.as_ref().map_or(arguments.point.span(), |(file, _)| file.span()), message)
    })?;
    let point = point::find(decisions, &arguments.point.value())
        .map_err(|message| syn::Error::new(arguments.point.span(), message))?;
    let mut types = shape::Types::new();
    let subject = query::read(&arguments.query.value(), &text, &point, &mut types)
        .map_err(|message| syn::Error::new(arguments.query.span(), message))?;
    let contract = point.types(&mut types).map_err(|message| syn::Error::new(arguments.point.span(), message))?;
    let files: Vec<&Path> =
        std::iter::once(path.as_path()).chain(own.iter().map(|(_, (path, _))| path.as_path())).collect();
    Ok(generate::module(&generate::Source {
        point: &point,
        files: &files,
        function,
        subject,
        contract,
        settings: arguments.settings.as_ref(),
        types: &types,
    }))
}
