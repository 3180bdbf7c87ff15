//! No input makes `hcc` panic, hang, or overflow its stack: the real binary, on its own stack.

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for a debug build on a busy machine; a release build takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// Output longer than this is no report that anybody reads.
const MAX_OUTPUT: usize = 4 << 20;

struct Scene(tempfile::TempDir);

impl Scene {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let scene = Self(tempfile::tempdir().expect("a folder"));
        scene.add("hcc.kdl", text);
        scene
    }

    fn add(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(path), text).expect("written");
    }

    /// Ends by itself, with 0 or 1, and says no more than can be read.
    fn ends(&self) -> String {
        let (status, output) = run(&self.0.path().join("hcc.kdl"));
        assert!(matches!(status, Some(0 | 1)), "{status:?}: {}", head(&output));
        assert!(output.len() < MAX_OUTPUT, "{} bytes: {}", output.len(), head(&output));
        assert!(!output.contains("panicked"), "{}", head(&output));
        output
    }

    fn says(&self, code: &str) {
        let output = self.ends();
        assert!(output.contains(&format!("[{code}]")), "not `{code}`: {}", head(&output));
    }

    fn is_right(&self) {
        let output = self.ends();
        assert!(!output.contains("error["), "{}", head(&output));
    }
}

fn head(text: &str) -> String {
    text.chars().take(2000).collect()
}

fn run(config: &Path) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hcc"))
        .arg("--config")
        .arg(config)
        .arg("check")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hcc");
    let mut pipe = child.stderr.take().expect("a pipe");
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        let _read = pipe.read_to_end(&mut output);
        String::from_utf8_lossy(&output).into_owned()
    });
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a status") {
            return (status.code(), reader.join().expect("the output"));
        }
        if start.elapsed() > PATIENCE {
            child.kill().expect("killed");
            let _gone = child.wait();
            panic!("does not end: {}", config.display());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _written = writeln!(text, "{}", line(n));
    }
    text
}

#[test]
fn bytes_that_are_not_text() {
    Scene::new(b"home { file \"a\" text=\"\xff\xfe\" }").says("not-utf8");
    Scene::new("home { file \"a\" text=\"\0\" }\n\0").says("disallowed-character");
    Scene::new("\u{feff}home { file \"a\" text=\"x\" }").is_right();
    Scene::new("").is_right();
}

#[test]
fn ten_megabytes() {
    let file = |n| format!("    file \"f{n}\" text=\"{}\"", "x".repeat(200));
    Scene::new(format!("home {{\n{}}}\n", lines(45_000, file))).is_right();
}

#[test]
fn long_strings_and_names() {
    let long = "x".repeat(1 << 20);
    Scene::new(format!("home {{ file \"a\" text=\"{long}\" }}")).is_right();
    Scene::new(format!("{long} 1")).says("unknown-option");
    Scene::new(format!("{} 1", vec!["a"; 100_000].join("."))).says("unknown-option");
    Scene::new(format!("option \"{}\" type=\"int\"", vec!["a"; 100_000].join(".")))
        .says("bad-option");
}

#[test]
fn deep_braces() {
    Scene::new("a {".repeat(100_000)).ends();
    Scene::new("a {".repeat(100_000) + &"}".repeat(100_000)).ends();
    let deep = "a { ".repeat(90) + "b 1 " + &"}".repeat(90);
    Scene::new(format!("home.file \"a\" format=\"json\" {{ settings {{ {deep} }} }}\n")).is_right();
    Scene::new(
        "when expr=\"true\" { ".repeat(95) + "home.file \"a\" text=\"x\"" + &" }".repeat(95),
    )
    .is_right();
    Scene::new("option \"a\" type=\"keyed\" { ".repeat(50) + &"}".repeat(50)).ends();
}

#[test]
fn nested_slashdash() {
    Scene::new("/- a ".repeat(50_000)).ends();
    Scene::new("/- {".repeat(20_000)).ends();
    Scene::new(format!("a {}", "/- { b ".repeat(20_000))).ends();
}

