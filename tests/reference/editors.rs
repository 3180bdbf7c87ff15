//! `programs.neovim`.

use serde_json::json;

use crate::home::installed;
use crate::reference;

#[test]
fn nvim_is_set_up() {
    if !installed("nvim") {
        return;
    }
    let home = reference();
    let ask = "lua io.write(vim.json.encode({\
        number = vim.o.number, expandtab = vim.o.expandtab, shiftwidth = vim.o.shiftwidth,\
        colors = vim.g.colors_name, truecolor = vim.o.termguicolors,\
        surround = vim.g.loaded_surround, fugitive = vim.fn.exists(':Git')}))";
    let out = home.run("nvim", &["--headless", "-c", ask, "-c", "qa!"]);
    assert_eq!(out.status, Some(0), "{out:#?}");
    // What `io.write` says comes on one stream or the other, by version.
    let text = format!("{}{}", out.out, out.err);
    let read: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
    let wanted = json!({
        "number": true, "expandtab": true, "shiftwidth": 2, "colors": "gruvbox", "truecolor": true,
        "surround": 1, "fugitive": 2,
    });
    assert_eq!(read, wanted);
}
