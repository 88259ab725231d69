//! Playing the table: one shop a company, one order a trouble.

use platform::Role;
use reqwest::Method;
use serde_json::{Value, json};
use testkit::eventually;

use super::outage;
use super::table::{DEADLINE_MS, Ends, PRICE, SCHEDULE, Then, Trouble, troubles};
use crate::client::Client;
use crate::gateways::{NICE, TOSS, pay, tell};
use crate::installation::{Installation, Process, text};

/// No trouble brings more notices of a payment than ten each of two, and each is followed up once at most.
const INQUIRIES_MAX: i64 = 20;

/// A shop in which one company causes trouble.
pub(super) struct Stage {
    pub(super) shop: Installation,
    pub(super) company: &'static str,
    pub(super) operator: Client,
    pub(super) buyer: Client,
    pub(super) product: String,
    serve: Process,
}

impl Stage {
    async fn open(company: &'static str) -> Self {
        let mut shop = Installation::new().await;
        shop.offer_companies();
        shop.set("GATEWAY_TIMEOUT_MS", &DEADLINE_MS.to_string());
        shop.set("PAYMENT_INQUIRY_SCHEDULE", SCHEDULE);
        shop.set("PAYMENT_WAIT_MS", "500");
        let serve = shop.serve().await;
        let operator = shop.client("operator", Role::Operator);
        Self {
            product: operator.stocked_product(PRICE, 1_000).await,
            buyer: shop.client("ann", Role::Customer),
            operator,
            company,
            shop,
            serve,
        }
    }

    /// The company behaves, and tells nobody.
    pub(super) async fn behave(&self) {
        for path in ["/faults", "/extras", "/webhooks"] {
            let url = format!("{}{path}", self.shop.gateway_url());
            let told = reqwest::Client::new().request(Method::DELETE, url).send();
            assert_eq!(told.await.expect("the mock answers").status(), 204);
        }
    }

    pub(super) async fn tell(&self, path: &str, body: &Value) {
        assert_eq!(tell(&self.shop, path, body).await, 204, "{path} {body}");
    }

    /// With the company's name in it.
    pub(super) fn own(&self, body: &Value) -> Value {
        let mut own = body.clone();
        own["company"] = json!(self.company);
        own
    }

    async fn play(&self, trouble: &Trouble) {
        self.behave().await;
        if let Some(notices) = &trouble.notices {
            let mut target = self.own(notices);
            target["url"] = json!(self.shop.webhook_url(self.company));
            self.tell("/webhooks", &target).await;
        }
        if let Some(fault) = &trouble.fault {
            self.tell("/faults", &self.own(fault)).await;
        }
        if let Some(extras) = &trouble.extras {
            self.tell("/extras", extras).await;
        }
        let order = self.buyer.order(&self.product, 1).await.id();
        let (_, payment) = pay(&self.buyer, &order, self.company, trouble.token).await;
        self.go_on(&order, &payment, trouble).await;
        let path = format!("/orders/{order}");
        let ends = &trouble.ends;
        self.sees(trouble, &path, "/data/status", ends.order).await;
        let path = format!("/payments/{payment}");
        self.sees(trouble, &path, "/data/status", ends.payment)
            .await;
        self.sees(trouble, &path, "/data/review/reason", ends.review)
            .await;
        self.assert_the_books(&payment, trouble).await;
    }

    /// Waits until an operator sees this.
    async fn sees(&self, trouble: &Trouble, path: &str, pointer: &str, wanted: &str) {
        let (company, name) = (self.company, trouble.name);
        let what = format!("{company}, {name}: {pointer} of {path} is {wanted:?}");
        eventually(&what, async || {
            let seen = self.operator.get(path).await;
            (seen.status == 200 && seen.text(pointer) == wanted).then_some(())
        })
        .await;
    }

    async fn go_on(&self, order: &str, payment: &str, trouble: &Trouble) {
        let order = format!("/orders/{order}");
        let path = format!("/payments/{payment}");
        let before = self.deliveries().await;
        match &trouble.then {
            Then::Nothing => {}
            Then::Deposit => {
                eventually("where to pay into is shown", async || {
                    let seen = self.buyer.get(&path).await;
                    (!seen.text("/data/deposit/number").is_empty()).then_some(())
                })
                .await;
                let account = self.own(&json!({ "orderId": payment }));
                self.tell("/deposits", &account).await;
                self.until_told(before + 10).await;
            }
            Then::Cancel => {
                self.sees(trouble, &order, "/data/status", "PAID").await;
                let reason = json!({ "reason": "too many" });
                let asked = self.buyer.post(&format!("{order}/cancel"), reason).await;
                assert!(asked.status < 300, "{}", asked.json());
                // That it was charged and that it went back, twice each.
                self.until_told(before + 4).await;
            }
            Then::HearTheReply => {
                self.sees(trouble, &order, "/data/status", "PAID").await;
                let early = self.answered_charges(payment).await;
                assert_eq!(early, 0, "the notice came first");
                eventually("the reply comes", async || {
                    (self.answered_charges(payment).await == 1).then_some(())
                })
                .await;
            }
            Then::Straighten => {
                let review = trouble.ends.review;
                self.sees(trouble, &path, "/data/review/reason", review)
                    .await;
                let seen = self.operator.get(&path).await;
                assert_eq!(seen.text("/data/status"), "UNKNOWN", "{}", seen.json());
                self.behave().await;
            }
            Then::SayOtherwise(extras) => {
                self.sees(trouble, &order, "/data/status", "PAID").await;
                self.tell("/extras", extras).await;
                let inquire = format!("{path}/inquire");
                let asked = self.operator.post(&inquire, json!({})).await;
                assert_eq!(asked.status, 200, "{}", asked.json());
                self.behave().await;
            }
        }
    }

