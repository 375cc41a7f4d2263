//! `guildhall plugin new`: a plugin's folder that builds and whose cases hold.

mod point;
mod sdk;
mod template;

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use guildhall_decision::{DecisionPoint, FOLLOWUP_POINT, decision_points, read_points};
use guildhall_model::Model;
use guildhall_plugin_host::{CONTRACT, Manifest};

use crate::failure::Failure;
use point::{Making, PointFiles, pascal};
use template::fill;

const CARGO: &str = include_str!("../../../../../plugin-sdk/templates/Cargo.toml.template");
const MANIFEST: &str = include_str!("../../../../../plugin-sdk/templates/plugin.toml.template");
const LIBRARY: &str = include_str!("../../../../../plugin-sdk/templates/lib.rs.template");
const README: &str = include_str!("../../../../../plugin-sdk/templates/README.md.template");
const SCHEMA: &str = include_str!("../../../../../plugin-sdk/templates/schema.graphql.template");
const SETTINGS: &str = include_str!("../../../../../plugin-sdk/templates/settings.schema.json");

/// Letters of a description that people still read in a list; a manifest takes 500.
const MAX_DESCRIPTION: usize = 300;

#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The plugin's name, kebab-case
    name: String,
    /// Who owns it
    #[arg(long, default_value = "finance")]
    department: String,
    /// A decision point it serves; may be given several times. One that begins with the plugin's own name, such as
    /// `acme_scores.churn` for `acme-scores`, is made new
    #[arg(long = "point", value_name = "POINT", default_value = "credit.terms")]
    points: Vec<String>,
    /// The new folder [default: the name]
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// With settings for administrators
    #[arg(long)]
    settings: bool,
    /// Folder of the SDK's crate `guildhall-plugin` [default: the one of the repository the folder lies in, or a copy of
    /// the one that this program carries]
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// Where the new crate finds the SDK.
struct SdkPlace {
    /// As its Cargo.toml names it.
    path: String,
    /// Whether it is put into the new folder.
    carried: bool,
    /// Whether the new crate is a workspace of its own.
    alone: bool,
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let folder = options.dir.clone().unwrap_or_else(|| PathBuf::from(&options.name));
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        let problem = format!("`{}` is there already and not empty; name another with `--dir`", folder.display());
        return Err(Failure::BadInput(problem));
    }
    let place = sdk_place(options, &folder)?;
    let mut files = plugin_files(options, &place)?;
    if place.carried {
        let carried = sdk::files().map_err(Failure::failed)?;
        files.extend(carried.into_iter().map(|(path, text)| (format!("sdk/{path}"), text)));
    }
    write(&folder, &files)?;
    let shown = folder.display();
    println!("{shown}: a plugin for {}", options.points.join(", "));
    if place.carried {
        println!("  with the SDK of this program in {shown}/sdk, so that it compiles anywhere");
    }
    println!("  next: guildhall plugin test {shown}");
    Ok(())
}

