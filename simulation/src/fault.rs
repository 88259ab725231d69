//! What can go wrong, and what did.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::chance::{Chance, Topic};

macro_rules! kinds {
    ($($kind:ident $permille:literal $name:literal $what:literal,)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $what] $kind,)+
        }

        impl Kind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }

            /// What it is.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self {
                    $(Self::$kind => $what,)+
                }
            }

            /// How often it strikes where it can, in a thousand.
            fn permille(self) -> u32 {
                match self {
                    $(Self::$kind => $permille,)+
                }
            }
        }
    };
}

kinds! {
    AppendCrashBefore 12 "append-crash-before" "the process dies before its batch reaches the log",
    AppendCrashAfter 12 "append-crash-after" "the process dies after its batch was committed, before it hears",
    AppendLost 25 "append-lost" "the connection breaks before the commit",
    AppendUnacknowledged 35 "append-unacknowledged" "the connection breaks after the commit: nobody knows",
    AppendSlow 60 "append-slow" "the append takes long, and others get in before",
    SnapshotLost 80 "snapshot-lost" "a snapshot is not written",
    SnapshotUnheard 60 "snapshot-unheard" "a snapshot is written, and nobody hears",
    ReadFailed 25 "read-failed" "a read of streams fails",
    AgendaCrashBefore 20 "agenda-crash-before" "the runner dies before steps and checkpoint are committed",
    AgendaCrashAfter 20 "agenda-crash-after" "the runner dies after steps and checkpoint were committed",
    AgendaLost 30 "agenda-lost" "the connection breaks before steps and checkpoint are committed",
    AgendaUnacknowledged 30 "agenda-unacknowledged" "steps and checkpoint are committed, and nobody hears",
    AgendaRepeated 30 "agenda-repeated" "a batch of events is delivered to the sagas once more",
    RowCrashBefore 15 "row-crash-before" "the runner dies before it deletes or changes rows of what it did",
    RowCrashAfter 15 "row-crash-after" "the runner dies after it deleted or changed rows",
    RowLost 30 "row-lost" "the connection breaks before rows are deleted or changed",
    RowUnacknowledged 30 "row-unacknowledged" "rows are deleted or changed, and nobody hears",
    LeaseUnanswered 15 "lease-unanswered" "the lease is taken or renewed, and nobody hears",
    GatewayCrashBefore 25 "gateway-crash-before" "the runner dies before the gateway hears",
    GatewayCrashAfter 35 "gateway-crash-after" "the gateway did it, the runner dies before it hears",
    GatewayUnreached 50 "gateway-unreached" "the gateway never hears; the answer is unknown",
    GatewayUnheard 70 "gateway-unheard" "the gateway did it; the answer is unknown",
    GatewayLate 45 "gateway-late" "the gateway hears minutes after its answer was given up",
    GatewayDoubled 60 "gateway-doubled" "the gateway hears twice",
    GatewayDawdled 40 "gateway-dawdled" "the gateway's answer is on its way for seconds, and others overtake it",
    GatewaySlow 25 "gateway-slow" "the gateway answers after the call was given up",
    GatewaySlept 35 "gateway-slept" "the runner stands still past its lease, with its clock, while the gateway answers",
    GatewayWrongAmount 60 "gateway-wrong-amount" "the gateway charges another amount or currency",
    GatewayDeclined 110 "gateway-declined" "the gateway declines",
    GatewayHesitates 50 "gateway-hesitates" "the gateway is undecided for a while, and then declines",
    GatewayAway 1 "gateway-away" "the gateway answers 503 for ten minutes",
    GatewayNoRecord 60 "gateway-no-record" "the gateway denies a charge that it made",
    GatewayRefused 80 "gateway-refused" "the gateway refuses a refund for now",
    DepositMismatched 130 "deposit-mismatched" "the gateway wants another amount to be paid in than was asked for",
    DepositNever 150 "deposit-never" "nobody pays into an account",
    DepositLate 180 "deposit-late" "somebody pays into an account after it has closed",
    DepositWrongAmount 200 "deposit-wrong-amount" "somebody pays another amount into an account",
    DepositTakenBack 250 "deposit-taken-back" "the bank takes a deposit back",
    KeyRefused 100 "key-refused" "the gateway issues no key for a card",
    SafeCrashBefore 40 "safe-crash-before" "the runner dies before a key is kept or wiped",
    SafeCrashAfter 60 "safe-crash-after" "the runner dies after a key was kept or wiped",
    SafeLost 60 "safe-lost" "the connection breaks before a key is kept or wiped",
    SafeUnacknowledged 80 "safe-unacknowledged" "a key is kept or wiped, and nobody hears",
    NoticeLost 100 "notice-lost" "the gateway's notice never arrives",
    NoticeDoubled 60 "notice-doubled" "a notice is delivered ten times",
    NoticeLate 80 "notice-late" "a notice arrives minutes late",
    NoticeOvertaken 80 "notice-overtaken" "a notice arrives after the next one of its payment",
    NoticeEarly 80 "notice-early" "the notice of what a call did arrives before the call's answer",
    NoticeUnheard 60 "notice-unheard" "a notice is taken, and the gateway does not hear: it sends it again",
    NoticeForged 70 "notice-forged" "somebody forges a notice of the gateway's",
    ProjectionCrashBefore 6 "projection-crash-before" "the process dies before rows and position are committed",
    ProjectionCrashAfter 6 "projection-crash-after" "the process dies after rows and position were committed",
    ProjectionLost 25 "projection-lost" "the connection breaks before rows and position are committed",
    ProjectionUnacknowledged 25 "projection-unacknowledged" "rows and position are committed, and nobody hears",
    ProjectionRepeated 40 "projection-repeated" "a second instance takes the same batch in",
    RequestLost 60 "request-lost" "a request never arrives",
    RequestDelayed 60 "request-delayed" "a request arrives late, after others",
    RequestDoubled 60 "request-doubled" "a request arrives at both processes",
    AnswerLost 90 "answer-lost" "an answer never arrives",
    AnswerRepeated 60 "answer-repeated" "a client asks again though it was answered",
    ClientGone 60 "client-gone" "a client gives up and never asks again",
    GateAway 80 "gate-away" "Redis does not answer",
    GateUnheard 60 "gate-unheard" "Redis did it, and nobody hears",
    GateOlder 30 "gate-older" "Redis comes back as it was a while ago",
    GateCrash 100 "gate-crash" "the process dies between the gate and the aggregate",
    GateFlushed 30 "gate-flushed" "Redis loses everything",
    Crash 12 "crash" "a process dies at any moment",
    Frozen 12 "frozen" "a process stands still past its lease, and notices",
    Slept 14 "slept" "a process stands still past its lease with its clock, and goes on as a zombie",
    ClockJump 30 "clock-jump" "a wall clock jumps",
    DatabaseAway 6 "database-away" "the database is away for a while",
    DatabaseCrashed 25 "database-crashed" "the database crashes, and takes back what was not flushed",
}

