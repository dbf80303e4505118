"""Values bound to a query: each has a placeholder of its own."""

from typing import Any


class Binder:
    """Collects the values of one query. No two of them share a placeholder."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}

    def bind(self, value: Any, kind: str, name: str = "value") -> str:
        """A placeholder for a value of a type of the engine. `name` is for people who read the query; the second value
        of a name gets a number behind it."""
        placeholder, times = name, 1
        while placeholder in self.parameters:
            times += 1
            placeholder = f"{name}_{times}"
        self.parameters[placeholder] = value
        return f"{{{placeholder}:{kind}}}"

    def name(self, name: str, value: Any) -> None:
        """Binds a value under the name by which a file of SQL asks for it. Raises ValueError where that is taken."""
        if name in self.parameters:
            raise ValueError(f"Two values are bound as {name}.")
        self.parameters[name] = value
