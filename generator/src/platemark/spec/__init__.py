"""The YAML as frozen values, and the meta-schemas that it must satisfy."""
