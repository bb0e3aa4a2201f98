"""The YAML as frozen values, the meta-schema that it must satisfy, and the lint beyond shape."""
