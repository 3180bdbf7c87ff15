//! What a configuration comes to: plain data, one [`Document`] per host and scope.
//!
//! The applier and the exporters read this and nothing else. It is printed as `ir.json` and by
//! `--json`, as an array of documents; [`VERSION`] changes with its shape.

use ecow::EcoString;
use indexmap::IndexMap;
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use smallvec::SmallVec;

/// The version of the IR's shape.
pub const VERSION: u32 = 1;

/// A value as formats know it: maps keep their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// A number that stays a float, also when it is whole.
    Float(f64),
    /// A text.
    String(EcoString),
    /// A sequence.
    List(Vec<Value>),
    /// Keys and values in the order they are written.
    Map(IndexMap<EcoString, Value>),
}

impl Value {
    /// Whether there is nothing to write: null, an empty text, list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Map(map) => map.is_empty(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
        }
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// What kind of value it is, in the words of an error.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a bool",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a float",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => match i64::try_from(*value) {
                Ok(value) => serializer.serialize_i64(value),
                Err(_) => serializer.serialize_i128(*value),
            },
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::List(list) => serializer.collect_seq(list),
            Value::Map(map) => serializer.collect_map(map),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(Value::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value::Int(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value::Int(value.into()))
            }
            fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
                Ok(Value::Int(value))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(Value::Float(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value::String(value.into()))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut map = IndexMap::new();
                while let Some((key, item)) = items.next_entry::<String, Value>()? {
                    map.insert(key.into(), item);
                }
                Ok(Value::Map(map))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A step into a [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// Into a map.
    Key(EcoString),
    /// Into a list.
    Index(usize),
}

/// A way into a [`Value`]; few are longer than two steps.
pub type Path = SmallVec<[Step; 2]>;

/// All that one host's system, or one of its users, comes to.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Document {
    /// [`VERSION`].
    pub version: u32,
    /// The host.
    pub host: Host,
    /// The user; none for the host's system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// Files, by path.
    pub files: Vec<File>,
    /// Packages, in the order they are asked for.
    pub packages: Vec<Package>,
    /// What a service manager runs.
    pub units: Vec<Unit>,
    /// Preferences of macOS.
    pub defaults: Vec<Preference>,
    /// What is run after the files are in place.
    pub actions: Vec<Action>,
    /// How all this is applied.
    pub policy: Policy,
}

/// How a home is applied, where the configuration says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// What happens to something that stands where a file belongs; none to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// What happens to packages that leave the configuration.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// The install mode that was chosen for files that say none; they have it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install_default: Option<Install>,
}

/// Where something goes that stands in the place of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backup {
    /// Into hcc's own folder.
    Store,
    /// Beside itself, its name ending in a dot and this.
    Extension(String),
}

/// What happens to a package that hcc installed and that leaves the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cleanup {
    /// It stays.
    #[default]
    None,
    /// It is uninstalled.
    Uninstall,
    /// It is uninstalled with all it left behind, where its manager can.
    Zap,
}

/// A host, as far as it is known.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Host {
    /// Its name.
    pub name: EcoString,
    /// `linux`, `darwin`.
    pub os: Option<EcoString>,
    /// `nixos`, `debian`.
    pub distro: Option<EcoString>,
    /// `x86_64`, `aarch64`.
    pub arch: Option<EcoString>,
    /// Whether it runs inside Windows.
    pub wsl: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct User {
    /// The login name.
    pub name: EcoString,
    /// The home, absolute.
    pub home: EcoString,
}

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Origin {
    /// The file, relative to the configuration; `<hcc>/...` for hcc's own.
    pub file: EcoString,
    /// The line, from 1.
    pub line: usize,
}

/// How a file comes to stand where it belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Install {
    /// A link to what was compiled.
    Link,
    /// A link to the file in the configuration.
    Live,
    /// A real, writable file.
    Copy,
    /// Only the declared keys, in a file that its program also writes.
    Merge,
}

impl Install {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Install::Link => "link",
            Install::Live => "live",
            Install::Copy => "copy",
            Install::Merge => "merge",
        }
    }
}

/// What is done with an edit that somebody made to a managed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// It stays.
    Keep,
    /// It goes to a safe place and ours comes back.
    Restore,
    /// It goes back to the configuration.
    Absorb,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Content {
    /// This text.
    Text {
        /// The text.
        text: EcoString,
    },
    /// A value that a writer of [`crate::emit`] puts down.
    Data {
        /// The writer.
        format: &'static str,
        /// Its parameters.
        #[serde(skip_serializing_if = "no_params")]
        params: crate::emit::Params,
        /// The value.
        value: Value,
    },
    /// A file or folder of the configuration.
    Source {
        /// Relative to the configuration, or absolute if it lies outside.
        source: String,
        /// The files of a folder that is mirrored; none for a file, and for a folder that is one
        /// link.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        files: Vec<Mirrored>,
        /// Whether it is a folder.
        folder: bool,
        /// How a file was found when it was looked at; none for a folder.
        #[serde(skip)]
        stamp: Option<Stamp>,
    },
    /// A link, as it stands.
    Link {
        /// Where it points.
        to: EcoString,
    },
}

