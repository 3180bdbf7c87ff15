//! Files of the configuration as values: `(file)` and `(template)`.

use std::borrow::Cow;

use minijinja::Value as Jinja;

use super::Eval;
use super::arena::{EnvId, Poisoned};
use super::expr::{Within, environment, tangled};
use super::interpolate::is_tangled_template;
use super::mistake;
use super::objects::ScopeObject;
use super::page;
use crate::diag::{Diagnostic, Span};
use crate::files;
use crate::schema::library;
use crate::syntax::import::reason;

impl Eval {
    /// A file of the configuration as text.
    pub(super) fn file_text(&self, path: &str, span: Span) -> Result<String, Poisoned> {
        let own = camino::Utf8Path::new(path);
        let bytes = files::read(own).map_err(|error| {
            let problem = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    let folder = self.shared.folders.get(&span.source).cloned().unwrap_or_default();
                    let what = format!("there is no file `{path}`");
                    Diagnostic::error("missing-source", span, "not there", what)
                        .meant(span, crate::syntax::import::near_path(&folder, own))
                }
                std::io::ErrorKind::IsADirectory => {
                    let what = format!("a file is expected, found the folder `{path}`");
                    Diagnostic::error("unreadable-source", span, "a folder", what)
                        .help("name a file in it")
                }
                _ => {
                    let what = format!("cannot read `{path}`: {}", reason(&error));
                    Diagnostic::error("unreadable-source", span, "not readable", what)
                }
            };
            self.push(problem);
            Poisoned
        })?;
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..at).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = format!("`{path}` is not UTF-8 from line {line} on (byte {at})");
            self.push(
                Diagnostic::error("not-utf8", span, "read here", what)
                    .help("save the file as UTF-8, or take it as it is with `source`"),
            );
            Poisoned
        })
    }

    /// A template, of the configuration or embedded, rendered.
    pub fn template(&self, path: &str, span: Span, env: EnvId) -> Result<String, Poisoned> {
        let embedded = (!self.shared.folders.contains_key(&span.source))
            .then(|| library::template(path))
            .flatten();
        let text: Cow<'_, str> = match embedded {
            Some(text) => text.into(),
            None => match self.shared.templates.get(path) {
                Some(id) => self.shared.sources.text(*id).to_string().into(),
                None => self.file_text(path, span)?.into(),
            },
        };
        if embedded.is_none() && is_tangled_template(&text) {
            self.push(tangled(span));
            return Err(Poisoned);
        }
        let names = Within { eval: self, env };
        let common = embedded.is_some() || page::is_common(&text, &names);
        if common && let (Some(text), false) = self.watched(span, || page::page(&text, &names)) {
            return Ok(text);
        }
        let name = camino::Utf8Path::new(path).file_name().unwrap_or(path);
        let scope = Jinja::from_object(ScopeObject { eval: self.handle, env });
        let (result, poisoned) = self.watched(span, || {
            let template = environment().template_from_named_str(name, &text)?;
            template.render(scope)
        });
        match result {
            _ if poisoned => Err(Poisoned),
            Ok(text) => Ok(text),
            Err(error) => {
                self.push(mistake::template(&error, path, &text, span, &self.shared));
                Err(Poisoned)
            }
        }
    }
}
