//! A Brewfile in hcc's language says what it said: Ruby evaluates it and what hcc compiles.

mod support;

use std::fs;
use std::process::{Command, Output};

use camino::{Utf8Path, Utf8PathBuf};
use hcc::cli::session::Session;
use hcc::diag::Sources;
use hcc::import::brewfile::{self, Brewfile};
use hcc::import::page;
use proptest::prelude::*;
use support::machine;

const RECORD: &str = include_str!("support/brewfile/record.rb");
const ENTRIES: &str = include_str!("support/brewfile/entries.rb");

/// A folder with a Brewfile and what becomes of it.
struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new(brewfile: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("Brewfile"), brewfile).expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> Utf8PathBuf {
        Utf8Path::from_path(self.folder.path()).expect("UTF-8").join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hcc"));
        command.args(arguments).env_clear().env("HOME", self.folder.path()).env("USER", "alice");
        command.current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("hcc");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (status.code(), text(stdout), text(stderr))
    }

    /// Imports its Brewfile, and writes what hcc compiles of that for each system.
    #[track_caller]
    fn compile(&self) -> Brewfile {
        let text = fs::read_to_string(self.path("Brewfile")).expect("a Brewfile");
        let brewfile = read(&text);
        let hosts = "host \"mac\" os=\"darwin\" { user \"alice\" }\nhost \"box\" os=\"linux\" { user \"alice\" }\n";
        let config = format!("{hosts}{}", page::write(&[brewfile.block()]));
        fs::write(self.path("hcc.kdl"), &config).expect("written");
        let mut session = Session::load(&self.path("hcc.kdl"), machine());
        for host in session.program.structure.hosts.clone() {
            let list = session.compile(&host, None);
            assert!(!session.diags.has_errors(), "{config}\n{}", session.problems());
            let files = list.iter().flat_map(|one| &one.document.files);
            let file = files.into_iter().find(|file| file.path == ".config/homebrew/Brewfile");
            let text = file.map_or("", |file| &*file.text);
            let os = host.facts.os.as_deref().unwrap_or_default();
            fs::write(self.path(os), text).expect("written");
        }
        brewfile
    }

    fn ruby(&self, script: &str, arguments: &[String]) -> String {
        fs::write(self.path("script.rb"), script).expect("written");
        let mut command = Command::new("ruby");
        command.arg("script.rb").args(arguments).current_dir(self.folder.path());
        let Output { status, stdout, stderr } =
            command.env("LANG", "C.UTF-8").output().expect("ruby");
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("UTF-8")
    }

    /// Holds what Ruby sees in the Brewfile against what it sees in what hcc compiled.
    #[track_caller]
    fn says_the_same(&self) {
        let arguments = ["darwin:Brewfile", "darwin:darwin", "linux:Brewfile", "linux:linux"];
        let seen = self.ruby(ENTRIES, &arguments.map(str::to_owned));
        let seen: Vec<serde_json::Value> =
            seen.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let [mac, mac_compiled, linux, linux_compiled] = seen.as_slice() else {
            panic!("four of {seen:?}")
        };
        let config = fs::read_to_string(self.path("hcc.kdl")).expect("a configuration");
        assert_eq!(mac, mac_compiled, "{config}");
        assert_eq!(linux, linux_compiled, "{config}");
        for own in ["darwin", "linux"] {
            self.ruby(RECORD, &[own.to_owned()]);
        }
    }
}

fn has_ruby() -> bool {
    let found = Command::new("ruby").arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: ruby is not installed");
    }
    found
}

#[track_caller]
fn read(text: &str) -> Brewfile {
    let mut sources = Sources::default();
    let source = sources.add("Brewfile", text.to_owned());
    brewfile::read(source, &sources).unwrap_or_else(|problem| panic!("{problem:?}\n{text}"))
}

/// Places and reasons of what was not taken.
fn left(brewfile: &Brewfile) -> Vec<String> {
    brewfile.report.left.iter().map(|left| format!("{}: {}", left.from, left.why)).collect()
}

