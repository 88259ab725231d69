//! Planted defects: what the simulation must see, to be believed when it sees nothing.

use std::str::FromStr;

/// A defect that is put in on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// The log does not look whether a stream has moved.
    ForgottenConflict,
    /// The lease's epoch is checked nowhere.
    ForgottenFence,
    /// A command's id is not looked up before it is written again.
    ForgottenIdentity,
    /// A charge that is asked for again goes out under a new key.
    ChargedTwice,
    /// A projection takes a batch in wherever it stands.
    ProjectedTwice,
    /// Stock that is released is released once more.
    ReleasedTwice,
    /// The checkpoint moves before the steps are written.
    LostSteps,
    /// A row is deleted before its command is carried out.
    DeletedTooSoon,
    /// An answer is given before its batch is written.
    AnsweredTooSoon,
    /// The gate refuses as sold out without asking the log.
    BelievedGate,
    /// A refund that is asked for again goes out under a new key.
    RefundedTwice,
    /// A refund that was refused is asked for again under the key that was refused.
    RefusalRepeated,
    /// A payment succeeds once more.
    PaidTwice,
    /// A coupon is issued once more.
    IssuedTwice,
    /// A coupon is used once more.
    UsedTwice,
    /// Points are earned once more.
    EarnedTwice,
    /// Points that a refund returned come back once more.
    ReturnedTwice,
    /// What a notice claims is taken for the gateway's answer.
    BelievedNotice,
    /// An account that is issued is taken for a deposit.
    BelievedDeposit,
    /// A billing key that is asked for again is asked for under a new key.
    KeyIssuedTwice,
    /// A billing key that is wiped stays in the safe.
    LeakySafe,
    /// The account of a refund that is wiped stays in the safe.
    LeakyDrawer,
    /// The account of a refund is told and never found.
    LostAccount,
    /// A deposit that the bank takes back is told to nobody, and nobody compares the books.
    UnseenTakeBack,
    /// A step that is read from its event is taken for one that nobody has tried, whoever read the event before.
    BelievedFirst,
    /// A snapshot is written with the state of the one before.
    StaleSnapshot,
    /// A place at the gate is given back, and stays taken.
    LeakyGate,
    /// Whoever is refused a coupon has one at the gate.
    GenerousGate,
}

impl Plant {
    /// All.
    pub const ALL: [Self; 28] = [
        Self::ForgottenConflict,
        Self::ForgottenFence,
        Self::ForgottenIdentity,
        Self::ChargedTwice,
        Self::ProjectedTwice,
        Self::ReleasedTwice,
        Self::LostSteps,
        Self::DeletedTooSoon,
        Self::AnsweredTooSoon,
        Self::BelievedGate,
        Self::RefundedTwice,
        Self::RefusalRepeated,
        Self::PaidTwice,
        Self::IssuedTwice,
        Self::UsedTwice,
        Self::EarnedTwice,
        Self::ReturnedTwice,
        Self::BelievedNotice,
        Self::BelievedDeposit,
        Self::KeyIssuedTwice,
        Self::LeakySafe,
        Self::LeakyDrawer,
        Self::LostAccount,
        Self::UnseenTakeBack,
        Self::BelievedFirst,
        Self::StaleSnapshot,
        Self::LeakyGate,
        Self::GenerousGate,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ForgottenConflict => "forgotten-conflict",
            Self::ForgottenFence => "forgotten-fence",
            Self::ForgottenIdentity => "forgotten-identity",
            Self::ChargedTwice => "charged-twice",
            Self::ProjectedTwice => "projected-twice",
            Self::ReleasedTwice => "released-twice",
            Self::LostSteps => "lost-steps",
            Self::DeletedTooSoon => "deleted-too-soon",
            Self::AnsweredTooSoon => "answered-too-soon",
            Self::BelievedGate => "believed-gate",
            Self::RefundedTwice => "refunded-twice",
            Self::RefusalRepeated => "refusal-repeated",
            Self::PaidTwice => "paid-twice",
            Self::IssuedTwice => "issued-twice",
            Self::UsedTwice => "used-twice",
            Self::EarnedTwice => "earned-twice",
            Self::ReturnedTwice => "returned-twice",
            Self::BelievedNotice => "believed-notice",
            Self::BelievedDeposit => "believed-deposit",
            Self::KeyIssuedTwice => "key-issued-twice",
            Self::LeakySafe => "leaky-safe",
            Self::LeakyDrawer => "leaky-drawer",
            Self::LostAccount => "lost-account",
            Self::UnseenTakeBack => "unseen-take-back",
            Self::BelievedFirst => "believed-first",
            Self::StaleSnapshot => "stale-snapshot",
            Self::LeakyGate => "leaky-gate",
            Self::GenerousGate => "generous-gate",
        }
    }
}

/// A text that names no plant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no plant")]
pub struct NoPlant(String);

impl FromStr for Plant {
    type Err = NoPlant;

    fn from_str(text: &str) -> Result<Self, NoPlant> {
        let found = Self::ALL.into_iter().find(|plant| plant.name() == text);
        found.ok_or_else(|| NoPlant(text.to_owned()))
    }
}
