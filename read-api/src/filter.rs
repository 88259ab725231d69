//! What a text parameter may hold.

use platform::{ApiError, Detail};

/// What was found wrong with a query's parameters, all of it.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Detail>);

impl Problems {
    /// A text that the database is to compare with: something, not longer than what it could equal, and
    /// without control characters, of which PostgreSQL refuses the first.
    pub(crate) fn text(&mut self, field: &str, text: Option<&str>, max_chars: usize) {
        let Some(text) = text else { return };
        if text.trim().is_empty() {
            self.add(field, "TOO_SHORT", "It may not be empty.".to_owned());
        } else if text.chars().count() > max_chars {
            self.add(
                field,
                "TOO_LONG",
                format!("It has at most {max_chars} characters."),
            );
        } else if text.chars().any(char::is_control) {
            self.add(
                field,
                "INVALID_VALUE",
                "It may not have control characters.".to_owned(),
            );
        }
    }

    pub(crate) fn add(&mut self, field: &str, code: &'static str, message: String) {
        self.0.push(Detail::new(field, code).with_message(message));
    }

    /// Nothing wrong, or 400 with everything that is.
    pub(crate) fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::validation(self.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_that_cannot_be_compared_is_named() {
        let mut problems = Problems::default();
        problems.text("none", None, 3);
        problems.text("fits", Some("커피 "), 3);
        problems.text("blank", Some("  "), 3);
        problems.text("long", Some("four"), 3);
        problems.text("nul", Some("a\0b"), 3);
        let error = problems.into_result().expect_err("three are wrong");
        let found: Vec<_> = error
            .details()
            .iter()
            .map(|d| (d.field(), d.code()))
            .collect();
        assert_eq!(
            found,
            [
                ("blank", "TOO_SHORT"),
                ("long", "TOO_LONG"),
                ("nul", "INVALID_VALUE")
            ]
        );
    }
}