const EVERYTHING: &str = r##"# All that there is.
tap "user/repo"
tap "user/private", "https://git.example.com/private.git"
tap "user/forced", "git@example.com:forced.git", force_auto_update: true
tap "user/trusted", nil, trusted: true
tap "user/some", trusted: { formulae: ["tool"], casks: "app" }
cask_args appdir: "~/Applications", require_sha: true

brew "git"
brew 'single #{quoted} \ it\'s'
brew "double \#{x} \\ \"y\" \u00e9 \x41 \t é"
brew %q(percent (nested) q)
brew("vim", args: ["HEAD", "with-lua"])
brew "postgresql@17",
     restart_service: :changed, # behind an option
     postinstall: "${HOMEBREW_PREFIX}/bin/postgres -D \"/tmp/a b\""
brew "redis", restart_service: :always
brew "nginx", restart_service: true, start_service: false
brew "libpq", link: true
brew "python@3.13", :link => :overwrite
brew "gnupg", { conflicts_with: %w[gpg2 gnupg1] }
brew "ruby", version_file: ".ruby-version"
brew "user/repo/tool", trusted: true
brew "empty", args: [], link: nil
brew "joined " "text"
cask "firefox", args: { language: "de", "fontdir" => "/F" }, greedy: true
cask "slack", postinstall: "open -a Slack", trusted: false
mas "Xcode", id: 497_799_835
vscode "rust-lang.rust-analyzer"; vscode "ms-python.python"
go "golang.org/x/tools/gopls"
cargo "ripgrep"
cargo "tool", source: "https://github.com/user/tool?tag=v1.0"
uv "mkdocs", with: ["mkdocs-material", "other"], source: "git+https://example.com/x"
npm "typescript"
krew "ctx"
flatpak "org.example.App", remote: "beta", url: "https://example.com/beta.flatpakrepo"
winget "PowerToys", id: "Microsoft.PowerToys", source: "winget"
"##;

#[test]
fn every_entry_and_option_comes_back() {
    let folder = Folder::new(EVERYTHING);
    let brewfile = folder.compile();
    assert_eq!(left(&brewfile), Vec::<String>::new());
    if has_ruby() {
        folder.says_the_same();
    }
}

#[test]
fn line_ends_of_windows_a_mark_at_the_start_and_no_line_end_are_read() {
    let text = format!("\u{feff}{}", EVERYTHING.trim_end().replace('\n', "\r\n"));
    let folder = Folder::new(&text);
    assert_eq!(left(&folder.compile()), Vec::<String>::new());
    if has_ruby() {
        folder.says_the_same();
    }
}

#[test]
fn systems_become_guards() {
    let folder = Folder::new(
        r#"brew "a" if OS.mac?
brew "b" unless OS.mac?
brew "c" if !OS.linux?
if OS.mac?
  cask "d"
  mas "D", id: 1 if OS.mac?
elsif OS.linux?
  brew "e"
end
unless OS.linux? then brew "f" else brew "g" end
if OS.mac?
  brew "same"
else
  brew "same", link: true
end
brew "both" if OS.mac?
brew "both"
"#,
    );
    assert_eq!(left(&folder.compile()), Vec::<String>::new());
    if has_ruby() {
        folder.says_the_same();
    }
}

#[test]
fn what_stands_below_a_return_is_for_the_other_system() {
    let folder = Folder::new(
        "brew \"a\"\nreturn unless OS.mac?\n\n# Fonts\ncask \"b\"\nreturn if OS.linux?\ncask \"c\"\n",
    );
    let brewfile = folder.compile();
    let text = page::write(&brewfile.items);
    assert!(text.contains("when os=\"darwin\" {\n    // Fonts\n    cask \"b\"\n"), "{text}");
    let compiled = |os: &str| fs::read_to_string(folder.path(os)).expect("compiled");
    assert_eq!(compiled("linux"), "brew \"a\"\n");
    assert_eq!(compiled("darwin"), "brew \"a\"\n\ncask \"b\"\ncask \"c\"\n");
    let ended = Folder::new("brew \"a\"\nreturn\nbrew \"b\"\nbrew \"c\"\n");
    assert_eq!(left(&ended.compile()), ["Brewfile:2-4: Ruby reads nothing below `return`"]);
    let computed = read("brew \"a\"\nreturn if ENV[\"CI\"]\nbrew \"b\" if OS.mac?\n");
    assert_eq!(computed.report.left.len(), 1);
    assert_eq!(computed.report.taken[0].count, 2);
}

