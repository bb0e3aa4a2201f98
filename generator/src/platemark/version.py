"""The version, and what every generated file says of its origin."""

VERSION = "0.1.0"
GENERATOR = f"platemark {VERSION}"
GENERATED_BY = "platemark; do not edit: change the specs and run `platemark generate`"
