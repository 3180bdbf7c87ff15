//! Tools for Python, and a list of what is to be done.

use super::home::{Home, installed};

#[test]
fn uv_reads_its_file() {
    if !installed("uv") {
        return;
    }
    let home = Home::fixture("programs/uv");
    let args = ["-v", "--offline", "pip", "list"];
    let said = home.run("uv", &args);
    assert!(said.err.contains("Found user configuration in"), "{said:#?}");
    assert!(!said.err.contains("Failed to parse"), "{said:#?}");
    let path = ".config/uv/uv.toml";
    home.write(path, &home.read(path).replace("only-system", "nonsense"));
    assert!(home.run("uv", &args).err.contains("Failed to parse"), "it looks at values");
}

#[test]
fn ruff_looks_through_what_it_was_told() {
    if !installed("ruff") {
        return;
    }
    let home = Home::fixture("programs/ruff");
    home.write("src/a.py", "import os\n");
    home.write("src/__init__.py", "import os\n");
    home.write("src/build/b.py", "import os\n");
    let found = home.run("ruff", &["check", "--output-format=concise", "src"]);
    let lines: Vec<&str> = found.out.lines().filter(|line| line.contains("F401")).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("src/a.py"), "{found:#?}");
    let said = home.run("ruff", &["check", "--show-settings", "src/a.py"]).ok();
    for line in ["linter.line_length = 100", "formatter.quote_style = single"] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}

#[test]
fn taskwarrior_has_reports_and_colors() {
    if !installed("task") {
        return;
    }
    let home = Home::fixture("programs/taskwarrior");
    let mut command = home.command("task");
    let said = super::home::said(command.args(["rc.verbose=nothing", "_show"])).ok();
    let data = format!("data.location={}", home.join(".local/state/task"));
    for line in [
        data.as_str(),
        "confirmation=off",
        "report.mine.filter=status:pending",
        "report.mine.columns=id,description",
        "urgency.user.tag.next.coefficient=16.5",
        "color.active=rgb555 on rgb410",
        "default.command=mine",
    ] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
    // It says so of a name that it does not know.
    let shown = home.run("task", &["show", "report.mine"]).out;
    assert!(!shown.contains("unrecognized"), "{shown}");
}

#[test]
fn poetry_has_the_settings_it_was_told() {
    if !installed("poetry") {
        return;
    }
    let home = Home::fixture("programs/poetry");
    let said = home.run("poetry", &["config", "--list"]).ok();
    for line in ["virtualenvs.in-project = true", "installer.parallel = false"] {
        assert!(said.lines().any(|own| own == line), "{line}\n{said}");
    }
}