fn plugin_files(options: &Options, place: &SdkPlace) -> Result<Vec<(String, String)>, Failure> {
    let model = Model::core();
    let own = own_schema(options)?;
    let points = points(options, own.as_deref())?;
    let made: Vec<_> = points
        .iter()
        .map(|point| {
            let own_schema = own.is_some() && point.name.starts_with(&namespace(&options.name));
            point::files(point, &points, &model, &Making { own_schema, settings: options.settings })
        })
        .collect();
    let description = description(&points);
    let (major, minor, _) = model.version();
    let words: [(&str, &str); 14] = [
        ("name", options.name.as_str()),
        ("department", &options.department),
        ("description", &description),
        ("contract", CONTRACT),
        ("model", &format!(">={major}.{minor}, <{major}.{}", minor + 1)),
        ("files", &manifest_files(options, own.is_some())),
        ("serves", &serves(&points, &made)),
        ("reads", &reads(&made)),
        ("sdk", &place.path),
        ("workspace", if place.alone { workspace_of_its_own(place) } else { "" }),
        ("modules", &lines(&made, |made| format!("mod {};", made.stem), "\n")),
        ("policies", &lines(&made, |made| format!("{}::{}", made.stem, made.module), ", ")),
        ("settings", if options.settings { "guildhall_plugin::settings!(\"settings.schema.json\");\n" } else { "" }),
        ("more", &more(options, own.is_some(), place)),
    ];
    let manifest = fill(MANIFEST, &words);
    // The words come from the command line; what they come to is read as it will be.
    Manifest::read(&manifest).map_err(Failure::bad_input)?;
    let mut files = vec![
        ("plugin.toml".to_owned(), manifest),
        ("Cargo.toml".to_owned(), format!("{}\n", fill(CARGO, &words).trim_end())),
        ("README.md".to_owned(), format!("{}\n", fill(README, &words).trim_end())),
        ("src/lib.rs".to_owned(), fill(LIBRARY, &words)),
        (".gitignore".to_owned(), "/target\n*.wasm\n*.key\n".to_owned()),
    ];
    files.extend(made.into_iter().flat_map(|made| [made.query, made.policy, made.case]));
    files.extend(own.map(|sdl| ("schema.graphql".to_owned(), sdl)));
    files.extend(options.settings.then(|| ("settings.schema.json".to_owned(), SETTINGS.to_owned())));
    Ok(files)
}

/// What the plugin does, as its manifest says it: in the words of its points, or by their names if those are too many.
fn description(points: &[Arc<DecisionPoint>]) -> String {
    let described: Vec<_> = points.iter().map(|point| sentence(&point.description)).collect();
    let whole = described.join(" ");
    if whole.chars().count() <= MAX_DESCRIPTION {
        return whole;
    }
    let names: Vec<_> = points.iter().map(|point| point.name.as_str()).collect();
    format!("Answers at {}.", names.join(", "))
}

/// The prefix of the plugin's own decision points: `acme-scores` -> `acme_scores.`.
fn namespace(name: &str) -> String {
    format!("{}.", name.replace('-', "_"))
}

/// SDL for those of the points that are the plugin's own.
fn own_schema(options: &Options) -> Result<Option<String>, Failure> {
    let namespace = namespace(&options.name);
    let mut sdl = Vec::new();
    for point in options.points.iter().filter(|point| point.starts_with(&namespace)) {
        let object = pascal(point);
        let mut letters = object.chars();
        let field: String =
            letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters.clone()).collect();
        let title = format!("What {} says about a customer.", options.name);
        sdl.push(fill(SCHEMA, &[("title", title.as_str()), ("type", &object), ("point", point), ("field", &field)]));
    }
    Ok((!sdl.is_empty()).then(|| sdl.join("\n")))
}

fn points(options: &Options, own: Option<&str>) -> Result<Vec<Arc<DecisionPoint>>, Failure> {
    let mut known = decision_points().map_err(Failure::failed)?;
    if let Some(own) = own {
        known.extend(read_points(own).map_err(Failure::bad_input)?);
    }
    let known: Vec<_> = known.into_iter().map(Arc::new).collect();
    let find = |name: &String| {
        known.iter().find(|point| point.name == *name).cloned().ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|point| format!("`{}`", point.name)).collect();
            Failure::BadInput(format!(
                "there is no decision point `{name}`; there are {}; one of the plugin's own begins with `{}`",
                names.join(", "),
                namespace(&options.name)
            ))
        })
    };
    options.points.iter().map(find).collect()
}

fn manifest_files(options: &Options, own: bool) -> String {
    let mut lines = String::new();
    if own {
        lines.push_str("schema = \"schema.graphql\"\nprovides = \"0.1.0\"\n");
    }
    if options.settings {
        lines.push_str("settings = \"settings.schema.json\"\n");
    }
    lines
}

