//! The offer as a text, the same wherever somebody is asked.

use guildhall_decision::shown;

use super::{Offer, ReadField};

/// Characters of a line. What a package says of itself is shown on lines of their own, and nothing in it is acted on.
const LINE: usize = 500;

impl Offer {
    /// What is printed before somebody is asked whether the package may be installed.
    pub fn text(&self) -> String {
        let manifest = self.package.manifest();
        let mut text = format!(
            "{} {} of {}: {}\n  sha256 {}, {} bytes, contract {}, model {}\n  {}\n",
            manifest.name,
            manifest.version,
            manifest.department,
            manifest.description,
            self.package.digest(),
            self.package.size(),
            manifest.contract,
            manifest.model,
            self.signed.text()
        );
        for serves in &self.serves {
            text.push_str(&format!("  serves {} and reads for it\n", serves.point));
            for read in &serves.reads {
                text.push_str(&format!("    {}\n", line(read)));
            }
            if !serves.on.is_empty() {
                text.push_str(&format!("    after {}\n", serves.on.join(", ")));
            }
        }
        for other in &manifest.requires {
            text.push_str(&format!("  requires {} {}\n", other.plugin, other.version));
        }
        if self.difference.is_none() {
            lines(&mut text, "adds to the schema", &self.adds);
        }
        if let Some(settings) = self.settings.as_ref().filter(|settings| !settings.is_empty()) {
            let told: Vec<_> = settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            lines(&mut text, "is set to", &told);
        }
        lines(&mut text, "cannot be installed with these settings", &self.unset);
        text.push_str(&self.difference_text());
        lines(&mut text, "cannot be installed", &self.objections);
        if let Some(shadow) = &self.shadow {
            text.push_str(&shadow.to_string());
        }
        text
    }

    fn difference_text(&self) -> String {
        let Some(difference) = &self.difference else { return String::new() };
        let name = &self.package.manifest().name;
        let mut told: Vec<String> = Vec::new();
        told.extend(difference.newly_reads.iter().map(|read| {
            let places: Vec<_> = read.at.iter().map(|place| format!("`{place}`")).collect();
            format!("newly reads {}: {}", places.join(", "), reason(read))
        }));
        told.extend(difference.newly_at.iter().map(|place| format!("reads `{place}`, too")));
        told.extend(difference.no_longer_reads.iter().map(|field| format!("no longer reads `{field}`")));
        told.extend(difference.newly_serves.iter().map(|point| format!("newly serves `{point}`")));
        told.extend(difference.no_longer_serves.iter().map(|point| format!("no longer serves `{point}`")));
        told.extend(difference.points.iter().cloned());
        told.extend(difference.requires.iter().cloned());
        told.extend(difference.settings.iter().cloned());
        told.extend(difference.schema.iter().cloned());
        told.extend(difference.publisher.iter().cloned());
        if told.is_empty() {
            told.push("reads, serves, adds and is set to the same".to_owned());
        }
        let mut text = String::new();
        let heading = format!("compared with {name} {} (sha256 {}) it", difference.version, difference.digest);
        lines(&mut text, &heading, &told);
        text
    }
}

/// A field that is read, where, and why.
fn line(read: &ReadField) -> String {
    let elsewhere = read.at.iter().any(|place| *place != read.field);
    let places = if elsewhere { format!(" ({})", read.at.join(", ")) } else { String::new() };
    format!("{}{places}: {}", read.field, reason(read))
}

fn reason(read: &ReadField) -> &str {
    read.reason.as_deref().unwrap_or("no reason given")
}

fn lines(text: &mut String, heading: &str, all: &[String]) {
    if all.is_empty() {
        return;
    }
    text.push_str(&format!("  {heading}\n"));
    for line in all {
        text.push_str(&format!("    {}\n", shown(line, LINE)));
    }
}
