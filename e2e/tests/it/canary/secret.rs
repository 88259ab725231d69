//! What is planted, and looking for it.

use uuid::Uuid;

/// How far behind a word for it a check number is looked for, in bytes.
const REACH_BYTES: usize = 24;
/// What a check number is written behind.
const WORDS: [&str; 5] = ["cvv", "cvc", "cvn", "cav2", "securitycode"];

/// A card that nobody has: another one in each run, so that what is found is of this one.
pub(crate) struct Secret {
    /// Sixteen digits, the last of which is the check digit.
    pub(super) number: String,
    /// Four digits.
    pub(super) check_number: String,
}

impl Secret {
    pub(super) fn new() -> Self {
        let chance = Uuid::now_v7().as_u128();
        // An issuer's beginning, then chance.
        let digits = format!("453914{:09}", chance % 1_000_000_000);
        Self {
            number: format!("{digits}{}", check_digit(&digits)),
            check_number: format!("{:04}", (chance / 7) % 10_000),
        }
    }

    /// In groups of four.
    pub(super) fn grouped(&self, between: &str) -> String {
        let groups: Vec<&str> = (0..16)
            .step_by(4)
            .map(|at| &self.number[at..at + 4])
            .collect();
        groups.join(between)
    }

    /// A sentence with both in it.
    pub(super) fn sentence(&self) -> String {
        format!(
            "card {} CVC: {} refused",
            self.grouped(" "),
            self.check_number
        )
    }

    /// Where it is in these bytes, if it is: the number as it is, in groups, or as bytes are written in a dump;
    /// the check number behind a word for it.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        let number = text_in(&self.number, bytes);
        let grouped = || {
            let mut forms = [" ", "-", "."].into_iter();
            forms.find_map(|between| text_in(&self.grouped(between), bytes))
        };
        if let Some(found) = number.or_else(grouped) {
            return Some(found);
        }
        let lower = bytes.to_ascii_lowercase();
        for word in WORDS {
            let mut from = 0;
            while let Some(at) = position(&lower[from..], word.as_bytes()) {
                let behind = from + at + word.len();
                let reach = &lower[behind..lower.len().min(behind + REACH_BYTES)];
                if position(reach, self.check_number.as_bytes()).is_some() {
                    return Some(around(bytes, from + at));
                }
                from = behind;
            }
        }
        None
    }
}

/// Where a text is in these bytes, if it is: as it is, or as bytes are written in a dump.
pub(crate) fn text_in(text: &str, bytes: &[u8]) -> Option<String> {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = [text, hex.as_str()].into_iter();
    let at = forms.find_map(|form| position(bytes, form.as_bytes()))?;
    Some(around(bytes, at))
}

fn check_digit(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') * if place % 2 == 0 { 2 } else { 1 };
            digit / 10 + digit % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(wanted) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// What stands around a place, for whoever has to find out how it came there.
fn around(bytes: &[u8], at: usize) -> String {
    let (from, to) = (at.saturating_sub(120), bytes.len().min(at + 120));
    String::from_utf8_lossy(&bytes[from..to]).into_owned()
}

#[test]
fn the_search_finds_either_number_in_each_form_and_nothing_else() {
    let secret = Secret::new();
    let (number, check) = (&secret.number, &secret.check_number);
    let hex: String = number.bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [
        format!("\u{0}..{number}"),
        secret.grouped(" "),
        secret.grouped("-"),
        format!("\\x22{hex}22"),
        format!("{{\"CVV\":\"{check}\"}}"),
        format!("securityCode = {check}"),
    ] {
        assert!(secret.found_in(text.as_bytes()).is_some(), "{text}");
    }
    let masked = format!("{}******{} cvv *** at {check}", &number[..6], &number[12..]);
    let far = format!("cvv ***{}{check}", ".".repeat(REACH_BYTES));
    for text in [
        masked.replace(check, "-"),
        far,
        Secret::new().sentence().replace(check, "-"),
    ] {
        assert_eq!(secret.found_in(text.as_bytes()), None, "{text}");
    }
}
