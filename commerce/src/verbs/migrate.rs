//! `commerce migrate`.

use std::process::ExitCode;

use migrations::{Login, Roles};
use platform::config::{Env, Secret};

use crate::config::OwnerConfig;
use crate::database;
use crate::error::CommerceError;
use crate::output::say;

/// Brings the database up to date.
pub(crate) async fn run() -> Result<ExitCode, CommerceError> {
    let config = Env::process().read(OwnerConfig::read)?;
    let roles = Roles {
        app: login("DATABASE_URL", Some(&config.app_url))?,
        read: login("READ_DATABASE_URL", config.read_url.as_ref())?,
        payment_service: login("PAYMENT_DATABASE_URL", config.payment_url.as_ref())?,
        main_service: login(
            "MAIN_SERVICE_DATABASE_URL",
            config.main_service_url.as_ref(),
        )?,
        // Nobody logs in as it: it stands for whoever has no business with payments.
        other_service: Login { password: None },
    };
    let mut owner = database::connect("OWNER_DATABASE_URL", &config.owner_url).await?;
    migrations::run(&mut owner, &roles).await?;
    say("the schemas are up to date");
    projections::install(&mut owner).await?;
    say("the read models are installed");
    Ok(ExitCode::SUCCESS)
}

/// The password that a role is to have: the one that the program will log in with.
fn login(variable: &'static str, url: Option<&Secret>) -> Result<Login, CommerceError> {
    let Some(url) = url else {
        return Ok(Login { password: None });
    };
    // Checked by the driver first, so that a broken URL is named as such.
    database::options(variable, url)?;
    Ok(Login {
        password: password_of(url.reveal()),
    })
}

/// The password part of `scheme://user:password@host/…`, with its percent signs decoded.
fn password_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let (user_info, _) = authority.rsplit_once('@')?;
    let (_, password) = user_info.split_once(':')?;
    percent_decoded(password)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_what_the_driver_would_send() {
        let of = |url| password_of(url);
        assert_eq!(
            of("postgres://app:secret@localhost/shop").as_deref(),
            Some("secret")
        );
        assert_eq!(
            of("postgres://app:p%40ss%2Fword@localhost/x").as_deref(),
            Some("p@ss/word")
        );
        assert_eq!(of("postgres://app@localhost/shop"), None);
        assert_eq!(of("postgres://localhost/shop?password=no"), None);
    }
}