#[test]
fn arguments_of_casks_hold_for_those_below_them() {
    let folder = Folder::new(
        r#"cask_args appdir: "/A"
cask_args fontdir: "/F", appdir: "/B"
cask "first"
cask_args appdir: "/C"
cask "second", args: { language: "de" }
cask_args appdir: "/D", colorpickerdir: "/P"
cask "third", args: { appdir: "/own" }
cask "fourth"
"#,
    );
    assert_eq!(left(&folder.compile()), Vec::<String>::new());
    if has_ruby() {
        folder.says_the_same();
    }
}

#[test]
fn comments_stay_where_they_stand() {
    let brewfile = read(
        "# vim: ft=ruby\n# On top\n#\n\n# Above\nbrew \"a\" # behind\n\n\nbrew \"b\",\n  # inside\n  link: true\n=begin\nblock\n=end\nif OS.mac? # mac\n  # in\n  brew \"c\"\n  # last\nend\n# at the end\n__END__\nbrew \"never\"\n",
    );
    let text = page::write(&brewfile.items);
    let wanted = "// On top\n//\n\n// Above\nbrew \"a\"    // behind\n\n// inside\nbrew \"b\" link=#true\n// block\n// mac\nwhen os=\"darwin\" {\n    // in\n    brew \"c\"\n    // last\n}\n// at the end\n// Not taken from Brewfile:21: Ruby reads nothing below `__END__`.\n//     __END__\n//     brew \"never\"\n";
    assert_eq!(text, wanted);
    let below: Vec<_> = brewfile.report.left.iter().map(|left| left.from.as_str()).collect();
    assert_eq!(below, ["Brewfile:21-22"]);
}

#[test]
fn ruby_is_named_with_its_lines_and_never_run() {
    let folder = Folder::new(
        r##"brew "before"
brew "#{`touch pwned`}"
system "touch", "pwned"
brew `touch pwned`
brew "x" if ENV["CI"]
%w[a b].each do |name|
  brew name
  cask "x" if true
end
if File.exist?("/x") # why
  brew "y"
  while true do break end
end
NAMES = { a: 1 }
brew NAMES.keys.first.to_s
brew "z", args: ["a"] + ["b"]
def twice(name) = brew(name)
text = <<~END
  brew "inside a text"
END
brew "many"
  .freeze
[1].each { |x| brew "w#{x}" }
puts /a"b/, ?", 7 / 2
eval("brew 'x'")
begin
  brew "y"
rescue
  brew "z"
end
brew "z" rescue nil
case RUBY_VERSION
when "3" then brew "z"
end
brew "after"
"##,
    );
    let brewfile = folder.compile();
    let places: Vec<&str> = brewfile.report.left.iter().map(|left| left.from.as_str()).collect();
    let wanted = [
        "2", "3", "4", "5", "6-9", "10-13", "14", "15", "16", "17", "18", "21-22", "23", "24",
        "25", "26-30", "31", "32-34",
    ]
    .map(|lines| format!("Brewfile:{lines}"));
    assert_eq!(places, wanted, "{:#?}", left(&brewfile));
    let compiled = fs::read_to_string(folder.path("linux")).expect("compiled");
    assert_eq!(compiled, "brew \"before\"\nbrew \"after\"\n");
    assert!(!folder.path("pwned").exists());
    // All of it stays readable in its place.
    let text = page::write(&brewfile.items);
    assert!(text.contains("//     brew \"x\" if ENV[\"CI\"]\n"), "{text}");
}

