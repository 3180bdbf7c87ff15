//! What is missing is installed by the manager it belongs to, and nothing else is touched.

mod support;

use hcc::apply::command::Environment;
use hcc::apply::done::{Done, End};
use hcc::apply::package::{self, Ask, Plan, Rights, Wanted};
use hcc::ir::Cleanup;
use support::stand_ins::{Machine, needs};

const ROOT: Rights = Rights { root: true, terminal: false };
const USER: Rights = Rights { root: false, terminal: true };
const NOBODY: Rights = Rights { root: false, terminal: false };

const DEBIAN: &str = "os=\"linux\" distro=\"debian\"";
const FEDORA: &str = "os=\"linux\" distro=\"fedora\"";
const ARCH: &str = "os=\"linux\" distro=\"arch\"";
const SUSE: &str = "os=\"linux\" distro=\"opensuse-tumbleweed\"";
const ALPINE: &str = "os=\"linux\" distro=\"alpine\"";
const VOID: &str = "os=\"linux\" distro=\"void\"";
const NIXOS: &str = "os=\"linux\" distro=\"nixos\"";
const MAC: &str = "os=\"darwin\" arch=\"aarch64\"";

/// A configuration of a user, on a machine.
struct Case<'a> {
    machine: &'a Machine,
    wanted: Wanted,
    cleanup: Cleanup,
    ask: Ask,
    rights: Rights,
}

impl<'a> Case<'a> {
    fn new(machine: &'a Machine, host: &str, blocks: &str) -> Self {
        let wanted = package::wanted(&machine.document(host, blocks));
        // What is kept in a generation says the same.
        let kept = serde_json::from_str(&serde_json::to_string(&wanted).unwrap()).unwrap();
        assert_eq!(wanted, kept);
        for file in &wanted.brewfiles {
            std::fs::create_dir_all(camino::Utf8Path::new(&file.path).parent().unwrap()).unwrap();
            std::fs::write(&file.path, &file.text).unwrap();
        }
        Self { machine, wanted, cleanup: Cleanup::None, ask: Ask::Changed, rights: USER }
    }

    fn plan(&self) -> Plan {
        let Self { machine, wanted, cleanup, ask, rights } = self;
        package::prepare(wanted, *cleanup, *ask, *rights, &machine.state, &machine.environment)
            .unwrap()
    }

    fn run(&self) -> Vec<Done> {
        package::run(self.plan(), &self.machine.state, &self.machine.environment, &mut |_| ())
    }
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.command.argv.join(" ")).collect()
}

/// Each step as `ok WHAT`, `failed WHAT: REASON`, `skipped WHAT: REASON`.
fn told(all: &[Done]) -> Vec<String> {
    let line = |done: &Done| match &done.end {
        End::Done { .. } => format!("ok {}", done.what),
        End::Failed { reason } => format!("failed {}: {reason}", done.what),
        End::Skipped { reason } => format!("skipped {}: {reason}", done.what),
        End::Unavailable { reason, .. } => format!("unavailable {}: {reason}", done.what),
    };
    all.iter().map(line).collect()
}

fn packages(names: &str) -> String {
    format!("home {{ packages {names} }}")
}

