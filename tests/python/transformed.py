"""Does to a template what CloudFormation would do for Transform: AWS::Serverless-2016-10-31.

usage: transformed.py TEMPLATE [CONDITION…]

Prints it as JSON. With conditions, those that hold, elements of lists that depend on one are there
or not: moto leaves a hole in the list instead.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

PACKED = "s3://packages/bootstrap.zip"
NOTHING = {"Ref": "AWS::NoValue"}


class NoPolicies:
    """No policy is named by a name of AWS's own."""

    def load(self):
        return {}


def read(path):
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file)
    for resource in template["Resources"].values():
        if "CodeUri" in resource.get("Properties", {}):
            resource["Properties"]["CodeUri"] = PACKED
    common = template.get("Globals", {}).get("Function", {})
    if "CodeUri" in common:
        common["CodeUri"] = PACKED
    return template


def chosen(value, holding):
    """Decides which elements of lists are there that depend on a condition."""
    if isinstance(value, dict):
        if "Fn::If" in value:
            return {"Fn::If": [chosen(inner, holding) for inner in value["Fn::If"]]}
        return {name: chosen(inner, holding) for name, inner in value.items()}
    if not isinstance(value, list):
        return value
    there = (chosen(one(element, holding), holding) for element in value)
    return [element for element in there if element != NOTHING]


def one(element, holding):
    """Chooses between something and nothing; leaves alone what is something in both cases."""
    if not (isinstance(element, dict) and "Fn::If" in element):
        return element
    condition, then, otherwise = element["Fn::If"]
    if NOTHING not in (then, otherwise):
        return element
    return then if condition in holding else otherwise


def main(path, *holding):
    template = transform(read(path), {}, NoPolicies())
    if holding:
        template["Resources"] = chosen(template["Resources"], holding)
    json.dump(template, sys.stdout, indent=1)


main(*sys.argv[1:])