#[test]
fn deep_types() {
    let list =
        format!("option \"a\" type=\"{}int{}\"\n", "list<".repeat(50_000), ">".repeat(50_000));
    let union = format!("option \"b\" type=\"{}int\"\n", "int|".repeat(10_000));
    let null = format!("option \"c\" type=\"int{}\"\n", "?".repeat(50_000));
    Scene::new(list + &union + &null).says("bad-type");
}

#[test]
fn wide_lists_maps_and_blocks() {
    let words = lines(20_000, |n| format!("\"p{n}\" \\"));
    Scene::new(format!("home {{ packages {words}\n}}\n")).is_right();
    let keys = lines(20_000, |n| format!("k{n} {{ a {n} }}"));
    Scene::new(format!("home {{ file \"a\" format=\"json\" {{ settings {{\n{keys}}} }} }}\n"))
        .is_right();
    let props = lines(10_000, |n| format!("V{n}=\"{n}\" \\"));
    Scene::new(format!("home {{ session-variables {props}\n}}\n")).is_right();
}

#[test]
fn one_mistake_many_times() {
    Scene::new(lines(2_000, |n| format!("nope{n} 1"))).says("unknown-option");
    let again = lines(5_000, |n| format!("a {n}"));
    Scene::new(format!("home {{ file \"a\" format=\"json\" {{ settings {{\n{again}}} }} }}"))
        .says("said-twice");
    let props = lines(3_000, |n| format!("text=\"{n}\" \\"));
    Scene::new(format!("home.file \"a\" {props}\n")).says("said-twice");
    Scene::new(lines(2_000, |n| format!("home.file \"a\" text=\"{n}\"")))
        .says("conflicting-values");
    let replace = "home.file \"a\" format=\"json\" { (replace+force)settings { a 1; (unset)b } }\n";
    Scene::new(replace.repeat(1_000)).says("two-replacements");
}

#[test]
fn imports_that_multiply() {
    let scene = Scene::new("import \"f0.kdl\" \"f0.kdl\"\n");
    for n in 0..30 {
        let next = n + 1;
        let import = format!("import \"f{next}.kdl\" \"f{next}.kdl\"\nimport \"f{next}.kdl\"\n");
        scene.add(&format!("f{n}.kdl"), import);
    }
    scene.add("f30.kdl", "home.file \"a\" text=\"x\"\n");
    scene.is_right();
}

#[test]
fn imports_in_circles_and_chains() {
    let scene = Scene::new("import \"f0.kdl\"\n");
    for n in 0..20 {
        let all = (0..20).map(|n| format!(" \"f{n}.kdl\"")).collect::<String>();
        scene.add(&format!("f{n}.kdl"), format!("import{all}\n"));
    }
    scene.says("cyclic-import");
    let scene = Scene::new("import \"f0.kdl\"\n");
    for n in 0..1000 {
        scene.add(&format!("f{n}.kdl"), format!("import \"f{}.kdl\"\n", n + 1));
    }
    scene.says("cannot-import");
}

#[test]
fn templates_without_an_end() {
    for template in [
        "{% for a in range(10000) %}{% for b in range(10000) %}{% for c in range(10000) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include \"t.j2\" %}",
        &"{% if x %}".repeat(20_000),
        &format!("{{{{ {}", "(".repeat(20_000)),
        &format!("{{{{ 1{} }}}}", " + 1".repeat(100_000)),
    ] {
        let scene = Scene::new("home { file \"a\" text=(template)\"t.j2\" }\n");
        scene.add("t.j2", template);
        assert!(scene.ends().contains("error["), "{}", head(template));
    }
}

#[test]
fn expressions_of_any_length() {
    let of = |expr: &str| Scene::new(format!("home.file \"a\" text=(f)\"{{{{ {expr} }}}}\"\n"));
    for (part, end) in
        [("(", ""), ("[", ""), ("not ", "true"), ("-", "1"), ("1 + ", "1"), ("{'a':", "")]
    {
        for count in [390, 20_000, 100_000] {
            of(&(part.repeat(count) + end)).ends();
        }
    }
    for part in [".a", " | abs", "[0]", "()"] {
        for count in [190, 50_000] {
            of(&format!("host.name{}", part.repeat(count))).ends();
        }
    }
    for expr in [
        "'x' * 100000000000",
        "range(100000) | join(',')",
        "9999999999 ** 9999999999",
        "1 // 0",
        "1 % 0",
        "-9223372036854775808 // -1",
        "170141183460469231731687303715884105727 + 1",
        "('x' * 1000000) | replace('x', 'yyyyyyyyyyyyyyyyyyyy')",
    ] {
        of(expr).ends();
    }
}

