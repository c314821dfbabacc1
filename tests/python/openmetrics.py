"""Reads a file in the OpenMetrics text format as Prometheus' client for Python does.

    python openmetrics.py FILE

Prints one JSON object: the kind of each metric by its name. Whatever the format forbids is an error.
"""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with open(sys.argv[1], encoding="utf-8") as file:
    families = list(text_string_to_metric_families(file.read()))
print(json.dumps({family.name: family.type for family in families}))
