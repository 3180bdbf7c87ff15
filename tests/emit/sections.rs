//! Files of sections, read back by git, Python's configparser, GLib, ssh and ruby.

use hcc::emit::Params;
use hcc::ir::Value;

use crate::kit::{
    file, has, has_python, held, json, keys, map, numbered, params, python, run, string, texts,
    value, write,
};

fn trims(text: &str) -> bool {
    let white = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}' | '\u{feff}');
    text.starts_with(white) || text.ends_with(white)
}

#[test]
fn git_reads_every_text() {
    let none = Params::default();
    let values = held(
        &texts(),
        |_| false,
        |text| write("gitconfig", &map([("s", map([("k", string(text))]))]), &none),
    );
    let subs = held(
        &keys(),
        |text| text.contains('\n'),
        |text| write("gitconfig", &map([("s", map([(text, map([("k", string("v"))]))]))]), &none),
    );
    let list = values.iter().map(|text| string(text)).collect();
    let config = map([
        ("value", numbered("k", &values)),
        ("list", map([("k", Value::List(list))])),
        ("sub", map(subs.iter().map(|sub| (sub, map([("k", string("v"))]))))),
    ]);
    let text = write("gitconfig", &config, &none).unwrap();
    if !has("git") {
        return;
    }
    let (_dir, path) = file("config", &text.text);
    let read =
        String::from_utf8(run("git", &["config", "-f", &path, "-z", "--list"], b"")).unwrap();
    let read: Vec<&str> = read.split_terminator('\0').collect();
    let one = values.iter().enumerate().map(|(at, text)| format!("value.k{at}\n{text}"));
    let many = values.iter().map(|text| format!("list.k\n{text}"));
    let sub = subs.iter().map(|text| format!("sub.{text}.k\nv"));
    let wanted: Vec<String> = one.chain(many).chain(sub).collect();
    for (read, wanted) in read.iter().zip(&wanted) {
        assert_eq!(read, wanted);
    }
    assert_eq!(read.len(), wanted.len());
}

const CONFIGPARSER: &str = "
import configparser,io
def read(t):
    p=configparser.RawConfigParser(delimiters=('=',),interpolation=None,default_section='\\0')
    p.optionxform=str
    p.read_file(io.TextIOWrapper(io.BytesIO(t.encode()),encoding='utf-8'))
    return {s:dict(p[s]) for s in p.sections()}
print(json.dumps([read(t) for t in texts]))";

#[test]
fn configparser_reads_every_text() {
    let dialect = params(&[("comment", &[])]);
    let breaks = |text: &str| text.contains(['\n', '\r']) || trims(text);
    let values = held(&texts(), breaks, |text| {
        write("ini", &map([("s", map([("k", string(text))]))]), &dialect)
    });
    let no_key = |text: &str| {
        text.is_empty() || breaks(text) || text.contains('=') || text.starts_with(['#', ';', '['])
    };
    let names = held(&keys(), no_key, |text| {
        write("ini", &map([("s", map([(text, string("v"))]))]), &dialect)
    });
    let no_section = |text: &str| text.is_empty() || breaks(text) || text.contains(']');
    let sections = held(&keys(), no_section, |text| {
        write("ini", &map([(text, map([("k", string("v"))]))]), &dialect)
    });
    let config = [
        map([
            ("s", numbered("k", &values)),
            ("t", map(names.iter().map(|name| (name, string("v"))))),
        ]),
        map(sections.iter().map(|name| (name, map([("k", string("v"))])))),
    ];
    let texts: Vec<String> =
        config.iter().map(|value| write("ini", value, &dialect).unwrap().text).collect();
    if has_python("configparser") {
        assert_eq!(python(CONFIGPARSER, &texts), json(&Value::List(config.to_vec())));
    }
}

/// systemd.syntax(7), since no systemd prints what it read from a file that is not a unit of its own.
const SYSTEMD: &str = r"
import re
def read(t):
    out,section,rest={},None,''
    for line in re.split('[\n\r]',t):
        if line.lstrip(' \t')[:1] in ('#',';'): continue
        line=rest+line; rest=''
        if line.endswith('\\'): rest=line[:-1]+' '; continue
        line=line.strip(' \t')
        if not line: continue
        if line[0]=='[': section=out.setdefault(line[1:-1],{}); continue
        k,v=line.split('=',1); section.setdefault(k.rstrip(' \t'),[]).append(v.lstrip(' \t'))
    return out
