//! The reader of the environment: it notes what is wrong and goes on, so that all is reported at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::describe::VariableDoc;
use super::mistakes::{ConfigError, Mistake};
use super::secret::Secret;

/// The longest time that a variable may name: ten years, so that adding it to a clock cannot overflow.
const MAX_DURATION_S: u64 = 10 * 366 * 24 * 60 * 60;

/// Reads variables. A mistake is noted and a stand-in returned, so a struct is built in one expression;
/// [`Env::read`] gives that struct away only when there was no mistake at all.
pub struct Env {
    source: Source,
    mistakes: RefCell<Vec<Mistake>>,
    variables: RefCell<Vec<VariableDoc>>,
}

enum Source {
    Process,
    Map(BTreeMap<String, String>),
}

impl Env {
    /// The environment of this process.
    #[must_use]
    pub fn process() -> Self {
        Self::from(Source::Process)
    }

    /// An environment of its own, for tests.
    pub fn of<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let map = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        Self::from(Source::Map(map.collect()))
    }

    /// Reads a configuration.
    ///
    /// # Errors
    /// Every mistake that was made, when there is one.
    pub fn read<C>(self, read: impl FnOnce(&Self) -> C) -> Result<C, ConfigError> {
        let config = read(&self);
        let mistakes = self.mistakes.into_inner();
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError::new(mistakes))
        }
    }

    /// A text with a default.
    pub fn text(&self, name: &str, default: &str, what: &str) -> String {
        self.declare(name, what, Some(default.into()), default, Kind::Plain);
        self.value(name).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be set.
    pub fn required(&self, name: &str, example: &str, what: &str) -> String {
        self.declare(name, what, None, example, Kind::Required);
        self.value_or_missing(name, example).unwrap_or_default()
    }

    /// A text that may be left out.
    pub fn optional(&self, name: &str, example: &str, what: &str) -> Option<String> {
        self.declare(name, what, None, example, Kind::Plain);
        self.value(name)
    }

    /// A secret that must be set, by `name` or as a file that `{name}_FILE` names.
    pub fn secret(&self, name: &str, example: &str, what: &str) -> Secret {
        self.declare(name, what, None, example, Kind::RequiredSecret);
        let before = self.mistakes.borrow().len();
        let value = self.value_or_file(name, example);
        if value.is_none() && self.mistakes.borrow().len() == before {
            self.invalid(name, &format!("is missing, and so is {name}_FILE"), example);
        }
        Secret::new(value.unwrap_or_default())
    }

    /// A secret that may be left out, by `name` or as a file that `{name}_FILE` names.
    pub fn optional_secret(&self, name: &str, example: &str, what: &str) -> Option<Secret> {
        self.declare(name, what, None, example, Kind::Secret);
        self.value_or_file(name, example).map(Secret::new)
    }

    /// Anything that parses, with a default.
    pub fn parsed<T>(&self, name: &str, default: T, what: &str) -> T
    where
        T: FromStr<Err: Display> + Display,
    {
        let example = default.to_string();
        self.declare(name, what, Some(example.clone()), &example, Kind::Plain);
        self.parse(name, &example).unwrap_or(default)
    }

    /// Anything that parses, has an order and lies within limits, with a default.
    pub fn within<T>(&self, name: &str, default: T, limits: RangeInclusive<T>, what: &str) -> T
    where
        T: FromStr<Err: Display> + Display + PartialOrd,
    {
        let (least, most) = (limits.start().to_string(), limits.end().to_string());
        let example = default.to_string();
        self.declare(name, what, Some(example.clone()), &example, Kind::Plain);
        match self.parse(name, &example) {
            Some(value) if limits.contains(&value) => value,
            Some(value) => {
                self.invalid(
                    name,
                    &format!("is {value}, not {least} to {most}"),
                    &example,
                );
                default
            }
            None => default,
        }
    }

    /// A time in whole seconds; name it `…_S`.
    pub fn duration_s(&self, name: &str, default_s: u64, what: &str) -> Duration {
        Duration::from_secs(self.within(name, default_s, 0..=MAX_DURATION_S, what))
    }

    /// A time in whole milliseconds; name it `…_MS`.
    pub fn duration_ms(&self, name: &str, default_ms: u64, what: &str) -> Duration {
        Duration::from_millis(self.within(name, default_ms, 0..=MAX_DURATION_S * 1000, what))
    }

    /// A list, its items separated by commas; empty items are left out.
    pub fn list(&self, name: &str, default: &str, what: &str) -> Vec<String> {
        let text = self.text(name, default, what);
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(Into::into)
            .collect()
    }

    /// Notes a mistake that only the reader of the whole struct can see.
    pub fn invalid(&self, name: &str, problem: &str, example: &str) {
        self.mistakes.borrow_mut().push(Mistake {
            variable: name.to_owned(),
            problem: problem.to_owned(),
            example: example.to_owned(),
        });
    }

    pub(super) fn into_variables(self) -> Vec<VariableDoc> {
        self.variables.into_inner()
    }

    fn from(source: Source) -> Self {
        Self {
            source,
            mistakes: RefCell::default(),
            variables: RefCell::default(),
        }
    }

    /// An empty value counts as none: that is what `${X:-}` in a compose file gives.
    fn value(&self, name: &str) -> Option<String> {
        let value = match &self.source {
            Source::Map(map) => map.get(name).cloned(),
            Source::Process => match std::env::var(name) {
                Ok(value) => Some(value),
                Err(std::env::VarError::NotPresent) => None,
                Err(std::env::VarError::NotUnicode(_)) => {
                    self.invalid(name, "is not UTF-8", "");
                    None
                }
            },
        };
        value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn value_or_missing(&self, name: &str, example: &str) -> Option<String> {
        let value = self.value(name);
        if value.is_none() {
            self.invalid(name, "is missing", example);
        }
        value
    }

    fn value_or_file(&self, name: &str, example: &str) -> Option<String> {
        let file_name = format!("{name}_FILE");
        match (self.value(name), self.value(&file_name)) {
            (Some(_), Some(_)) => {
                self.invalid(name, &format!("and {file_name} are both set"), example);
                None
            }
            (Some(value), None) => Some(value),
            (None, Some(path)) => match std::fs::read_to_string(&path) {
                Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                Ok(_) => {
                    self.invalid(&file_name, "names an empty file", "/run/secrets/key");
                    None
                }
                Err(error) => {
                    let problem = format!("names a file that cannot be read: {error}");
                    self.invalid(&file_name, &problem, "/run/secrets/key");
                    None
                }
            },
            (None, None) => None,
        }
    }

    fn parse<T: FromStr<Err: Display>>(&self, name: &str, example: &str) -> Option<T> {
        let value = self.value(name)?;
        match value.parse() {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                self.invalid(name, &format!("is \"{value}\": {error}"), example);
                None
            }
        }
    }

    fn declare(&self, name: &str, what: &str, default: Option<String>, example: &str, kind: Kind) {
        let mut variables = self.variables.borrow_mut();
        if variables.iter().any(|variable| variable.name == name) {
            return;
        }
        variables.push(VariableDoc {
            name: name.to_owned(),
            what: what.to_owned(),
            default,
            required: matches!(kind, Kind::Required | Kind::RequiredSecret),
            example: example.to_owned(),
            secret: matches!(kind, Kind::Secret | Kind::RequiredSecret),
        });
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Required,
    Secret,
    RequiredSecret,
}
