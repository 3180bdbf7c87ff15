//! Which definitions a value comes from, and why the others lost: for `hcc why`.

use foldhash::HashSet;

use super::Eval;
use super::arena::{At, Part, Raw, SlotId, State};
use crate::diag::Span;
use crate::schema::Place;
use crate::syntax::marks::{Compute, Level};
use crate::value::{Data, quote, short};

/// What became of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It took part.
    Won,
    /// A higher level hides it.
    Hidden,
    /// Its guard does not hold.
    Guarded,
    /// A `(replace)` or `(unset)` drops it.
    Dropped,
}

impl Fate {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Fate::Won => "took part",
            Fate::Hidden => "hidden by a higher level",
            Fate::Guarded => "its guard does not hold",
            Fate::Dropped => "dropped by (replace) or (unset)",
        }
    }
}

/// A definition and what became of it.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The option or key that it defines.
    pub path: String,
    /// What it says, in KDL.
    pub said: String,
    /// Its level.
    pub level: Level,
    /// What became of it.
    pub fate: Fate,
    /// Where it stands.
    pub span: Span,
}

impl Eval {
    /// The slot that a dotted path means; keys may hold dots themselves.
    pub fn find_slot(&self, path: &str) -> Option<SlotId> {
        self.find_below(State::ROOT, path)
    }

    fn find_below(&self, slot: SlotId, rest: &str) -> Option<SlotId> {
        if rest.is_empty() {
            return Some(slot);
        }
        // Reading it brings keys that are computed, and items of lists.
        if !matches!(self.state().slot(slot).at, At::Group(_)) {
            let _read = self.force(slot);
        }
        let ends = rest.match_indices('.').map(|(at, _)| at).chain([rest.len()]);
        ends.into_iter().find_map(|end| {
            let child = self.child_of(slot, rest.get(..end)?.trim_matches('"'))?;
            self.find_below(child, rest.get(end + 1..).unwrap_or(""))
        })
    }

    /// Where the user first says something at a slot or below it.
    pub fn said_at(&self, slot: SlotId) -> Option<Span> {
        let state = self.state();
        let mut open = vec![slot];
        let mut first: Option<(u32, Span)> = None;
        while let Some(id) = open.pop() {
            let own = state.slot(id);
            let defs = state.defs(id).map(|def| (def.seq, def.span));
            let said = state.mentions(id).map(|mention| (mention.seq, mention.span)).chain(defs);
            let users = said.filter(|(_, span)| span.end > 0 && self.is_users(span));
            first = first.into_iter().chain(users).min_by_key(|(seq, _)| *seq);
            open.extend(own.children.values().copied());
        }
        first.map(|(_, span)| span)
    }

    /// All definitions at a slot and below it, in order.
    pub fn definitions(&self, slot: SlotId) -> Vec<Explained> {
        let _read = self.force(slot);
        let mut found = Vec::new();
        self.definitions_below(slot, &mut HashSet::default(), &mut found);
        found.sort_by_key(|(seq, _)| *seq);
        found.into_iter().map(|(_, one)| one).collect()
    }

    fn definitions_below(
        &self,
        slot: SlotId,
        seen: &mut HashSet<SlotId>,
        found: &mut Vec<(u32, Explained)>,
    ) {
        if !seen.insert(slot) {
            return;
        }
        let (defs, path, mut children, at) = {
            let state = self.state();
            let own = state.slot(slot);
            let children: Vec<_> = own.children.values().copied().collect();
            let defs: Vec<_> = state.defs(slot).cloned().collect();
            (defs, state.path(slot), children, own.at.clone())
        };
        if let At::Group(group) = &at {
            // What is kept in `settings` stands there, and is part of the group all the same.
            let kept =
                |place: &Place| matches!(place, Place::Option(decl) if decl.rare().into.is_some());
            let names = group.places.iter().filter(|(_, place)| kept(place)).map(|(name, _)| name);
            children.extend(names.filter_map(|name| self.child_of(slot, name)));
        }
        let drops = self.drops(slot).unwrap_or_default();
        let mut rows = Vec::new();
        for def in defs {
            let fate = if self.dropped(&drops, def.level, def.under) {
                Fate::Dropped
            } else if self.instances(def.block).is_ok_and(|envs| envs.is_empty()) {
                Fate::Guarded
            } else {
                Fate::Won
            };
            rows.push((def, fate));
        }
        let top =
            rows.iter().filter(|(_, fate)| *fate == Fate::Won).map(|(def, _)| def.level).max();
        for (def, fate) in rows {
            if def.part == Part::EmptyMap {
                continue;
            }
            let hidden = fate == Fate::Won && top.is_some_and(|top| def.level < top);
            let said = match &def.raw {
                Raw::Literal(Data::List(list)) if list.is_empty() => "(an empty list)".to_owned(),
                Raw::Literal(data) => short(&data.kdl()),
                Raw::Computed(compute, text) => {
                    let mark = match compute {
                        Compute::Format => "f",
                        Compute::Expr => "expr",
                        Compute::File => "file",
                        Compute::Template => "template",
                    };
                    short(&format!("({mark}){}", quote(text)))
                }
                Raw::Object(_) | Raw::Item(_) => "(an item)".to_owned(),
            };
            let fate = if hidden { Fate::Hidden } else { fate };
            found.push((
                def.seq,
                Explained { path: path.clone(), said, level: def.level, fate, span: def.span },
            ));
        }
        for child in children {
            self.definitions_below(child, seen, found);
        }
    }
}
