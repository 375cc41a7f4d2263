//! Dependencies: what plugins need of each other, by the versions of the decision points they add.
//!
//! Every function is over what is known of packages, and says in sentences what does not go together.

use semver::Version;

use crate::manifest::Requires;

/// What dependencies are about, of a plugin that is there or is to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub name: String,
    /// Version of the decision points it adds.
    pub provides: Option<Version>,
    pub requires: Vec<Requires>,
}

/// What `coming` needs and `others` do not have.
pub fn unmet(coming: &Standing, others: &[Standing]) -> Vec<String> {
    let problem = |needed: &Requires| {
        let (name, range) = (&needed.plugin, &needed.version);
        match others.iter().find(|other| other.name == *name).map(|other| &other.provides) {
            None => Some(format!("it requires `{name}` {range}, which is not installed; install that first")),
            Some(None) => Some(format!("it requires `{name}` {range}, which adds no decision points")),
            Some(Some(version)) if !range.matches(version) => Some(format!(
                "it requires `{name}` {range}; the installed one provides {version}, so install one that fits first"
            )),
            Some(Some(_)) => None,
        }
    };
    coming.requires.iter().filter_map(problem).collect()
}

/// Who of `others` needs the plugin `name` and could not go on if it provided `provides`, or nothing.
pub fn broken_by(name: &str, provides: Option<&Version>, others: &[Standing]) -> Vec<String> {
    let mut broken = Vec::new();
    for other in others.iter().filter(|other| other.name != name) {
        for needed in other.requires.iter().filter(|needed| needed.plugin == name) {
            let (who, range) = (&other.name, &needed.version);
            match provides {
                Some(version) if range.matches(version) => {}
                Some(version) => broken.push(format!("`{who}` requires `{name}` {range}, and this provides {version}")),
                None => broken.push(format!("`{who}` requires `{name}` {range}; uninstall `{who}` first")),
            }
        }
    }
    broken
}

/// The plugins that require each other in a circle with `coming`, from it back to itself.
pub fn circle(coming: &Standing, others: &[Standing]) -> Option<Vec<String>> {
    let needs = |name: &str| {
        let known = if name == coming.name { Some(coming) } else { others.iter().find(|other| other.name == name) };
        known.map(|known| known.requires.iter().map(|needed| needed.plugin.clone()).collect()).unwrap_or_default()
    };
    let mut seen: Vec<String> = Vec::new();
    let mut open: Vec<Vec<String>> = vec![vec![coming.name.clone()]];
    while let Some(path) = open.pop() {
        let Some(last) = path.last() else { continue };
        let next: Vec<String> = needs(last);
        for name in next {
            let longer = [path.as_slice(), std::slice::from_ref(&name)].concat();
            if name == coming.name {
                return Some(longer);
            }
            if !seen.contains(&name) {
                seen.push(name);
                open.push(longer);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, provides: &str, requires: &[(&str, &str)]) -> Standing {
        let requires = requires
            .iter()
            .map(|(plugin, range)| Requires { plugin: (*plugin).to_owned(), version: range.parse().unwrap() });
        Standing { name: name.to_owned(), provides: provides.parse().ok(), requires: requires.collect() }
    }

    #[track_caller]
    fn check_unmet(requires: &[(&str, &str)], others: &[Standing], expected: &[&str]) {
        assert_eq!(unmet(&plugin("acme", "", requires), others), expected);
    }

    #[test]
    fn what_is_needed_has_to_be_there() {
        let scores = [plugin("scores", "1.2.0", &[])];
        check_unmet(&[("scores", "^1.1")], &scores, &[]);
        check_unmet(&[], &[], &[]);
        check_unmet(
            &[("scores", "^1.0")],
            &[],
            &["it requires `scores` ^1.0, which is not installed; install that first"],
        );
        check_unmet(
            &[("scores", "^1.3"), ("names", "*")],
            &[scores[0].clone(), plugin("names", "", &[])],
            &[
                "it requires `scores` ^1.3; the installed one provides 1.2.0, so install one that fits first",
                "it requires `names` *, which adds no decision points",
            ],
        );
    }

    #[track_caller]
    fn check_broken(provides: Option<&str>, expected: &[&str]) {
        let others = [
            plugin("scores", "1.2.0", &[]),
            plugin("mail", "", &[("scores", "^1.1")]),
            plugin("web", "", &[("scores", "*")]),
        ];
        let provides = provides.map(|version| version.parse().unwrap());
        assert_eq!(broken_by("scores", provides.as_ref(), &others), expected);
    }

    #[test]
    fn whoever_needs_a_plugin_keeps_it() {
        check_broken(Some("1.9.0"), &[]);
        check_broken(Some("2.0.0"), &["`mail` requires `scores` ^1.1, and this provides 2.0.0"]);
        check_broken(
            None,
            &[
                "`mail` requires `scores` ^1.1; uninstall `mail` first",
                "`web` requires `scores` *; uninstall `web` first",
            ],
        );
    }

    #[test]
    fn circles_are_found() {
        let others = [plugin("b", "1.0.0", &[("c", "*")]), plugin("c", "1.0.0", &[("a", "*"), ("b", "*")])];
        let found = circle(&plugin("a", "1.0.0", &[("b", "*")]), &others).unwrap();
        assert_eq!(found, ["a", "b", "c", "a"]);
        // `b` and `c` are in a circle of their own, which `d` only leads to.
        assert_eq!(circle(&plugin("d", "", &[("b", "*")]), &others), None);
        assert_eq!(circle(&plugin("a", "1.0.0", &[]), &others), None);
    }
}