print(json.dumps([read(t) for t in texts]))";

#[test]
fn systemd_reads_every_text() {
    let cannot = |text: &str| {
        text.contains(['\n', '\r'])
            || text.ends_with('\\')
            || text.starts_with([' ', '\t'])
            || text.ends_with([' ', '\t'])
            || text.contains(|c| u32::from(c) & 0xfffe == 0xfffe)
    };
    let none = Params::default();
    let values = held(&texts(), cannot, |text| {
        write("systemd", &map([("S", map([("K", string(text))]))]), &none)
    });
    let list = Value::List(values.iter().map(|text| string(text)).collect());
    let config = map([("Service", map([("Environment", list)]))]);
    let text = write("systemd", &config, &none).unwrap().text;
    if has_python("json") {
        assert_eq!(python(SYSTEMD, &[text])[0], json(&config));
    }
}

const GLIB: &str = r"
import ctypes
g=ctypes.CDLL('libglib-2.0.so.0')
for f in ('g_key_file_new','g_key_file_get_string','g_key_file_get_keys','g_key_file_get_string_list'): getattr(g,f).restype=ctypes.c_void_p
def load(t):
    k=ctypes.c_void_p(g.g_key_file_new()); b=t.encode()
    assert g.g_key_file_load_from_data(k,b,ctypes.c_size_t(len(b)),0,None), t
    return k
def strings(p):
    p=ctypes.cast(p,ctypes.POINTER(ctypes.c_char_p)); out=[]
    while p[len(out)] is not None: out.append(p[len(out)])
    return out
def text(p): return ctypes.string_at(p).decode()
k=load(texts[0])
keys=strings(g.g_key_file_get_keys(k,b'Desktop Entry',None,None))
one={n.decode():text(g.g_key_file_get_string(k,b'Desktop Entry',n,None)) for n in keys if n!=b'List'}
many=[s.decode() for s in strings(g.g_key_file_get_string_list(k,b'Desktop Entry',b'List',None,None))]
print(json.dumps([one,many]))";

#[test]
fn glib_reads_every_text_of_a_desktop_entry() {
    let cannot = |text: &str| {
        text.contains(|c: char| c.is_ascii_control() && !matches!(c, '\n' | '\t' | '\r'))
    };
    let entry = |entries: Value| map([("Desktop Entry", entries)]);
    let none = Params::default();
    let values =
        held(&texts(), cannot, |text| write("desktop", &entry(map([("K", string(text))])), &none));
    let mut entries = numbered("K", &values);
    let list = Value::List(values.iter().map(|text| string(text)).collect());
    if let Value::Map(map) = &mut entries {
        map.insert("List".into(), list.clone());
    }
    let text = write("desktop", &entry(entries), &none).unwrap().text;
    if has_python("ctypes; ctypes.CDLL('libglib-2.0.so.0')") {
        let read = python(GLIB, &[text]);
        assert_eq!(read[0], json(&numbered("K", &values)));
        assert_eq!(read[1], json(&list));
    }
}

fn ssh(config: &str) -> Option<Vec<String>> {
    let (_dir, path) = file("config", config);
    let output =
        std::process::Command::new("ssh").args(["-G", "-F", &path, "host"]).output().unwrap();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).lines_by_newline())
}

trait Lines {
    fn lines_by_newline(&self) -> Vec<String>;
}

impl Lines for str {
    /// `str::lines` would take a carriage return away.
    fn lines_by_newline(&self) -> Vec<String> {
        self.split('\n').map(str::to_owned).collect()
    }
}