#[test]
fn what_homebrew_would_misread_is_named() {
    let brewfile = read(
        r#"brew "a", link: "overwrite"
brew "b", restart_servce: true
brew 1
brew "c", args: "x", link: :overwritten
mas "d"
mas "e", id: "1"
go "f", x: 1
whalebrew "g/h"
brw "i"
cask "j", "k"
brew "l", "args" => ["x"]
winget "m", source: "store"
brew "n", link: true
brew "n", link: false
brew "o"
brew "o", args: ["x"]
"#,
    );
    insta::assert_snapshot!(left(&brewfile).join("\n"), @r##"
    Brewfile:1: `link` expects true, false, `:overwrite`, found the text `"overwrite"`
    Brewfile:2: `brew` has no option `restart_servce`; Homebrew passes over it, and the entry is taken without
    Brewfile:3: `brew` expects a name, found `1`
    Brewfile:4: `link` expects true, false, `:overwrite`, found `:overwritten`
    Brewfile:5: `mas` expects the number of the application
    Brewfile:6: `id` expects a number from 1, found the text `"1"`
    Brewfile:7: `go` has no option `x`
    Brewfile:8: Homebrew has no `whalebrew` any more, and refuses a file with one
    Brewfile:9: `brw` is no entry of a Brewfile
    Brewfile:10: `cask` takes one name, found the text `"k"` too
    Brewfile:11: the option `"args"` is a text, which Homebrew passes over
    Brewfile:12: `source` expects `winget` or `msstore`, found the text `"store"`
    Brewfile:14: line 13 says it too, with other options
    "##);
}

#[test]
fn what_is_no_brewfile_is_refused_at_its_place() {
    for (text, place) in [
        ("[section]\nkey = 1\n", "1:1"),
        ("{ \"a\": 1 }", "1:1"),
        ("brew \"a\nbrew 'b'\n", "1:6"),
        ("if OS.mac?\n  brew \"a\"\n", "1:1"),
        ("brew \"a\"\nend\n", "2:1"),
        ("brew \"a\", args: [\"b\"\nbrew \"c\"\n", "1:17"),
        ("brew \"a\"\n)\n", "2:1"),
        ("brew \"\\u{110000}\"\n", "1:7"),
        ("brew \"a\0\"\n\u{1}", "2:1"),
        ("x = <<A\nbrew 'a'\n", "1:5"),
        ("=begin\nbrew 'a'\n", "1:1"),
    ] {
        let folder = Folder::new(text);
        let (status, out, err) = folder.run(&["import", "brewfile", "Brewfile"]);
        assert_eq!((status, out.as_str()), (Some(1), ""), "{text:?}");
        assert!(err.contains(&format!("--> Brewfile:{place}\n")), "{text:?}: {err}");
        let (_, json, _) = folder.run(&["import", "brewfile", "Brewfile", "--json"]);
        assert!(json.contains("\"code\": \"not-a-brewfile\""), "{json}");
    }
}

#[test]
fn a_file_is_written_once_and_passes_the_check() {
    let folder = Folder::new("tap \"a/b\"\n# The editor\nbrew \"vim\" # best\n");
    let into = ["import", "brewfile", "Brewfile", "--out", "new/hcc.kdl"];
    let (status, out, err) = folder.run(&into);
    assert_eq!((status, out.as_str()), (Some(0), ""), "{err}");
    let text = fs::read_to_string(folder.path("new/hcc.kdl")).expect("written");
    assert!(text.ends_with(
        "module \"brew\" {\n    homebrew {\n        tap \"a/b\"\n        // The editor\n        brew \"vim\"    // best\n    }\n}\n"
    ));
    let (status, said, err) = folder.run(&["check", "--config", "new/hcc.kdl"]);
    assert_eq!((status, err.as_str()), (Some(0), ""), "{said}");
    // Again: stopped, nothing lost.
    fs::write(folder.path("new/hcc.kdl"), "// mine\n").expect("written");
    assert_eq!(folder.run(&into).0, Some(3));
    assert_eq!(fs::read_to_string(folder.path("new/hcc.kdl")).expect("there"), "// mine\n");
    let (status, ..) = folder.run(&[&into[..], &["--force"]].concat());
    assert_eq!(status, Some(0));
    assert_eq!(fs::read_to_string(folder.path("new/hcc.kdl")).expect("there"), text);
    assert_eq!(fs::read_dir(folder.path("new")).expect("a folder").count(), 1);
}

#[test]
fn a_module_is_imported_and_used() {
    let folder = Folder::new("brew \"vim\"\n");
    let (status, ..) = folder
        .run(&["import", "brewfile", "Brewfile", "--module", "my tools", "--out", "brew.kdl"]);
    assert_eq!(status, Some(0));
    fs::write(
        folder.path("hcc.kdl"),
        "import \"brew.kdl\"\nhost \"mac\" os=\"darwin\" { user \"alice\"; use \"my tools\" }\n",
    )
    .expect("written");
    let (status, text, err) = folder.run(&["show", ".config/homebrew/Brewfile", "--host", "mac"]);
    assert_eq!((status, text.as_str()), (Some(0), "brew \"vim\"\n"), "{err}");
}

#[test]
fn what_cannot_be_read_or_written_is_said() {
    let folder = Folder::new("brew \"vim\"\n");
    let (status, _, err) = folder.run(&["import", "brewfile", "Brewfil"]);
    assert_eq!((status, err.contains("no such file")), (Some(1), true), "{err}");
    let (status, _, err) = folder.run(&["import", "brewfile", "."]);
    assert_eq!((status, err.contains("did you mean `./Brewfile`?")), (Some(1), true), "{err}");
    fs::write(folder.path("latin1"), b"brew \"caf\xe9\"\n").expect("written");
    let (status, _, err) = folder.run(&["import", "brewfile", "latin1"]);
    assert_eq!((status, err.contains("not UTF-8 (line 1)")), (Some(1), true), "{err}");
    let (status, _, err) =
        folder.run(&["import", "brewfile", "Brewfile", "--out", "Brewfile/hcc.kdl"]);
    assert_eq!((status, err.contains("cannot write Brewfile/hcc.kdl")), (Some(4), true), "{err}");
    let (status, ..) = folder.run(&["import", "brewfile", "Brewfile", "--force"]);
    assert_eq!(status, Some(2));
}

/// A text as Ruby may write it.
fn quoted() -> impl Strategy<Value = (String, String)> {
    let text = prop_oneof![
        3 => "[a-z][a-z0-9@/._-]{0,12}",
        1 => r#"[ -~]{1,16}"#,
        1 => r##"[#{}@$"'\\ %()a\n\té日\u{2028}\u{feff}]{1,12}"##,
        1 => "\\PC{1,8}",
    ];
    (text, 0..3u8).prop_map(|(text, style)| {
        let source = match style {
            0 => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            1 => format!(
                "%q[{}]",
                text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
            ),
            _ => {
                let mut out = String::from("\"");
                for c in text.chars() {
                    match c {
                        '"' | '\\' | '#' => out.extend(['\\', c]),
                        '\n' => out.push_str("\\n"),
                        c if u32::from(c) % 3 == 0 => {
                            out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
                        }
                        c => out.push(c),
                    }
                }
                out + "\""
            }
        };
        (text, source)
    })
}

fn list() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(quoted(), 0..4).prop_map(|list| {
            let list: Vec<String> = list.into_iter().map(|(_, source)| source).collect();
            format!("[{}]", list.join(",\n  "))
        }),
        prop::collection::vec("[a-z-]{1,6}", 0..4)
            .prop_map(|list| format!("%w({})", list.join(" "))),
    ]
}