#[test]
fn loops_that_fill_the_memory() {
    Scene::new("for \"x\" in=\"range(100000000)\" { home.packages (f)\"{{ x }}\" }\n")
        .says("bad-expression");
    Scene::new("for \"x\" in=\"range(10000)\" { for \"y\" in=\"range(10000)\" { home.packages (f)\"{{ x }}{{ y }}\" } }\n").says("too-many");
    let nested: String = (0..40).map(|n| format!("for \"v{n}\" in=\"[1, 2]\" {{ ")).collect();
    Scene::new(nested + "home.file \"a\" text=\"x\"" + &"}".repeat(40)).says("too-many");
}

/// `count` options, each of which reads the one before.
fn chain(count: usize) -> String {
    let option = |n: usize| match n {
        0 => "option \"o.x0\" type=\"int\" default=1".to_owned(),
        n => format!("option \"o.x{n}\" type=\"int\" default=(expr)\"config.o.x{} + 1\"", n - 1),
    };
    lines(count, option)
        + &format!("home.file \"a\" text=(f)\"{{{{ config.o.x{} }}}}\"\n", count - 1)
}

#[test]
fn chains_of_values() {
    Scene::new(chain(150)).is_right();
    Scene::new(chain(1_000)).says("too-deep");
    let guards = "option \"o.x0\" type=\"bool\" default=#true\n".to_owned()
        + &lines(1_000, |n| {
            let next = n + 1;
            format!(
                "option \"o.x{next}\" type=\"bool\" default=#false\nwhen expr=\"config.o.x{n}\" {{ o.x{next} }}"
            )
        })
        + "home.file \"a\" text=(f)\"{{ config.o.x1000 | json }}\"\n";
    Scene::new(guards).says("too-deep");
    let lets: String = (1..1_000).map(|n| format!(" a{n}=(expr)\"a{} + 1\"", n - 1)).collect();
    Scene::new(format!(
        "for \"x\" in=\"[1]\" {{ let a0=1{lets}; home.file \"x\" text=(f)\"{{{{ a999 }}}}\" }}\n"
    ))
    .says("too-deep");
    Scene::new("for \"x\" in=\"[1]\" { let a=(expr)\"b\" b=(expr)\"a\"; home.file \"x\" text=(f)\"{{ a }}\" }\n").says("cycle");
}

#[test]
fn ten_thousand_modules() {
    let last = "module \"m9999\" { home.file \"a\" text=\"x\" }\n";
    let host = "host \"b\" os=\"linux\" { user \"a\"; use \"m0\" }\n";
    let circles = lines(9_999, |n| {
        format!("module \"m{n}\" {{ use \"m{}\" \"m{}\" }}", n + 1, n * 7 % 10_000)
    });
    Scene::new(host.to_owned() + &circles + last).says("cyclic-use");
    let chain = lines(9_999, |n| format!("module \"m{n}\" {{ use \"m{}\" }}", n + 1));
    Scene::new(host.to_owned() + &chain + last).says("too-deep");
    let all: String = (0..10_000).map(|n| format!(" \"m{n}\"")).collect();
    let flat = lines(9_999, |n| format!("module \"m{n}\" {{ home.file \"f{n}\" text=\"x\" }}"));
    Scene::new(format!("host \"b\" os=\"linux\" {{ user \"a\"; use{all} }}\n{flat}{last}"))
        .is_right();
}

#[test]
fn many_hosts() {
    let names: String = (0..500).map(|n| format!(" \"h{n}\"")).collect();
    Scene::new(format!("host{names} os=\"linux\" {{ user \"a\" }}\nhome.file \"x\" text=\"x\"\n"))
        .is_right();
}
