//! The table of the template is the one that the program makes for itself.

use serde_json::{Value, json};

use super::access::{TABLE, listened, table_at};
use super::transformed;

#[tokio::test]
async fn the_table_of_the_template_is_the_one_that_the_program_makes() {
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let of_template = &template["Resources"]["Table"]["Properties"];
    let (_peer, proxy, requests) = listened().await;
    table_at(&proxy.url()).create().await.unwrap();
    let requests = requests.lock().unwrap();
    let sent = |operation: &str| {
        let found = requests.iter().find(|(name, _)| name == operation);
        &found.unwrap().1
    };
    let made = sent("CreateTable");
    assert_eq!(made["TableName"], TABLE);
    for property in ["AttributeDefinitions", "BillingMode", "KeySchema"] {
        assert_eq!(of_template[property], made[property], "{property}");
    }
    for indexes in ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"] {
        assert_eq!(of_template[indexes], made[indexes], "{indexes}");
    }
    let ttl = &sent("UpdateTimeToLive")["TimeToLiveSpecification"];
    assert_eq!(&of_template["TimeToLiveSpecification"], ttl);
    let extra = [
        "DeletionProtectionEnabled",
        "PointInTimeRecoverySpecification",
    ];
    let known = made.as_object().unwrap();
    for property in of_template.as_object().unwrap().keys() {
        let is_known = known.contains_key(property) || extra.contains(&property.as_str());
        assert!(
            is_known || property == "TimeToLiveSpecification",
            "{property}"
        );
    }
    assert_eq!(
        of_template["TableName"],
        json!({ "Fn::Sub": "coach-${Stage}" })
    );
    assert_eq!(made["StreamSpecification"], Value::Null);
}
