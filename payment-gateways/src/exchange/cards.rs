//! Takes card numbers and check numbers out of a text.

/// A card number has 13 to 19 digits (ISO/IEC 7812), the last of which is a check digit.
const CARD_MIN_DIGITS: usize = 13;
const CARD_MAX_DIGITS: usize = 19;
/// The digits of a card number that may be kept (PCI DSS 3.4.1): the issuer's, and the last four.
const KEPT_FIRST_DIGITS: usize = 6;
const KEPT_LAST_DIGITS: usize = 4;
/// Words that a check number, a PIN or a password is written behind.
const SECRET_WORDS: [&str; 9] = [
    "cvv",
    "cvc",
    "cvn",
    "cav2",
    "cid",
    "pin",
    "password",
    "passwd",
    "비밀번호",
];
/// How far behind its word a secret is looked for.
const SECRET_REACH_CHARS: usize = 16;

/// The text with every card number cut to its first six and last four digits, and without the digits that
/// follow a word such as "CVC".
pub(crate) fn without_secrets(text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    mask_cards(&mut chars);
    mask_after_words(&mut chars);
    chars.into_iter().collect()
}

/// Digits may stand in groups, with anything short between them: "4111 1111-1111.1111".
fn mask_cards(chars: &mut [char]) {
    let mut run: Vec<usize> = Vec::new();
    let mut masked: Vec<usize> = Vec::new();
    for index in 0..chars.len() {
        let Some(&character) = chars.get(index) else {
            break;
        };
        if character.is_ascii_digit() {
            run.push(index);
        } else if !matches!(character, ' ' | '-' | '.' | '\u{a0}' | '_' | '/') {
            find_cards(chars, &run, &mut masked);
            run.clear();
        }
    }
    find_cards(chars, &run, &mut masked);
    for index in masked {
        if let Some(character) = chars.get_mut(index) {
            *character = '*';
        }
    }
}

/// Every stretch of the run that has a card number's length and check digit: also those that overlap, since
/// nobody can tell which of them is the card.
fn find_cards(chars: &[char], run: &[usize], masked: &mut Vec<usize>) {
    let digit = |place: &usize| chars.get(*place).and_then(|one| one.to_digit(10));
    let digits: Vec<u32> = run.iter().filter_map(digit).collect();
    for start in 0..digits.len() {
        for length in CARD_MIN_DIGITS..=CARD_MAX_DIGITS {
            let Some(stretch) = digits.get(start..start + length) else {
                break;
            };
            if is_card_number(stretch) {
                let (from, to) = (start + KEPT_FIRST_DIGITS, start + length - KEPT_LAST_DIGITS);
                masked.extend(run.get(from..to).unwrap_or_default());
            }
        }
    }
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
fn is_card_number(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let backwards = digits.iter().rev().enumerate();
    let sum: u32 = backwards
        .map(|(place, digit)| {
            if place % 2 == 1 {
                doubled(*digit)
            } else {
                *digit
            }
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}

fn mask_after_words(chars: &mut [char]) {
    let lower: Vec<char> = chars.iter().map(char::to_ascii_lowercase).collect();
    for word in SECRET_WORDS {
        let word: Vec<char> = word.chars().collect();
        for start in 0..lower.len().saturating_sub(word.len() - 1) {
            if lower.get(start..start + word.len()) != Some(word.as_slice()) {
                continue;
            }
            let behind = start + word.len()..(start + word.len() + SECRET_REACH_CHARS);
            for index in behind {
                match chars.get_mut(index) {
                    Some(character) if character.is_ascii_digit() => *character = '*',
                    Some(_) | None => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_cut_wherever_it_stands_and_however_it_is_grouped() {
        for (said, kept) in [
            ("4111111111111111", "411111******1111"),
            (
                "card 5500-0055-5555-5559 refused",
                "card 5500-00**-****-5559 refused",
            ),
            ("4111 1111 1111 1111", "4111 11** **** 1111"),
            ("id=378282246310005;", "id=378282*****0005;"),
        ] {
            assert_eq!(without_secrets(said), kept);
        }
        let inside = without_secrets("94111111111111111");
        assert!(!inside.contains("4111111111111111"), "{inside}");
    }

    #[test]
    fn what_is_no_card_number_stays() {
        for fine in [
            "411111111111",
            "12,900",
            "2026-11-22T02:22:28+09:00",
            "T-2031",
        ] {
            assert_eq!(without_secrets(fine), fine);
        }
    }

    #[test]
    fn digits_behind_a_word_for_a_check_number_are_hidden() {
        assert_eq!(without_secrets("CVC: 123, paid 900"), "CVC: ***, paid ***");
        assert_eq!(without_secrets("비밀번호 1234 오류"), "비밀번호 **** 오류");
    }
}
