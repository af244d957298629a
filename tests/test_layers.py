"""The rooms and who may import whom (DESIGN section 3), read from the source with `ast`."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROWS: dict[str, int] = {
    "rag": 0,
    "rag.errors": 0,
    "rag.types": 0,
    "rag.config": 1,
    "rag.protocols": 1,
    "rag.load": 2,
    "rag.text": 2,
    "rag.speech": 2,
    "rag.marks": 2,
    "rag.wordlists": 2,
    "rag.parse": 2,
    "rag.selection": 2,
    "rag.terms": 2,
    "rag.language": 2,
    "rag.dates": 2,
    "rag.facts": 2,
    "rag.gazetteer": 2,
    "rag.prompts": 2,
    "rag.followup": 2,
    "rag.question": 2,
    "rag.figures": 2,
    "rag.relevance": 2,
    "rag.cite": 2,
    "rag.decode": 2,
    "rag.formats": 2,
    "rag.tokens": 2,
    "rag.statement": 2,
    "rag.signature": 2,
    "rag.roles": 2,
    "rag.quantities": 2,
    "rag.excerpt": 2,
    "rag.disagree": 2,
    "rag.deadlines": 2,
    "rag.attribution": 2,
    "rag.compare": 2,
    "rag.models": 3,
    "vectorstore": 3,
    "rag.fakes": 3,
    "rag.roots": 4,
    "rag.uploads": 4,
    "rag.fresh": 4,
    "rag.sync": 4,
    "rag.index": 4,
    "rag.retrieve": 4,
    "rag.rerank": 4,
    "rag.compose": 4,
    "rag.verify": 4,
    "rag.answer": 4,
    "rag.assistant": 5,
    "rag.cli": 6,
    "rag.batch": 6,
    "rag.terminal": 6,
    "rag.doctor": 6,
    "rag.ui": 6,
    "app": 6,
    "eval": 6,
    "bench": 6,
}
ADAPTER_ROOMS = ("rag.models", "vectorstore")
HEAVY = {
    "torch",
    "sentence_transformers",
    "transformers",
    "gradio",
    "chromadb",
    "llama_cpp",
    "onnx",
    "onnxruntime",
    "tokenizers",
    "py3langid",
    "matplotlib",
    "pypdf",
    "docx",
    "bs4",
    "tqdm",
    "httpx",
    "charset_normalizer",
}


def modules() -> dict[str, Path]:
    found = {}
    for top in ("rag", "vectorstore", "eval", "bench"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    found["app"] = ROOT / "app.py"
    return found


MODULES = modules()


def room(name: str) -> str:
    """The longest row name that a module belongs to."""
    while name not in ROWS or (name == "rag"):
        if "." not in name:
            return name
        name = name.rpartition(".")[0]
    return name


def imports(path: Path) -> list[tuple[str, bool, bool]]:
    """(module, at the top of the file, only for type checking)"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[tuple[str, bool, bool]] = []

    def visit(node: ast.AST, top: bool, typing: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, top, typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module:
                assert child.level == 0, f"{path}: relative import"
                for alias in child.names:
                    full = f"{child.module}.{alias.name}"
                    found.append((full if full in MODULES else child.module, top, typing))
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                visit(child, top, True)
            else:
                inner = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                visit(child, top and not inner, typing)

    visit(tree, True, False)
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_room_imports_only_rooms_above_it(name: str) -> None:
    here = room(name)
    assert here in ROWS, f"{name} has no row: add it to the table here and in the README"
    for imported, _, _ in imports(MODULES[name]):
        if imported.split(".")[0] not in ("rag", "vectorstore", "eval", "bench", "app"):
            continue
        there = room(imported)
        assert there in ROWS, f"{name} imports {imported}, which has no row"
        assert ROWS[there] <= ROWS[here], f"{name} (row {ROWS[here]}) imports {imported} below it"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_no_heavy_library_is_imported_at_the_top(name: str) -> None:
    heavy = {
        imported
        for imported, top, typing in imports(MODULES[name])
        if top and not typing and imported.split(".")[0] in HEAVY
    }
    allowed = {"gradio"} if room(name) == "rag.ui" else set()
    assert {module.split(".")[0] for module in heavy} <= allowed, f"{name}: {sorted(heavy)}"


def test_adapters_never_import_each_other() -> None:
    for name, path in MODULES.items():
        if room(name) not in ADAPTER_ROOMS:
            continue
        for imported, _, _ in imports(path):
            other = room(imported)
            assert other not in ADAPTER_ROOMS or other == room(name), f"{name} imports {imported}"


def test_row_four_imports_no_adapter() -> None:
    for name, path in MODULES.items():
        if ROWS.get(room(name)) == 4:
            rooms = {room(imported) for imported, _, _ in imports(path)}
            assert not rooms & {*ADAPTER_ROOMS, "rag.fakes"}, name


def test_there_is_no_circle() -> None:
    edges = {
        name: {
            imported
            for imported, _, typing in imports(path)
            if imported in MODULES and imported != name and not typing
        }
        for name, path in MODULES.items()
    }
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in sorted(edges[name]):
                walk(other, (*trail, name))
            done.add(name)

    for name in sorted(edges):
        walk(name, ())


def test_the_package_root_is_empty() -> None:
    assert (ROOT / "rag" / "__init__.py").read_text(encoding="utf-8").strip() == ""
