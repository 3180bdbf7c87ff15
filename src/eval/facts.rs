//! Facts of a host and a user, as expressions and guards see them.

use ecow::EcoString;

/// What is known of a host. A fact that is not known matches no `when`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostFacts {
    /// Its name.
    pub name: EcoString,
    /// `linux`, `darwin`, ...
    pub os: Option<EcoString>,
    /// `nixos`, `debian`, ...
    pub distro: Option<EcoString>,
    /// `x86_64`, `aarch64`, ...
    pub arch: Option<EcoString>,
    /// Whether it runs inside Windows.
    pub wsl: bool,
    /// The owner's own words.
    pub tags: Vec<EcoString>,
}

/// What is known of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserFacts {
    /// The login name.
    pub name: EcoString,
    /// The home, absolute.
    pub home: EcoString,
    /// The number, if known.
    pub uid: Option<i64>,
}

/// This machine, read once.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// What it is.
    pub host: HostFacts,
    /// Who runs hcc.
    pub user: UserFacts,
}

/// The facts that a `when` may ask for.
pub const GUARDS: &[&str] = &["host", "user", "uid", "os", "distro", "arch", "wsl", "tag"];

/// The systems a host may have.
pub const SYSTEMS: &[&str] = &["linux", "darwin", "freebsd", "openbsd", "netbsd"];
