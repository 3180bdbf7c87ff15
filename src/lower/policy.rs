//! How a home is applied, where the configuration says it.

use crate::diag::{Diagnostic, Span};
use crate::eval::Eval;
use crate::ir::{Backup, Cleanup, Install, Policy};
use crate::value::{Data, quote};

/// The options that say it, each at the top level, in a host, a user or a module.
const BACKUP: &str = "backup";
const BACKUP_EXTENSION: &str = "backup-extension";
const INSTALL_DEFAULT: &str = "install-default";
const CLEANUP: &str = "cleanup";

/// What the configuration says. What cannot be is left out, and said. The machine's own files have
/// none: these are options of a home, which its evaluation must not read.
pub fn policy(eval: &Eval) -> Policy {
    if eval.shared.user.is_none() {
        return Policy::default();
    }
    let install_default = match said(eval, INSTALL_DEFAULT) {
        Some((text, _)) => match &*text {
            "live" => Some(Install::Live),
            "copy" => Some(Install::Copy),
            "link" => Some(Install::Link),
            _ => None,
        },
        None => None,
    };
    let cleanup = match said(eval, CLEANUP).as_ref().map(|(text, _)| &**text) {
        Some("uninstall") => Cleanup::Uninstall,
        Some("zap") => Cleanup::Zap,
        _ => Cleanup::None,
    };
    Policy { backup: backup(eval), cleanup, install_default }
}

fn backup(eval: &Eval) -> Option<Backup> {
    match (said(eval, BACKUP), said(eval, BACKUP_EXTENSION)) {
        (None, None) => None,
        (Some(_), None) => Some(Backup::Store),
        (None, Some((text, span))) => match wrong_extension(&text) {
            None => Some(Backup::Extension(text)),
            Some((label, help)) => {
                let message = format!(
                    "`{BACKUP_EXTENSION}` expects the end of a name, found {}",
                    quote(&text)
                );
                let problem = Diagnostic::error("bad-extension", span, label, message);
                let bare = text.trim_start_matches('.');
                let fits = bare != text && wrong_extension(bare).is_none();
                eval.push(match fits && eval.shared.sources.slice(span) == quote(&text) {
                    true => problem.write(span, quote(bare)),
                    false => problem.help(help),
                });
                None
            }
        },
        (Some((store, first)), Some((extension, second))) => {
            let message = format!(
                "a file of yours goes to one place, found `{BACKUP} {}` and `{BACKUP_EXTENSION} {}`",
                quote(&store),
                quote(&extension)
            );
            eval.push(
                Diagnostic::error("two-backups", second, "beside itself here", message)
                    .also(first, "to hcc's folder here")
                    .help(format!(
                        "keep one of them; where a block shall differ from what holds for all, it says `(force){BACKUP} #null` too"
                    )),
            );
            None
        }
    }
}

/// Why a text cannot end a name, and what to do.
fn wrong_extension(text: &str) -> Option<(&'static str, &'static str)> {
    match text {
        "" => Some(("empty", "write `backup-extension \"backup\"`")),
        _ if text.contains('/') => Some((
            "holds a `/`",
            "a backup stays beside the file; `backup \"store\"` keeps it elsewhere",
        )),
        _ if text.contains('\0') => Some(("holds U+0000", "take it out")),
        _ if text.starts_with('.') => {
            Some(("the dot is put before it", "write it without the dot"))
        }
        _ => None,
    }
}

/// An option's text and where the user says it.
fn said(eval: &Eval, path: &str) -> Option<(String, Span)> {
    let value = eval.force(eval.slot_at(path)?).ok()??;
    let Data::String(text) = &value.data else { return None };
    Some((text.to_string(), value.from.first().copied()?))
}
