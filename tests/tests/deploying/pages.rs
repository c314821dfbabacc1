//! What the pages say of deploying is what there is.

use std::collections::BTreeSet;

use super::{of_type, root, text, transformed};

#[test]
fn every_setting_of_a_function_is_one_that_the_settings_page_knows() {
    let known = text("docs/settings.md") + &text("docs/protocol.md");
    for name in ["template.yaml", "managed-instances.yaml"] {
        let Some(template) = transformed(name, &[]) else {
            return;
        };
        for (function, properties) in of_type(&template, "AWS::Lambda::Function") {
            let settings = properties["Environment"]["Variables"].as_object();
            for setting in settings.into_iter().flat_map(|settings| settings.keys()) {
                assert!(
                    known.contains(&format!("`{setting}`")),
                    "{function}: {setting}"
                );
            }
        }
    }
}

#[test]
fn the_deploying_page_names_every_parameter_alarm_and_output() {
    let page = text("docs/deploying.md");
    let Some(template) = transformed("template.yaml", &[]) else {
        return;
    };
    let parameters = template["Parameters"].as_object().unwrap();
    for parameter in parameters.keys() {
        assert!(page.contains(&format!("`{parameter}`")), "{parameter}");
    }
    for (name, alarm) in of_type(&template, "AWS::CloudWatch::Alarm") {
        let named = alarm["AlarmName"]["Fn::Sub"].as_str().unwrap();
        let short = named.strip_prefix("coach-${Stage}-").unwrap();
        assert!(page.contains(&format!("`{short}`")), "{name}");
    }
    for file in ["cloudfront.yaml", "managed-instances.yaml"] {
        assert!(page.contains(file), "{file}");
    }
}

#[test]
fn every_command_of_ours_on_the_deploying_page_is_one_that_there_is() {
    let page = text("docs/deploying.md");
    let script = text("apps/lambda/stack");
    let mut commands = BTreeSet::new();
    for line in page.lines() {
        if let Some((_, behind)) = line.split_once("apps/lambda/stack ") {
            let command = behind.split([' ', '`', '#']).next().unwrap();
            assert!(script.contains(&format!("\n{command}() {{")), "{line}");
            commands.insert(command.to_owned());
        }
    }
    let all = ["build", "check", "deploy", "outputs", "teardown"];
    assert_eq!(commands, all.map(str::to_owned).into());
}

#[test]
fn links_of_the_deploying_page_lead_somewhere() {
    let page = text("docs/deploying.md");
    let mut links = 0;
    for link in page.split("](").skip(1) {
        let target = link.split([')', '#']).next().unwrap();
        if !target.is_empty() && !target.starts_with("http") {
            assert!(root().join("docs").join(target).exists(), "{target}");
            links += 1;
        }
    }
    assert!(links > 3, "{links}");
}

#[test]
fn the_image_is_built_by_the_command_that_the_settings_page_gives() {
    let container = text("Containerfile");
    let [build] = container
        .lines()
        .filter_map(|line| line.strip_prefix("RUN cargo "))
        .collect::<Vec<_>>()[..]
    else {
        panic!("one build")
    };
    assert!(
        text("docs/settings.md").contains(&format!("cargo {build}\n")),
        "{build}"
    );
    let toolchain = text("rust-toolchain.toml");
    let (_, behind) = toolchain.split_once("channel = \"").unwrap();
    let (channel, _) = behind.split_once(".0\"").unwrap();
    assert!(container.contains(&format!("FROM docker.io/library/rust:{channel}-")));
    assert!(container.contains("\nUSER coach\n"), "it is not root");
}
