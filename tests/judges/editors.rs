//! Editors, started without a screen, say what they read.

use super::home::{Home, installed};

/// What an expression of Neovim's Lua is, once all of its files are read.
#[track_caller]
fn nvim(home: &Home, expression: &str) -> String {
    let lua = format!("lua io.stdout:write(vim.inspect({expression}))");
    home.run("nvim", &["--headless", "-c", &lua, "-c", "qa!"]).clean()
}

/// What an expression of Emacs' Lisp is, once all of its files are read.
#[track_caller]
fn emacs(home: &Home, expression: &str) -> String {
    let folder = home.join(".config/emacs");
    let early = format!("(load \"{folder}/early-init.el\" t t)");
    let init = format!("(load \"{folder}/init.el\" nil t)");
    let print = format!("(princ (format \"%S\" {expression}))");
    let set = format!("(setq user-emacs-directory \"{folder}/\")");
    let args =
        ["--batch", "-Q", "--eval", &set, "--eval", &early, "--eval", &init, "--eval", &print];
    home.run("emacs", &args).ok()
}

#[test]
fn neovim_reads_options_keys_and_plugins() {
    if !installed("nvim") {
        return;
    }
    let home = Home::fixture("programs/neovim");
    let all = "{ vim.o.shiftwidth, vim.o.number, vim.o.wrap, vim.o.expandtab, vim.o.listchars, \
               vim.o.completeopt, vim.g.mapleader, vim.g.order, vim.g.from_lua }";
    let said = "{ 3, true, false, true, \"tab:> ,trail:-\", \"menu,menuone\", \" \", \"first\", \"vim and lua\" }";
    assert_eq!(nvim(&home, all), said);
    assert_eq!(nvim(&home, "vim.fn.maparg(' w', 'n')"), "\"<Cmd>write<CR>\"");
    assert_eq!(nvim(&home, "vim.fn.maparg(' w', 'n', 0, 1).desc"), "'Save \"it\"'");
    assert_eq!(
        nvim(&home, "vim.fn.maparg('jk', 'i') .. vim.fn.maparg('jk', 't')"),
        "\"<Esc><Esc>\""
    );
    assert_eq!(
        nvim(&home, "{ vim.g.mine, vim.g.mine_vim, vim.g.mine_ran }"),
        "{ \"lua\", 1, \"lua\" }"
    );
    assert_eq!(nvim(&home, "vim.g.late_ran"), "nil", "an optional plugin waits");
    let lua = "packadd late | lua io.stdout:write(vim.inspect(vim.g.late_ran))";
    let late = home.run("nvim", &["--headless", "-c", lua, "-c", "qa!"]).clean();
    assert_ne!(late, "nil");
}

#[test]
fn vim_reads_options_and_plugins() {
    if !installed("vim") {
        return;
    }
    let home = Home::fixture("programs/vim");
    let script = "redir! > said | silent echo [&number, &tabstop, &wrap, &listchars, &backspace, &statusline, \
                  &undodir, g:mapleader, g:mine_ran, exists('g:late_ran')] | redir END";
    home.run(
        "vim",
        &[
            "-es",
            "-u",
            ".vimrc",
            "-i",
            "NONE",
            "--cmd",
            "set nocp",
            "-c",
            "runtime! plugin/**/*.vim | packloadall",
            "-c",
            script,
            "-c",
            "qa!",
        ],
    )
    .ok();
    let said = home.read("said");
    let wanted = r#"[1, 4, 0, 'tab:> ,trail:-', 'indent,eol', '%f "x" \ |%l', 'UNDO', ' ', 1, 0]"#;
    let wanted = wanted.replace("UNDO", home.join(".vim/undo").as_str());
    assert_eq!(said.trim(), wanted);
    assert!(
        home.run(
            "vim",
            &[
                "-es",
                "-u",
                ".vimrc",
                "-c",
                "packadd late",
                "-c",
                "exe exists('g:late_ran') ? 'qa!' : 'cq'"
            ]
        )
        .status
            == Some(0)
    );
}

#[test]
fn emacs_reads_variables_modes_keys_and_libraries() {
    if !installed("emacs") {
        return;
    }
    let home = Home::fixture("programs/emacs");
    let all = "(list (default-value 'indent-tabs-mode) (default-value 'fill-column) frame-title-format \
               inhibit-startup-screen tab-stop-list (bound-and-true-p tool-bar-mode) column-number-mode custom-enabled-themes \
               (global-key-binding (kbd \"C-c g\")) (mine-greet) own-last)";
    let said =
        r#"(nil 100 "it's \"%b\" \\ %f" t (2 4 8) nil t (wombat) mine-greet "from the library" t)"#;
    assert_eq!(emacs(&home, all), said);
}

#[test]
fn emacs_installs_packages_at_the_first_start() {
    if !installed("emacs") {
        return;
    }
    let archive = tempfile::tempdir().expect("a temporary folder");
    let at = archive.path().display();
    let contents = "(1 (own . [(0 1) nil \"Own\" single nil]))";
    std::fs::write(archive.path().join("archive-contents"), contents).expect("can be written");
    let package = ";;; own.el --- Own  -*- lexical-binding: t; -*-\n;; Version: 0.1\n;;; Code:\n\
                   (defun own-hello () 'hello)\n(provide 'own)\n;;; own.el ends here\n";
    std::fs::write(archive.path().join("own-0.1.el"), package).expect("can be written");
    let home = Home::config(&format!(
        "programs.emacs {{ enable; elpa-packages \"own\"; archives {{ (replace)own \"{at}/\" }}\n\
         init slot=\"first\" \"(require 'package)\" \"(setq package-archives nil package-check-signature nil)\"\n\
         early-init \"(setq own t)\" }}\n"
    ));
    assert_eq!(emacs(&home, "(progn (require 'own) (own-hello))"), "hello");
}

#[test]
fn helix_takes_settings_languages_and_the_theme() {
    if !installed("hx") || !installed("script") {
        return;
    }
    let home = Home::fixture("programs/helix");
    // The theme is made of one that comes with helix, wherever that stands.
    home.write(".config/helix/themes/nord.toml", "\"ui.background\" = { bg = \"#010203\" }\n");
    let health = home.run("hx", &["--health", "nix"]).ok();
    assert!(health.contains("nixfmt") && health.contains("nil"), "{health}");
    // It runs until it is ended, and draws at once.
    let shown = || {
        let script = "stty cols 120 rows 30; timeout --foreground 2 hx -v a.txt";
        let mut command = home.command("timeout");
        command.args(["20", "script", "-qec", script, "/dev/null"]).env("TERM", "xterm-256color");
        let said = super::home::said(command.env("COLORTERM", "truecolor"));
        said.out + &home.read(".cache/helix/helix.log")
    };
    let out = shown();
    assert!(out.contains("Loaded 1 file"), "{out:?}");
    assert!(!out.contains("[WARN]") && !out.contains("Bad config"), "{out:?}");
    let theme = home.read(".config/helix/themes/mine.toml");
    home.write(".config/helix/themes/mine.toml", &theme.replace("\"default\"", "\"none\""));
    assert!(shown().contains("Failed to parse style"), "it looks at colors");
    let config = home.read(".config/helix/config.toml");
    home.write(".config/helix/config.toml", &config.replace("[100]", "\"100\""));
    assert!(shown().contains("Bad config"), "and at settings");
}
