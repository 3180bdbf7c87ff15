//! What holds for every target: it is documented, its examples compile, it has a fixture.

mod support;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use hcc::cli::session::Session;
use hcc::diag::{Diagnostics, Sources};
use hcc::eval::collect::Program;
use hcc::eval::facts::Machine;
use hcc::eval::program::{self, Shelf};
use hcc::schema::catalogue::{Entry, entries};
use hcc::schema::{Place, library};
use hcc::syntax::import;
use support::machine;

fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shelf() -> (std::sync::Arc<Program>, Diagnostics) {
    let (mut diags, mut sources) = (Diagnostics::default(), Sources::default());
    let config = import::from_text("", "", Utf8Path::new("."), &mut sources, &mut diags);
    let program = program::build_with(config, sources, &machine(), Shelf::All, &mut diags);
    (program, diags)
}

fn all() -> Vec<Entry> {
    let (program, _) = shelf();
    entries(&program.schema, &program.sources)
}

#[test]
fn every_target_loads() {
    let (program, diags) = shelf();
    let problems = hcc::diag::render::report(&diags, &program.sources, Default::default());
    assert!(diags.is_empty(), "{problems}");
    for name in library::names() {
        let target = program.schema.targets.iter().any(|target| *target.path == *name);
        let option = matches!(program.schema.root.find(&name), Some((Place::Option(_), "")));
        assert!(
            target || option,
            "targets/{}.kdl does not declare `{name}`",
            name.replace('.', "/")
        );
    }
}

#[test]
fn every_target_says_what_it_is() {
    let (program, _) = shelf();
    for target in program.schema.targets.iter().filter(|target| target.parent.is_none()) {
        assert!(!target.doc.is_empty(), "{} has no doc", target.path);
        // What is about hcc itself has no page but its own.
        let is_own = matches!(&*target.path, "home" | "system") && target.url.is_empty();
        assert!(is_own || target.url.starts_with("https://"), "{} has no URL", target.path);
    }
}

