//! One page: a heading, what it is about, and buttons. Whatever comes from outside is escaped here and nowhere else.

use std::fmt::Write;

use actix_web::HttpResponse;
use reqwest::Url;

/// The longest address that a browser is sent back to.
const URL_MAX_CHARS: usize = 2_000;

/// A page that is being put together.
pub(super) struct Page {
    html: String,
}

/// A button: where it posts to, and with what.
pub(super) struct Button<'a> {
    pub(super) action: &'a str,
    pub(super) fields: &'a [(&'a str, &'a str)],
    pub(super) label: &'a str,
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        let title = escaped(title);
        let html = format!(
            "<!doctype html>\n<html lang=\"ko\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n<body><h1>{title}</h1>\n"
        );
        Self { html }
    }

    pub(super) fn line(mut self, name: &str, value: &str) -> Self {
        // Writing to a text does not fail.
        let _ = writeln!(self.html, "<p>{}: {}</p>", escaped(name), escaped(value));
        self
    }

    pub(super) fn button(mut self, button: &Button<'_>) -> Self {
        let action = escaped(button.action);
        let _ = write!(self.html, "<form method=\"post\" action=\"{action}\">");
        for (name, value) in button.fields {
            let (name, value) = (escaped(name), escaped(value));
            let _ = write!(
                self.html,
                "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"
            );
        }
        let _ = writeln!(
            self.html,
            "<button>{}</button></form>",
            escaped(button.label)
        );
        self
    }

    pub(super) fn answer(self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            // No script, no frame, nothing from elsewhere; forms lead where the page says.
            .insert_header((
                "Content-Security-Policy",
                "default-src 'none'; frame-ancestors 'none'",
            ))
            .insert_header(("X-Content-Type-Options", "nosniff"))
            .insert_header(("Referrer-Policy", "no-referrer"))
            .insert_header(("Cache-Control", "no-store"))
            .body(format!("{}</body></html>\n", self.html))
    }
}

/// The text with nothing in it that HTML would take for its own.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// An address that a browser may be sent to: `http` or `https`, with a host, without a password.
pub(super) fn web_url(raw: &str) -> Option<Url> {
    if raw.chars().count() > URL_MAX_CHARS {
        return None;
    }
    let url = Url::parse(raw).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain).then_some(url)
}

/// Sends the browser on, with these added to what the address says already.
pub(super) fn redirect(to: &str, added: &[(&str, &str)]) -> Option<HttpResponse> {
    let mut url = web_url(to)?;
    url.query_pairs_mut().extend_pairs(added);
    let answer = HttpResponse::SeeOther()
        .insert_header(("Location", url.as_str()))
        .insert_header(("Referrer-Policy", "no-referrer"))
        .finish();
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_html() {
        let evil = "\"><script>alert('1')</script>&";
        let button = Button {
            action: evil,
            fields: &[(evil, evil)],
            label: evil,
        };
        let page = Page::new(evil).line(evil, evil).button(&button);
        assert!(!page.html.contains("<script"), "{}", page.html);
        assert!(!page.html.contains("alert('"), "{}", page.html);
        assert_eq!(escaped("a<b>&'\""), "a&lt;b&gt;&amp;&#39;&quot;");
    }

    #[test]
    fn a_browser_is_sent_to_the_web_only() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "ftp://a/",
            "//a/b",
            "/a",
            "http://u:p@a/",
            "",
        ] {
            assert!(web_url(bad).is_none(), "{bad}");
        }
        assert!(web_url(&format!("http://a/{}", "x".repeat(URL_MAX_CHARS))).is_none());
        let sent = redirect("https://shop.test/ok?a=1", &[("b", "2&c=3"), ("d", "가")]).unwrap();
        let location = sent.headers().get("Location").unwrap().to_str().unwrap();
        assert_eq!(location, "https://shop.test/ok?a=1&b=2%26c%3D3&d=%EA%B0%80");
    }
}
