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

/// What is compiled with is what the texts declare and mention, less the documentation.
#[test]
fn prepared_targets_declare_what_their_texts_declare() {
    use std::sync::Arc;

    use hcc::diag::{Diagnostics, SourceId};
    use hcc::schema::keys::Keys;
    use hcc::schema::library::Detail;
    use hcc::schema::mentions::Mentions;
    use hcc::schema::option::{Body, Kind};
    use hcc::schema::{Group, OptionDecl, Place, Schema, Target, declare};
    use hcc::syntax::packed::{Packer, unpack};
    use hcc::syntax::parse;
    use hcc::syntax::tree::Node;

    const SOURCE: SourceId = SourceId(7);
    /// What only those read who lift files.
    fn without_knowledge(inside: &str, nodes: &[Node]) -> Vec<Node> {
        let dropped = |node: &&Node| match &*node.name.value {
            "lifted" => inside == "target",
            "known-at" | "reads" | "rest" => inside == "file",
            _ => false,
        };
        let kept = nodes.iter().filter(|node| !dropped(node));
        kept.map(|node| {
            let inner = node.children.as_ref();
            let inner = inner.map(|inner| without_knowledge(&node.name.value, inner).into());
            Node { children: inner, ..node.clone() }
        })
        .collect()
    }
    fn body(body: &Body) -> Arc<Body> {
        let rest = body.rest.as_deref().map(|rest| Arc::new(decl(rest)));
        Arc::new(Body { group: Arc::new(group(&body.group)), rest, ..body.clone() })
    }
    fn decl(decl: &OptionDecl) -> OptionDecl {
        let mut plain = OptionDecl { docs: None, ..decl.clone() };
        if let Some(rare) = &mut plain.rare {
            let mut keys = rare.keys.all();
            keys.iter_mut().for_each(|key| key.doc = "".into());
            rare.keys = Keys::Said(keys);
        }
        plain.kind = match &plain.kind {
            Kind::Plain => Kind::Plain,
            Kind::Keyed(inner) => Kind::Keyed(body(inner)),
            Kind::Items(inner) => Kind::Items(body(inner)),
        };
        plain
    }
    fn target(target: &Target) -> Arc<Target> {
        let (doc, url) = (String::new(), String::new());
        let statements = without_knowledge("target", &target.statements).into();
        Arc::new(Target { doc, url, statements, ..target.clone() })
    }
    fn group(own: &Group) -> Group {
        let places = own.places.iter().map(|(name, place)| {
            let place = match place {
                Place::Group(inner) => Place::Group(Arc::new(group(inner))),
                Place::Option(inner) => Place::Option(Arc::new(decl(inner))),
            };
            (name.into(), place)
        });
        let target = own.target.as_deref().map(target);
        Group { path: own.path.clone(), places: places.collect(), target }
    }

    let mut count = 0;
    for name in library::names() {
        let (mut nodes, problems) = parse(SOURCE, library::target(&name).expect("is embedded"));
        assert!(problems.is_empty(), "{name}");
        let mut packer = Packer::default();
        let bytes = packer.pack(&nodes);
        assert!(*unpack(&packer.words(), &bytes, SOURCE) == *nodes, "{name}");

        nodes.retain(|node| matches!(&*node.name.value, "target" | "option"));
        if nodes.iter().any(declare::like::any) {
            continue;
        }
        let (mut said, mut diags) = (Schema::default(), Diagnostics::default());
        for node in &nodes {
            match &*node.name.value {
                "option" => declare::own_option(node, &mut said, &mut diags),
                _ => declare::target(node.clone(), &mut said, &mut diags),
            }
        }
        for system in ["linux", "darwin"] {
            let mut prepared = Schema::default();
            let mut found = Mentions::on(vec![system.into()]);
            for detail in [Detail::Whole, Detail::Plain] {
                prepared = Schema::default();
                library::declare(&name, detail, SOURCE, &mut prepared, &mut found, &mut diags);
                if detail == Detail::Whole {
                    assert_eq!(format!("{:#?}", said.root), format!("{:#?}", prepared.root));
                }
            }
            assert_eq!(
                format!("{:#?}", group(&said.root)),
                format!("{:#?}", group(&prepared.root))
            );
            let paths = |schema: &Schema| {
                schema.targets.iter().map(|own| format!("{:#?}", target(own))).collect::<Vec<_>>()
            };
            assert_eq!(paths(&said), paths(&prepared), "{name}");
            let mut wanted = Mentions::on(vec![system.into()]);
            let targets = nodes.iter().filter(|node| &*node.name.value == "target");
            targets.for_each(|node| wanted.target(node));
            assert_eq!(wanted.open, found.open, "{name} on {system}");
            assert_eq!(wanted.folders, found.folders, "{name} on {system}");
        }
        assert!(diags.is_empty(), "{name}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}
