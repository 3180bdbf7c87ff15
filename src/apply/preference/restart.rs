//! Which parts of macOS read a domain only when they start.

use super::Domain;

/// What makes a running system take up what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restart {
    /// The part of this name is ended; launchd starts it again at once.
    Part(&'static str),
    /// The settings of keyboard, trackpad and interface are read again.
    Settings,
}

/// The program behind [`Restart::Settings`], and where macOS keeps it.
pub const SETTINGS: &str = "activateSettings";
/// See [`SETTINGS`].
pub const SETTINGS_FOLDER: &str =
    "/System/Library/PrivateFrameworks/SystemAdministration.framework/Resources";

struct Row {
    domain: &'static str,
    /// Only these keys; none for all.
    keys: &'static [&'static str],
    restart: &'static [Restart],
}

use Restart::{Part, Settings};

/// By the owner of the domain, as <https://macos-defaults.com> documents it key by key. Only parts
/// that keep nothing of the user's open: applications take up theirs when they start again.
const ROWS: &[Row] = &[
    Row { domain: "com.apple.dock", keys: &[], restart: &[Part("Dock")] },
    Row { domain: "com.apple.spaces", keys: &[], restart: &[Part("Dock")] },
    Row { domain: "com.apple.finder", keys: &[], restart: &[Part("Finder")] },
    Row { domain: "com.apple.desktopservices", keys: &[], restart: &[Part("Finder")] },
    Row {
        domain: GLOBAL,
        keys: &["AppleShowAllExtensions", "AppleShowAllFiles"],
        restart: &[Part("Finder")],
    },
    Row { domain: GLOBAL, keys: &[], restart: &[Settings] },
    Row { domain: "com.apple.AppleMultitouchTrackpad", keys: &[], restart: &[Settings] },
    Row {
        domain: "com.apple.driver.AppleBluetoothMultitouch.trackpad",
        keys: &[],
        restart: &[Settings],
    },
    Row { domain: "com.apple.AppleMultitouchMouse", keys: &[], restart: &[Settings] },
    Row {
        domain: "com.apple.driver.AppleBluetoothMultitouch.mouse",
        keys: &[],
        restart: &[Settings],
    },
    Row { domain: "com.apple.HIToolbox", keys: &[], restart: &[Settings] },
    Row { domain: "com.apple.symbolichotkeys", keys: &[], restart: &[Settings] },
    Row { domain: "com.apple.systemuiserver", keys: &[], restart: &[Part("SystemUIServer")] },
    Row { domain: "com.apple.screencapture", keys: &[], restart: &[Part("SystemUIServer")] },
    // SystemUIServer up to macOS 10.15, ControlCenter since.
    Row {
        domain: "com.apple.menuextra.clock",
        keys: &[],
        restart: &[Part("ControlCenter"), Part("SystemUIServer")],
    },
    Row { domain: "com.apple.controlcenter", keys: &[], restart: &[Part("ControlCenter")] },
    Row { domain: "com.apple.WindowManager", keys: &[], restart: &[Part("WindowManager")] },
];

/// The domain that all applications read.
const GLOBAL: &str = "NSGlobalDomain";

/// What has to be restarted when a key changed.
pub fn of(domain: &Domain, key: &str) -> impl Iterator<Item = Restart> {
    let name = bare(&domain.name);
    ROWS.iter()
        .filter(move |row| row.domain == name)
        .filter(move |row| row.keys.is_empty() || row.keys.contains(&key))
        .flat_map(|row| row.restart.iter().copied())
}

/// The domain's own name: a domain may also be said as the path of its file.
fn bare(domain: &str) -> &str {
    let last = domain.rsplit('/').next().unwrap_or(domain);
    match last.strip_suffix(".plist").unwrap_or(last) {
        "-g" | "-globalDomain" | ".GlobalPreferences" => GLOBAL,
        name => name,
    }
}
