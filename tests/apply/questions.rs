//! What is asked on a terminal, and what each answer does. The terminal is one that Python makes.

use std::fs;
use std::process::{Command, Output};

use super::kit::{Ran, Sandbox};

/// Runs a program on a terminal of its own: waits for what it asks, then types. It prints what was
/// shown, and ends as the program did.
const ON_A_TERMINAL: &str = r#"
import os, pty, select, signal, sys
keys = {"EOF": b"\x04", "INTERRUPT": b"\x03"}
typed = [keys.get(one, one.encode() + b"\n") for one in sys.argv[1].split(",")]
child, terminal = pty.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.argv[2], sys.argv[2:])
shown, begin = b"", 0
while True:
    if not select.select([terminal], [], [], 60)[0]:
        os.kill(child, signal.SIGKILL)
        sys.exit("it waits for ever: " + repr(shown))
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
    if shown[begin:].rstrip().endswith(b"N]"):
        begin = len(shown)
        os.write(terminal, typed.pop(0) if typed else keys["EOF"])
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
status = os.waitpid(child, 0)[1]
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
"#;

/// The answers are typed, each at its question, and then the end of the input; none without Python.
fn answers(sandbox: &Sandbox, arguments: &[&str], typed: &str) -> Option<Ran> {
    let hcc = sandbox.command(arguments);
    let mut python = Command::new("python3");
    python.args(["-c", ON_A_TERMINAL, typed]).arg(hcc.get_program()).args(hcc.get_args());
    python.env_clear().current_dir(sandbox.home(""));
    python.envs(hcc.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let Ok(output): Result<Output, _> = python.output() else {
        eprintln!("SKIPPED: python3 is not there, so nothing is asked on a terminal");
        return None;
    };
    Some(sandbox.ran(&output))
}

/// A home with a file in the way.
fn in_the_way() -> Sandbox {
    let sandbox = Sandbox::new("home { file \".a\" text=\"ours\" }\n");
    sandbox.write(".a", "mine\n");
    sandbox
}

#[test]
fn what_stands_in_the_way_is_kept_as_is_answered_and_comes_back() {
    for (answer, beside) in [("s", false), ("S", false), ("r", true)] {
        let sandbox = in_the_way();
        let before = sandbox.snapshot();
        // The second question is whether to do it at all.
        let typed = format!("{answer},n");
        let Some(ran) = answers(&sandbox, &["apply"], &typed) else { return };
        ran.ends(3).says("[s/r/N]").says("Apply this? [y/N]").says("Nothing was changed.");
        sandbox.snapshot().is(&before);
        let Some(ran) = answers(&sandbox, &["apply", "--yes"], answer) else { return };
        ran.well().says("[s/r/N]").says("Generation 1 is in effect.");
        assert_eq!(sandbox.read(".a"), "ours\n");
        assert_eq!(sandbox.home(".a.backup").exists(), beside, "{answer}");
        sandbox.run(&["uninstall", "--yes"]).well();
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn anything_else_at_a_question_changes_nothing() {
    for answer in ["N", "n", "", "x", "EOF", "y"] {
        let sandbox = in_the_way();
        let before = sandbox.snapshot();
        let Some(ran) = answers(&sandbox, &["apply"], answer) else { return };
        ran.ends(3).says("Nothing was changed.");
        sandbox.snapshot().is(&before);
    }
}

#[test]
fn an_interrupt_at_a_question_ends_it_and_the_next_run_goes_on() {
    let sandbox = in_the_way();
    let Some(ran) = answers(&sandbox, &["apply"], "INTERRUPT") else { return };
    ran.ends(130);
    assert_eq!(sandbox.read(".a"), "mine\n");
    sandbox.run(&["apply", "--yes", "--backup", "store"]).well().never_says("interrupted");
    sandbox.config("hcc.kdl", "home { file \".a\" text=\"other\" }\n");
    let Some(ran) = answers(&sandbox, &["apply"], "INTERRUPT") else { return };
    ran.ends(130).says("Apply this? [y/N]");
    assert_eq!(sandbox.read(".a"), "ours\n");
    let Some(ran) = answers(&sandbox, &["apply"], "y") else { return };
    ran.well();
    assert_eq!(sandbox.read(".a"), "other\n");
}

#[test]
fn other_commands_ask_too_and_take_no_for_an_answer() {
    let sandbox = Sandbox::new("home { file \".a\" text=\"1\" }\n");
    for number in 1..=3 {
        sandbox.config("hcc.kdl", format!("home {{ file \".a\" text=\"{number}\" }}\n"));
        sandbox.apply();
    }
    for command in [&["rollback"][..], &["gc", "--keep", "1"], &["uninstall"], &["eject"]] {
        let before = sandbox.snapshot();
        let Some(ran) = answers(&sandbox, command, "n") else { return };
        ran.ends(3).says("[y/N]").says("Nothing was changed.");
        sandbox.snapshot().is(&before);
    }
    let Some(ran) = answers(&sandbox, &["eject"], "yes") else { return };
    ran.well();
    assert_eq!(fs::read_to_string(sandbox.home(".a")).expect("a file"), "3\n");
    assert!(!sandbox.home(".a").is_symlink());
}