#[test]
fn installs_what_is_missing_in_one_command_for_each_manager() {
    let installs = [
        (DEBIAN, "apt", vec!["apt-get", "dpkg-query"]),
        (FEDORA, "rpm", vec!["dnf", "rpm"]),
        (ARCH, "pacman", vec!["pacman"]),
        (SUSE, "rpm", vec!["zypper", "rpm"]),
        (ALPINE, "apk", vec!["apk"]),
        (VOID, "xbps", vec!["xbps-install", "xbps-query"]),
        (NIXOS, "nix", vec!["nix"]),
    ];
    for (host, kind, programs) in installs {
        let machine = Machine::with(&[&programs[..], &["sudo"]].concat());
        machine.write(kind, "tree\n");
        let case = Case::new(&machine, host, &packages("\"ripgrep\" \"tree\" \"bat\""));
        let plan = case.plan();
        let looks = machine.calls();
        // One manager says by its own lists whether there are such packages.
        let questions = if kind == "pacman" { 2 } else { 1 };
        assert_eq!(looks.len(), questions, "{looks:?}");
        assert_eq!(plan.steps.len(), 1, "{plan:?}");
        assert_eq!(plan.steps[0].names, ["ripgrep", "bat"]);
        let all = package::run(plan, &machine.state, &machine.environment, &mut |_| ());
        assert!(all.iter().all(Done::is_ok), "{kind}: {:?}", told(&all));
        assert_eq!(machine.installed(kind), ["bat", "ripgrep", "tree"]);
    }
}

#[test]
fn a_package_has_the_name_that_its_distribution_gives_it() {
    let machine = Machine::with(&["apt-get", "dpkg-query", "dnf", "rpm", "sudo"]);
    let names = |distro: &str, name: &str| {
        let host = format!("os=\"linux\" distro=\"{distro}\"");
        let plan = Case::new(&machine, &host, &packages(&format!("\"{name}\""))).plan();
        plan.steps[0].names.join(" ")
    };
    assert_eq!(names("debian", "firefox"), "firefox-esr");
    assert_eq!(names("ubuntu", "firefox"), "firefox", "both have apt");
    assert_eq!(names("fedora", "firefox"), "firefox");
    for distro in ["debian", "ubuntu", "fedora"] {
        assert_eq!(names(distro, "fd"), "fd-find", "where the manager is enough");
    }
}

#[test]
fn the_commands_are_those_of_each_manager() {
    let machine = Machine::with(&["apt-get", "dpkg-query", "dnf", "rpm", "pacman", "nix", "sudo"]);
    let show = |host: &str, rights: Rights| {
        let mut case = Case::new(&machine, host, &packages("\"hello\""));
        case.rights = rights;
        steps(&case.plan()).join("; ")
    };
    let apt = "env DEBIAN_FRONTEND=noninteractive apt-get install -y -o DPkg::Lock::Timeout=60 \
               -o APT::Cmd::Pattern-Only=true -o Dpkg::Options::=--force-confold hello";
    assert_eq!(show(DEBIAN, ROOT), apt);
    assert_eq!(show(DEBIAN, USER), format!("sudo {apt}"));
    // Nobody can be asked for a password: then nobody is.
    assert_eq!(show(DEBIAN, NOBODY), format!("sudo -n {apt}"));
    assert_eq!(show(FEDORA, USER), "sudo dnf install -y hello");
    assert_eq!(show(ARCH, USER), "sudo pacman -S --needed --noconfirm hello");
    let nix = "nix --extra-experimental-features nix-command flakes profile install";
    assert_eq!(show(NIXOS, USER), format!("{nix} nixpkgs#hello"));
}

#[test]
fn says_which_steps_need_root_and_why() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    let plan = Case::new(&machine, FEDORA, &packages("\"hello\"")).plan();
    let said = plan.steps[0].to_string();
    assert_eq!(said, "install hello by dnf (as root: it installs for the whole machine)");
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["steps"][0]["root"]["needed"], "it installs for the whole machine");
    assert_eq!(json["steps"][0]["argv"][0], "sudo");
}

#[test]
fn starts_no_process_when_the_list_is_unchanged() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    Case::new(&machine, FEDORA, &packages("\"hello\" \"tree\"")).run();
    machine.calls();
    let again = Case::new(&machine, FEDORA, &packages("\"tree\" \"hello\""));
    assert!(again.plan().is_empty());
    // A shorter list has nothing that is missing.
    let less = Case::new(&machine, FEDORA, &packages("\"tree\""));
    assert!(told(&less.run()).is_empty());
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn asks_anyway_when_told_to() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    let mut case = Case::new(&machine, FEDORA, &packages("\"hello\""));
    case.run();
    machine.write("rpm", "");
    assert!(case.plan().is_empty(), "hcc does not look for what was taken away by hand");
    case.ask = Ask::Anyway;
    case.run();
    assert_eq!(machine.installed("rpm"), ["hello"]);
}

