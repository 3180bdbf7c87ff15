//! Ruby reads the Brewfile: nothing but calls with literal arguments, and they say what was meant.

use super::home::{Home, installed};

const RECORD: &str = include_str!("../support/brewfile/record.rb");

fn brewfile(home: &Home, host: &str) -> String {
    let files = home
        .documents
        .iter()
        .flat_map(|document| document.files.iter().filter(|_| &*document.host.name == host));
    let file = files.into_iter().find(|file| file.path == ".config/homebrew/Brewfile");
    file.expect("a Brewfile").text.to_string()
}

/// A call of the Brewfile: its name, its arguments, its options.
pub type Call = (String, Vec<String>, serde_json::Value);

/// What Ruby finds in a host's Brewfile.
#[track_caller]
pub fn calls(home: &Home, host: &str) -> Vec<Call> {
    home.write("Brewfile", &brewfile(home, host));
    home.write("record.rb", RECORD);
    home.run("ruby", &["-c", "Brewfile"]).ok();
    let seen = home.run("ruby", &["record.rb", "Brewfile"]).clean();
    serde_json::from_str(&seen).expect("calls")
}

#[test]
fn ruby_reads_what_was_said_and_runs_nothing() {
    if !installed("ruby") {
        return;
    }
    let home = Home::fixture("homebrew");
    let seen = calls(&home, "mac");
    let one = |call: &str, name: &str| {
        let found = seen
            .iter()
            .find(|(own, args, _)| own == call && args.first().is_none_or(|own| own == name));
        found.unwrap_or_else(|| panic!("{call} {name} in {seen:#?}")).clone()
    };
    assert_eq!(
        one("tap", "user/private").1,
        ["user/private", "https://git.example.com/private.git"]
    );
    assert_eq!(
        one("tap", "user/some").2,
        serde_json::json!({"trusted": {"formulae": ["tool"], "casks": "app"}})
    );
    assert_eq!(
        one("cask_args", "").2,
        serde_json::json!({"appdir": "~/Applications", "require_sha": true})
    );
    assert_eq!(one("brew", "vim").2, serde_json::json!({"args": ["HEAD", "with-lua"]}));
    assert_eq!(one("brew", "postgresql@17").2["restart_service"], "changed");
    assert_eq!(one("brew", "python@3.13").2, serde_json::json!({"link": "overwrite"}));
    assert_eq!(one("mas", "Xcode").2, serde_json::json!({"id": 497_799_835}));
    assert_eq!(one("mas", "A \"quoted\" name").2, serde_json::json!({"id": 1}));
    let odd = r#"odd "name" #{system('touch /tmp/pwned')} \ #@x #$y"#;
    assert_eq!(one("brew", odd).1, [odd]);
    let order: Vec<&str> = seen.iter().map(|(call, ..)| call.as_str()).collect();
    let first = |call: &str| order.iter().position(|own| *own == call);
    assert!(first("tap") < first("cask_args") && first("cask_args") < first("cask"), "{order:?}");
}

/// The recorder is no judge if it lets everything pass.
#[test]
fn the_recorder_refuses_what_could_run() {
    if !installed("ruby") {
        return;
    }
    let home = Home::config("home { file \"x\" text=\"y\" }");
    home.write("record.rb", RECORD);
    for bad in [
        "brew \"#{1}\"",
        "brew `id`",
        "brew \"x\" if true",
        "brew ENV[\"X\"]",
        "brew \"x\"; system \"id\", exit",
    ] {
        home.write("Brewfile", bad);
        assert_ne!(home.run("ruby", &["record.rb", "Brewfile"]).status, Some(0), "{bad}");
    }
}