    async fn until_told(&self, deliveries: u64) {
        eventually(
            &format!("{deliveries} deliveries are answered"),
            async || (self.deliveries().await >= deliveries).then_some(()),
        )
        .await;
    }

    /// The charges of a payment that the shop has heard an answer to.
    async fn answered_charges(&self, payment: &str) -> i64 {
        self.count(
            "SELECT count(*) FROM payment.pg_api_logs
              WHERE http_method = 'POST' AND response_status = 200 AND payment_id = $1::uuid",
            payment,
        )
        .await
    }

    async fn count(&self, sql: &str, payment: &str) -> i64 {
        let owner = self.shop.database.owner_pool().await;
        let counted = sqlx::query_scalar(sql)
            .bind(payment)
            .fetch_one(&owner)
            .await;
        owner.close().await;
        counted.expect("the database answers")
    }

    /// How many notices of the company the shop has answered.
    pub(super) async fn deliveries(&self) -> u64 {
        let page = self.shop.metrics().await;
        let wanted = format!("gateway=\"{}\"", self.company);
        let counts = page.lines().filter_map(|line| {
            let rest = line.strip_prefix("webhook_deliveries_total{")?;
            let (labels, count) = rest.rsplit_once(' ')?;
            let count = count.parse::<u64>().ok();
            count.filter(|_| labels.contains(&wanted))
        });
        counts.sum::<u64>()
    }

    /// What the company has of a payment, by its own ledger: how often it charged, and what it kept.
    pub(super) async fn money_of(&self, payment: &str) -> (usize, i64) {
        let entries = self.shop.ledger().await.into_iter();
        let own = entries.filter(|entry| entry["orderId"] == payment);
        own.fold((0, 0), |(charges, kept), entry| {
            let amount = entry["amount"].as_i64().expect("an amount");
            match (entry["kind"].as_str(), entry["state"].as_str()) {
                (Some("CHARGE"), Some("DECLINED")) => (charges, kept),
                (Some("CHARGE"), _) => (charges + 1, kept + amount),
                (Some("REFUND"), _) => (charges, kept - amount),
                _ => unreachable!("an entry of another kind: {entry}"),
            }
        })
    }

    /// The shop and the company have the same money, it was charged as often as it says, and nobody asked for ever.
    async fn assert_the_books(&self, payment: &str, trouble: &Trouble) {
        let Ends { charges, kept, .. } = trouble.ends;
        let name = trouble.name;
        assert_eq!(self.money_of(payment).await, (charges, kept), "{name}");
        let inquiries = "SELECT count(*) FROM event_store.events
              WHERE event_type = 'PaymentInquiryRequested' AND aggregate_id = $1";
        assert!(
            self.count(inquiries, payment).await <= INQUIRIES_MAX,
            "{name}"
        );
        let successes = "SELECT count(*) FROM event_store.events
              WHERE event_type = 'PaymentSucceeded' AND aggregate_id = $1";
        assert!(self.count(successes, payment).await <= 1, "{name}");
        self.verify("money,refunds,gateway-ledger,one-outcome");
    }

    pub(super) fn verify(&self, only: &str) {
        let verified = self.shop.run(&["verify", "--only", only]);
        let (out, err) = (text(&verified.stdout), text(&verified.stderr));
        assert_eq!(verified.status.code(), Some(0), "verify: {out}{err}");
    }
}

async fn play_all(company: &'static str) {
    let stage = Stage::open(company).await;
    for trouble in troubles() {
        if trouble.companies.contains(&company) {
            stage.play(&trouble).await;
        }
    }
    outage::play(&stage).await;
    stage.behave().await;
    stage.shop.verify();
    drop(stage.serve);
    stage.shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_that_toss_can_cause_ends_with_the_money_where_it_belongs() {
    play_all(TOSS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_trouble_that_nice_can_cause_ends_with_the_money_where_it_belongs() {
    play_all(NICE).await;
}