#[test]
fn remembers_what_was_there_without_installing_it() {
    let machine = Machine::with(&["dnf", "rpm"]);
    machine.write("rpm", "hello\n");
    let case = Case::new(&machine, FEDORA, &packages("\"hello\""));
    assert!(told(&case.run()).is_empty());
    assert_eq!(machine.calls().len(), 1);
    assert!(case.plan().is_empty());
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn a_dry_run_changes_and_remembers_nothing() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    let case = Case::new(&machine, FEDORA, &packages("\"hello\""));
    let shown = steps(&case.plan());
    assert!(!machine.state.join("packages.json").exists());
    assert_eq!(machine.calls(), ["rpm -qa --qf %{NAME}"]);
    case.run();
    let ran = machine.calls();
    assert!(ran.contains(&shown[0]), "{shown:?} was shown, {ran:?} was run");
}

/// Where each manager is, its stand-ins, and what they keep.
const MANAGERS: &[(&str, &str, &str, &[&str])] = &[
    (DEBIAN, "apt", "apt", &["apt-get", "apt-cache", "dpkg-query"]),
    (FEDORA, "dnf", "rpm", &["dnf", "rpm"]),
    (SUSE, "zypper", "rpm", &["zypper", "rpm"]),
    (ARCH, "pacman", "pacman", &["pacman"]),
    (ALPINE, "apk", "apk", &["apk"]),
    (VOID, "xbps", "xbps", &["xbps-install", "xbps-query"]),
    (NIXOS, "nix", "nix", &["nix"]),
];

#[test]
fn a_name_that_a_manager_does_not_have_is_one_warning_and_keeps_none_of_the_others_away() {
    for (host, manager, kind, programs) in MANAGERS {
        let machine = Machine::with(&[programs, &["sudo"][..]].concat());
        machine.write("unknown", "nonesuch\n");
        let mut case = Case::new(&machine, host, &packages("\"hello\" \"nonesuch\" \"tree\""));
        let all = case.run();
        assert!(all.iter().all(|done| !done.is_failure()), "{manager}: {:?}", told(&all));
        let lacking = format!(
            "unavailable install nonesuch by {manager}: {manager} has no package `nonesuch`"
        );
        let warnings: Vec<String> =
            told(&all).into_iter().filter(|line| line.starts_with(&lacking)).collect();
        assert_eq!(warnings.len(), 1, "{manager}: {:?}", told(&all));
        assert_eq!(machine.installed(kind), ["hello", "tree"]);
        // It was said, and is not tried again until somebody asks.
        machine.calls();
        assert!(case.plan().is_empty(), "{manager}: {:?}", case.plan());
        assert_eq!(machine.calls(), [""; 0]);
        case.ask = Ask::Anyway;
        assert_eq!(told(&case.run()).len(), 1, "{manager}");
        machine.write("unknown", "");
        assert!(case.run().iter().all(Done::is_ok), "{manager}");
        assert_eq!(machine.installed(kind), ["hello", "nonesuch", "tree"]);
    }
}

#[test]
fn a_manager_that_cannot_read_its_lists_says_nothing_of_what_there_is() {
    for (host, manager, _, programs) in MANAGERS {
        let machine = Machine::with(&[programs, &["sudo"][..]].concat());
        machine.write("offline", "");
        machine.write("fail", "apt-get update\napt-get install\napt-cache\n");
        let case = Case::new(&machine, host, &packages("\"hello\""));
        for _ in 0..2 {
            let all = told(&case.run());
            let failed = format!("failed install hello by {manager}");
            assert!(all.len() == 1 && all[0].starts_with(&failed), "{manager}: {all:?}");
        }
    }
}

