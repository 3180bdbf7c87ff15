//! How fast the reader is: `cargo bench --bench parse`.

use std::time::Instant;

use hcc::diag::SourceId;
use hcc::syntax::parse;

fn main() {
    let block = r##"
// What every machine of mine has.
module "common" {
    home {
        packages "ripgrep" "fd" "bat" "eza" "jq"
        session-variables EDITOR="nvim" PAGER="less -FR"
        file ".config/nvim" source="nvim" install="live"
        file ".docker/config.json" format="json" { settings detachKeys="ctrl-q,ctrl-q" }
    }
    programs {
        fzf; atuin; nushell
        delta { enable; options navigate=#true side-by-side=#true }
        git {
            enable
            user name="Alice Liddell" email="alice@example.com"
            aliases co="checkout" st="status -sb" lg="log --graph --oneline"
            settings {
                init defaultBranch="main"
                url "git@github.com:" insteadOf="https://github.com/"
                core { pager "delta"; compression 9 }
            }
        }
        zsh {
            init (after)"""
                [ -f ~/.zshrc.local ] && source ~/.zshrc.local
                export PATH="$HOME/bin:$PATH"
                """
            prompt #"%n@%m "%~""# tail="a\tb\n"
        }
        alacritty { enable; settings { font size=(expr)"15 if host.os == 'darwin' else 12"; opacity 0.95 } }
    }
    when os=darwin { homebrew { cask firefox raycast }; /- darwin { dock autohide=#false } }
}
"##;
    let text = block.repeat(5_000_000 / block.len());
    let size = text.len() as f64 / 1e6;
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        let (tree, problems) = parse(SourceId(0), &text);
        best = best.min(start.elapsed().as_secs_f64());
        assert!(problems.is_empty() && !tree.is_empty());
    }
    println!("{size:.1} MB in {:.1} ms: {:.0} MB/s", best * 1e3, size / best);
}
