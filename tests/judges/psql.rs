//! psql, in a session with a server of its own.

use super::home::{Home, installed};

/// A server of PostgreSQL that ends with the test.
struct Postgres {
    folder: tempfile::TempDir,
    bin: std::path::PathBuf,
    as_nobody: bool,
}

impl Postgres {
    /// Started, if its programs are here. It refuses to run as root, and is nobody's then.
    fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        let bin =
            versions.map(|one| one.path().join("bin")).find(|bin| bin.join("initdb").is_file())?;
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").ok()?;
        let as_nobody = std::process::Command::new("id").arg("-u").output().ok()?.stdout == b"0\n";
        if as_nobody {
            let owned =
                std::process::Command::new("chown").arg("nobody").arg(folder.path()).status();
            owned.ok()?.success().then_some(())?;
        }
        let server = Self { folder, bin, as_nobody };
        let data = server.folder.path().join("data");
        let data = data.to_str()?;
        let options = format!("-k {} -h ''", server.folder.path().display());
        server.run("initdb", &["-D", data, "-U", "alice", "--auth=trust", "--no-sync"])?;
        server.run("pg_ctl", &["-D", data, "-w", "-l", "/dev/null", "-o", &options, "start"])?;
        Some(server)
    }

    fn run(&self, program: &str, args: &[&str]) -> Option<()> {
        let program = self.bin.join(program);
        let mut command = match self.as_nobody {
            true => {
                let mut command = std::process::Command::new("runuser");
                command.args(["-u", "nobody", "--"]).arg(program);
                command
            }
            false => std::process::Command::new(program),
        };
        let null = std::process::Stdio::null;
        let status = command.args(args).current_dir("/").stdout(null()).stderr(null()).status();
        status.ok()?.success().then_some(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _stopped =
            self.run("pg_ctl", &["-D", data.to_str().unwrap_or("data"), "-m", "immediate", "stop"]);
    }
}

#[test]
fn psql_reads_variables_and_how_tables_look() {
    if !installed("psql") {
        return;
    }
    let Some(server) = Postgres::start() else {
        eprintln!("SKIPPED: no server of PostgreSQL could be started");
        return;
    };
    let home = Home::fixture("programs/psql");
    home.write(
        "ask.sql",
        "\\echo [:HISTSIZE] [:COMP_KEYWORD_CASE] [:ON_ERROR_STOP] [:QUOTED] [:PROMPT1]\n\\pset null\n\\pset linestyle\n\\pset border\n\\pset pager\n\\x\n\\timing\nselect null as a;\n",
    );
    let socket = server.folder.path().to_string_lossy().into_owned();
    let said = home.run("psql", &["-h", &socket, "-U", "alice", "-d", "postgres", "-f", "ask.sql"]);
    assert!(said.status == Some(0) && said.err.is_empty(), "{said:#?}");
    for line in [
        r#"[10000] [upper] [on] [it's "x" \ y] [%n@%/%R%x%# ]"#,
        "Null display is \"(null)\".",
        "Line style is unicode.",
        "Border style is 2.",
        // Asked without a value these go over to the other one.
        "Pager is used for long output.",
        "Timing is off.",
    ] {
        assert!(said.out.lines().any(|own| own == line), "{line}\n{}", said.out);
    }
    assert!(said.out.contains("│ (null) │"), "{}", said.out);
}
