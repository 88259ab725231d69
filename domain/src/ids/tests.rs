//! Ids and coupon codes: what parses, and that one thing has one name.

use proptest::prelude::*;

use super::*;

const TEXT: &str = "01910000-0000-7000-8000-000100000001";

#[test]
fn only_the_hyphenated_form_is_an_id() {
    let id: OrderId = TEXT.parse().unwrap();
    assert_eq!(id.to_string(), TEXT);
    for wrong in [
        "",
        "01910000000070008000000100000001",
        "{01910000-0000-7000-8000-000100000001}",
        "urn:uuid:01910000-0000-7000-8000-000100000001",
        "01910000-0000-7000-8000-00010000000g",
        "019100000000-7000-8000-0001-00000001",
    ] {
        assert_eq!(wrong.parse::<OrderId>(), Err(IdError::NotAUuid), "{wrong}");
    }
}

#[test]
fn an_id_in_capitals_is_the_same_id() {
    let id: PaymentId = "01910000-0000-7000-8000-00ABCDEF0001".parse().unwrap();
    assert_eq!(id.to_string(), "01910000-0000-7000-8000-00abcdef0001");
}

#[test]
fn an_id_is_a_plain_string_in_json() {
    let id: RefundId = TEXT.parse().unwrap();
    assert_eq!(serde_json::to_value(id).unwrap(), TEXT);
    assert_eq!(serde_json::from_value::<RefundId>(TEXT.into()).unwrap(), id);
    assert_eq!(id.uuid().to_string(), TEXT);
}

#[test]
fn a_user_id_is_what_a_token_may_carry() {
    let longest = "u".repeat(64);
    for good in [
        "ann",
        "household-2469",
        "auth0:5f7c8ec7",
        "ann.lee@example.org",
        &longest,
    ] {
        let user: UserId = good.parse().unwrap();
        assert_eq!((user.as_str(), user.to_string().as_str()), (good, good));
    }
    for wrong in ["", "ann lee", "앤", "a/b", "a\n", &"u".repeat(65)] {
        assert_eq!(wrong.parse::<UserId>(), Err(IdError::NotAUser), "{wrong}");
        assert!(serde_json::from_value::<UserId>(wrong.into()).is_err());
    }
}

#[test]
fn a_warehouse_is_a_short_name() {
    let longest = "w".repeat(32);
    for good in ["seoul", "seoul-2", "7", &longest] {
        assert_eq!(good.parse::<WarehouseId>().unwrap().as_str(), good);
    }
    for wrong in ["", "Seoul", "seoul 2", "서울", "a_b", &"w".repeat(33)] {
        assert_eq!(
            wrong.parse::<WarehouseId>(),
            Err(IdError::NotAWarehouse),
            "{wrong}"
        );
    }
}

fn pool() -> CouponPoolId {
    TEXT.parse().unwrap()
}

#[test]
fn a_coupon_code_is_its_pool_and_its_serial() {
    let code = CouponCode::new(pool(), 42);
    assert_eq!(code.to_string(), "01J4000000E008000004000001-000001A");
    let read: CouponCode = code.to_string().parse().unwrap();
    assert_eq!((read.pool(), read.serial()), (pool(), 42));
}

#[test]
fn a_coupon_code_in_lower_case_is_the_same_code() {
    let code = CouponCode::new(pool(), 12_345);
    let typed = code.to_string().to_ascii_lowercase();
    assert_ne!(typed, code.to_string());
    assert_eq!(typed.parse(), Ok(code));
}

#[test]
fn what_looks_like_a_coupon_code_and_is_none_does_not_parse() {
    let code = CouponCode::new(pool(), 1).to_string();
    let (pool, serial) = code.split_once('-').unwrap();
    let wrong = [
        String::new(),
        pool.to_owned(),
        format!("{pool}{serial}"),
        format!("{pool}-{serial}-"),
        format!("{pool}-{}", &serial[1..]),
        format!("0{pool}-{serial}"),
        format!("{pool}-00000U1"),
        format!("{pool}-00000 1"),
        // More than 32 bits of serial, and more than 128 bits of pool.
        format!("{pool}-4000000"),
        format!("8{}-{serial}", &pool[1..]),
        format!("{pool}-00000é"),
    ];
    for text in wrong {
        assert_eq!(
            text.parse::<CouponCode>(),
            Err(IdError::NotACouponCode),
            "{text}"
        );
        assert!(serde_json::from_value::<CouponCode>(text.into()).is_err());
    }
}

proptest! {
    #[test]
    fn every_uuid_is_an_id_that_reads_back(bits in any::<u128>()) {
        let id = ProductId::new(Uuid::from_u128(bits));
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<ProductId>(&json).unwrap(), id);
    }

    #[test]
    fn every_coupon_has_one_code_and_every_code_one_coupon(bits in any::<u128>(), serial in any::<u32>()) {
        let code = CouponCode::new(CouponPoolId::new(Uuid::from_u128(bits)), serial);
        let text = code.to_string();
        prop_assert_eq!(text.len(), 34);
        prop_assert_eq!(text.parse(), Ok(code));
        prop_assert_eq!(text.to_ascii_lowercase().parse(), Ok(code));
        let json = serde_json::to_string(&code).unwrap();
        prop_assert_eq!(serde_json::from_str::<CouponCode>(&json).unwrap(), code);
    }

    #[test]
    fn a_text_that_parses_as_a_code_is_that_code(text in "[0-9A-Za-z]{26}-[0-9A-Za-z]{7}") {
        if let Ok(code) = text.parse::<CouponCode>() {
            prop_assert_eq!(code.to_string(), text.to_ascii_uppercase());
        }
    }

    #[test]
    fn any_text_at_all_either_parses_or_is_refused(text in any::<String>()) {
        // No slice of it may be cut inside a character.
        let _: Result<CouponCode, _> = text.parse();
        let _: Result<OrderId, _> = text.parse();
        let user: Result<UserId, _> = text.parse();
        if let Ok(user) = user {
            prop_assert_eq!(String::from(user), text);
        }
    }
}