#[test]
fn ssh_reads_every_word() {
    let none = Params::default();
    let cannot = |text: &str| text.is_empty() || text.contains('\n');
    let mut words =
        held(&keys(), cannot, |text| write("ssh", &map([("IdentityFile", string(text))]), &none));
    words.retain(|word| !word.eq_ignore_ascii_case("none"));
    if !has("ssh") {
        return;
    }
    for words in words.chunks(90) {
        let list = Value::List(words.iter().map(|word| string(word)).collect());
        let config =
            map([("IdentityFile", list), ("host", map([("SetEnv", numbered("V", words))]))]);
        let text = write("ssh", &config, &none).unwrap().text;
        let lines = ssh(&text).expect(&text);
        let of = |prefix: &str| -> Vec<String> {
            lines.iter().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        assert_eq!(of("identityfile "), words);
        let wanted: Vec<String> =
            words.iter().enumerate().map(|(at, word)| format!("V{at}={word}")).collect();
        assert_eq!(of("setenv "), wanted);
    }
}

#[test]
fn ssh_reads_raw_lines_and_what_is_refused_it_would_misread() {
    let raw = params(&[("raw", &["ProxyCommand"])]);
    if !has("ssh") {
        return;
    }
    let mut refused = 0;
    for text in texts().iter().take(260).filter(|text| !text.contains('\n') && *text != "none") {
        let wanted = format!("proxycommand {text}");
        match write("ssh", &map([("ProxyCommand", string(text))]), &raw) {
            Ok(file) => assert!(ssh(&file.text).unwrap_or_default().contains(&wanted), "{text:?}"),
            Err(_) => {
                refused += 1;
                let read = ssh(&format!("ProxyCommand {text}\n")).unwrap_or_default();
                let only_caution = trims(text) && !text.starts_with([' ', '\t']);
                assert!(only_caution || !read.contains(&wanted), "{text:?} is refused for nothing");
            }
        }
    }
    assert!(refused > 5);
}

#[test]
fn ssh_finds_the_block_of_a_host() {
    let config = value(
        r#"{"Include": "~/none", "*": {"User": "any", "Port": 1}, "ho?t *.lan": {"Port": 22},
            "work": {"Match": "host other exec \"test -n 'a b'\"", "Port": 3}, "list": {"Host": ["a", "host"], "User": "me"}}"#,
    );
    let said = params(&[("last", &["*"]), ("first", &["Include"])]);
    let text = write("ssh", &config, &said).unwrap().text;
    if has("ssh") {
        let lines = ssh(&text).expect(&text);
        assert!(
            lines.contains(&"port 22".to_owned()) && lines.contains(&"user me".to_owned()),
            "{text}"
        );
    }
}

/// Records every call; only literals may stand in the file.
const RUBY: &str = r##"
require 'ripper'; require 'json'
text = $stdin.read.force_encoding('UTF-8')
allowed = %i[on_ident on_sp on_tstring_beg on_tstring_content on_tstring_end on_comma on_nl on_ignored_nl on_label on_kw on_int
             on_float on_symbeg on_lbracket on_rbracket on_lbrace on_rbrace on_op on_comment]
raise 'no ruby' if Ripper.sexp(text).nil?
Ripper.lex(text).each { |at, type, token| raise "#{at} #{type} #{token}" unless allowed.include?(type) }
class Recorder < BasicObject
  def initialize; @calls = []; end
  def method_missing(name, *args) = @calls << [name, *args]
  def calls = @calls
end
recorder = Recorder.new
recorder.instance_eval(text)
puts JSON.generate(recorder.calls)
"##;

#[test]
fn ruby_reads_every_text_of_a_brewfile_and_runs_nothing() {
    let values = texts();
    let names = keys();
    let list = Value::List(values.iter().map(|text| string(text)).collect());
    let hash = map(names.iter().map(|name| (name, string("v"))));
    let config = map([
        (
            "brew",
            map(names
                .iter()
                .map(|name| (name, map([("args", list.clone()), ("n", Value::Int(-1))])))
                .take(3)),
        ),
        ("cask", map(names.iter().map(|name| (name, map([("postinstall", string(name))]))))),
        ("mas", map([("x", map([("deep", hash)]))])),
        ("vscode", list),
    ]);
    let text = write("brewfile", &config, &Params::default()).unwrap().text;
    if !has("ruby") {
        return;
    }
    let read: serde_json::Value =
        serde_json::from_slice(&run("ruby", &["-e", RUBY], text.as_bytes())).unwrap();
    let mut wanted = Vec::new();
    for (call, items) in json(&config).as_object().unwrap() {
        match items {
            serde_json::Value::Object(items) => {
                wanted.extend(
                    items.iter().map(|(name, options)| serde_json::json!([call, name, options])),
                );
            }
            items => wanted.extend(
                items.as_array().unwrap().iter().map(|name| serde_json::json!([call, name])),
            ),
        }
    }
    for (read, wanted) in read.as_array().unwrap().iter().zip(&wanted) {
        assert_eq!(read, wanted);
    }
    assert_eq!(read.as_array().unwrap().len(), wanted.len());
}