/// An entry without its name: what stands before, and behind.
fn entry() -> impl Strategy<Value = (&'static str, Vec<(&'static str, String)>)> {
    let text = || quoted().prop_map(|(_, source)| source);
    let bool = || any::<bool>().prop_map(|value| value.to_string());
    let map = || {
        let value = prop_oneof![text(), bool(), any::<i32>().prop_map(|n| n.to_string()), list()];
        prop::collection::btree_map("[a-z_]{1,6}", value, 0..3).prop_map(|map| {
            let one = |(key, value)| format!("\"{key}\" => {value}");
            format!("{{ {} }}", map.into_iter().map(one).collect::<Vec<String>>().join(", "))
        })
    };
    let some = |name: &'static str, value: BoxedStrategy<String>| {
        prop::option::of(value).prop_map(move |value| value.map(|value| (name, value)))
    };
    let options = |list: Vec<(&'static str, BoxedStrategy<String>)>| {
        list.into_iter()
            .map(|(name, value)| some(name, value).boxed())
            .collect::<Vec<_>>()
            .prop_map(|list| list.into_iter().flatten().collect::<Vec<_>>())
            .prop_shuffle()
    };
    let service = prop_oneof![bool(), Just(":changed".to_owned()), Just(":always".to_owned())];
    let link = prop_oneof![bool(), Just(":overwrite".to_owned()), Just("nil".to_owned())];
    prop_oneof![
        options(vec![("trusted", bool().boxed())]).prop_map(|list| ("tap", list)),
        options(vec![
            ("args", list().boxed()),
            ("conflicts_with", list().boxed()),
            ("restart_service", service.boxed()),
            ("start_service", bool().boxed()),
            ("link", link.boxed()),
            ("postinstall", text().boxed()),
        ])
        .prop_map(|list| ("brew", list)),
        options(vec![("args", map().boxed()), ("greedy", bool().boxed())])
            .prop_map(|list| ("cask", list)),
        (1..i64::MAX).prop_map(|id| ("mas", vec![("id", id.to_string())])),
        options(vec![]).prop_map(|list| ("vscode", list)),
        options(vec![("with", list().boxed()), ("source", text().boxed())])
            .prop_map(|list| ("uv", list)),
        options(vec![("remote", text().boxed())]).prop_map(|list| ("flatpak", list)),
    ]
}

