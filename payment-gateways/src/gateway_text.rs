//! Makes a gateway's texts fit to be kept: they become part of events, and events are for ever.

use crate::exchange::without_secrets;

/// The most characters of a gateway's message: more is of no use to a buyer.
const MESSAGE_MAX_CHARS: usize = 200;
/// The most characters of a gateway's code.
const CODE_MAX_CHARS: usize = 64;
/// The most characters of a gateway's id of a transaction: the payment schema's column has a hundred.
const TRANSACTION_ID_MAX_CHARS: usize = 100;
/// So many digits in a row may be a card number (ISO/IEC 7812: 12 to 19).
const CARD_NUMBER_MIN_DIGITS: usize = 12;

/// A message without control characters and without anything that could be a card number or a check number, cut
/// to size.
pub(crate) fn safe_message(raw: &str) -> String {
    let mut safe = String::new();
    let mut run = String::new();
    for character in raw.chars().take(MESSAGE_MAX_CHARS) {
        // Card numbers are often grouped: 4111 1111 1111 1111.
        let joins = !run.is_empty() && matches!(character, ' ' | '-' | '.');
        if character.is_ascii_digit() || joins {
            run.push(character);
            continue;
        }
        flush(&mut safe, &mut run);
        if !character.is_control() {
            safe.push(character);
        }
    }
    flush(&mut safe, &mut run);
    without_secrets(&safe)
}

/// The code, if it looks like one.
pub(crate) fn safe_code(raw: &str) -> Option<&str> {
    let plain = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
    let fits = (1..=CODE_MAX_CHARS).contains(&raw.len()) && raw.bytes().all(plain);
    let digits = raw.bytes().filter(u8::is_ascii_digit).count();
    (fits && digits < CARD_NUMBER_MIN_DIGITS).then_some(raw)
}

/// Whether this can be a gateway's id of a transaction: short, visible ASCII.
pub(crate) fn is_transaction_id(raw: &str) -> bool {
    (1..=TRANSACTION_ID_MAX_CHARS).contains(&raw.len())
        && raw.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether this looks like an ISO 4217 code.
pub(crate) fn is_currency(raw: &str) -> bool {
    raw.len() == 3 && raw.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn flush(safe: &mut String, run: &mut String) {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    if digits >= CARD_NUMBER_MIN_DIGITS {
        safe.push_str("***");
        let tail = run.trim_end_matches([' ', '-', '.']).len();
        safe.push_str(&run[tail..]);
    } else {
        safe.push_str(run);
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_never_carries_a_card_number() {
        let said = "card 4111 1111-1111.1111 of 2031 refused";
        assert_eq!(safe_message(said), "card *** of 2031 refused");
        assert_eq!(safe_message("5500005555555559"), "***");
        assert_eq!(safe_message("잔액 부족 (12,900원)"), "잔액 부족 (12,900원)");
    }

    /// "card *** CVC: 7889 refused" stood in an event.
    #[test]
    fn a_message_never_carries_a_check_number() {
        let said = "card 4111 1111 1111 1111 CVC: 7889 refused";
        assert_eq!(safe_message(said), "card *** CVC: **** refused");
    }

    #[test]
    fn a_message_is_cut_and_has_no_control_characters() {
        assert_eq!(safe_message("a\r\nb\u{7}c\0"), "abc");
        let cut = safe_message(&"가".repeat(5_000));
        assert_eq!(cut.chars().count(), MESSAGE_MAX_CHARS);
    }

    #[test]
    fn a_code_is_kept_only_if_it_looks_like_one() {
        assert_eq!(safe_code("CARD_DECLINED"), Some("CARD_DECLINED"));
        let long = "A".repeat(CODE_MAX_CHARS + 1);
        for bad in [
            "",
            "card declined",
            "<html>",
            "4111111111111111",
            long.as_str(),
        ] {
            assert_eq!(safe_code(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_transaction_id_and_a_currency_are_plain() {
        assert!(is_transaction_id("mock_0192"));
        assert!(!is_transaction_id(""));
        assert!(!is_transaction_id("a b"));
        assert!(!is_transaction_id(
            &"x".repeat(TRANSACTION_ID_MAX_CHARS + 1)
        ));
        assert!(is_currency("KRW"));
        assert!(!is_currency("krw"));
        assert!(!is_currency("KRWX"));
    }
}