/// One fault: the how-many-th chance of its kind for somebody, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// What.
    pub kind: Kind,
    /// Whose: a process, or 9 for what is nobody's.
    pub who: u8,
    /// Which chance.
    pub number: u32,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}#{}", self.kind.name(), self.who, self.number)
    }
}

/// A text that names no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fault such as append-lost/1#7")]
pub struct NoFault(String);

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let parsed = || {
            let (name, rest) = text.split_once('/')?;
            let (who, number) = rest.split_once('#')?;
            let kind = Kind::ALL.iter().find(|kind| kind.name() == name)?;
            Some(Self {
                kind: *kind,
                who: who.parse().ok()?,
                number: number.parse().ok()?,
            })
        };
        parsed().ok_or_else(|| NoFault(text.to_owned()))
    }
}

/// Fewer have faults: the processes, and nobody.
const WHO_MAX: usize = 10;

/// The faults of one world.
pub(crate) struct Faults {
    chance: Chance,
    /// How likely each kind is in this world, in a thousand.
    permille: Vec<u32>,
    /// By kind and whose they are.
    chances: Vec<[u32; WHO_MAX]>,
    /// Only these strike, when a story is told again.
    kept: Option<BTreeSet<Fault>>,
    is_over: bool,
    is_suspended: bool,
    pub(crate) struck: Vec<Fault>,
}

impl Faults {
    pub(crate) fn new(chance: Chance, kept: Option<BTreeSet<Fault>>) -> Self {
        let permille = Kind::ALL.iter().zip(0..).map(|(kind, number)| {
            // Each world has weather of its own: what never happens, and what happens all the time, brings
            // out other things than a bit of everything.
            let factor = match chance.of(Topic::Weather, 0, number).u32(0..10) {
                0 => 0,
                1..=5 => 2,
                6..=7 => 3,
                _ => 5,
            };
            kind.permille() * factor / 2
        });
        Self {
            chance,
            permille: permille.collect(),
            chances: vec![[0; WHO_MAX]; Kind::ALL.len()],
            kept,
            is_over: false,
            is_suspended: false,
            struck: Vec::new(),
        }
    }

    /// Whether it strikes here.
    pub(crate) fn strikes(&mut self, kind: Kind, who: usize) -> bool {
        let (index, who) = (kind as usize, who.min(WHO_MAX - 1));
        let chances = &mut self.chances[index][who];
        let fault = Fault {
            kind,
            who: u8::try_from(who).unwrap_or(u8::MAX),
            number: *chances,
        };
        *chances += 1;
        if self.is_over || self.is_suspended {
            return false;
        }
        let strikes = match &self.kept {
            Some(kept) => kept.contains(&fault),
            None => {
                let whose = u64::from(fault.who) << 32 | kind as u64;
                let mut chance = self.chance.of(Topic::Fault, whose, fault.number.into());
                chance.u32(0..1_000) < self.permille[index]
            }
        };
        if strikes {
            self.struck.push(fault);
        }
        strikes
    }

    /// Nothing goes wrong until this is taken back.
    pub(crate) fn suspend(&mut self, is_suspended: bool) {
        self.is_suspended = is_suspended;
    }

    /// From now on nothing goes wrong.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
    }

    pub(crate) fn are_over(&self) -> bool {
        self.is_over
    }
}
