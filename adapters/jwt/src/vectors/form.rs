//! Form: what is a token at all.

use super::*;

#[tokio::test]
async fn a_name_that_appears_twice_is_refused_at_every_level() {
    let header = header().to_string();
    let claims = claims().to_string();
    let twice = |object: &str, member: &str| object.replacen('{', &format!("{{{member},"), 1);
    for member in [
        r#""alg":"none""#,
        r#""alg":"RS256""#,
        r#""kid":"other""#,
        r#""k\u0069d":"key""#,
    ] {
        let token = token_of(twice(&header, member), &claims);
        assert_eq!(
            refusal(&token).await,
            Some("the header is not a proper object"),
            "{member}"
        );
    }
    for member in [
        r#""custom:user_id":"bob""#,
        r#""custom:user_\u0069d":"bob""#,
        r#""exp":99999999999"#,
        r#""sub":"subject""#,
        r#""other":{"a":1,"a":2}"#,
        r#""other":[{"a":1,"a":2}]"#,
    ] {
        let token = token_of(&header, twice(&claims, member));
        assert_eq!(
            refusal(&token).await,
            Some("the claims are not a proper object"),
            "{member}"
        );
    }
}

#[tokio::test]
async fn a_part_that_is_no_proper_object_is_refused() {
    let deep = format!(r#"{{"a":{}"#, "[".repeat(4_000));
    for bad in [
        b"".as_slice(),
        b"null",
        b"[]",
        b"\"RS256\"",
        b"{",
        b"{}{}",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\\udc00\"}",
        deep.as_bytes(),
    ] {
        let what = String::from_utf8_lossy(bad)
            .chars()
            .take(20)
            .collect::<String>();
        let headless = token_of(bad, claims().to_string());
        assert_eq!(
            refusal(&headless).await,
            Some("the header is not a proper object"),
            "{what}"
        );
        let empty = token_of(header().to_string(), bad);
        assert_eq!(
            refusal(&empty).await,
            Some("the claims are not a proper object"),
            "{what}"
        );
    }
}

const PARTS: &str = "not three parts";
const HEADER: &str = "the header is not base64url";
const CLAIMS: &str = "the claims are not base64url";
const SIGNATURE: &str = "the signature is not base64url";
const OBJECT: &str = "the header is not a proper object";
const WRONG: &str = "the signature is wrong";

#[tokio::test]
async fn three_parts_and_nothing_else_make_a_token() {
    let good = good();
    let [h, c, s]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let standard = STANDARD.encode(with(header(), json!({"pad": "???>>>"})).to_string());
    for (bad, why) in [
        (String::new(), PARTS),
        (".".to_owned(), PARTS),
        (h.to_owned(), PARTS),
        (format!("{h}.{c}"), PARTS),
        (format!("{good}."), PARTS),
        (format!(".{good}"), PARTS),
        (format!("{good}.{s}"), PARTS),
        (format!("{h}.{c}.{s}.{s}.{s}"), PARTS),
        (format!("{h}..{c}.{s}"), PARTS),
        ("..".to_owned(), OBJECT),
        (format!(".{c}.{s}"), OBJECT),
        (format!("{h}..{s}"), WRONG),
        (format!("{h}.{c}."), WRONG),
        (format!("{h}.{c}.{}", encode([0; 256])), WRONG),
        (format!("{h}.{c}.{}", encode([0xff; 256])), WRONG),
        (format!("{h}.{c}.{}", encode([0xff; 255])), WRONG),
        (format!("{h}.{c}.{}", encode([1; 257])), WRONG),
        (format!("{good}\n"), SIGNATURE),
        (format!("{good} "), SIGNATURE),
        (format!("{good}\0"), SIGNATURE),
        (format!("{good}="), SIGNATURE),
        (format!("{good}=="), SIGNATURE),
        (format!(" {good}"), HEADER),
        (format!("Bearer {good}"), HEADER),
        (format!("{h}=.{c}.{s}"), HEADER),
        (format!("é{good}"), HEADER),
        (
            sign(
                &KEY,
                &format!("{}.{c}", URL_SAFE.encode(r#"{"alg":"RS256","kid":"key"} "#)),
            ),
            HEADER,
        ),
        (
            sign(
                &KEY,
                &format!("{}.{c}", standard.trim_end_matches('=').replace('A', "+")),
            ),
            HEADER,
        ),
        (sign(&KEY, &format!("{h}.{c}=")), CLAIMS),
        (sign(&KEY, &format!("{h}.{c}\n")), CLAIMS),
    ] {
        assert_eq!(refusal(&bad).await, Some(why), "{bad:?}");
    }
}

#[tokio::test]
async fn a_token_of_more_than_16_kib_is_not_read() {
    const LIMIT: usize = 16 * 1024;
    let filler = (LIMIT - with_claims(json!({"pad": ""})).len()) * 3 / 4;
    let tokens = (filler - 2..filler + 4).map(|n| with_claims(json!({"pad": "x".repeat(n)})));
    let (fitting, longer): (Vec<_>, Vec<_>) = tokens.partition(|token| token.len() <= LIMIT);
    assert!(
        fitting.last().unwrap().len() >= LIMIT - 1 && longer[0].len() <= LIMIT + 2,
        "they are close to the limit"
    );
    for token in fitting {
        assert_eq!(refusal(&token).await, None);
    }
    for token in longer {
        assert_eq!(refusal(&token).await, Some("longer than 16 KiB"));
    }
    for huge in [
        "a".repeat(1 << 20),
        ".".repeat(1 << 20),
        with_header(json!({"pad": "x".repeat(1 << 20)})),
    ] {
        assert_eq!(refusal(&huge).await, Some("longer than 16 KiB"));
    }
}

#[tokio::test]
async fn no_single_bit_can_be_changed() {
    let good = good();
    let verifier = verifier(fixed(), NOW);
    let mut tried = 0;
    for place in 0..good.len() {
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[place] ^= 1 << bit;
            let token = String::from_utf8(bytes).unwrap();
            assert!(
                matches!(verifier.verify(&token).await, Err(TokenRefusal::Invalid(_))),
                "bit {bit} of {place}"
            );
            tried += 1;
        }
    }
    assert!(tried > 4_000);
}
