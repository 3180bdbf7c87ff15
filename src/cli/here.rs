//! What one home on this machine shall be: what the commands that apply begin with.

use camino::{Utf8Path, Utf8PathBuf};

use super::session::{Compiled, Session};
use super::{Global, Stop, Who, help, wrong};
use crate::eval::structure::{Host, User};
use crate::facts;
use crate::syntax::import::Texts;

/// Where what is compiled will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// In the home of who runs hcc, on this machine.
    Here,
    /// In a folder, for a machine that may be another one.
    Elsewhere,
}

/// A home that is to be set up.
pub struct Applied {
    /// The configuration, with all that was said of it.
    pub session: Session,
    /// The host's own part, which the user's may read.
    pub system: Compiled,
    /// The user's: without errors.
    pub user: Compiled,
    /// The configuration's folder, absolute, which relative sources start from.
    pub root: Utf8PathBuf,
}

impl Applied {
    /// Whether a file of the configuration says something else by now than when it was compiled, as
    /// after waiting for another hcc that wrote it.
    pub fn is_old(&self) -> bool {
        let sources = &self.session.program.sources;
        sources.iter().filter(|(name, _)| !name.starts_with("<hcc>")).any(|(name, text)| {
            crate::files::read(name.into()).is_ok_and(|now| now != text.as_bytes())
        })
    }
}

/// A folder by its whole path, links resolved.
fn whole(folder: &Utf8Path) -> Utf8PathBuf {
    match folder.as_str() {
        "" => facts::current_folder().unwrap_or_default(),
        _ => folder.canonicalize_utf8().unwrap_or_else(|_| folder.to_owned()),
    }
}

impl Session {
    /// The folder of the configuration that the command line names, absolute.
    ///
    /// # Errors
    /// [`Stop::Errors`] without one, said.
    pub fn folder(global: &Global) -> Result<Utf8PathBuf, Stop> {
        Ok(whole(&Self::open(global)?.program.root))
    }

    /// Compiles for one user of one host, and reports.
    ///
    /// [`Ground::Here`], the host is this machine and the user is who runs hcc, whatever the
    /// configuration calls them: the home is `$HOME`, and what is not said of the host is what
    /// this machine is. [`Ground::Elsewhere`], all is as the configuration describes it.
    ///
    /// # Errors
    /// [`Stop::Usage`] where no one user is meant, for a host of another system, and without a
    /// home; [`Stop::Errors`] for errors of the configuration. Both have been said.
    pub fn for_apply(global: &Global, who: &Who, ground: Ground) -> Result<Applied, Stop> {
        let mut session = Self::open(global)?;
        if session.program.structure.hosts.is_empty() {
            session.report(global)?;
        }
        let (host, user) = match session.one(who) {
            Ok(found) => found,
            Err(stop) => {
                session.report(global)?;
                return Err(stop);
            }
        };
        let host = match ground {
            Ground::Here => session.here(host, user)?,
            Ground::Elsewhere => Host { users: vec![user], ..host },
        };
        let mut list = session.compile(&host, None).into_iter();
        session.report(global)?;
        let (Some(system), Some(user)) = (list.next(), list.next()) else {
            return Err(Stop::Usage);
        };
        let root = whole(&session.program.root);
        Ok(Applied { session, system, user, root })
    }

    /// Compiles as [`Self::for_apply`] does for this machine, as if some files of the configuration
    /// held other texts. It reports nothing; none if that has errors.
    pub fn tried(global: &Global, who: &Who, texts: &Texts) -> Option<Applied> {
        let mut session = Self::open_with(global, texts).ok()?;
        if session.diags.has_errors() {
            return None;
        }
        let (host, user) = session.one(who).ok()?;
        let host = session.here(host, user).ok()?;
        let mut list = session.compile(&host, None).into_iter();
        let (system, user) = (list.next()?, list.next()?);
        let root = whole(&session.program.root);
        let errors = session.diags.has_errors();
        (!errors).then_some(Applied { session, system, user, root })
    }

    /// The one user that is meant: the one that is named, else who runs hcc, else the only one.
    fn one(&self, who: &Who) -> Result<(Host, User), Stop> {
        let (host, name) = self.named(who, "")?;
        let name = name.as_deref().unwrap_or(&self.machine.user.name);
        let user = match (host.users.iter().find(|user| *user.facts.name == *name), &*host.users) {
            (Some(user), _) | (None, [user]) => user,
            (None, users) => {
                let place = &host.facts.name;
                match users.iter().map(|user| &*user.facts.name).collect::<Vec<_>>().as_slice() {
                    [] => {
                        wrong(&format!("the host `{place}` has no user"));
                        help(&format!("write `user \"{name}\"` in its block"));
                    }
                    names => {
                        wrong(&format!(
                            "the host `{place}` has several users, and none is called `{name}`"
                        ));
                        let all: Vec<_> =
                            names.iter().map(|name| format!("`{name}@{place}`")).collect();
                        help(&format!("name one: {}", all.join(", ")));
                    }
                }
                return Err(Stop::Usage);
            }
        };
        Ok((host.clone(), user.clone()))
    }

    /// A host with one user as they are on this machine.
    fn here(&self, mut host: Host, mut user: User) -> Result<Host, Stop> {
        let machine = &self.machine;
        let os = machine.host.os.as_deref().unwrap_or("unknown");
        if let Some(said) = host.facts.os.as_deref().filter(|said| *said != os) {
            let name = &host.facts.name;
            wrong(&format!("`{name}` is a {said} host; this machine is {os}"));
            help(&format!("`--root DIR` builds the home of `{name}` below a folder"));
            return Err(Stop::Usage);
        }
        host.facts.os = machine.host.os.clone();
        host.facts.distro = host.facts.distro.or_else(|| machine.host.distro.clone());
        host.facts.arch = host.facts.arch.or_else(|| machine.host.arch.clone());
        user.facts.home = home()?.into();
        user.facts.uid = user.facts.uid.or(machine.user.uid);
        host.users = vec![user];
        Ok(host)
    }
}

/// `$HOME`, without a slash at its end.
fn home() -> Result<String, Stop> {
    let home = facts::home().map(Utf8PathBuf::into_string).unwrap_or_default();
    let clean = home.trim_end_matches('/');
    if clean.starts_with('/') {
        return Ok(clean.to_owned());
    }
    match home.as_str() {
        "" => wrong("`$HOME` is not set, so there is no home to set up"),
        _ => wrong(&format!("`$HOME` expects an absolute path to a home, found `{home}`")),
    }
    help("`HOME=/path/to/home hcc ...`");
    Err(Stop::Usage)
}