fn serves(points: &[Arc<DecisionPoint>], made: &[PointFiles]) -> String {
    let entries = points.iter().zip(made);
    let entry = |(point, made): (&Arc<DecisionPoint>, &PointFiles)| {
        let on = if point.name == FOLLOWUP_POINT { "on = [\"Order.created\"]\n" } else { "" };
        format!("[[serves]]\npoint = \"{}\"\nquery = \"{}\"\n{on}", point.name, made.query.0)
    };
    entries.map(entry).collect::<Vec<_>>().join("\n")
}

fn reads(made: &[PointFiles]) -> String {
    let mut fields: Vec<_> = made.iter().map(|made| made.reads.as_str()).collect();
    fields.sort_unstable();
    fields.dedup();
    fields
        .into_iter()
        .map(|field| format!("\"{field}\" = \"The reasons name the customer.\""))
        .collect::<Vec<_>>()
        .join("\n")
}

fn more(options: &Options, own: bool, place: &SdkPlace) -> String {
    let mut lines = Vec::new();
    if own {
        lines.push("| `schema.graphql` | the decision points the plugin adds |");
    }
    if options.settings {
        lines.push("| `settings.schema.json` | what an administrator can set |");
    }
    if place.carried {
        lines.push("| `sdk/` | the SDK it compiles with, as `guildhall plugin new` brought it |");
    }
    lines.join("\n")
}

fn lines(made: &[PointFiles], line: impl Fn(&PointFiles) -> String, between: &str) -> String {
    made.iter().map(line).collect::<Vec<_>>().join(between)
}

/// A description as one line of the manifest.
fn sentence(description: &str) -> String {
    let line = description.replace(['\n', '"', '\\'], " ");
    if line.ends_with('.') { line } else { format!("{line}.") }
}

fn workspace_of_its_own(place: &SdkPlace) -> &'static str {
    if place.carried { "\n[workspace]\nexclude = [\"sdk\"]" } else { "\n[workspace]" }
}

fn sdk_place(options: &Options, folder: &Path) -> Result<SdkPlace, Failure> {
    let whole = std::path::absolute(folder).map_err(Failure::failed)?;
    if let Some(sdk) = &options.sdk {
        if !sdk::is_sdk(sdk) {
            let problem = "is not the folder of the crate `guildhall-plugin`; in the repository it is `plugin-sdk`";
            return Err(Failure::BadInput(format!("`{}` {problem}", sdk.display())));
        }
        let sdk = sdk.canonicalize().map_err(Failure::failed)?;
        return Ok(SdkPlace { path: sdk.display().to_string(), carried: false, alone: !is_member(&whole) });
    }
    let repository = whole.ancestors().skip(1).find(|ancestor| sdk::is_sdk(&ancestor.join("plugin-sdk")));
    Ok(match repository.and_then(|root| whole.strip_prefix(root).ok()) {
        Some(below) => {
            let up: PathBuf = below.components().map(|_| Component::ParentDir).collect();
            let path = up.join("plugin-sdk").display().to_string();
            SdkPlace { path, carried: false, alone: !is_member(&whole) }
        }
        None => SdkPlace { path: "sdk/plugin-sdk".to_owned(), carried: true, alone: true },
    })
}

/// Whether the folder is one of the repository's own plugins, which belong to its workspace.
fn is_member(whole: &Path) -> bool {
    let plugins = whole.parent().filter(|parent| parent.file_name().is_some_and(|name| name == "plugins"));
    plugins.and_then(Path::parent).is_some_and(|root| sdk::is_sdk(&root.join("plugin-sdk")))
}

/// All files or none: they are written beside and moved in one step.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::Failed(format!("`{}` cannot be written: {error}", folder.display()));
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    std::fs::create_dir_all(parent).map_err(cannot)?;
    let beside = tempfile::Builder::new().prefix(".plugin").tempdir_in(parent).map_err(cannot)?;
    let whole = beside.path().join("plugin");
    for (path, text) in files {
        let path = whole.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(cannot)?;
        }
        std::fs::write(&path, text).map_err(cannot)?;
    }
    // An empty folder gives way.
    std::fs::remove_dir(folder)
        .or_else(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })
        .map_err(cannot)?;
    std::fs::rename(&whole, folder).map_err(cannot)
}
