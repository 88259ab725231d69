//! The coupon gate's keys: the scripts of `command-api`, run in Redis, beside what stands in for them.
#![expect(
    clippy::unwrap_used,
    reason = "fixtures are for tests: a panic there is the report"
)]

use deadpool_redis::redis::{Client, Connection, Script, cmd};
use fastrand::Rng;
use simulation::gate::{Claim, PoolKeys, REFUSALS_MAX, Verdict};

const STEPS: usize = 1_500;
const KEEP_MS: i64 = 3_600_000;

macro_rules! script {
    ($name:literal) => {
        Script::new(include_str!(concat!(
            "../../../../command-api/src/coupon_gate/",
            $name,
            ".lua"
        )))
    };
}

struct Real {
    connection: Connection,
    keys: [String; 4],
    gathering: String,
}

impl Real {
    fn open() -> Self {
        let client = Client::open(testkit::redis_url()).unwrap();
        let pool = testkit::unique("contract");
        let key = |name: &str| format!("{pool}:{name}");
        Self {
            connection: client.get_connection().unwrap(),
            keys: ["members", "count", "pending", "refusals"].map(key),
            gathering: key("gathering"),
        }
    }

    fn claim(&mut self, claim: Claim<'_>) -> String {
        let (verdict, detail): (String, String) = script!("claim")
            .key(&self.keys)
            .arg(claim.user)
            .arg(claim.now_ms)
            .arg(claim.patience_ms)
            .arg(claim.command)
            .arg(claim.refusal)
            .arg(if claim.is_final { "final" } else { "" })
            .arg(KEEP_MS)
            .arg(REFUSALS_MAX)
            .invoke(&mut self.connection)
            .unwrap();
        format!("{verdict} {detail}")
    }

    fn confirm(&mut self, user: &str) -> u32 {
        let [members, count, pending, _] = &self.keys;
        let script = script!("confirm");
        let mut script = script.key(members);
        script.key(count).key(pending).arg(user);
        script.invoke(&mut self.connection).unwrap()
    }

    fn release(&mut self, user: &str, command: Option<&str>) -> u32 {
        script!("release")
            .key(&self.keys)
            .arg(user)
            .arg(command.unwrap_or_default())
            .arg(KEEP_MS)
            .arg(REFUSALS_MAX)
            .invoke(&mut self.connection)
            .unwrap()
    }

    fn remember(&mut self, command: &str, refusal: &str) -> String {
        script!("remember")
            .key(&self.keys[3])
            .arg(command)
            .arg(refusal)
            .arg(KEEP_MS)
            .arg(REFUSALS_MAX)
            .invoke(&mut self.connection)
            .unwrap()
    }

    fn replace(&mut self, holders: &[String], left: i64, known: usize) -> usize {
        for holder in holders {
            let mut gather = cmd("SADD");
            let gather = gather.arg(&self.gathering).arg(holder);
            gather.query::<u32>(&mut self.connection).unwrap();
        }
        let [members, count, pending, _] = &self.keys;
        let script = script!("replace");
        let mut script = script.key(members);
        script.key(count).key(pending).key(&self.gathering);
        script.arg(holders.len()).arg(left).arg(KEEP_MS).arg(known);
        script.invoke(&mut self.connection).unwrap()
    }

    fn flush(&mut self) {
        let mut delete = cmd("DEL");
        let delete = delete.arg(&self.keys[..]);
        delete.query::<u32>(&mut self.connection).unwrap();
    }
}

/// As the script says it.
fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Admitted => "ADMITTED ".to_owned(),
        Verdict::Pass => "PASS ".to_owned(),
        Verdict::Duplicate => "DUPLICATE ".to_owned(),
        Verdict::SoldOut(pending) => format!("SOLD_OUT {pending}"),
        Verdict::Stale => "STALE ".to_owned(),
        Verdict::Missing => "MISSING ".to_owned(),
        Verdict::Logged => "LOGGED ".to_owned(),
        Verdict::Refused(told) => format!("REFUSED {told}"),
    }
}

#[test]
fn the_gate_in_memory_says_what_redis_says() {
    let (mut simulated, mut real) = (PoolKeys::default(), Real::open());
    let mut rng = Rng::with_seed(11);
    let mut verdicts = String::new();
    let users = ["ann", "bob", "cid", "dan", "eve"];
    for number in 0..STEPS {
        let user = users[rng.usize(0..users.len())];
        let command = format!("command-{}", rng.u16(0..200));
        match rng.u8(0..24) {
            0..=11 => {
                let claim = Claim {
                    user,
                    command: &command,
                    now_ms: i64::try_from(number).unwrap() * 10,
                    patience_ms: 100,
                    refusal: "sold out",
                    is_final: rng.bool(),
                };
                let one = said(&simulated.claim(claim));
                assert_eq!(one, real.claim(claim), "step {number}");
                verdicts.push_str(&one);
            }
            12..=16 => {
                let one = simulated.confirm(user);
                assert_eq!(one, real.confirm(user), "step {number}");
            }
            17..=19 => {
                let command = rng.bool().then_some(command.as_str());
                let one = simulated.release(user, command);
                assert_eq!(one, real.release(user, command), "step {number}");
            }
            20 => {
                let one = simulated.remembered(&command, "already issued");
                let other = real.remember(&command, "already issued");
                assert_eq!(one.unwrap_or_default(), other, "step {number}");
            }
            21..=22 => {
                let holders = users.iter().filter(|_| rng.bool());
                let holders: Vec<String> = holders.map(|user| (*user).to_owned()).collect();
                let left = rng.i64(0..3);
                let known = rng.usize(0..6);
                let other = real.replace(&holders, left, known);
                let one = simulated.replace(holders, left, known);
                assert_eq!(one, other, "step {number}");
            }
            _ => {
                simulated.flush();
                real.flush();
            }
        }
    }
    real.flush();
    for verdict in [
        "ADMITTED",
        "PASS",
        "DUPLICATE",
        "SOLD_OUT",
        "STALE",
        "MISSING",
        "LOGGED",
        "REFUSED",
    ] {
        assert!(verdicts.contains(verdict), "{verdict} was never said");
    }
}
