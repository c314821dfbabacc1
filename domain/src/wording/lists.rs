//! Lists of phrases, as they stand in files: one phrase on each line, under the language in
//! brackets that it is of; a line that begins with `--` is for people.

/// Returns the phrases of a list, each with the code of its language.
pub(super) fn phrases(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut language = "";
    list.lines().filter_map(move |line| {
        let line = line.trim();
        let heading = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if let Some(code) = heading {
            language = code;
            return None;
        }
        (!line.is_empty() && !line.starts_with("--")).then_some((language, line))
    })
}
