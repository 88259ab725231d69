//! The list of variables, for `--help` and for the README.

use std::fmt::Write as _;

use super::env::Env;

/// One variable as declared where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableDoc {
    /// Its name.
    pub name: String,
    /// What it is, a sentence.
    pub what: String,
    /// What holds when it is not set; `None` when it must be set or when nothing holds.
    pub default: Option<String>,
    /// Whether the program refuses to start without it.
    pub required: bool,
    /// A value that would do.
    pub example: String,
    /// Whether its value is hidden in logs; it may also come from the file that `{name}_FILE` names.
    pub secret: bool,
}

impl VariableDoc {
    fn default_text(&self) -> &str {
        match &self.default {
            Some(default) if default.is_empty() => "(empty)",
            Some(default) => default,
            None if self.required => "required",
            None => "not set",
        }
    }
}

/// The variables that a configuration reads, in the order of reading, each once. Nothing is read from
/// the environment.
pub fn describe<C>(read: impl FnOnce(&Env) -> C) -> Vec<VariableDoc> {
    let env = Env::of::<&str, &str>([]);
    let _: C = read(&env);
    env.into_variables()
}

/// The variables as lines for `--help`.
#[must_use]
pub fn help_text(variables: &[VariableDoc]) -> String {
    let width = variables
        .iter()
        .map(|variable| variable.name.len())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for variable in variables {
        let (name, what, default) = (&variable.name, &variable.what, variable.default_text());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:width$}  {what} [{default}]");
    }
    text
}

/// The variables as a table in Markdown.
#[must_use]
pub fn markdown_table(variables: &[VariableDoc]) -> String {
    let mut text = String::from("| variable | default | what |\n| --- | --- | --- |\n");
    for variable in variables {
        let what = variable.what.replace('|', "\\|");
        let _ = writeln!(
            text,
            "| `{}` | {} | {what} |",
            variable.name,
            variable.default_text()
        );
    }
    text
}
