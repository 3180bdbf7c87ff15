//! The quoting functions, read back by the shells and the parsers they quote for.

use hcc::emit::quote;

use crate::kit::{file, has, has_python, python, run, texts};

/// Lets a shell print words, each ended by a NUL.
fn printed(shell: &str, words: &[String]) -> Vec<String> {
    let script: String = words.iter().map(|word| format!("printf '%s\\0' {word}\n")).collect();
    let (_dir, path) = file("script", &script);
    let flags: &[&str] = match shell {
        "zsh" => &["-f"],
        "fish" => &["--no-config"],
        _ => &[],
    };
    let args: Vec<&str> = flags.iter().copied().chain([&*path]).collect();
    let output = String::from_utf8(run(shell, &args, b"")).unwrap();
    output.split_terminator('\0').map(str::to_owned).collect()
}

fn judge(shell: &str, quote: fn(&str) -> String) {
    if has(shell) {
        let words: Vec<String> = texts().iter().map(|text| quote(text)).collect();
        for ((read, wanted), word) in printed(shell, &words).iter().zip(&texts()).zip(&words) {
            assert_eq!(read, wanted, "{shell} reads {word}");
        }
        assert_eq!(printed(shell, &words).len(), words.len());
    }
}

#[test]
fn every_shell_reads_its_words() {
    for shell in ["sh", "dash", "bash", "zsh"] {
        judge(shell, quote::shell);
        judge(shell, quote::dquote_literal);
    }
    for shell in ["bash", "zsh"] {
        judge(shell, quote::ansi_c);
    }
    judge("fish", quote::fish);
}

#[test]
fn dquote_keeps_variables_alive() {
    if has("sh") {
        let word = quote::dquote("${UNSET_HERE-a \"b\" `id`}$((1 + 1))\\");
        assert_eq!(printed("sh", &[word]), ["a \"b\" `id`2\\"]);
    }
}

#[test]
fn words_that_need_no_quotes_have_none() {
    assert_eq!(quote::shell("nvim"), "nvim");
    assert_eq!(quote::shell("less -FR"), "'less -FR'");
    assert_eq!(quote::shell("it's"), r"'it'\''s'");
    assert_eq!(quote::fish("it's"), r"'it\'s'");
    assert_eq!(quote::ini("a b"), "a b");
    assert_eq!(quote::systemd("/bin/sh"), "/bin/sh");
    assert_eq!(quote::systemd("50% of $x"), r#""50%% of $$x""#);
    assert_eq!(quote::systemd_env("A=50% of $x"), r#""A=50%% of $x""#);
}

/// `extract_first_word` with UNQUOTE and CUNESCAPE, then specifiers and variables, of systemd 252.
const SYSTEMD: &str = r#"
C=dict(a='\a',b='\b',f='\f',n='\n',r='\r',t='\t',v='\v',s=' ')
C.update({'\\':'\\','"':'"',"'":"'"})
def words(line,command):
    out,word,quote,i=[],None,None,0
    while i<len(line):
        c=line[i]; i+=1
        if c=='\\':
            e=line[i]; i+=1
            if e=='x': word=(word or '')+chr(int(line[i:i+2],16)); i+=2
            else: word=(word or '')+C[e]
        elif quote:
            if c==quote: quote=None
            else: word+=c
        elif c in '\'"': quote=c; word=word or ''
        elif c in ' \t\n\r':
            if word is not None: out.append(word)
            word=None
        else: word=(word or '')+c
    if word is not None: out.append(word)
    def specifiers(w):
        r,i='',0
        while i<len(w):
            if w[i]=='%':
                assert w[i+1]=='%',w; i+=1
            r+=w[i]; i+=1
        return r
    def variables(w):
        r,i='',0
        while i<len(w):
            if w[i]=='$' and i+1<len(w):
                assert w[i+1]=='$',w; i+=1
            r+=w[i]; i+=1
        return r
    out=[specifiers(w) for w in out]
    return [variables(w) for w in out] if command else out
texts=[t.split('\0') for t in texts]
for l,_ in texts: assert '\n' not in l
print(json.dumps([words(l,k=='exec') for l,k in texts]))"#;

#[test]
fn systemd_reads_its_words() {
    if !has_python("json") {
        return;
    }
    let lines: Vec<String> = texts()
        .iter()
        .flat_map(|text| {
            let word = quote::systemd(text);
            [
                format!("/bin/x {word} {word}\0exec"),
                format!("{0} {0}\0env", quote::systemd_env(text)),
            ]
        })
        .collect();
    let read = python(SYSTEMD, &lines);
    for (at, text) in texts().iter().enumerate() {
        assert_eq!(read[2 * at], serde_json::json!(["/bin/x", text, text]), "{}", lines[2 * at]);
        assert_eq!(read[2 * at + 1], serde_json::json!([text, text]), "{}", lines[2 * at + 1]);
    }
}

#[test]
fn parsers_read_their_strings() {
    let texts = texts();
    type Judge = (&'static str, &'static str, fn(&str) -> String);
    let judges: [Judge; 3] = [
        ("json", "print(json.dumps([json.loads(t) for t in texts]))", quote::json),
        (
            "tomllib",
            "import tomllib\nprint(json.dumps([tomllib.loads('a='+t)['a'] for t in texts]))",
            quote::toml,
        ),
        (
            "re",
            "import re\nr=[t.split('\\0') for t in texts]\nprint(json.dumps([b if re.fullmatch(a,b) else a for a,b in r]))",
            |text| format!("{}\0{text}", quote::regex(text)),
        ),
    ];
    for (module, script, quote) in judges {
        if has_python(module) {
            let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
            assert_eq!(python(script, &quoted), serde_json::json!(texts));
        }
    }
}
