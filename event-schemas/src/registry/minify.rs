//! JSON without white space, everything else untouched.
//!
//! A parser would not do: it sorts an object's keys, and Avro's own printer drops the documentation and
//! the defaults.

/// Drops the white space between the tokens of a JSON text.
pub(super) fn minify(json: &str) -> String {
    let mut minified = String::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            in_string = character == '"';
        }
        minified.push(character);
    }
    minified
}

#[cfg(test)]
mod tests {
    use super::minify;

    #[test]
    fn white_space_goes_only_between_tokens() {
        let json = "{ \"a b\" : [ 1 ,\n\t2 ], \"q\\\" x\" : \"\\\\\" , \"n\" : null }\n";
        assert_eq!(minify(json), r#"{"a b":[1,2],"q\" x":"\\","n":null}"#);
    }
}
