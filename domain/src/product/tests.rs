//! The product's rules, by example and as a table over all stages and commands.

use super::*;
use crate::money::Money;
use crate::mothers::{krw, usd};
use crate::spec::{Given, Table, given, history};

const TABLE: Table<Product> = Table {
    stages: &[
        ("(none)", ""),
        ("draft", "create"),
        ("on-sale", "create put-on-sale"),
        ("sold-out", "create put-on-sale mark-sold-out"),
        ("again-on-sale", "create put-on-sale mark-sold-out put-on-sale"),
    ],
    command,
    additive: &[],
    cells: "
    none = PRODUCT_NOT_FOUND
    exists = PRODUCT_ALREADY_EXISTS
    conflict = PRODUCT_STATE_CONFLICT
    stale = STALE
    Created = ProductCreated
    Described = ProductDescribed
    Both = ProductDescribed+ProductRepriced
    Repriced = ProductRepriced
    OnSale = ProductPutOnSale
    SoldOut = ProductMarkedSoldOut

                   create   create-2  rename     reprice   both  edit-same  edit-unseen  put-on-sale  mark-sold-out
    (none)         Created  Created   none       none      none  none       none         none         none
    draft          -        exists    Described  Repriced  Both  -          stale        OnSale       conflict
    on-sale        -        exists    Described  Repriced  Both  -          stale        -            SoldOut
    sold-out       -        exists    Described  Repriced  Both  -          stale        OnSale       -
    again-on-sale  -        exists    Described  Repriced  Both  -          stale        -            SoldOut
    ",
};

fn command(name: &str) -> ProductCommand {
    let tea = || details("green tea");
    match name {
        "create" => create(tea(), krw(1_000)),
        "create-2" => create(tea(), krw(1_100)),
        "rename" => edit(Some(details("white tea")), None, None),
        "reprice" => edit(None, Some(krw(900)), None),
        "both" => edit(Some(details("white tea")), Some(krw(900)), None),
        "edit-same" => edit(Some(tea()), Some(krw(1_000)), None),
        "edit-unseen" => edit(Some(details("white tea")), None, Some(99)),
        "put-on-sale" => ProductCommand::PutOnSale,
        "mark-sold-out" => ProductCommand::MarkSoldOut,
        other => panic!("no command {other}"),
    }
}

fn details(name: &str) -> ProductDetails {
    ProductDetails {
        name: name.to_owned(),
        category: "tea".to_owned(),
        brand: "Boseong".to_owned(),
        description: None,
        images: vec![],
    }
}

fn create(details: ProductDetails, price: Money) -> ProductCommand {
    ProductCommand::Create { details, price }
}

fn edit(
    details: Option<ProductDetails>,
    price: Option<Money>,
    seen: Option<u64>,
) -> ProductCommand {
    ProductCommand::Edit {
        details,
        price,
        seen,
    }
}

fn stage(name: &str) -> Given<Product> {
    given::<Product>(TABLE.history(name))
}

#[test]
fn every_command_in_every_stage_does_what_the_table_says() {
    TABLE.check();
}

#[test]
fn only_a_product_on_sale_is_offered() {
    for name in ["on-sale", "again-on-sale"] {
        let given = stage(name);
        assert_eq!(given.state().offer(), Ok(("green tea", krw(1_000))));
    }
    for name in ["draft", "sold-out"] {
        let given = stage(name);
        assert_eq!(
            given.state().offer(),
            Err(ProductError::NotOnSale),
            "{name}"
        );
    }
    assert_eq!(ProductState::default().offer(), Err(ProductError::NotFound));
}

#[test]
fn a_new_price_is_offered_from_then_on() {
    let given = stage("on-sale").when(command("reprice"));
    let given = given.then(vec![ProductEvent::ProductRepriced { price: krw(900) }]);
    assert_eq!(given.state().offer(), Ok(("green tea", krw(900))));
}

#[test]
fn each_change_is_a_version_and_an_edit_of_an_older_one_is_refused() {
    let given = stage("on-sale");
    assert_eq!(given.state().version, 2);
    let reprice = |seen| edit(None, Some(krw(900)), Some(seen));
    let repriced = ProductEvent::ProductRepriced { price: krw(900) };
    let given = given.when(reprice(2)).then(vec![repriced]);
    assert_eq!(given.state().version, 3);
    given
        .when(reprice(2))
        .then_refused(ProductError::Stale { current: 3 });
}

#[test]
fn an_edit_of_what_is_there_changes_nothing_not_even_the_version() {
    let given = stage("draft").when(command("edit-same")).then_nothing();
    assert_eq!(given.state().version, 1);
}

#[test]
fn a_product_is_described_within_bounds() {
    let fits = ProductDetails {
        name: "차".repeat(200),
        category: "c".repeat(100),
        brand: "b".repeat(100),
        description: Some("d".repeat(5_000)),
        images: vec!["u".repeat(500); 10],
    };
    assert_eq!(history::<Product>([create(fits.clone(), krw(1))]).len(), 1);

    let wrong = [
        (
            "name",
            ProductDetails {
                name: " ".to_owned(),
                ..fits.clone()
            },
        ),
        (
            "name",
            ProductDetails {
                name: "차".repeat(201),
                ..fits.clone()
            },
        ),
        (
            "category",
            ProductDetails {
                category: String::new(),
                ..fits.clone()
            },
        ),
        (
            "category",
            ProductDetails {
                category: "c".repeat(101),
                ..fits.clone()
            },
        ),
        (
            "brand",
            ProductDetails {
                brand: String::new(),
                ..fits.clone()
            },
        ),
        (
            "brand",
            ProductDetails {
                brand: "b".repeat(101),
                ..fits.clone()
            },
        ),
        (
            "description",
            ProductDetails {
                description: Some("d".repeat(5_001)),
                ..fits.clone()
            },
        ),
        (
            "images",
            ProductDetails {
                images: vec!["u".to_owned(); 11],
                ..fits.clone()
            },
        ),
        (
            "images",
            ProductDetails {
                images: vec!["u".repeat(501)],
                ..fits.clone()
            },
        ),
        (
            "images",
            ProductDetails {
                images: vec![String::new()],
                ..fits
            },
        ),
    ];
    for (expected, details) in wrong {
        for (history, command) in [
            (vec![], create(details.clone(), krw(1))),
            (
                TABLE.history("draft"),
                edit(Some(details.clone()), None, None),
            ),
        ] {
            let state = given::<Product>(history);
            let refused = <Product as crate::Decider>::decide(state.state(), command);
            let Err(ProductError::Invalid { field, .. }) = refused else {
                panic!("{expected}: {refused:?}");
            };
            assert_eq!(field, expected);
        }
    }
}

#[test]
fn a_product_costs_something() {
    let (field, reason) = ("price", "above zero");
    let invalid = || ProductError::Invalid { field, reason };
    let free = create(details("air"), usd(0));
    given::<Product>(vec![]).when(free).then_refused(invalid());
    let free = edit(None, Some(krw(0)), None);
    stage("draft").when(free).then_refused(invalid());
}

#[test]
fn what_is_not_on_sale_cannot_be_sold_out() {
    stage("draft")
        .when(ProductCommand::MarkSoldOut)
        .then_refused(ProductError::NeverOnSale);
}
