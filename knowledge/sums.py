"""The sums of the question bank: `60 * 3 >= 90 * 2` read safely, and the numbers of a text."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from knowledge.figures import figures
from knowledge.numerals import NUMBER, narrow, to_float
from knowledge.records import KnowledgeError


class SumError(KnowledgeError):
    """A sum cannot be read or divides by zero; the message shows it and the right form."""


_ARITHMETIC: dict[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Mod: operator.mod,
}
_COMPARE: dict[type, Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
}
_LONGEST = 200


def truth(text: str) -> bool:
    """Whether a sum with < <= > >= == comes out true. Raises SumError."""
    return bool(_truth(_read(text), text))


def values(text: str) -> set[float]:
    """Every number that a sum contains or works out on its way. Raises SumError."""
    found = set()
    for node in ast.walk(_read(text)):
        if isinstance(node, ast.Constant | ast.BinOp | ast.UnaryOp) and not isinstance(
            getattr(node, "op", None), ast.Not
        ):
            found.add(round(float(_value(node, text)), 6))
    return found


def _read(text: str) -> ast.expr:
    try:
        if len(text) > _LONGEST:
            raise ValueError(text)
        return ast.parse(narrow(text).strip(), mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise _unreadable(text) from error


def _truth(node: ast.expr, text: str) -> bool:
    match node:
        case ast.BoolOp(op=ast.And()):
            return all(_truth(v, text) for v in node.values)
        case ast.BoolOp():
            return any(_truth(v, text) for v in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _truth(node.operand, text)
        case ast.Compare():
            sides = [_value(n, text) for n in (node.left, *node.comparators)]
            tests = [_COMPARE.get(type(op)) for op in node.ops]
            if None in tests:
                raise _unreadable(text)
            pairs = zip(tests, sides, sides[1:], strict=False)
            return all(test(a, b) for test, a, b in pairs if test is not None)
    raise _unreadable(text)


def _value(node: ast.expr, text: str) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            return Fraction(str(node.value))
        case ast.UnaryOp(op=ast.USub()):
            return -_value(node.operand, text)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            left, right = _value(node.left, text), _value(node.right, text)
            try:
                return Fraction(_ARITHMETIC[type(node.op)](left, right))
            except ZeroDivisionError as error:
                raise SumError(f"算式 {text} 除以零") from error
    raise _unreadable(text)


def _unreadable(text: str) -> SumError:
    return SumError(
        f"算式“{text}”读不出，应写作 60 * 3 >= 90 * 2（只用数字、加减乘除、比较、and、or）"
    )


@lru_cache(maxsize=8192)
def numbers(text: str, plain_digits: bool = False) -> frozenset[float]:
    """Every number written in a text, in digits or Chinese: 2/3 and 三分之二 give 2 and 3, 35%
    gives 35 and 0.35, 半年 gives 6. With `plain_digits` only digits count, as in a sum."""
    text = narrow(text)
    if plain_digits:
        return frozenset(float(n) for n in re.findall(r"\d+(?:\.\d+)?", text))
    found = {value for value, _ in figures(text)}
    for m in re.finditer(NUMBER, text):
        try:
            found.add(to_float(m[0]))
        except ValueError:
            continue
    return frozenset(found)
