//! "Did you mean".

/// The candidate nearest to `name`, if one is near enough to be what was meant.
///
/// A third of the letters may be wrong, at least one; `-`, `_` and case do not count. A part of a
/// candidate means it too, and so does its beginning.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name is that long, and the search is slow where it is.
    if name.len() > 100 {
        return None;
    }
    let simple = |text: &str| {
        text.chars()
            .filter(|c| !matches!(c, '-' | '_' | '.'))
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted: String = simple(name);
    let limit = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| {
            let other: String = simple(candidate);
            let mut distance = strsim::damerau_levenshtein(&wanted, &other);
            let shared = wanted.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            let begins = shared >= 5 && shared + 1 >= wanted.chars().count();
            if distance > limit && (begins || wanted.len() >= 3 && other.contains(&wanted)) {
                distance = limit;
            }
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