#[test]
fn a_group_or_a_virtual_name_that_only_its_manager_knows_is_installed() {
    let machine = Machine::with(&["pacman", "sudo"]);
    machine.write("unknown", "nonesuch\n");
    let plan = Case::new(&machine, ARCH, &packages("\"base-devel\" \"nonesuch\"")).plan();
    assert_eq!(steps(&plan), ["sudo pacman -S --needed --noconfirm base-devel"]);
    let said = serde_json::to_value(&plan.blocked).unwrap();
    assert!(said.to_string().contains("`pacman -Syu` renews"), "{said}");
}

#[test]
fn an_extension_that_there_is_none_of_is_a_warning() {
    let machine = Machine::with(&["code", "pacman", "sudo"]);
    let blocks = "programs.vscode { enable; package #null; extensions \"a.b\" \"a.none\" }";
    machine.write("unknown", "a.none\n");
    let case = Case::new(&machine, ARCH, blocks);
    let expected = "unavailable install a.none by vscode: vscode has no package `a.none`";
    assert!(told(&case.run()).contains(&expected.to_owned()));
    assert!(case.plan().is_empty());
    machine.write("offline", "");
    let other = Case::new(&machine, ARCH, &blocks.replace("a.none", "a.other"));
    assert!(told(&other.run())[0].starts_with("failed install a.other by vscode"));
}

#[test]
fn what_brew_has_none_of_is_a_warning_and_the_rest_of_a_brewfile_counts_as_there() {
    let machine = Machine::with(&["brew"]);
    machine.write("unknown", "nonesuch\nnocask\n");
    let blocks = "homebrew { brew \"jq\" \"nonesuch\"; cask \"nocask\" }";
    let case = Case::new(&machine, MAC, blocks);
    let all = told(&case.run());
    let lacking = |name: &str, by: &str| {
        format!("unavailable install {name} by {by}: {by} has no package `{name}`")
    };
    assert!(all.contains(&lacking("nonesuch", "brew")), "{all:?}");
    assert!(all.contains(&lacking("nocask", "cask")), "{all:?}");
    assert!(all.len() == 3 && all[2].starts_with("ok install what "), "{all:?}");
    assert_eq!(machine.installed("brew"), ["jq"]);
    assert!(case.plan().is_empty());
    // Without a network nothing is known.
    machine.write("offline", "");
    let other = Case::new(&machine, MAC, "homebrew { brew \"jq\" \"other\" }");
    let all = told(&other.run());
    assert!(all.len() == 1 && all[0].contains("still missing:\nFormula other"), "{all:?}");
    assert!(!other.plan().is_empty());
}

#[test]
fn gives_up_when_one_after_the_other_fails() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    machine.write("fail", "dnf install\n");
    let names = "\"a\" \"b\" \"c\" \"d\" \"e\"";
    let all = Case::new(&machine, FEDORA, &packages(names)).run();
    let tried = machine.calls().iter().filter(|call| call.starts_with("dnf install")).count();
    assert_eq!(tried, 4, "all together, then three alone");
    assert_eq!(all.len(), 5, "each is named: {:?}", told(&all));
    assert!(told(&all)[4].starts_with("skipped install e by dnf"));
}

#[test]
fn renews_the_lists_of_apt_when_they_are_stale() {
    let machine = Machine::with(&["apt-get", "dpkg-query", "sudo"]);
    machine.write("stale", "");
    let case = Case::new(&machine, DEBIAN, &packages("\"hello\""));
    assert!(case.run().iter().all(Done::is_ok));
    assert_eq!(machine.installed("apt"), ["hello"]);
    let updates = machine.calls().iter().filter(|call| *call == "apt-get update").count();
    assert_eq!(updates, 1);
}

