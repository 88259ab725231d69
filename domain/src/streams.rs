//! Aggregates with their type taken off, so that one loop can hold them all.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use cqrs_es::DomainEvent as _;
use cqrs_es::persist::{EventUpcaster, SerializedEvent};

use crate::coupon_pool::CouponPool;
use crate::decider::Decider;
use crate::inventory::Inventory;
use crate::order::Order;
use crate::payment::Payment;
use crate::payment_method::PaymentMethods;
use crate::points::PointAccount;
use crate::product::Product;

/// The name of one aggregate's stream of events. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    aggregate_type: &'static str,
    aggregate_id: Arc<str>,
}

impl StreamId {
    /// The stream of the aggregate of type `D` with this id.
    #[must_use]
    pub fn of<D: Decider>(aggregate_id: impl fmt::Display) -> Self {
        Self {
            aggregate_type: D::TYPE,
            aggregate_id: Arc::from(aggregate_id.to_string()),
        }
    }

    /// The aggregate's type, as in the log.
    #[must_use]
    pub fn aggregate_type(&self) -> &'static str {
        self.aggregate_type
    }

    /// The aggregate's id, as in the log.
    #[must_use]
    pub fn aggregate_id(&self) -> &str {
        &self.aggregate_id
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

/// Why a stored event or snapshot could not be taken in.
#[derive(Debug, thiserror::Error)]
pub enum StreamStateError {
    /// The log names an aggregate type that this program does not know.
    #[error("unknown aggregate type {0}")]
    UnknownType(String),
    /// Stored JSON that does not have the shape of its type.
    #[error("{what} does not parse")]
    Malformed {
        /// What was read.
        what: String,
        /// Where it broke.
        source: serde_json::Error,
    },
    /// An event whose JSON is another event's, or of a version that this program does not know: a newer
    /// one wrote it.
    #[error("{event_type} version {event_version} is not known here")]
    UnknownVersion {
        /// Its stored name.
        event_type: String,
        /// Its stored version.
        event_version: String,
    },
    /// The stream has a hole: to go on would be to decide on half a history.
    #[error("event {expected} is missing, {found} comes next")]
    Hole {
        /// The sequence that should have come.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
}

/// A state whose aggregate type has been taken off.
pub trait Folded: Any + Send + Sync {
    /// A copy; cheap, as [`Decider::State`] promises.
    fn clone_boxed(&self) -> Box<dyn Folded>;

    /// Folds one stored event.
    ///
    /// # Errors
    /// The payload does not parse.
    fn evolve_stored(
        &mut self,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<(), StreamStateError>;

    /// The state as JSON, for a snapshot.
    ///
    /// # Errors
    /// The state does not serialise.
    fn snapshot(&self) -> Result<String, StreamStateError>;

    /// For getting the type back.
    fn as_any(&self) -> &dyn Any;
    /// For getting the type back.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// The state of a known aggregate type.
pub(crate) struct Fold<D: Decider>(pub(crate) D::State);

impl<D: Decider> Folded for Fold<D> {
    fn clone_boxed(&self) -> Box<dyn Folded> {
        Box::new(Self(self.0.clone()))
    }

    fn evolve_stored(
        &mut self,
        event_type: &str,
        event_version: &str,
        payload: &str,
    ) -> Result<(), StreamStateError> {
        let event = parse_event::<D>(event_type, event_version, payload)?;
        D::evolve(&mut self.0, &event);
        Ok(())
    }

    fn snapshot(&self) -> Result<String, StreamStateError> {
        serde_json::to_string(&self.0).map_err(|source| StreamStateError::Malformed {
            what: D::TYPE.to_owned(),
            source,
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

/// Parses a stored event of one aggregate type, lifting older versions first.
pub(crate) fn parse_event<D: Decider>(
    event_type: &str,
    event_version: &str,
    payload: &str,
) -> Result<D::Event, StreamStateError> {
    let malformed = |source| StreamStateError::Malformed {
        what: format!("{event_type} version {event_version}"),
        source,
    };
    let upcasters = D::upcasters();
    if upcasters
        .iter()
        .any(|u| u.can_upcast(event_type, event_version))
    {
        let payload = serde_json::from_str(payload).map_err(malformed)?;
        let lifted = upcast(&upcasters, D::TYPE, event_type, event_version, payload);
        return serde_json::from_value(lifted.payload).map_err(malformed);
    }
    let event: D::Event = serde_json::from_str(payload).map_err(malformed)?;
    if event.event_type() != event_type || event.event_version() != event_version {
        return Err(StreamStateError::UnknownVersion {
            event_type: event_type.to_owned(),
            event_version: event_version.to_owned(),
        });
    }
    Ok(event)
}

fn upcast(
    upcasters: &[Box<dyn EventUpcaster>],
    aggregate_type: &str,
    event_type: &str,
    event_version: &str,
    payload: serde_json::Value,
) -> SerializedEvent {
    let stored = SerializedEvent::new(
        String::new(),
        0,
        aggregate_type.to_owned(),
        event_type.to_owned(),
        event_version.to_owned(),
        payload,
        serde_json::Value::Null,
    );
    upcasters.iter().fold(stored, |event, upcaster| {
        if upcaster.can_upcast(&event.event_type, &event.event_version) {
            upcaster.upcast(event)
        } else {
            event
        }
    })
}

/// What the deciding loop must know of one aggregate type.
struct AggregateType {
    name: &'static str,
    state_version: u32,
    empty: fn() -> Box<dyn Folded>,
    from_snapshot: fn(&str) -> Result<Box<dyn Folded>, serde_json::Error>,
}

/// All aggregate types of the program, by name.
pub struct AggregateTypes(BTreeMap<&'static str, AggregateType>);

/// Every aggregate type of the shop.
#[must_use]
pub fn aggregate_types() -> AggregateTypes {
    AggregateTypes(BTreeMap::new())
        .with::<Order>()
        .with::<Inventory>()
        .with::<CouponPool>()
        .with::<Payment>()
        .with::<PaymentMethods>()
        .with::<PointAccount>()
        .with::<Product>()
}

impl AggregateTypes {
    fn with<D: Decider>(mut self) -> Self {
        self.0.insert(
            D::TYPE,
            AggregateType {
                name: D::TYPE,
                state_version: D::STATE_VERSION,
                empty: || Box::new(Fold::<D>(D::State::default())),
                from_snapshot: |json| {
                    serde_json::from_str(json)
                        .map(|state| Box::new(Fold::<D>(state)) as Box<dyn Folded>)
                },
            },
        );
        self
    }

    /// The names of all types.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.keys().copied()
    }

    /// The stream that a row of the log names.
    ///
    /// # Errors
    /// A type that this program does not know.
    pub fn stream(&self, aggregate_type: &str, id: &str) -> Result<StreamId, StreamStateError> {
        let known = self.known(aggregate_type)?;
        Ok(StreamId {
            aggregate_type: known.name,
            aggregate_id: Arc::from(id),
        })
    }

    /// The state of an aggregate that has no events yet.
    ///
    /// # Errors
    /// A type that this program does not know.
    pub fn empty(&self, aggregate_type: &str) -> Result<Box<dyn Folded>, StreamStateError> {
        Ok((self.known(aggregate_type)?.empty)())
    }

    /// The version of the state's shape; a snapshot of another version is ignored.
    ///
    /// # Errors
    /// A type that this program does not know.
    pub fn state_version(&self, aggregate_type: &str) -> Result<u32, StreamStateError> {
        Ok(self.known(aggregate_type)?.state_version)
    }

    /// The state that a snapshot holds.
    ///
    /// # Errors
    /// A type that this program does not know, or JSON of another shape.
    pub fn from_snapshot(
        &self,
        aggregate_type: &str,
        json: &str,
    ) -> Result<Box<dyn Folded>, StreamStateError> {
        (self.known(aggregate_type)?.from_snapshot)(json).map_err(|source| {
            StreamStateError::Malformed {
                what: format!("a snapshot of {aggregate_type}"),
                source,
            }
        })
    }

    fn known(&self, aggregate_type: &str) -> Result<&AggregateType, StreamStateError> {
        self.0
            .get(aggregate_type)
            .ok_or_else(|| StreamStateError::UnknownType(aggregate_type.to_owned()))
    }
}

#[cfg(test)]
mod tests;
