"""The HTTP API: views, errors and the OpenAPI document."""
