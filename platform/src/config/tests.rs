//! The reader's promises.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Env, Secret, describe, help_text, markdown_table};

struct Sample {
    url: Secret,
    addr: SocketAddr,
    workers: usize,
    wait: Duration,
    name: String,
}

fn read(env: &Env) -> Sample {
    Sample {
        url: env.secret("URL", "postgres://x", "The store."),
        addr: env.parsed(
            "ADDR",
            SocketAddr::from(([127, 0, 0, 1], 8080)),
            "Where it listens.",
        ),
        workers: env.within("WORKERS", 2, 1..=64, "Threads."),
        wait: env.duration_s("WAIT_S", 3, "How long."),
        name: env.required("NAME", "shop", "Who | what."),
    }
}

fn mistakes(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let error = Env::of(pairs.iter().copied())
        .read(read)
        .err()
        .expect("there are mistakes");
    error
        .mistakes()
        .iter()
        .map(|m| (m.variable.clone(), m.problem.clone()))
        .collect()
}

#[test]
fn all_mistakes_are_reported_together_with_name_problem_and_example() {
    let error = Env::of([("ADDR", "nowhere"), ("WORKERS", "65"), ("WAIT_S", "-1")])
        .read(read)
        .err()
        .expect("there are mistakes");
    let names: Vec<_> = error
        .mistakes()
        .iter()
        .map(|mistake| mistake.variable.as_str())
        .collect();
    assert_eq!(names, ["URL", "ADDR", "WORKERS", "WAIT_S", "NAME"]);
    let text = error.to_string();
    assert!(
        text.starts_with("the configuration has 5 mistakes:\n"),
        "{text}"
    );
    assert!(
        text.contains("WORKERS is 65, not 1 to 64 (for example: 2)"),
        "{text}"
    );
    assert!(
        text.contains("ADDR is \"nowhere\": invalid socket address"),
        "{text}"
    );
    assert!(
        text.contains("NAME is missing (for example: shop)"),
        "{text}"
    );
}

#[test]
fn defaults_hold_for_what_is_not_set_or_empty() {
    let config = Env::of([
        ("URL", "u"),
        ("NAME", " n "),
        ("WORKERS", ""),
        ("ADDR", "  "),
    ])
    .read(read)
    .expect("nothing is wrong");
    assert_eq!((config.workers, config.wait), (2, Duration::from_secs(3)));
    assert_eq!(config.addr.port(), 8080);
    assert_eq!((config.name.as_str(), config.url.reveal()), ("n", "u"));
}

#[test]
fn a_secret_prints_as_stars_however_it_is_printed() {
    let secret = Secret::new("hunter2");
    assert_eq!(
        format!("{secret} {secret:?} {:?}", Some(&secret)),
        "*** *** Some(***)"
    );
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_both_places() {
    let path = std::env::temp_dir().join(format!("secret-{}", uuid::Uuid::now_v7()));
    std::fs::write(&path, "from-file\n").expect("a file can be written");
    let file = path.to_str().expect("UTF-8");
    let config = Env::of([("URL_FILE", file), ("NAME", "n")])
        .read(read)
        .expect("nothing is wrong");
    assert_eq!(config.url.reveal(), "from-file");

    let both = mistakes(&[("URL_FILE", file), ("URL", "u"), ("NAME", "n")]);
    assert_eq!(
        both,
        [("URL".to_owned(), "and URL_FILE are both set".to_owned())]
    );
    std::fs::remove_file(&path).expect("the file was there");

    let gone = mistakes(&[("URL_FILE", file), ("NAME", "n")]);
    assert_eq!(gone.len(), 1);
    assert!(
        gone[0].1.starts_with("names a file that cannot be read"),
        "{gone:?}"
    );
}

#[test]
fn a_mistake_never_repeats_the_value_of_a_secret() {
    let error = Env::of([("URL", "hunter2"), ("URL_FILE", "/x")])
        .read(read)
        .err();
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn the_description_lists_each_variable_once_with_its_default() {
    let variables = describe(|env| {
        read(env);
        read(env);
    });
    let names: Vec<_> = variables
        .iter()
        .map(|variable| variable.name.as_str())
        .collect();
    assert_eq!(names, ["URL", "ADDR", "WORKERS", "WAIT_S", "NAME"]);
    assert!(variables[0].secret && variables[0].required);
    assert_eq!(variables[3].default.as_deref(), Some("3"));
    assert!(help_text(&variables).contains("  WAIT_S   How long. [3]\n"));
    assert!(markdown_table(&variables).contains("| `NAME` | required | Who \\| what. |\n"));
}
