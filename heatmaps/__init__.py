# The one place of the version: the OpenAPI document takes it from here. Tests compare pyproject.toml and CHANGELOG.md.
__version__ = "0.1.0"
