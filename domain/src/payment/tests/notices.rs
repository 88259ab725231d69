//! Which notices make the gateway be asked.

use super::*;

#[test]
fn a_charge_is_asked_about_again_only_when_a_notice_says_something_else_of_it() {
    let paid = given::<Payment>(TABLE.history("succeeded"));
    let claims = |change: fn(&mut GatewayNotice)| {
        let mut claim = notice("n-1");
        change(&mut claim);
        let payment = paid.state().requested().unwrap().clone();
        payment.wants_inquiry(&claim, at(5))
    };
    assert!(!claims(|_| {}));
    assert!(!claims(|claim| claim.amount = None));
    assert!(!claims(|claim| claim.left = None));
    assert!(claims(|claim| claim.amount = Some(1_999)));
    assert!(claims(|claim| claim.currency = Some("USD".to_owned())));
    assert!(claims(|claim| claim.left = Some(1_999)));
}

#[test]
fn a_notice_of_the_shops_own_refund_asks_nothing_and_one_of_somebody_elses_does() {
    for (refunds, stays) in [("parting", 1_400), ("parted", 1_400), ("cancelled", 0)] {
        let given = stage(refunds);
        let payment = given.state().requested().unwrap();
        let asks = |left| {
            let claim = GatewayNotice {
                left: Some(left),
                ..notice("n-1")
            };
            payment.wants_inquiry(&claim, at(5))
        };
        assert!(!asks(stays), "{refunds}: as the refunds leave it");
        assert!(!asks(2_000), "{refunds}: told before them");
        assert_eq!(
            asks((stays - 1).max(0)),
            stays > 0,
            "{refunds}: less than they leave"
        );
    }
}

/// Whoever invents notices must not hide one that is true: every notice is followed by an inquiry that was made
/// after it, and there are few of them.
#[test]
fn a_flood_of_notices_is_followed_up_together_and_hides_none() {
    let mut payment = PaymentState::default();
    let requested = Payment::decide(&payment, command("request")).unwrap();
    requested
        .iter()
        .for_each(|event| Payment::evolve(&mut payment, event));
    let mut inquiries = Vec::new();
    for second in 0..24 * 60 * 60 {
        let now = at(0) + Duration::seconds(second);
        let invented = InquiryCause::Notice(notice(&format!("n-{second}")));
        for event in Payment::decide(&payment, asked_at(invented, now)).unwrap() {
            let PaymentEvent::PaymentInquiryRequested { due_at, .. } = &event else {
                panic!("{event:?}");
            };
            inquiries.push(due_at.unwrap_or(now));
            Payment::evolve(&mut payment, &event);
        }
        assert!(
            *inquiries.last().unwrap() >= now - Duration::seconds(60),
            "{second}"
        );
    }
    // 32 at once, 32 ten minutes apart less the minute that clocks may differ, and one an hour from then on.
    let most = 32 + 32 + 24;
    assert!(
        (64..=most).contains(&inquiries.len()),
        "{}",
        inquiries.len()
    );
}

/// The table leaves the repeats of notices to this: of everything but a deposit that has come, one that is the last
/// again asks nothing.
#[test]
fn a_notice_that_is_the_last_again_asks_again_of_a_deposit_that_has_come_and_of_nothing_else() {
    for (name, _) in TABLE.stages.iter().filter(|(name, _)| *name != "(none)") {
        let mut payment = stage(name).state().clone();
        for event in Payment::decide(&payment, command("notice")).unwrap() {
            Payment::evolve(&mut payment, &event);
        }
        let again = Payment::decide(&payment, command("notice")).unwrap();
        let has_come = ["deposited", "deposit-refunding"].contains(name);
        assert_eq!(!again.is_empty(), has_come, "{name}: {again:?}");
    }
}

/// NICE's notices have no ids of their own: what is told of an empty account is the same before it is paid into
/// and after the bank took that back.
#[test]
fn a_notice_that_comes_again_after_another_is_news() {
    let told = |ids: &[&str]| {
        let notices = ids.iter().map(|id| ask(InquiryCause::Notice(notice(id))));
        let commands = std::iter::once(command("request")).chain(notices);
        let payment = given::<Payment>(history::<Payment>(commands));
        payment.state().requested().unwrap().notices
    };
    assert_eq!(told(&["empty", "empty", "empty"]), 1);
    assert_eq!(told(&["empty", "paid", "paid", "empty"]), 3);
}
