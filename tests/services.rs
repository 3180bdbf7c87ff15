//! Services after a switch: the plan by itself, on a real `systemd --user`, and on a stand-in for
//! `launchctl`.

mod services {
    pub mod kit;

    mod launchd;
    mod plan;
    mod reading;
    mod systemd;
}
