//! Where options stand.

use std::borrow::Cow;
use std::sync::Arc;

use ecow::EcoString;

use super::option::{OptionDecl, Scope, Target};
use super::places::{Places, Trait};

/// What stands at a name.
#[derive(Clone, Debug)]
pub enum Place {
    /// Options below a common name, or a target.
    Group(Arc<Group>),
    /// An option.
    Option(Arc<OptionDecl>),
}

/// Options below a common name.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The dotted path; empty at the root.
    pub path: Cow<'static, str>,
    /// What is in it, by name.
    pub places: Places,
    /// The target that stands here, if one does.
    pub target: Option<Arc<Target>>,
}

impl Group {
    /// The names that can be written here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys()
    }

    /// Whether anything in it is the machine's.
    pub fn has_of_machine(&self) -> bool {
        self.places.with(Trait::Machine).any(|place| match place {
            Place::Option(_) => true,
            Place::Group(inner) => {
                inner.target.as_ref().is_some_and(|target| target.scope == Scope::System)
                    || inner.has_of_machine()
            }
        })
    }

    /// Finds a dotted path below; the rest after an option is reached comes back as it stands.
    pub fn find<'a>(&self, path: &'a str) -> Option<(Place, &'a str)> {
        let Some((first, rest)) = split(path) else {
            return self.places.get(path).map(|place| (place.clone(), ""));
        };
        match self.places.get(first)? {
            Place::Group(group) => group.find(rest),
            option @ Place::Option(_) => Some((option.clone(), rest)),
        }
    }

    /// Adds something at a dotted path below; groups on the way are made.
    ///
    /// # Errors
    /// What stands there already, if the place is taken.
    pub fn insert(&mut self, path: &str, place: Place) -> Result<(), Place> {
        match split(path) {
            Some((first, rest)) => {
                if !self.places.contains_key(first) {
                    let path = String::from(join(&self.path, first)).into();
                    let group = Group { path, ..Group::default() };
                    self.places.insert(first.into(), Place::Group(Arc::new(group)));
                }
                if let Some(option @ Place::Option(_)) = self.places.get(first) {
                    return Err(option.clone());
                }
                match self.places.get_mut(first) {
                    Some(Place::Group(group)) => Arc::make_mut(group).insert(rest, place),
                    Some(Place::Option(_)) | None => Ok(()),
                }
            }
            None => match (self.places.get(path), place) {
                (None, place) => {
                    self.places.insert(path.into(), place);
                    Ok(())
                }
                (Some(Place::Group(old)), Place::Group(new)) if old.target.is_none() => {
                    // A nested group was seen before its target: both are kept.
                    let Some(Place::Group(old)) = self.places.get_mut(path) else { return Ok(()) };
                    let old = Arc::make_mut(old);
                    old.target.clone_from(&new.target);
                    for (name, place) in new.places.iter() {
                        old.insert(name, place.clone())?;
                    }
                    Ok(())
                }
                (Some(old), _) => Err(old.clone()),
            },
        }
    }
}

/// All that is declared in a run.
#[derive(Debug, Default)]
pub struct Schema {
    /// The options.
    pub root: Arc<Group>,
    /// The targets, parents before the ones nested in them.
    pub targets: Vec<Arc<Target>>,
}

/// The first name of a dotted path, and the others. Byte by byte: names are short.
fn split(path: &str) -> Option<(&str, &str)> {
    let dot = path.bytes().position(|byte| byte == b'.')?;
    Some((path.get(..dot)?, path.get(dot + 1..)?))
}

/// `a.b`, or `b` below the root.
pub fn join(prefix: &str, name: &str) -> EcoString {
    if prefix.is_empty() {
        return name.into();
    }
    let mut path = EcoString::with_capacity(prefix.len() + 1 + name.len());
    for part in [prefix, ".", name] {
        path.push_str(part);
    }
    path
}
