//! Card numbers in what clients send. The shop never needs one: cards are typed at the gateway's page. So where a
//! client can write what it likes, a card's number is refused before it gets anywhere that remembers.

/// A card number has 13 to 19 digits (ISO/IEC 7812), the last of which is a check digit.
const MIN_DIGITS: usize = 13;
const MAX_DIGITS: usize = 19;
/// The full-width digits that Korean keyboards write.
const FULL_WIDTH_ZERO: u32 = 0xff10;

/// Whether a text has a card's number in it: 13 to 19 digits with a card's check digit and a beginning that
/// issuers use, in groups or not ("4111 1111-1111.1111"). Digits that stand together are one group, so a long
/// number of another kind is not taken apart until a part of it looks like a card.
#[must_use]
pub fn has_card_number(text: &str) -> bool {
    let mut run: Vec<Vec<u32>> = vec![Vec::new()];
    for character in text.chars() {
        if let Some(digit) = digit(character) {
            if let Some(group) = run.last_mut() {
                group.push(digit);
            }
        } else if matches!(character, ' ' | '-' | '.' | '\u{a0}' | '_' | '/') {
            run.push(Vec::new());
        } else {
            if run_has_card_number(&run) {
                return true;
            }
            run = vec![Vec::new()];
        }
    }
    run_has_card_number(&run)
}

fn digit(character: char) -> Option<u32> {
    let full_width = u32::from(character).checked_sub(FULL_WIDTH_ZERO);
    character
        .to_digit(10)
        .or(full_width.filter(|digit| *digit < 10))
}

/// Any neighbouring groups: a card's number may have its expiry behind it.
fn run_has_card_number(run: &[Vec<u32>]) -> bool {
    (0..run.len()).any(|start| {
        let mut digits = Vec::new();
        for group in run.iter().skip(start) {
            digits.extend(group);
            // What is too long already only gets longer: a text of many groups must stay cheap.
            if digits.len() > MAX_DIGITS {
                return false;
            }
            if is_card_number(&digits) {
                return true;
            }
        }
        false
    })
}

fn is_card_number(digits: &[u32]) -> bool {
    (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) && is_of_an_issuer(digits) && checks(digits)
}

/// The beginnings that card networks use: Mastercard's second series, the blocks 3 to 6, UnionPay's 81, and 9,
/// which is each country's own (in Korea, cards for use at home).
fn is_of_an_issuer(digits: &[u32]) -> bool {
    let first = |count: usize| {
        let digits = digits.iter().take(count);
        digits.fold(0, |number, digit| number * 10 + digit)
    };
    matches!(first(1), 3..=6 | 9) || first(2) == 81 || (2221..=2720).contains(&first(4))
}

/// Luhn's check (ISO/IEC 7812-1, annex B): every second digit from the right counts twice.
fn checks(digits: &[u32]) -> bool {
    let backwards = digits.iter().rev().enumerate();
    let sum: u32 = backwards
        .map(|(place, digit)| match (place % 2, digit * 2) {
            (0, _) => *digit,
            (_, twice) => twice / 10 + twice % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_found_wherever_it_stands_and_however_it_is_grouped() {
        for text in [
            "4111111111111111",
            "my card is 4111 1111 1111 1111, exp 12/29",
            "4111 1111 1111 1111 12/29",
            "no. 5500-0055-5555-5559",
            "378282246310005",
            "카드 4111.1111.1111.1111 입니다",
            "４１１１ １１１１ １１１１ １１１１",
            "2223003122003222",
            "10 x 4111 1111 1111 1111",
        ] {
            assert!(has_card_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_fine() {
        for text in [
            "",
            "4111111111111112",
            "2026-11-22T02:22:28+09:00",
            "010-1234-5678",
            "1732250000000",
            "123456789012",
            "01012111051714341073",
            "0193a2c4-5b6d-7e8f-9012-345678901234",
            "changed my mind",
        ] {
            assert!(!has_card_number(text), "{text}");
        }
    }
}