#[test]
fn a_refused_password_is_one_failure_and_others_go_on() {
    for rights in [USER, NOBODY] {
        let machine = Machine::with(&["dnf", "rpm", "sudo", "code"]);
        machine.write("no-root", "");
        let blocks = "home { packages \"hello\" \"tree\" }\nprograms.vscode { enable; package #null; extensions \"a.b\" }";
        let mut case = Case::new(&machine, FEDORA, blocks);
        case.rights = rights;
        let all = told(&case.run());
        assert_eq!(
            all,
            [
                "failed install hello, tree by dnf: root was refused: sudo: a password is required",
                "ok install a.b by vscode",
            ]
        );
        assert!(machine.calls().iter().all(|call| !call.starts_with("dnf")));
        assert!(!case.plan().is_empty(), "it is tried again next time");
    }
}

#[test]
fn without_sudo_it_says_that_root_is_needed() {
    let machine = Machine::with(&["dnf", "rpm"]);
    let all = told(&Case::new(&machine, FEDORA, &packages("\"hello\"")).run());
    assert_eq!(all.len(), 1);
    assert!(all[0].starts_with("failed install hello by dnf: it needs root"), "{all:?}");
    assert_eq!(machine.calls(), ["rpm -qa --qf %{NAME}"]);
}

#[test]
fn a_manager_that_is_missing_is_a_failure_that_spoils_nothing_else() {
    let machine = Machine::with(&["code"]);
    let blocks = "home { packages \"hello\" }\nprograms.vscode { enable; package #null; extensions \"a.b\" }";
    let case = Case::new(&machine, ARCH, blocks);
    let all = told(&case.run());
    assert_eq!(
        all,
        [
            "failed install hello by pacman: there is no `pacman` on this machine",
            "ok install a.b by vscode",
        ]
    );
    assert!(!case.plan().is_empty(), "it is said again next time");
}

#[test]
fn a_host_without_a_known_manager_is_told_and_nothing_fails() {
    let machine = Machine::with(&[]);
    let case = Case::new(&machine, "os=\"linux\" distro=\"gentoo\"", &packages("\"hello\""));
    let plan = case.plan();
    assert_eq!(plan.notes.len(), 1);
    assert!(plan.notes[0].starts_with("hello: hcc knows no package manager"), "{:?}", plan.notes);
    assert!(case.run().is_empty());
}

#[test]
fn names_that_a_manager_would_take_for_something_else_are_refused() {
    let machine = Machine::with(&["apt-get", "dpkg-query", "sudo"]);
    machine.write("apt", "openssh-server\n");
    let names = "\"openssh-server-\" \"lib*\" \"hello\"";
    let case = Case::new(&machine, DEBIAN, &packages(names));
    let all = told(&case.run());
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].contains("apt removes a package whose name ends with `-`"), "{all:?}");
    assert!(all[1].contains("no package has '*' in its name"), "{all:?}");
    assert_eq!(machine.installed("apt"), ["hello", "openssh-server"]);
}

#[test]
fn names_that_also_say_where_a_package_is_found_are_known_when_it_is_there() {
    let machine = Machine::with(&["dpkg-query", "apt-get", "code", "nix", "sudo"]);
    machine.write("apt", "hello\ntree\n");
    machine.write("vscode", "Rust-Lang.rust-analyzer\n");
    machine.write("nix", "hello\npython3Packages.black\n");
    let code = "programs.vscode { enable; package #null; extensions \"rust-lang.Rust-Analyzer\" }";
    let debian = format!("{}\n{code}", packages("\"hello:amd64\" \"tree=2.1\""));
    assert_eq!(steps(&Case::new(&machine, DEBIAN, &debian).plan()), [""; 0]);
    let nix = packages("\"nixpkgs#hello\" \"python3Packages.black\"");
    assert_eq!(steps(&Case::new(&machine, NIXOS, &nix).plan()), [""; 0]);
}

