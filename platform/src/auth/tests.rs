//! Every way to be refused, and what is remembered.

use std::process::Command;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::{
    AuthConfig, DevKeys, JwtAlgorithm, MAX_TTL, MintError, Minter, Role, TokenError, Verifier, mint,
};
use crate::config::Secret;

const ISSUER: &str = "https://login.test/";
const AUDIENCE: &str = "commerce";
const NOW_S: u64 = 1_800_000_000;

struct Fixture {
    keys: DevKeys,
    verifier: Verifier,
}

fn fixture() -> Fixture {
    let keys = DevKeys::generate().expect("keys");
    let verifier = Verifier::new(&keys.configs(ISSUER, AUDIENCE).0).expect("a verifier");
    Fixture { keys, verifier }
}

fn good_claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": NOW_S + 60, "roles": ["customer"],
    })
}

/// The good claims with some replaced; the text `(drop)` removes one.
fn claims(changes: &Value) -> Value {
    let mut claims = good_claims();
    for (name, value) in changes.as_object().expect("an object") {
        if value == "(drop)" {
            claims.as_object_mut().expect("an object").remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

impl Fixture {
    fn signed(&self, claims: &Value) -> String {
        self.signed_with(&Header::new(Algorithm::EdDSA), claims)
    }

    fn signed_with(&self, header: &Header, claims: &Value) -> String {
        let key = EncodingKey::from_ed_pem(self.keys.private_pem.reveal().as_bytes());
        jsonwebtoken::encode(header, claims, &key.expect("a key")).expect("a token")
    }

    fn verify(&self, token: &str) -> Result<super::Principal, TokenError> {
        self.verifier.verify_at(token, NOW_S)
    }

    fn refusal(&self, changes: &Value) -> TokenError {
        let token = self.signed(&claims(changes));
        self.verify(&token).expect_err(&changes.to_string())
    }
}

#[test]
fn a_good_token_names_the_caller_and_its_roles() {
    let fixture = fixture();
    let claims = claims(&json!({"roles": ["operator", "something-else", "service"]}));
    let principal = fixture
        .verify(&fixture.signed(&claims))
        .expect("a good token");
    assert_eq!(principal.subject(), "alice");
    assert!(principal.has(Role::Operator) && principal.has(Role::Service));
    assert!(!principal.has(Role::Customer));
    assert_eq!(
        principal
            .require(Role::Customer)
            .expect_err("not a customer")
            .status(),
        403
    );
}

#[test]
fn an_audience_may_be_one_of_several() {
    let fixture = fixture();
    let token = fixture.signed(&claims(&json!({"aud": ["others", AUDIENCE]})));
    assert!(fixture.verify(&token).is_ok());
}

#[test]
fn a_token_without_a_required_claim_is_refused() {
    let fixture = fixture();
    for name in ["iss", "aud", "exp", "sub", "roles"] {
        let refusal = fixture.refusal(&json!({name: "(drop)"}));
        assert!(
            matches!(refusal, TokenError::Claims | TokenError::Malformed),
            "{name}: {refusal}"
        );
    }
}

#[test]
fn a_token_of_another_issuer_or_for_another_audience_is_refused() {
    let fixture = fixture();
    for changes in [
        json!({"iss": "https://evil.test/"}),
        json!({"aud": "other"}),
        json!({"aud": ["other"]}),
        json!({"aud": []}),
    ] {
        assert_eq!(fixture.refusal(&changes), TokenError::NotForUs, "{changes}");
    }
}

#[test]
fn a_claim_of_the_wrong_type_is_a_refusal_and_not_an_absence() {
    let fixture = fixture();
    for changes in [
        json!({"exp": "1800000060"}),
        json!({"exp": null}),
        json!({"exp": -1}),
        json!({"exp": 1.5}),
        json!({"exp": [NOW_S + 60]}),
        json!({"nbf": "1800000000"}),
        json!({"nbf": null}),
        json!({"nbf": {}}),
        json!({"sub": 7}),
        json!({"sub": ""}),
        json!({"sub": "two words"}),
        json!({"sub": "x".repeat(129)}),
        json!({"iss": 7}),
        json!({"aud": 7}),
        json!({"roles": "operator"}),
        json!({"roles": [1]}),
    ] {
        let refusal = fixture.refusal(&changes);
        assert!(
            matches!(
                refusal,
                TokenError::Claims | TokenError::Malformed | TokenError::NotForUs
            ),
            "{changes}: {refusal}"
        );
    }
}

#[test]
fn times_hold_with_five_seconds_of_leeway() {
    let fixture = fixture();
    assert_eq!(
        fixture.refusal(&json!({"exp": NOW_S - 5})),
        TokenError::Expired
    );
    assert_eq!(fixture.refusal(&json!({"exp": 0})), TokenError::Expired);
    assert_eq!(
        fixture.refusal(&json!({"nbf": NOW_S + 6})),
        TokenError::NotYetValid
    );
    assert_eq!(
        fixture.refusal(&json!({"nbf": u64::MAX})),
        TokenError::NotYetValid
    );
    for changes in [
        json!({"exp": NOW_S - 4}),
        json!({"nbf": NOW_S + 5}),
        json!({"exp": u64::MAX}),
    ] {
        assert!(
            fixture.verify(&fixture.signed(&claims(&changes))).is_ok(),
            "{changes}"
        );
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", part(header), part(claims))
}

#[test]
fn a_token_that_chooses_its_algorithm_is_refused() {
    let fixture = fixture();
    for alg in ["none", "None", "NONE", "EdDSA", "HS256"] {
        let token = unsigned(&json!({"alg": alg, "typ": "JWT"}), &good_claims());
        let refusal = fixture.verify(&token).expect_err(alg);
        let expected = [
            TokenError::Algorithm,
            TokenError::Malformed,
            TokenError::Signature,
        ];
        assert!(expected.contains(&refusal), "{alg}: {refusal}");
    }
    // The public key is no secret; taken as one for HMAC it would let anybody sign.
    for secret in [
        fixture.keys.public_pem.as_bytes(),
        fixture.keys.public_pem.trim().as_bytes(),
    ] {
        let key = EncodingKey::from_secret(secret);
        let header = Header::new(Algorithm::HS256);
        let token = jsonwebtoken::encode(&header, &good_claims(), &key).expect("a token");
        assert_eq!(fixture.verify(&token), Err(TokenError::Algorithm));
    }
}

#[test]
fn a_token_of_another_key_or_altered_or_cut_is_refused() {
    let fixture = fixture();
    let other = self::fixture();
    assert_eq!(
        fixture.verify(&other.signed(&good_claims())),
        Err(TokenError::Signature)
    );

    let token = fixture.signed(&good_claims());
    let (head, rest) = token.split_once('.').expect("three parts");
    let (_, signature) = rest.split_once('.').expect("three parts");
    let claims = claims(&json!({"roles": ["operator"]})).to_string();
    let forged = format!(
        "{head}.{}.{signature}",
        BASE64URL_NOPAD.encode(claims.as_bytes())
    );
    assert_eq!(fixture.verify(&forged), Err(TokenError::Signature));

    for cut in [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c",
        &token[..token.len() - 2],
        &format!("{token}.x"),
    ] {
        assert!(fixture.verify(cut).is_err(), "{cut}");
    }
    let long = fixture.signed(&self::claims(&json!({"roles": vec!["x"; 2000]})));
    assert_eq!(fixture.verify(&long), Err(TokenError::Malformed));
    assert_eq!(
        fixture.verifier.remembered(),
        0,
        "a refused token is not remembered"
    );
}

#[test]
fn headers_that_ask_for_more_than_is_understood_are_refused_or_ignored() {
    let fixture = fixture();
    let mut critical = Header::new(Algorithm::EdDSA);
    critical.crit = Some(vec!["b64".into()]);
    let token = fixture.signed_with(&critical, &good_claims());
    assert_eq!(fixture.verify(&token), Err(TokenError::Malformed));

    // A key that the token brings along or points at is never looked at.
    let mut pointing = Header::new(Algorithm::EdDSA);
    pointing.kid = Some("../../etc/passwd".into());
    pointing.jku = Some("https://evil.test/keys".into());
    assert!(
        fixture
            .verify(&fixture.signed_with(&pointing, &good_claims()))
            .is_ok()
    );
    let other = self::fixture();
    let token = other.signed_with(&pointing, &good_claims());
    assert_eq!(fixture.verify(&token), Err(TokenError::Signature));
}

#[test]
fn a_token_is_remembered_until_it_expires_or_everything_is_revoked() {
    let fixture = fixture();
    let token = fixture.signed(&good_claims());
    fixture.verify(&token).expect("a good token");
    assert_eq!(fixture.verifier.remembered(), 1);
    fixture.verify(&token).expect("remembered");

    // At its end the memory lets go; the leeway holds for five seconds more, then it is over.
    assert!(fixture.verifier.verify_at(&token, NOW_S + 60).is_ok());
    assert_eq!(
        fixture.verifier.verify_at(&token, NOW_S + 65),
        Err(TokenError::Expired)
    );
    assert_eq!(fixture.verifier.remembered(), 0);

    fixture.verify(&token).expect("a good token");
    fixture.verifier.revoke_all();
    assert_eq!(fixture.verifier.remembered(), 0);
}

#[test]
fn a_verification_that_began_before_a_revocation_is_not_remembered_after_it() {
    let memory = super::memory::Memory::new(1024);
    let epoch = memory.epoch();
    memory.forget_all();
    let principal = super::Principal::new("alice", [Role::Customer]);
    memory.remember([0; 32], principal.clone(), NOW_S, epoch);
    assert_eq!(memory.recall(&[0; 32], 0), None);
    memory.remember([0; 32], principal.clone(), NOW_S, memory.epoch());
    assert_eq!(memory.recall(&[0; 32], 0), Some(principal));
}

#[test]
fn the_memory_is_bounded() {
    let memory = super::memory::Memory::new(64);
    for n in 0..1000_u16 {
        let [high, low] = n.to_be_bytes();
        let mut fingerprint = [0; 32];
        (fingerprint[0], fingerprint[1]) = (low, high);
        memory.remember(fingerprint, super::Principal::new("a", []), NOW_S, 0);
    }
    assert_eq!(memory.len(), 64);
}

#[test]
fn a_minted_token_is_accepted_and_lives_no_longer_than_a_month() {
    let keys = DevKeys::generate().expect("keys");
    let (auth, config) = keys.configs(ISSUER, AUDIENCE);
    let token = mint(&config, "bob", Role::Operator, Duration::from_secs(60)).expect("a token");
    let principal = Verifier::new(&auth)
        .expect("a verifier")
        .verify(&token)
        .expect("accepted");
    assert!(principal.subject() == "bob" && principal.has(Role::Operator));

    let minter = Minter::new(&config).expect("a minter");
    let too_long = minter.mint("bob", &[], MAX_TTL + Duration::from_secs(1));
    assert!(matches!(too_long, Err(MintError::TooLong)));
}

/// RSA keys take seconds to make in an unoptimised build, so OpenSSL, which `dev` needs too, makes them.
fn rsa_keys() -> (String, String) {
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output();
        let output = output.expect("openssl is installed (./dev up installs it)");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("a PEM")
    };
    let private = openssl(&[
        "genpkey",
        "-algorithm",
        "RSA",
        "-pkeyopt",
        "rsa_keygen_bits:2048",
    ]);
    let path = std::env::temp_dir().join(format!("rsa-{}.pem", uuid::Uuid::now_v7()));
    std::fs::write(&path, &private).expect("a file can be written");
    let public = openssl(&["pkey", "-pubout", "-in", path.to_str().expect("UTF-8")]);
    std::fs::remove_file(&path).expect("the file was there");
    (private, public)
}

#[test]
fn rs256_works_when_it_is_the_pinned_algorithm_and_only_then() {
    let (private, public) = rsa_keys();
    let ed = fixture();
    let (ed_auth, ed_mint) = ed.keys.configs(ISSUER, AUDIENCE);
    let auth = AuthConfig {
        algorithm: JwtAlgorithm::Rs256,
        public_key_pem: Secret::new(public),
        ..ed_auth.clone()
    };
    let config = super::MintConfig {
        algorithm: JwtAlgorithm::Rs256,
        private_key_pem: Secret::new(private),
        ..ed_mint.clone()
    };
    let verifier = Verifier::new(&auth).expect("a verifier");
    let ttl = Duration::from_secs(60);
    let token = mint(&config, "alice", Role::Customer, ttl).expect("a token");
    assert!(verifier.verify(&token).is_ok());
    assert_eq!(ed.verifier.verify(&token), Err(TokenError::Algorithm));
    let ed_token = mint(&ed_mint, "alice", Role::Customer, ttl).expect("a token");
    assert_eq!(verifier.verify(&ed_token), Err(TokenError::Algorithm));

    let hmac = EncodingKey::from_secret(auth.public_key_pem.reveal().as_bytes());
    let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &good_claims(), &hmac);
    assert_eq!(
        verifier.verify_at(&token.expect("a token"), NOW_S),
        Err(TokenError::Algorithm)
    );

    // A key of the other kind is a mistake at start, not at the first request.
    assert!(
        Verifier::new(&AuthConfig {
            algorithm: JwtAlgorithm::EdDsa,
            ..auth.clone()
        })
        .is_err()
    );
    assert!(
        Verifier::new(&AuthConfig {
            algorithm: JwtAlgorithm::Rs256,
            ..ed_auth
        })
        .is_err()
    );
    let nonsense = AuthConfig {
        public_key_pem: Secret::new("nonsense"),
        ..auth
    };
    assert!(Verifier::new(&nonsense).is_err());
}
