//! Claims: who says what about whom, for whom and until when.

use super::*;

#[tokio::test]
async fn the_claims_are_those_of_our_issuer_for_us() {
    const ISS: &str = "of another issuer";
    const AUD: &str = "for another audience";
    const USE: &str = "not an ID token";
    const TIME: &str = "a time is not a whole number of seconds";
    let exp = NOW.0 / 1_000 + 3_600;
    for (changes, why) in [
        (json!({"iss": null}), ISS),
        (json!({"iss": "https://issuer.example/pool/"}), ISS),
        (json!({"iss": "https://issuer.example/other"}), ISS),
        (json!({"iss": "HTTPS://issuer.example/pool"}), ISS),
        (json!({"iss": ""}), ISS),
        (json!({"iss": [ISSUER]}), ISS),
        (json!({"iss": {"0": ISSUER}}), ISS),
        (json!({"aud": null}), AUD),
        (json!({"aud": "other"}), AUD),
        (json!({"aud": [AUDIENCE]}), AUD),
        (json!({"aud": [AUDIENCE, "other"]}), AUD),
        (json!({"aud": true}), AUD),
        (
            json!({"aud": null, "client_id": AUDIENCE, "token_use": "access"}),
            AUD,
        ),
        (json!({"token_use": null}), USE),
        (json!({"token_use": "access"}), USE),
        (json!({"token_use": "ID"}), USE),
        (json!({"token_use": ["id"]}), USE),
        (json!({"exp": null}), "no expiry"),
        (json!({"exp": exp.to_string()}), TIME),
        (json!({"exp": exp as f64}), TIME),
        (json!({"exp": 1e300}), TIME),
        (json!({"exp": -1}), TIME),
        (json!({"exp": true}), TIME),
        (json!({"exp": [exp]}), TIME),
        (json!({"exp": 0}), "expired"),
        (json!({"iat": null}), "no time of issue"),
        (json!({"iat": "0"}), TIME),
        (json!({"iat": 0.5}), TIME),
        (json!({"iat": u64::MAX}), "not valid yet"),
        (json!({"nbf": "0"}), TIME),
        (json!({"nbf": 0.0}), TIME),
        (json!({"nbf": exp}), "not valid yet"),
        (json!({"sub": null}), "no subject"),
        (json!({"sub": ""}), "no subject"),
        (json!({"sub": 7}), "no subject"),
    ] {
        assert_eq!(
            refusal(&with_claims(changes.clone())).await,
            Some(why),
            "{changes}"
        );
    }
    for not_null in ["exp", "iat", "nbf"] {
        let mut claims = claims();
        claims[not_null] = Value::Null;
        assert_eq!(
            refusal(&token_of(header().to_string(), claims.to_string())).await,
            Some(TIME),
            "{not_null}"
        );
    }
}

#[tokio::test]
async fn somebody_without_a_user_id_is_told_apart() {
    for id in [
        Value::Null,
        json!(""),
        json!("a b"),
        json!("a/b"),
        json!("a#b"),
        json!(7),
        json!(["ann"]),
        json!("é"),
    ] {
        let token = with_claims(json!({"custom:user_id": id}));
        assert!(
            matches!(verify(&token).await, Err(TokenRefusal::MissingUserId)),
            "{id}"
        );
        let late = with_claims(json!({"custom:user_id": id, "exp": 0}));
        assert_eq!(
            refusal(&late).await,
            Some("expired"),
            "only a valid token tells anything"
        );
    }
}

#[tokio::test]
async fn times_are_kept_to_the_millisecond_with_a_minute_of_leeway() {
    let second = NOW.0 / 1_000;
    let at = |ms: u64| Timestamp(ms);
    let expiring = with_claims(json!({"exp": second + 10}));
    assert_eq!(refusal_at(at(NOW.0 + 69_999), &expiring).await, None);
    assert_eq!(
        refusal_at(at(NOW.0 + 70_000), &expiring).await,
        Some("expired")
    );

    let early = NOW.0 - 60_000;
    assert_eq!(refusal_at(at(early), &good()).await, None);
    assert_eq!(
        refusal_at(at(early - 1), &good()).await,
        Some("not valid yet")
    );

    let waiting = with_claims(json!({"nbf": second + 100}));
    assert_eq!(refusal_at(at(NOW.0 + 40_000), &waiting).await, None);
    assert_eq!(
        refusal_at(at(NOW.0 + 39_999), &waiting).await,
        Some("not valid yet")
    );

    let long_valid = with_claims(json!({"nbf": 0}));
    assert_eq!(
        refusal_at(at(early - 1), &long_valid).await,
        Some("not valid yet"),
        "issued later all the same"
    );
}
