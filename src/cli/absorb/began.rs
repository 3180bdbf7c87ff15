//! What an edit was made on: what hcc had written when it began.

use camino::Utf8Path;

use super::case::{Case, Why, made_by, why};
use crate::apply::base;
use crate::apply::join::Side;
use crate::apply::manifest::{Hash, Kind};
use crate::apply::wanted::Wanted;
use crate::emit;

impl Case<'_> {
    /// Whether what stands there was made after a file was last written. Until then a link to that
    /// stood there, and whoever edited it had its newest text.
    pub(super) fn is_newer_than(&self, source: &Utf8Path) -> bool {
        let own = std::fs::symlink_metadata(self.site.path.join(self.path()));
        let made = own.and_then(|own| own.created().or_else(|_| own.modified()));
        let written = std::fs::metadata(source).and_then(|source| source.modified());
        matches!((made, written), (Ok(made), Ok(written)) if made >= written)
    }

    /// The generation with whose content the edit began, if that is not the one in effect.
    pub(super) fn began(&self) -> Option<u64> {
        base::generation(self.site, self.record, self.path())
    }

    /// What hcc had written when the edit began.
    pub(super) fn base(&self) -> Result<Wanted, Why> {
        let Some(number) = self.began() else {
            return self.sight.wanted.cloned().ok_or_else(|| why("it is not managed"));
        };
        let lost = |reason: String| {
            let what = format!("the edit was made on what generation {number} holds");
            vec![format!("{what}: {reason}"), self.choose()]
        };
        let held = base::of(self.site, number, self.path());
        held.map_err(|error| lost(error.to_string()))?
            .ok_or_else(|| lost("it does not have this path".to_owned()))
    }

    /// Whether nobody knows any more what hcc had written when the edit began.
    pub(super) fn is_lost(&self) -> bool {
        let lost = |base: Wanted| {
            base.entry.kind.hash().is_some() && base::bytes(self.site, &base).is_err()
        };
        self.base().map_or(true, lost)
    }

    /// [`Self::base_text`]; without it, whoever prefers the file prefers all of it.
    pub(super) fn ground(&self, config: &str) -> Result<String, Why> {
        match self.base_text() {
            Err(_) if self.prefer == Some(Side::File) => Ok(config.to_owned()),
            base => base,
        }
    }

    /// What hcc had written when the edit began, as text: what a generation holds, or what the
    /// configuration says if that is the same.
    pub(super) fn base_text(&self) -> Result<String, Why> {
        let base = self.base()?;
        let compiled = made_by(&self.first.user.document, self.path(), self.root);
        if let Some((file, _)) = compiled
            && base.entry.kind.hash() == Some(Hash::of(file.text.as_bytes()))
        {
            return Ok(file.text.to_string());
        }
        if let Kind::Merge(_) = base.entry.kind {
            let declared = base.declared().map_err(why)?;
            let format = emit::find(&declared.format).ok_or_else(|| why("its format is gone"))?;
            let text = emit::write(format, &declared.value, &declared.params);
            return text.map(|text| text.text).map_err(|_| why("it cannot be written again"));
        }
        if base.entry.kind.hash().is_none() {
            return Err(why("it was a link when the edit began, so what was edited is not known"));
        }
        let bytes = base::bytes(self.site, &base).map_err(|error| {
            vec![
                format!("what hcc wrote there is lost: {}", crate::files::reason(&error)),
                self.choose(),
            ]
        })?;
        String::from_utf8(bytes).map_err(|_| why("what hcc wrote is no text"))
    }
}