#[test]
fn every_option_says_what_it_is() {
    let mut wrong = Vec::new();
    for entry in all() {
        if entry.doc.is_empty() {
            wrong.push(format!("{} has no doc ({})", entry.path, entry.declared));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_target_has_a_fixture() {
    let missing: Vec<String> = library::names()
        .map(|name| format!("fixtures/{}/hcc.kdl", name.replace('.', "/")))
        .filter(|path| !root().join(path).exists())
        .collect();
    assert!(missing.is_empty(), "missing: {}", missing.join(", "));
}

/// What the compiler takes on trust in an embedded target it looks through in a user's own: each
/// target as one of those, under another name.
#[test]
fn every_name_means_something() {
    let (program, _) = shelf();
    let mut wrong = Vec::new();
    for name in library::names() {
        let text = library::target(&name).unwrap_or_default();
        if !text.starts_with("target") {
            continue;
        }
        let own = format!("trial.{name}");
        let text = text.replacen(&format!("target \"{name}\""), &format!("target \"{own}\""), 1);
        let enable = !text.contains("always=#true");
        let enable = if enable { format!("{own}\n") } else { String::new() };
        let target = program.schema.targets.iter().find(|target| *target.path == *name);
        let runs_on = |os: &&str| {
            target.is_none_or(|one| one.os.is_empty() || one.os.iter().any(|own| **own == **os))
        };
        for os in ["linux", "darwin"].iter().filter(|os| runs_on(os)) {
            // Aliases and variables that no shell reads are warned about.
            let host =
                format!("host \"testhost\" os=\"{os}\" {{ user \"alice\" }}\nprograms.bash\n");
            let folder = tempfile::tempdir().expect("a temporary folder");
            let path = Utf8PathBuf::from_path_buf(folder.path().join("hcc.kdl")).expect("is UTF-8");
            fs::write(&path, format!("{text}{host}{enable}")).expect("can be written");
            let mut session = Session::load(&path, machine());
            for host in session.program.structure.hosts.clone() {
                session.compile(&host, None);
            }
            // Its templates are not beside it, and its files are also made by itself.
            let of_trial = ["missing-source", "unknown-fact", "same-path", "unmet-guard"];
            if session.diags.iter().any(|one| !of_trial.contains(&one.code)) {
                wrong.push(session.problems());
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An example is what a user writes in the block of the target, on a system the target is for; so
/// is that of an item's field, with the item around it.
#[test]
fn every_example_compiles() {
    let (program, _) = shelf();
    let mut wrong = Vec::new();
    for entry in entries(&program.schema, &program.sources) {
        let Some(example) = &entry.example else { continue };
        let owner = program
            .schema
            .targets
            .iter()
            .filter(|target| entry.path.starts_with(&format!("{}.", target.path)))
            .max_by_key(|target| target.path.len());
        let os = owner.and_then(|target| target.os.first()).map_or("linux", |os| os);
        // Targets that are nested need the ones around them.
        let always = |path: &str| {
            program.schema.targets.iter().any(|target| *target.path == *path && target.always)
        };
        let parents: Vec<String> = owner
            .iter()
            .filter_map(|target| target.parent.as_ref())
            .filter(|parent| !always(parent))
            .map(|parent| format!("{parent} {{ enable }}\n"))
            .collect();
        let block = match owner {
            Some(target) => {
                let enable = if target.always { "" } else { "enable\n" };
                format!("{} {{\n{enable}{example}\n}}\n", target.path)
            }
            None => format!("{example}\n"),
        };
        // Aliases and variables that no shell reads are warned about.
        let text = format!(
            "host \"testhost\" os=\"{os}\" {{ user \"alice\" }}\nprograms.bash\n{}{block}",
            parents.concat(),
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().join("hcc.kdl")).expect("is UTF-8");
        fs::write(&path, &text).expect("can be written");
        let machine = Machine {
            host: hcc::eval::facts::HostFacts { name: "other".into(), ..machine().host },
            ..machine()
        };
        let mut session = Session::load(&path, machine);
        for host in session.program.structure.hosts.clone() {
            session.compile(&host, None);
        }
        // A source that an example names does not exist here, and what is for another system
        // guards itself.
        let codes: Vec<&str> = session
            .diags
            .iter()
            .map(|one| one.code)
            .filter(|code| !matches!(*code, "missing-source" | "unmet-guard"))
            .collect();
        if !codes.is_empty() {
            wrong.push(format!("{}\n{text}{}", entry.path, session.problems()));
        }
    }
    let rule = "an example stands in the block of its target; that of an item's field in an item";
    assert!(wrong.is_empty(), "{rule}\n\n{}", wrong.join("\n"));
}

#[test]
fn names_are_kebab_case() {
    let (program, _) = shelf();
    for target in &program.schema.targets {
        let ok = target
            .path
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
        assert!(ok, "{}", target.path);
    }
    let entries = all();
    // Keys that are the program's own keep its letters.
    let program_keys: Vec<String> = (entries.iter())
        .filter(|entry| entry.ty.contains("settings"))
        .map(|entry| format!("{}.", entry.path))
        .collect();
    for entry in &entries {
        let own = program_keys.iter().any(|option| entry.path.starts_with(option.as_str()))
            || entry.path.split('.').any(|part| part.starts_with(char::is_uppercase));
        let ok = own
            || entry.path.chars().all(|c| {
                c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_')
            });
        assert!(ok, "{}", entry.path);
    }
}

/// What is compiled with is what stands in the text, less the documentation.
#[test]
fn packed_targets_say_what_their_texts_say() {
    use hcc::diag::SourceId;
    use hcc::syntax::packed::{Packer, unpack};
    use hcc::syntax::parse;
    use hcc::syntax::tree::Node;

    const SOURCE: SourceId = SourceId(7);
    /// What only those read who list options or lift files.
    fn without_docs(inside: &str, nodes: &[Node]) -> Vec<Node> {
        let dropped = |node: &&Node| match &*node.name.value {
            "doc" | "lifted" => inside == "target",
            "known-at" | "reads" | "rest" => inside == "file",
            _ => false,
        };
        let kept = nodes.iter().filter(|node| !dropped(node));
        kept.map(|node| {
            let entries = node.entries.iter().filter(|entry| {
                let name = entry.name.as_ref().map_or("", |name| &*name.value);
                !matches!((&*node.name.value, name), ("option" | "key", "doc" | "example"))
            });
            let children = node.children.as_ref();
            Node {
                entries: entries.cloned().collect(),
                children: children.map(|inner| without_docs(&node.name.value, inner).into()),
                ..node.clone()
            }
        })
        .collect()
    }
    let mut count = 0;
    for name in library::names() {
        let (whole, problems) = parse(SOURCE, library::target(&name).expect("is embedded"));
        assert!(problems.is_empty(), "{name}");
        let packed = library::tree(&name, SOURCE).expect("is embedded");
        assert!(packed == without_docs("", &whole), "{name}");
        let mut packer = Packer::default();
        let bytes = packer.pack(&whole);
        assert!(unpack(&packer.words, &bytes, SOURCE) == whole, "{name}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}