#[test]
fn a_brewfile_is_installed_once_and_nothing_beside_it() {
    let machine = Machine::with(&["brew", "code"]);
    machine.write("brew", "fd\n");
    let blocks = "home { packages \"ripgrep\" \"fd\" \"firefox\" }\n\
                  programs.vscode { enable; package #null; extensions \"a.b\" }";
    let case = Case::new(&machine, MAC, blocks);
    let plan = case.plan();
    let brewfile = format!("{}/.config/homebrew/Brewfile", machine.home);
    assert_eq!(steps(&plan), [format!("brew bundle --file={brewfile} --no-upgrade")]);
    assert_eq!(
        plan.steps[0].names,
        [
            "Formula ripgrep needs to be installed or updated.",
            "Cask firefox needs to be installed or updated.",
            "VSCode Extension a.b needs to be installed or updated.",
        ]
    );
    assert!(plan.steps[0].to_string().contains("may ask for your password"), "{plan:?}");
    assert!(case.run().iter().all(Done::is_ok));
    assert_eq!(machine.installed("brew"), ["fd", "ripgrep"]);
    assert_eq!(machine.installed("cask"), ["firefox"]);
    let calls = machine.calls();
    assert!(calls.iter().all(|call| call.starts_with("brew")), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.starts_with("brew bundle --file=")).count(), 1);
    assert!(case.plan().is_empty());
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn a_brewfile_may_bring_up_to_date_or_be_left_to_the_user() {
    let machine = Machine::with(&["brew"]);
    let upgrade = Case::new(&machine, MAC, "homebrew { upgrade; brew \"jq\" }");
    let brewfile = format!("{}/.config/homebrew/Brewfile", machine.home);
    assert_eq!(steps(&upgrade.plan()), [format!("brew bundle --file={brewfile}")]);
    let left = "homebrew { apply #false }\nhome { packages \"jq\" }";
    assert!(Case::new(&machine, MAC, left).plan().is_empty());
}

#[test]
fn an_entry_of_a_brewfile_that_fails_is_named() {
    let machine = Machine::with(&["brew"]);
    machine.write("broken", "nonesuch\n");
    let case = Case::new(&machine, MAC, &packages("\"nonesuch\" \"jq\""));
    let all = told(&case.run());
    assert_eq!(all.len(), 1);
    assert!(all[0].starts_with("failed install what "), "{all:?}");
    assert!(all[0].ends_with("still missing:\nFormula nonesuch needs to be installed or updated."));
    assert_eq!(machine.installed("brew"), ["jq"]);
    assert!(!case.plan().is_empty(), "it is tried again next time");
}

#[test]
fn without_brew_it_says_where_brew_is_to_be_had() {
    // On a machine that has brew in one of its folders, that one would be found.
    if ["/opt/homebrew", "/usr/local", "/home/linuxbrew/.linuxbrew"]
        .iter()
        .any(|folder| std::path::Path::new(folder).join("bin/brew").exists())
    {
        eprintln!("SKIPPED: brew is installed, so nothing is learned of a machine without it");
        return;
    }
    let machine = Machine::with(&[]);
    let all = told(&Case::new(&machine, MAC, &packages("\"jq\"")).run());
    assert_eq!(all.len(), 1);
    assert!(all[0].contains("https://brew.sh"), "{all:?}");
}

#[test]
fn brew_is_found_where_path_does_not_have_it() {
    let machine = Machine::with(&["brew"]);
    let folder: &'static str = machine.root.join("bin").into_string().leak();
    let mut environment = machine.environment.clone();
    environment.variables = vec![("PATH".to_owned(), "/nowhere".to_owned())];
    let brew = package::MANAGERS.iter().find(|manager| manager.name == "brew").unwrap();
    let brew = package::Manager { folders: vec!["/none", folder].leak(), ..*brew };
    let program = brew.program(&environment).unwrap();
    assert_eq!(program.argv(&brew, &["brew", "install"]), [&format!("{folder}/brew"), "install"]);
    // What stands beside it is found by it, too.
    let inside = program.environment(&environment);
    assert_eq!(inside.variable("PATH").unwrap(), format!("{folder}:/nowhere"));
}

