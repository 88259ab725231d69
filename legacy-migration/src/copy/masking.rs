//! Card numbers and security codes, which no table here may hold: a number is cut to its first six and last
//! four digits, a code goes altogether (PCI DSS 3.3 and 3.4).

/// The shortest and the longest card number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// What stays of a number, at its beginning and at its end.
const KEPT_FIRST: usize = 6;
const KEPT_LAST: usize = 4;
/// What gateways call the code on the card, in small letters and without separators.
const CODE_NAMES: [&str; 6] = ["cvv", "cvc", "cvv2", "cvc2", "cvn", "securitycode"];
/// How far behind its name a code may stand: quotes, a colon, spaces.
const CODE_REACH_CHARS: usize = 6;

/// The text without card numbers and codes, and whether there were any.
pub(crate) fn mask(text: &str) -> (String, bool) {
    // Nearly every text has nothing of the kind: a look at its digits is enough.
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return (text.to_owned(), false);
    }
    let mut chars: Vec<char> = text.chars().collect();
    let numbers = cut_numbers(&mut chars);
    let codes = cut_codes(&mut chars);
    (chars.into_iter().collect(), numbers || codes)
}

/// A column that holds nothing but a card number: cut whatever its digits say.
pub(crate) fn cut_card_number(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < *CARD_DIGITS.start() {
        return text.to_owned();
    }
    let masked = digits.len() - KEPT_FIRST - KEPT_LAST;
    let first = digits.iter().take(KEPT_FIRST);
    let last = digits.iter().skip(KEPT_FIRST + masked);
    first
        .chain(std::iter::repeat_n(&'*', masked))
        .chain(last)
        .collect()
}

fn cut_numbers(chars: &mut [char]) -> bool {
    let mut found = false;
    let mut at = 0;
    while at < chars.len() {
        let run = digits_from(chars, at);
        if is_card_number(chars, &run) {
            let middle = run.len() - KEPT_LAST;
            for index in run.iter().take(middle).skip(KEPT_FIRST) {
                chars[*index] = '*';
            }
            found = true;
        }
        at = run.last().copied().unwrap_or(at) + 1;
    }
    found
}

/// The places of the digits of a number that begins here; single spaces and hyphens may stand between them.
fn digits_from(chars: &[char], start: usize) -> Vec<usize> {
    let mut run = Vec::new();
    let mut at = start;
    while let Some(char) = chars.get(at) {
        let goes_on = || chars.get(at + 1).is_some_and(char::is_ascii_digit);
        match char {
            digit if digit.is_ascii_digit() => run.push(at),
            ' ' | '-' if !run.is_empty() && goes_on() => {}
            _ => break,
        }
        at += 1;
    }
    run
}

fn is_card_number(chars: &[char], run: &[usize]) -> bool {
    if !CARD_DIGITS.contains(&run.len()) {
        return false;
    }
    let digits: Vec<u32> = run
        .iter()
        .filter_map(|at| chars[*at].to_digit(10))
        .collect();
    // The issuers' ranges; numbers of orders and times begin with other digits.
    let issuer = matches!(digits.first(), Some(2..=6));
    issuer && luhn_sum(&digits).is_multiple_of(10)
}

fn luhn_sum(digits: &[u32]) -> u32 {
    let weighed = digits.iter().rev().enumerate().map(|(place, digit)| {
        let doubled = digit * 2;
        match place % 2 {
            0 => *digit,
            _ if doubled > 9 => doubled - 9,
            _ => doubled,
        }
    });
    weighed.sum()
}

/// Cuts three or four digits that stand behind a code's name.
fn cut_codes(chars: &mut Vec<char>) -> bool {
    let mut found = false;
    let mut at = 0;
    while at < chars.len() {
        match code_behind(chars, at) {
            Some((start, end, quoted)) => {
                // A bare number in JSON becomes null, so that the rest stays JSON.
                let kept = if quoted { "***" } else { "null" };
                chars.splice(start..end, kept.chars());
                found = true;
                at = start + kept.len();
            }
            None => at += 1,
        }
    }
    found
}

/// The digits of a code whose name begins here: from, to, and whether they are not a bare JSON number.
fn code_behind(chars: &[char], start: usize) -> Option<(usize, usize, bool)> {
    if start > 0 && chars[start - 1].is_ascii_alphanumeric() {
        return None;
    }
    let mut name = String::new();
    let mut at = start;
    while let Some(char) = chars
        .get(at)
        .filter(|c| c.is_ascii_alphanumeric() || **c == '_')
    {
        if *char != '_' {
            name.push(char.to_ascii_lowercase());
        }
        at += 1;
    }
    let named = CODE_NAMES.iter().any(|code| name.ends_with(code));
    if !named {
        return None;
    }
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let separators = (at..chars.len().min(at + CODE_REACH_CHARS)).find(|at| digit(*at))?;
    let mut between = chars[at..separators].iter();
    if !between.all(|char| matches!(char, '"' | '\'' | ':' | '=' | ' ' | '>' | '\\')) {
        return None;
    }
    let end = (separators..chars.len())
        .find(|at| !digit(*at))
        .unwrap_or(chars.len());
    let is_bare = chars[separators - 1] != '"' && chars[at..separators].contains(&':');
    matches!(end - separators, 3 | 4).then_some((separators, end, !is_bare))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_card_number_keeps_its_first_six_and_last_four_digits() {
        for (text, kept) in [
            (
                r#"{"card":"4111111111111111"}"#,
                r#"{"card":"411111******1111"}"#,
            ),
            ("5555-5555-5555-4444", "5555-55**-****-4444"),
            ("no 3782 822463 10005!", "no 3782 82**** *0005!"),
        ] {
            assert_eq!(mask(text), (kept.to_owned(), true));
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are() {
        for text in [
            "4111111111111112",                  // its check digit is wrong
            "20230501093000",                    // a time: its check digit happens to be wrong
            r#"{"orderId":"1234567812345670"}"#, // no issuer begins with 1
            "12900",
            "cvs 123",
            "a security code is asked for",
        ] {
            assert_eq!(mask(text), (text.to_owned(), false), "{text}");
        }
    }

    #[test]
    fn a_security_code_goes_altogether() {
        for (text, kept) in [
            (r#"{"cvc":"123","a":1}"#, r#"{"cvc":"***","a":1}"#),
            (r#"{"card_cvv": 1234}"#, r#"{"card_cvv": null}"#),
            ("pan=x&CVV2=987&y=1", "pan=x&CVV2=***&y=1"),
            (
                "<securityCode>123</securityCode>",
                "<securityCode>***</securityCode>",
            ),
        ] {
            assert_eq!(mask(text), (kept.to_owned(), true));
        }
    }

    #[test]
    fn a_column_of_card_numbers_is_cut_whatever_its_check_digit() {
        assert_eq!(cut_card_number("1234 5678 1234 5678"), "123456******5678");
        assert_eq!(cut_card_number("411111******1111"), "411111******1111");
    }

    proptest! {
        #[test]
        fn masking_twice_is_masking_once_and_nothing_panics(text in ".{0,80}") {
            let (once, _) = mask(&text);
            prop_assert_eq!(mask(&once).0, once);
        }
    }
}
