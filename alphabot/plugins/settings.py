"""``[plugins.NAME]`` read into the struct that the plugin declares, strictly and with its lines."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from alphabot.config import Document, KeyPath, nearest, shown
from alphabot.core.secret import Secret
from alphabot.errors import ConfigError, PluginError
from alphabot.plugins.secrets import looked_up

__all__ = ["check_declared", "read_settings", "settings_schema"]

_SAID = re.compile(r"(?P<what>.*?)(?: - at `\$(?P<place>.*)`)?", re.DOTALL)
_EXPECTED = re.compile(r"Expected `(?P<types>[^`]*)`, got `[^`]*`")
_SAID_OTHERWISE = {"Invalid decimal string": "Expected `decimal`, got `str`"}
_STEP = re.compile(r"\[(?P<index>\d+)\]|\.(?P<key>[A-Za-z0-9_-]+)")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "datetime": "a date with a time",
    "date": "a date",
    "time": "a time",
}
_SECRET_SCHEMA = {
    "description": "where the secret is: never the secret itself",
    "oneOf": [
        {
            "type": "object",
            "properties": {name: {"type": "string", "minLength": 1}},
            "required": [name],
            "additionalProperties": False,
        }
        for name in ("env", "file")
    ],
}


def check_declared(plugin: str, place: str, declared: object) -> type[msgspec.Struct]:
    """Return what the hook ``settings`` returned if it can hold settings; raises PluginError."""
    if not isinstance(declared, type) or not issubclass(declared, msgspec.Struct):
        was = getattr(declared, "__name__", None) or type(declared).__name__
        problem = f"{place}: a msgspec.Struct type was expected, was {was}"
        raise PluginError(plugin, "settings", problem)
    if not declared.__struct_config__.frozen:
        problem = f"{place}: {declared.__name__} must be frozen (frozen=True)"
        raise PluginError(plugin, "settings", problem)
    try:
        msgspec.inspect.type_info(declared)
    except (TypeError, NameError) as cause:
        raise PluginError(plugin, "settings", f"{place}: {cause}") from cause
    return declared


def read_settings(declared: type[msgspec.Struct], document: Document, plugin: str) -> Any:
    """Return the plugin's settings; raises ConfigError with file, line and key.

    Secrets are looked up now, and masked in everything that is logged from now on.
    """
    at: KeyPath = ("plugins", plugin)
    table = document.data.get("plugins", {}).get(plugin, {})
    fields = {field.encode_name: field for field in msgspec.structs.fields(declared)}
    for name in table:
        if name not in fields:
            near = nearest(name, fields)
            known = f"known here: {', '.join(fields)}" if fields else "it has no settings"
            hint = f"did you mean {near}?" if near else known
            raise document.complaint((*at, name), "unknown key", hint)
    values = {}
    for name, field in fields.items():
        if name in table:
            values[field.name] = _converted(document, (*at, name), table[name], field.type)
        elif field.required:
            raise document.complaint((*at, name), "it was expected, was missing")
    try:
        return declared(**values)
    except (Exception, SystemExit) as cause:  # of the struct's own making, in __post_init__
        raise document.complaint(at, str(cause) or type(cause).__name__) from cause


def settings_schema(declared: type[msgspec.Struct], plugin: str) -> dict[str, Any]:
    """Return the JSON Schema of a plugin's table, for its place in that of the whole file."""
    here = f"#/properties/plugins/properties/{plugin}/$defs/"
    (schema,), shared = msgspec.json.schema_components(
        (declared,), schema_hook=_schema_of_ours, ref_template=here + "{name}"
    )
    own: dict[str, Any] = shared.pop(declared.__name__, schema)
    _numbers_as_written(own)
    _numbers_as_written(shared)
    own |= {"additionalProperties": False}
    return own | {"$defs": shared} if shared else own


# --- values -----------------------------------------------------------------------------------


def _converted(document: Document, at: KeyPath, value: object, wanted: Any) -> Any:
    folder = document.path.absolute().parent

    def ours(kind: type, given: object) -> object:
        if kind is Secret:
            return looked_up(given, folder)
        raise TypeError(f"{kind.__name__} cannot be read from a file")

    try:
        return msgspec.convert(value, wanted, dec_hook=ours)
    except msgspec.ValidationError as error:
        said = _SAID.fullmatch(str(error))
        assert said is not None  # noqa: S101 - the pattern matches any text
        within, inner = _within(said["place"] or "", value)
        raise _complaint(document, (*at, *within), said["what"], inner) from None


def _complaint(document: Document, at: KeyPath, what: str, value: object) -> ConfigError:
    expected = _EXPECTED.fullmatch(_SAID_OTHERWISE.get(what, what))
    if expected is None:
        return document.complaint(at, what)
    words = [_WORDS.get(each, each) for each in expected["types"].split(" | ") if each != "null"]
    wanted = " or ".join(dict.fromkeys(words))
    return document.complaint(at, f"{wanted} was expected, was {shown(value)}")


def _within(place: str, value: Any) -> tuple[KeyPath, object]:
    """Return the steps from a value to the part of it that is wrong, and that part."""
    steps: list[str | int] = []
    for found in _STEP.finditer(place):
        step = int(found["index"]) if found["index"] else found["key"]
        try:
            value = value[step]
        except (LookupError, TypeError):
            break
        steps.append(step)
    return tuple(steps), value


# --- schema -----------------------------------------------------------------------------------


def _schema_of_ours(kind: type) -> dict[str, Any]:
    if kind is Secret:
        return dict(_SECRET_SCHEMA)
    raise TypeError(f"{kind.__name__} has no form in a schema")


def _numbers_as_written(schema: Any) -> None:
    """Let money be written as a number, as everywhere in the file, and not as text alone."""
    if isinstance(schema, dict):
        if schema.get("format") == "decimal":
            del schema["format"]
            schema["type"] = "number"
            if isinstance(schema.get("default"), str):
                schema["default"] = float(schema["default"])
        for inner in schema.values():
            _numbers_as_written(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            _numbers_as_written(inner)