#[test]
fn packages_stay_when_they_leave_the_configuration_unless_told_otherwise() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    Case::new(&machine, FEDORA, &packages("\"hello\" \"tree\"")).run();
    machine.calls();
    assert!(told(&Case::new(&machine, FEDORA, &packages("\"tree\"")).run()).is_empty());
    assert_eq!(machine.installed("rpm"), ["hello", "tree"]);
    assert_eq!(machine.calls(), [""; 0]);
}

#[test]
fn clean_up_takes_away_only_what_hcc_installed() {
    let cases = [
        (FEDORA, "rpm", vec!["dnf", "rpm", "sudo"], "rpm -e hello", "rpm -e hello"),
        (
            DEBIAN,
            "apt",
            vec!["apt-get", "dpkg-query", "dpkg", "sudo"],
            "dpkg --remove hello",
            "dpkg --purge hello",
        ),
        (
            ARCH,
            "pacman",
            vec!["pacman", "sudo"],
            "pacman -R --noconfirm hello",
            "pacman -Rn --noconfirm hello",
        ),
        (NIXOS, "nix", vec!["nix"], "profile remove hello", "profile remove hello"),
        (
            MAC,
            "brew",
            vec!["brew"],
            "brew uninstall --formula hello",
            "brew uninstall --formula hello",
        ),
    ];
    for (host, kind, programs, uninstall, zap) in cases {
        for (cleanup, command) in [(Cleanup::Uninstall, uninstall), (Cleanup::Zap, zap)] {
            let machine = Machine::with(&programs);
            // One was there before, and is asked for; one is none of ours at all.
            machine.write(kind, "tree\nvim\n");
            Case::new(&machine, host, &packages("\"hello\" \"tree\" \"bat\"")).run();
            assert_eq!(machine.installed(kind), ["bat", "hello", "tree", "vim"]);
            let mut less = Case::new(&machine, host, &packages("\"bat\""));
            less.cleanup = cleanup;
            let plan = less.plan();
            let shown = steps(&plan);
            assert_eq!(shown.len(), 1, "{shown:?}");
            assert!(shown[0].ends_with(command), "{shown:?}");
            assert!(less.run().iter().all(Done::is_ok));
            assert_eq!(machine.installed(kind), ["bat", "tree", "vim"], "{host}");
            let calls = machine.calls();
            assert!(calls.iter().all(|call| !call.contains("cleanup")), "{calls:?}");
            assert!(less.plan().is_empty());
        }
    }
}

#[test]
fn what_another_package_needs_stays_and_is_named() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    Case::new(&machine, FEDORA, &packages("\"libfoo\" \"hello\"")).run();
    machine.write("needed", "libfoo\n");
    let mut none = Case::new(&machine, FEDORA, "");
    none.cleanup = Cleanup::Uninstall;
    let all = told(&none.run());
    assert_eq!(
        all,
        [
            "ok remove hello by dnf (as root: it installs for the whole machine)",
            "failed remove libfoo by dnf (as root: it installs for the whole machine): \
             it ended with 1:\nrpm: libfoo is needed by another package",
        ]
    );
    assert_eq!(machine.installed("rpm"), ["libfoo"]);
}

#[test]
fn what_was_taken_away_by_hand_and_brought_back_is_the_users() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    Case::new(&machine, FEDORA, &packages("\"hello\" \"bat\"")).run();
    machine.write("rpm", "bat\n");
    // hcc comes to see that it is gone.
    Case::new(&machine, FEDORA, &packages("\"bat\" \"tree\"")).run();
    machine.write("rpm", "bat\ntree\nhello\n");
    let mut none = Case::new(&machine, FEDORA, "");
    none.cleanup = Cleanup::Uninstall;
    none.run();
    assert_eq!(machine.installed("rpm"), ["hello"]);
}

