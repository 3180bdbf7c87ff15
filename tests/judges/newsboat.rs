//! newsboat reads its configuration and its feeds, and lists them as OPML.

use super::home::{Home, installed};

#[test]
fn it_reads_every_line() {
    if !installed("newsboat") {
        return;
    }
    let home = Home::fixture("programs/newsboat");
    let file = |name: &str| home.join(".config/newsboat").join(name);
    let (config, urls, cache) = (file("config"), file("urls"), home.join("cache.db"));
    let args = ["-C", config.as_str(), "-u", urls.as_str(), "-c", cache.as_str(), "-e"];
    let out = home.run("newsboat", &args).clean();
    for feed in [
        r#"xmlUrl="https://lwn.net/headlines/rss" htmlUrl="" title="LWN""#,
        r#"xmlUrl="https://example.org/a#b.xml""#,
    ] {
        assert!(out.contains(feed), "{feed}\n{out}");
    }
}
