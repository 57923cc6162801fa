"""The yardstick: a bare Flask page."""

from flask import Flask

app = Flask("hello")


@app.get("/")
def hello() -> str:
    """Two words."""
    return "Hello, world"