#[test]
fn what_moves_between_targets_is_not_taken_away() {
    let machine = Machine::with(&["brew"]);
    Case::new(&machine, MAC, &packages("\"jq\"")).run();
    let mut moved = Case::new(&machine, MAC, "homebrew { apply #false; brew \"jq\" }");
    moved.cleanup = Cleanup::Zap;
    moved.run();
    assert_eq!(machine.installed("brew"), ["jq"]);
}

#[test]
fn what_the_machine_or_another_user_asks_for_is_not_taken_away() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    Case::new(&machine, FEDORA, &packages("\"hello\" \"tree\"")).run();
    let mut none = Case::new(&machine, FEDORA, "");
    none.cleanup = Cleanup::Zap;
    none.wanted.spare(&Case::new(&machine, FEDORA, &packages("\"hello\"")).wanted);
    none.run();
    assert_eq!(machine.installed("rpm"), ["hello"]);
}

#[test]
fn a_record_that_cannot_be_read_stops_before_anything_is_run() {
    let machine = Machine::with(&["dnf", "rpm", "sudo"]);
    std::fs::write(machine.state.join("packages.json"), r#"{"version": 99}"#).unwrap();
    let Case { wanted, .. } = Case::new(&machine, FEDORA, &packages("\"hello\""));
    let refused = package::prepare(
        &wanted,
        Cleanup::None,
        Ask::Changed,
        USER,
        &machine.state,
        &machine.environment,
    );
    assert!(refused.unwrap_err().to_string().contains("newer hcc"));
    assert_eq!(machine.calls(), [""; 0]);
}

/// The real apt-get, with the smallest package there is; what was there before comes back.
#[test]
fn the_real_apt_installs_a_package_and_takes_it_away() {
    const TINY: &str = "hello";
    let root = rustix::process::getuid().is_root();
    if !root || !needs("apt-get", "the real one installs nothing") {
        eprintln!(
            "SKIPPED: the_real_apt_installs_a_package_and_takes_it_away needs root on Debian"
        );
        return;
    }
    let there = |name: &str| std::path::Path::new("/usr/bin").join(name).exists();
    if there(TINY) {
        eprintln!("SKIPPED: `{TINY}` is installed, so the real apt-get is not tried with it");
        return;
    }
    let machine = Machine::with(&[]);
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
    let home = machine.home.clone();
    let environment = Environment { variables: vec![("PATH".to_owned(), path)], folder: home };
    let apply = |blocks: &str, cleanup: Cleanup| {
        let wanted = package::wanted(&machine.document(DEBIAN, blocks));
        let plan =
            package::prepare(&wanted, cleanup, Ask::Changed, ROOT, &machine.state, &environment);
        package::run(plan.unwrap(), &machine.state, &environment, &mut |_| ())
    };
    // A misspelt name beside it, with which the real apt-get would install neither.
    let all = told(&apply(&packages("\"hello\" \"hello-nonesuch.99\""), Cleanup::None));
    if !there(TINY) {
        // Nothing else may be the reason than that there is no archive to be reached.
        let offline = all.iter().any(|line| {
            ["Unable to fetch", "Failed to fetch", "Unable to locate", "Temporary failure"]
                .iter()
                .any(|text| line.contains(text))
        });
        assert!(offline, "{all:?}");
        eprintln!("SKIPPED: apt-get cannot fetch `{TINY}`: {all:?}");
        return;
    }
    assert_eq!(all.len(), 2, "{all:?}");
    let misspelt =
        "unavailable install hello-nonesuch.99 by apt: apt has no package `hello-nonesuch.99`";
    assert_eq!(all, [misspelt, "ok install hello by apt"]);
    // It was said, and is not tried again.
    assert!(told(&apply(&packages("\"hello\" \"hello-nonesuch.99\""), Cleanup::None)).is_empty());
    let removed = apply("", Cleanup::Uninstall);
    assert!(removed.iter().all(Done::is_ok), "{:?}", told(&removed));
    assert!(!there(TINY));
}
