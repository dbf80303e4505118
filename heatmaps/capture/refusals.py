"""Why a request of a browser is not taken. Its SDK drops what is answered 4xx, and sends all else again."""


class Refused(Exception):
    """The answer to a request that is not taken; the text is for whoever reads the browser's console."""

    def __init__(self, status: int, code: str, detail: str, token: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        # Of the project, where it could be read.
        self.token = token


def malformed(detail: str, token: str | None = None) -> Refused:
    return Refused(400, "malformed", detail, token)


def too_large(limit_bytes: int) -> Refused:
    return Refused(
        413, "request_too_large", f"A body may have {limit_bytes} bytes here, also after it is decompressed."
    )


def foreign_host() -> Refused:
    return Refused(
        400, "foreign_host", "The name in the Host header is not in ALLOWED_HOSTS, a setting of this service."
    )


def busy() -> Refused:
    return Refused(503, "busy", "The interactions cannot be stored at the moment. Send them again in a moment.")
