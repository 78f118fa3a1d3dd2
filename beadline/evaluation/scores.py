"""How near a completion is to what the author wrote. Pure; knows no case file and no model.

Exact match is that of this project's cases; edit similarity and identifier F1 are CrossCodeEval's
(Ding et al. 2023, arXiv 2310.11248; amazon-science/cceval, scripts/eval_utils.py), over the whole
completion: it is cut where serving cuts it, not to one statement, and comments stay.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from beadline.evaluation.cases.spans import TO_LINE_END
from beadline.evaluation.metrics import edit_similarity

_STRING = re.compile(r'"([^"\\]*(\\.[^"\\]*)*)"|\'([^\'\\]*(\\.[^\'\\]*)*)\'')
"""CrossCodeEval's."""
_TOKEN = re.compile(r"\w+")
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_C = """
    break case char const continue default do double else enum extern float for goto if inline int
    long register return short signed sizeof static struct switch typedef union unsigned void
    volatile while"""
_JAVA = """
    abstract assert boolean break byte case catch char class const continue default do double else
    enum extends final finally float for goto if implements import instanceof int interface long
    native new package private protected public return short static strictfp super switch
    synchronized this throw throws transient try var void volatile while"""
_JAVASCRIPT = """
    async await break case catch class const continue debugger default delete do else export extends
    finally for function if import in instanceof let new of return static super switch this throw
    try typeof var void while with yield"""
_TYPESCRIPT = f"""{_JAVASCRIPT}
    abstract any as asserts bigint boolean constructor declare enum from get implements infer
    interface is keyof module namespace never number object package private protected public
    readonly require set string symbol type undefined unique unknown"""
_KEYWORDS = {
    "python": """
        None and as assert async await break class continue def del elif else except finally for
        from global if import in is lambda nonlocal not or pass raise return try while with yield
        """,
    "c": _C,
    "cpp": f"""{_C}
        alignas alignof and asm auto bool catch class concept consteval constexpr constinit
        const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend
        mutable namespace new noexcept not nullptr operator or override private protected public
        reinterpret_cast requires static_assert static_cast template this thread_local throw try
        typeid typename using virtual wchar_t xor""",
    "csharp": """
        abstract as async await base bool break byte case catch char checked class const continue
        decimal default delegate do double else enum event explicit extern finally fixed float for
        foreach goto if implicit in int interface internal is lock long namespace new null object
        operator out override params private protected public readonly ref return sbyte sealed
        short sizeof stackalloc static string struct switch this throw try typeof uint ulong
        unchecked unsafe ushort using var virtual void volatile while""",
    "go": """
        break case chan const continue default defer else fallthrough for func go goto if import
        interface map package range return select struct switch type var""",
    "java": _JAVA,
    "javascript": _JAVASCRIPT,
    "javascriptreact": _JAVASCRIPT,
    "php": """
        abstract and array as break callable case catch class clone const continue declare default
        do echo else elseif empty enddeclare endfor endforeach endif endswitch endwhile enum extends
        final finally fn for foreach function global goto if implements include include_once
        instanceof insteadof interface isset list match namespace new or print private protected
        public readonly require require_once return static switch throw trait try unset use var
        while xor yield""",
    "ruby": """
        alias and begin break case class def defined do else elsif end ensure for if in module next
        nil not or redo rescue retry return self super then undef unless until when while yield""",
    "rust": """
        Self as async await break const continue crate dyn else enum extern fn for if impl in let
        loop match mod move mut pub ref return self static struct super trait type unsafe use where
        while""",
    "shellscript": """
        case do done elif else esac fi for function if in select then until while""",
    "typescript": _TYPESCRIPT,
    "typescriptreact": _TYPESCRIPT,
}
"""What is no identifier; `true` and `false` count as such, as in CrossCodeEval."""
KEYWORDS = {language: frozenset(words.split()) for language, words in _KEYWORDS.items()}


@dataclass(frozen=True)
class Score:
    """Of one completion."""

    exact: bool
    edit_similarity: float
    identifier_f1: float


def score(prediction: str, middle: str, *, category: str, language: str) -> Score:
    """How near `prediction` is to `middle`. An empty one is a miss unless the middle is empty."""
    if category in TO_LINE_END:
        prediction, middle = prediction.partition("\n")[0], middle.partition("\n")[0]
    if not prediction or not middle:
        hit = prediction == middle
        return Score(hit, float(hit), float(hit))
    return Score(
        plain(prediction) == plain(middle),
        edit_similarity(prediction, middle),
        identifier_f1(prediction, middle, language),
    )


def plain(text: str) -> str:
    """A text without the blanks at the ends of its lines and without the blank lines at its end."""
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


def identifiers(text: str, language: str) -> list[str]:
    """The words outside of strings that begin as identifiers and are no keywords."""
    keywords = KEYWORDS.get(language, frozenset())
    return [
        token
        for token in _TOKEN.findall(_STRING.sub("", text))
        if _IDENTIFIER.match(token) and token not in keywords
    ]


def identifier_f1(prediction: str, middle: str, language: str) -> float:
    """F1 of the sets of identifiers; 0 where neither text has any, as in CrossCodeEval."""
    found, wanted = set(identifiers(prediction, language)), set(identifiers(middle, language))
    total = len(found) + len(wanted)  # 2 tp + fp + fn
    return 2 * len(found & wanted) / total if total else 0.0
