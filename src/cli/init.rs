//! `hcc init`

use std::fs;
use std::io::Write;

use camino::Utf8PathBuf;
use clap::Args;
use serde_json::json;

use super::session::FILE;
use super::{Global, Status, Stop, help, print_json, say, wrong};
use crate::facts;
use crate::value::quote;

/// Write a small configuration for this machine
///
/// Nothing that exists is overwritten.
#[derive(Debug, Args)]
pub struct Init {
    /// The folder; by default ~/.config/hcc
    #[arg(value_name = "DIR")]
    folder: Option<Utf8PathBuf>,
}

impl Init {
    /// Runs it.
    pub fn run(&self, global: &Global) -> Status {
        let folder =
            self.folder.clone().or_else(|| facts::config_home().map(|home| home.join("hcc")));
        let Some(folder) = folder else {
            wrong("$HOME is not set");
            return Err(Stop::Usage);
        };
        let path = folder.join(FILE);
        let failed = |error: std::io::Error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                wrong(&format!("{path} exists already"));
                help("name another folder, `hcc init DIR`, or look at this one: `hcc check`");
                return Stop::Decide;
            }
            wrong(&format!("cannot write {path}: {}", crate::syntax::import::reason(&error)));
            Stop::Failed
        };
        fs::create_dir_all(&folder).map_err(failed)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        file.write_all(text().as_bytes()).map_err(failed)?;
        if global.json {
            return print_json(&json!({"version": crate::ir::VERSION, "wrote": path}));
        }
        if !global.quiet {
            say(&format!("Wrote {path}"));
            say(&format!(
                "Look at what it makes: hcc compile --config {}",
                crate::emit::quote::shell(path.as_str())
            ));
        }
        Ok(())
    }
}

fn text() -> String {
    let machine = facts::machine();
    let os = machine.host.os.as_deref().unwrap_or("linux");
    let mut host = format!("host {} os={}", quote(&machine.host.name), quote(os));
    if let Some(distro) = &machine.host.distro {
        host.push_str(&format!(" distro={}", quote(distro)));
    }
    if machine.host.wsl {
        host.push_str(" wsl=#true");
    }
    let name = machine
        .user
        .name
        .replace(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'), "-");
    let name = if name.is_empty() || name.starts_with(['-', '.']) { "me".to_owned() } else { name };
    let user = format!("user {} home={}", quote(&name), quote(&machine.user.home));
    let shell = facts::shell()
        .filter(|shell| crate::schema::library::target(&format!("programs.{shell}")).is_some());
    // Without a shell that is set up nobody would know them.
    let known = if shell.is_some() { "" } else { "// " };
    let shell = shell.map_or_else(String::new, |shell| format!("    {shell}\n"));
    format!(
        r#"// The machines this describes. `hcc compile` shows what is generated, `hcc options` what
// there is to say.
hcc version=1

{host} {{
    {user}
}}

// What stands here is for all hosts and users; `module "NAME"` and `use` are for some.
home {{
    // packages "ripgrep" "fd"
    {known}session-variables PAGER="less"
    {known}shell-aliases ll="ls -l"
}}

programs {{
{shell}    git {{
        enable
        // user name="Your Name" email="you@example.org"
        settings {{ init defaultBranch="main" }}
    }}
}}
"#
    )
}
