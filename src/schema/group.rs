//! Where options stand.

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
    pub path: EcoString,
    /// What is in it, by name.
    pub places: Places,
    /// The target that stands here, if one does.
    pub target: Option<Arc<Target>>,
}

impl Group {
    /// The names that can be written here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(|name| &**name)
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
        let Some((first, rest)) = path.split_once('.') else {
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
        match path.split_once('.') {
            Some((first, rest)) => {
                if !self.places.contains_key(first) {
                    let path = join(&self.path, first);
                    let group = Group { path, ..Group::default() };
                    self.places.insert(first.into(), Place::Group(Arc::new(group)));
                }
                match self.places.get_mut(first) {
                    Some(Place::Group(group)) => Arc::make_mut(group).insert(rest, place),
                    Some(option @ Place::Option(_)) => Err(option.clone()),
                    None => Ok(()),
                }
            }
            None => match (self.places.get_mut(path), place) {
                (None, place) => {
                    self.places.insert(path.into(), place);
                    Ok(())
                }
                (Some(Place::Group(old)), Place::Group(new)) if old.target.is_none() => {
                    // A nested group was seen before its target: both are kept.
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
