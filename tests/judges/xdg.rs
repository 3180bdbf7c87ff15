//! The desktop's own tools read what is written for it.

use super::home::{Home, installed, said};

#[test]
fn desktop_entries_are_valid() {
    if !installed("desktop-file-validate") {
        return;
    }
    let home = Home::fixture("xdg");
    let folder = home.join(".local/share/applications");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder of entries").flatten() {
        let path = folder.join(entry.file_name().to_string_lossy().as_ref());
        let out = home.run("desktop-file-validate", &[path.as_str()]).clean();
        assert_eq!(out, "", "{path}");
        count += 1;
    }
    assert_eq!(count, 5);
}

/// GLib starts an entry as a desktop does: its words arrive as they were said.
#[test]
fn words_of_exec_arrive() {
    if !installed("gio") {
        return;
    }
    let home = Home::config(
        "xdg { desktop-entry \"words\" { exec \"args\" \"two words\" \"50%\" \"\\\"$HOME\\\" \\\\ `x`\" \"\" \"a;b\" \"%u\" } }",
    );
    home.stand_in("args", "for word; do printf '<%s>' \"$word\"; done > ~/seen");
    let entry = home.join(".local/share/applications/words.desktop");
    home.run("gio", &["launch", entry.as_str(), "https://example.com"]).ok();
    let mut seen = String::new();
    for _ in 0..100 {
        seen = std::fs::read_to_string(home.join("seen")).unwrap_or_default();
        if !seen.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(seen, "<two words><50%><\"$HOME\" \\ `x`><><a;b><https://example.com>");
}

#[test]
fn user_folders_are_read() {
    let home = Home::fixture("xdg");
    let path = home.path();
    let folder = |name: &str| {
        let line = format!(". ~/.config/user-dirs.dirs; printf %s \"$XDG_{name}_DIR\"");
        home.run("sh", &["-c", &line]).clean()
    };
    assert_eq!(folder("DOCUMENTS"), format!("{path}/my docs"));
    assert_eq!(folder("MUSIC"), "/srv/music");
    assert_eq!(folder("TEMPLATES"), "");
    if installed("xdg-user-dir") {
        assert_eq!(home.run("xdg-user-dir", &["DOCUMENTS"]).clean(), format!("{path}/my docs\n"));
    }
}

#[test]
fn default_applications_are_found() {
    if !installed("gio") {
        return;
    }
    let home = Home::fixture("xdg");
    home.write(
        ".local/share/applications/firefox.desktop",
        "[Desktop Entry]\nType=Application\nName=Firefox\nExec=true %u\n",
    );
    let mut command = home.command("gio");
    command.args(["mime", "text/html"]);
    let out = said(&mut command).ok();
    assert!(out.contains("firefox.desktop"), "{out}");
}
