//! The least that is promised.

use super::kit::Sandbox;

#[test]
fn a_home_is_set_up_and_the_second_run_changes_nothing() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"one\" }\n");
    sandbox.apply().says("Generation 1 is in effect.");
    assert_eq!(sandbox.read(".a"), "one\n");
    assert!(sandbox.is_ours(".a"));
    let before = sandbox.outside();
    sandbox.apply().says("Nothing to do.");
    sandbox.outside().is(&before);
}
