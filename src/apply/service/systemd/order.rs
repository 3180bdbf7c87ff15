//! The order among units that are started or stopped in one go.
//!
//! systemd itself orders only what it was told to do already, so that units are told in waves:
//! one that comes after another is told when that one is done.

use std::collections::{BTreeMap, BTreeSet};

use super::State;
use super::unit::Definitions;

/// For each of these units, after how many others in a row it comes.
pub(super) fn waves<'a>(
    units: &BTreeSet<&'a str>,
    definitions: &Definitions<'_>,
    states: &BTreeMap<String, State>,
) -> BTreeMap<&'a str, usize> {
    let mut after: Vec<(&str, &str)> = Vec::new();
    for unit in units {
        let definition = definitions.find(unit);
        let named = |key: &str| -> Vec<&'a str> {
            let words = definition.iter().flat_map(|own| own.ini.words("Unit", key));
            words.filter_map(|word| units.get(word).copied()).collect()
        };
        after.extend(named("After").into_iter().map(|other| (*unit, other)));
        after.extend(named("Before").into_iter().map(|other| (other, *unit)));
        // A service that runs keeps its socket from being started.
        let triggers = states.get(*unit).into_iter().flat_map(|state| &state.triggers);
        let triggers = triggers.filter_map(|name| units.get(name.as_str()).copied());
        after.extend(triggers.map(|service| (service, *unit)));
    }
    let mut waves: BTreeMap<&str, usize> = units.iter().map(|unit| (*unit, 0)).collect();
    // No way through them is longer than this, unless it is a circle, which has no order.
    for _ in units {
        let mut settled = true;
        for (unit, other) in &after {
            let least = waves.get(other).map_or(0, |wave| wave + 1);
            if let Some(wave) =
                waves.get_mut(unit).filter(|wave| **wave < least && least < units.len())
            {
                *wave = least;
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    waves
}
