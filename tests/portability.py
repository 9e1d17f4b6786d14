"""Finds what only some systems have where nothing asks first which system this is.

Paths, modules and arguments; of functions and signals, types tell (`mypy --platform`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_POSIX_PATH = re.compile(r"/(proc|sys|tmp|usr|etc|dev|var|run|home|opt|bin|lib)(/|$)")
_POSIX_MODULES = frozenset({"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios"})
_POSIX_ARGUMENTS = {"preexec_fn", "pass_fds"}  # of subprocess
_ASKS = re.compile(r"\bplatform\b|\bos\.name\b|\bhasattr\b|\bFORKS\b")
_FORGIVING = {"OSError", "FileNotFoundError", "ImportError", "AttributeError", "Exception"}


@dataclass(frozen=True)
class Find:
    """Something that isn't everywhere, and the line that needs it."""

    line: int
    what: str


def finds(source: str) -> list[Find]:
    """Return what in a module works on some systems only, where nothing before it asks for them.

    Asking is: a test of the platform around it, one before it that leaves the function, or a
    ``try`` or ``suppress`` that takes the error of its not being there.
    """
    return list(_in_block(ast.parse(source).body))


def _in_block(statements: Sequence[ast.stmt]) -> Iterator[Find]:
    for statement in statements:
        if isinstance(statement, ast.If) and _asks(statement.test):
            if _leaves(statement.body):
                return
            continue
        if isinstance(statement, ast.Try | ast.With) and _forgives(statement):
            if isinstance(statement, ast.Try) and any(_leaves(h.body) for h in statement.handlers):
                return
            continue
        yield from _in_statement(statement)


def _in_statement(statement: ast.stmt) -> Iterator[Find]:
    for _, value in ast.iter_fields(statement):
        parts = value if isinstance(value, list) else [value]
        if parts and isinstance(parts[0], ast.stmt):
            yield from _in_block(_without_docstring(parts))
            continue
        for part in parts:
            if isinstance(part, ast.ExceptHandler | ast.match_case):
                yield from _in_block(part.body)
            elif isinstance(part, ast.AST):
                yield from _in_expression(part)
    yield from _imported(statement)


def _in_expression(node: ast.AST) -> Iterator[Find]:
    if isinstance(node, ast.IfExp | ast.BoolOp) and _asks(node):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _POSIX_PATH.match(node.value):
            yield Find(node.lineno, node.value)
    elif isinstance(node, ast.keyword) and node.arg in _POSIX_ARGUMENTS:
        yield Find(node.value.lineno, f"{node.arg}=")
    for child in ast.iter_child_nodes(node):
        yield from _in_expression(child)


def _imported(statement: ast.stmt) -> Iterator[Find]:
    names: list[str] = []
    if isinstance(statement, ast.Import):
        names = [alias.name for alias in statement.names]
    elif isinstance(statement, ast.ImportFrom) and statement.module:
        names = [statement.module]
    for name in names:
        if name in _POSIX_MODULES:
            yield Find(statement.lineno, f"import {name}")


def _without_docstring(statements: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    match statements:
        case [ast.Expr(value=ast.Constant()), *rest]:
            return rest
    return statements


def _asks(test: ast.expr) -> bool:
    return bool(_ASKS.search(ast.unparse(test)))


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return isinstance(body[-1], ast.Return | ast.Raise | ast.Continue)


def _forgives(statement: ast.Try | ast.With) -> bool:
    if isinstance(statement, ast.With):
        texts = [ast.unparse(item.context_expr) for item in statement.items]
        return any("suppress(" in text and _names(text) & _FORGIVING for text in texts)
    return any(
        handler.type is not None and _names(ast.unparse(handler.type)) & _FORGIVING
        for handler in statement.handlers
    )


def _names(text: str) -> set[str]:
    return set(re.findall(r"\w+", text))
