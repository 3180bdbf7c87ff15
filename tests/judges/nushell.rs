//! nushell starts with its three files, and knows what they say.

use super::home::{Home, installed};

#[test]
fn it_starts_as_it_was_told() {
    if !installed("nu") {
        return;
    }
    let home = Home::fixture("programs/nushell");
    let file = |name: &str| home.join(".config/nushell").join(name);
    let (config, env) = (file("config.nu"), file("env.nu"));
    let ask = "{
        banner: $env.config.show_banner, mode: $env.config.edit_mode, history: $env.config.history
        algorithm: $env.config.completions.algorithm, menu: $env.config.keybindings.0.event.send
        color: ($env.config.color_config | get 'leading_trailing space')
        aliases: (scope aliases | select name expansion | transpose -rd)
        gopath: $env.GOPATH, quote: $env.QUOTE, odd: $env.ODD, editor: $env.EDITOR, count: $env.COUNT
        path: ($env.PATH | first 2), greeting: (greet 'alice')
    } | to json";
    let args = ["--config", config.as_str(), "--env-config", env.as_str(), "-l", "-c", ask];
    let out = home.run("nu", &args).ok();
    let out = out.strip_prefix("welcome\n").unwrap_or(&out);
    let read: serde_json::Value = serde_json::from_str(out).expect("JSON");
    assert_eq!(read["banner"], false);
    assert_eq!(read["mode"], "vi");
    assert_eq!(read["history"]["file_format"], "sqlite");
    assert_eq!(read["history"]["isolation"], false, "what is not said stays as it is");
    assert_eq!(read["algorithm"], "fuzzy");
    assert_eq!(read["menu"], "menu");
    assert_eq!(read["color"], "red");
    assert_eq!(read["aliases"], serde_json::json!({"g": "git", "ll": "ls -la"}));
    assert_eq!(read["gopath"], format!("{}/go", home.path()));
    assert_eq!(read["quote"], "it's \"odd\"");
    assert_eq!(read["odd"], "a \"b\" $c \\ (d)");
    assert_eq!(read["editor"], "hx");
    assert_eq!(read["count"], "3");
    assert_eq!(
        read["path"],
        serde_json::json!([format!("{}/.cargo/bin", home.path()), "/opt/two words"])
    );
    assert_eq!(read["greeting"], "hello alice");
}

/// Nushell takes no `eval`: what a program prints is a file that it loads behind its own.
#[test]
fn it_loads_what_other_programs_print() {
    if !installed("nu") || !installed("script") {
        return;
    }
    let home = Home::config(
        "programs { nushell; oh-my-posh; zoxide { enable; command \"it's\" }; carapace }\n",
    );
    home.stand_in("oh-my-posh", "echo \"\\$env.SAID = '$*'\"");
    home.stand_in("zoxide", "echo \"\\$env.WORDS = [$# \\\"$4\\\"]\"");
    home.write(".config/nushell/env.nu", "");
    // It loads them where it talks with a person, on a terminal.
    let asked = || {
        let ask =
            "{said: $env.SAID?, words: $env.WORDS?} | to json --raw | save --force said; exit";
        home.write("ask.sh", &format!("TERM=xterm exec nu -e '{ask}'\n"));
        home.run("script", &["-qec", "sh ask.sh", "/dev/null"]).ok();
        home.read("said")
    };
    assert_eq!(asked().trim(), r#"{"said":"init nu --print","words":[4,"it's"]}"#);
    let loaded = home.join(".local/share/nushell/vendor/autoload");
    assert!(loaded.join("hcc-oh-my-posh.nu").exists() && !loaded.join("hcc-carapace.nu").exists());
    // A program that is gone leaves nothing behind that would complain.
    std::fs::remove_file(home.join("bin/oh-my-posh")).expect("it is there");
    assert_eq!(asked().trim(), r#"{"said":null,"words":[4,"it's"]}"#);
}
