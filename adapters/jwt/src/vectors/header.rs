//! Headers: which key a token may name, and by what algorithm.

use super::*;

#[tokio::test]
async fn no_algorithm_but_rs256_is_known() {
    const WHY: Option<&str> = Some("another algorithm than RS256");
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!("rs256"),
        json!("RS256 "),
        json!("RS384"),
        json!("PS256"),
        json!("HS256"),
        json!("ES256"),
        json!(["RS256"]),
        json!(256),
        Value::Null,
    ] {
        let signed = with_header(json!({ "alg": alg }));
        assert_eq!(refusal(&signed).await, WHY, "{alg}");
        let unsigned = format!("{}.", signed.rsplit_once('.').unwrap().0);
        assert_eq!(refusal(&unsigned).await, WHY, "{alg} without a signature");
    }
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let der: PublicKeyX509Der<'_> = KEY.public_key().as_der().unwrap();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let modulus = KEY.public_key().modulus();
    let jwk = jwk("key", &KEY);
    for secret in [
        der.as_ref(),
        KEY.public_key().as_ref(),
        pem.as_bytes(),
        modulus.big_endian_without_leading_zero(),
        jwk["n"].as_str().unwrap().as_bytes(),
        jwk.to_string().as_bytes(),
    ] {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        for (alg, why) in [
            ("HS256", "another algorithm than RS256"),
            ("RS256", "the signature is wrong"),
        ] {
            let signed = format!(
                "{}.{}",
                encode(with(header(), json!({"alg": alg})).to_string()),
                encode(claims().to_string())
            );
            let token = format!(
                "{signed}.{}",
                encode(hmac::sign(&secret, signed.as_bytes()))
            );
            assert_eq!(refusal(&token).await, Some(why));
        }
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_is_never_used_and_never_looked_up() {
    let endpoint =
        Endpoint::new(|_| response("200 OK", &json!({"keys": [jwk("key", &OTHER)]}).to_string()));
    for changes in [
        json!({"jwk": jwk("key", &OTHER)}),
        json!({"jku": endpoint.url}),
        json!({"x5u": endpoint.url}),
        json!({"x5c": ["MIIB"]}),
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": []}),
        json!({"b64": true}),
        json!({"b64": false, "crit": ["b64"]}),
    ] {
        let keys = fixed();
        for token in [with_header(changes.clone()), {
            let header = with(header(), changes.clone()).to_string();
            sign(
                &OTHER,
                &format!("{}.{}", encode(header), encode(claims().to_string())),
            )
        }] {
            let answer = verifier(keys.clone(), NOW).verify(&token).await;
            assert!(
                matches!(
                    answer,
                    Err(TokenRefusal::Invalid(
                        "a header parameter that is never accepted"
                    ))
                ),
                "{changes}"
            );
        }
        assert_eq!(keys.asked.load(Ordering::SeqCst), 0);
    }
    assert_eq!(endpoint.asked(), 0);
}

#[tokio::test]
async fn the_header_names_a_known_key() {
    for (changes, why) in [
        (json!({"kid": null}), "names no key"),
        (json!({"kid": 7}), "names no key"),
        (json!({"kid": ["key"]}), "names no key"),
        (json!({"kid": ""}), "signed by an unknown key"),
        (json!({"kid": "KEY"}), "signed by an unknown key"),
        (json!({"kid": "../key"}), "signed by an unknown key"),
        (json!({"typ": "at+jwt"}), "another type than JWT"),
        (json!({"typ": "jwt"}), "another type than JWT"),
        (json!({"typ": 1}), "another type than JWT"),
    ] {
        assert_eq!(
            refusal(&with_header(changes.clone())).await,
            Some(why),
            "{changes}"
        );
    }
    let foreign = sign(&OTHER, good().rsplit_once('.').unwrap().0);
    assert_eq!(refusal(&foreign).await, Some("the signature is wrong"));
}