/// Folders of a home that several programs write into: never one link.
pub const SHARED_FOLDERS: &[&str] = &[
    ".ssh",
    ".gnupg",
    ".config",
    ".local",
    ".local/share",
    ".local/state",
    ".local/bin",
    ".cache",
    "Library",
    "Library/Application Support",
    "Library/LaunchAgents",
    "Library/Preferences",
];

/// A file of a folder that is mirrored.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mirrored {
    /// Below the folder.
    pub path: String,
    /// Whether its owner may execute it.
    pub executable: bool,
    /// How it was found when the folder was read.
    #[serde(skip)]
    pub stamp: Option<Stamp>,
}

/// What one stat says of a file, links followed: while it stays the same, so do the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Stamp {
    /// The device it is on.
    pub dev: u64,
    /// Its number there.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// When its bytes changed, in nanoseconds since 1970.
    pub mtime: i64,
    /// When anything of it changed, in nanoseconds since 1970.
    pub ctime: i64,
    /// Its kind and permissions, as stat(2) has them in `st_mode`.
    pub mode: u32,
}

impl Stamp {
    /// Whether its owner may execute it.
    pub fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }

    /// The permissions of what is made of it: [`permissions`].
    pub fn permissions(&self) -> u32 {
        permissions(self.mode)
    }
}

/// The permissions of what is made of a source: whether it can be executed, and whether anybody but
/// its owner may read it, count; the rest of its own are an accident of how it came there.
pub fn permissions(mode: u32) -> u32 {
    let all = if mode & 0o100 != 0 { 0o755 } else { 0o644 };
    if mode & 0o077 == 0 { all & 0o700 } else { all }
}

fn no_params(params: &crate::emit::Params) -> bool {
    params.list.is_empty()
}

/// One file.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct File {
    /// Relative to the home; absolute for a system.
    pub path: String,
    /// The target that makes it.
    pub target: EcoString,
    /// The module that declares it, for a plain file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<EcoString>,
    /// What it holds.
    pub content: Content,
    /// How it comes there.
    pub install: Install,
    /// Permissions, octal; by default those of the source, or 0644 and 0755.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Whether it can be executed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// Run when it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_change: Option<EcoString>,
    /// Whether what stands there may be moved to a safe place without asking.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// What is done with an edit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// Links in the place of a parent that are meant to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow_parent: Vec<EcoString>,
    /// Paths, as `path`, that win over it where its program finds something there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadowed_by: Vec<EcoString>,
    /// Where it comes from.
    pub origins: Vec<Origin>,
    /// The text of [`Content::Data`] and [`Content::Text`]; empty for others.
    #[serde(skip)]
    pub text: EcoString,
}

/// The places behind one line: nearly always one.
pub type Origins = SmallVec<[Origin; 1]>;

/// A package.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Package {
    /// Its name with that manager.
    pub name: String,
    /// `brew`, `apt`, `nix`, `vscode`; empty if the host's is not known.
    pub manager: String,
    /// The command that it brings: where `PATH` has that, nothing need be installed. None for what
    /// is named as only its manager knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Who asks for it.
    pub target: EcoString,
    /// Where it is said.
    pub origins: Vec<Origin>,
}

/// What a service manager runs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Unit {
    /// `backup.timer`, `hcc.backup`.
    pub name: String,
    /// `systemd-user`, `systemd`, `launchd-agent`, `launchd-daemon`.
    pub manager: String,
    /// Its file.
    pub file: String,
    /// launchd's domain, `gui` or `user`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Where it is said.
    pub origins: Vec<Origin>,
}

/// A preference of macOS.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preference {
    /// `com.apple.dock`, `NSGlobalDomain`.
    pub domain: String,
    /// Whether it is of this machine alone, as `defaults -currentHost`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub current_host: bool,
    /// Its key.
    pub key: String,
    /// Its value; the type is that of the preference.
    pub value: Value,
    /// Where it is said.
    pub origins: Vec<Origin>,
}

/// Something that is run.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What is run, by `sh -c`.
    pub run: String,
    /// Actions that come before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// Those of them without whose success it is not run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Where it is said.
    pub origins: Vec<Origin>,
}