fn statement() -> impl Strategy<Value = String> {
    (entry(), quoted(), 0..8u8, any::<bool>()).prop_map(
        |((kind, options), (_, name), shape, rocket)| {
            let mut arguments = vec![name];
            arguments.extend(options.into_iter().map(|(key, value)| {
                if rocket { format!(":{key} => {value}") } else { format!("{key}: {value}") }
            }));
            let list = arguments.join(", ");
            match shape {
                0 => format!("{kind}({list})"),
                1 => format!("{kind}(\n  {}\n)", arguments.join(", # why\n  ")),
                2 => format!("{kind} {}", arguments.join(",\n  ")),
                3 => format!("{kind} {list} if OS.mac? # the {kind}"),
                4 => format!("if OS.linux?\n  {kind} {list}\nend"),
                _ => format!("# a {kind}\n{kind} {list}"),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_brewfile_comes_back(statements in prop::collection::vec(statement(), 1..40)) {
        // Names that stand twice are another test's.
        let mut seen = std::collections::HashSet::new();
        let text: String = statements
            .into_iter()
            .filter(|text| {
                let items = read(text).items;
                let own = items.into_iter().find(|item| !item.name.is_empty()).expect("an entry");
                let own = if own.name == "when" { own.children[0].clone() } else { own };
                seen.insert(format!("{} {:?}", own.name, own.args.first()))
            })
            .map(|text| text + "\n")
            .collect();
        let folder = Folder::new(&text);
        let brewfile = folder.compile();
        prop_assert_eq!(left(&brewfile), Vec::<String>::new());
        if has_ruby() {
            folder.says_the_same();
        }
    }

    #[test]
    fn no_text_is_too_odd(text in "[ -~\\n]{0,60}|\\PC{0,40}|(brew|if|end|do|\\{|\\}|\\(|\\)|\"|'|#|\\n| |a|%w|<<|:|=>|,|\\\\|OS.mac\\?){0,30}") {
        let mut sources = Sources::default();
        let source = sources.add("Brewfile", text.clone());
        if let Ok(brewfile) = brewfile::read(source, &sources) {
            let folder = Folder::new(&text);
            fs::write(folder.path("hcc.kdl"), page::write(&[brewfile.block()])).expect("written");
            let session = Session::load(&folder.path("hcc.kdl"), machine());
            prop_assert!(!session.diags.has_errors(), "{}", session.problems());
        }
    }
}
