"""The house's one-way streets: imports point only downward."""

import ast
from collections.abc import Iterator
from pathlib import Path

import complab

ROOT = Path(complab.__file__).parent

# Lower layers first. A module belongs to the longest name that fits it.
LAYERS = {
    "complab.errors": 0,
    "complab.units": 0,
    "complab._version": 0,
    "complab._core": 1,
    "complab.whole_file": 1,
    "complab.core": 2,
    "complab.render": 2,
    "complab.charts": 3,
    "complab.codecs": 3,
    "complab.kafka": 4,
    "complab.stats": 4,
    "complab.student": 4,
    "complab.paired": 5,
    "complab.estimation": 5,
    "complab.costs": 4,
    "complab.sampling": 5,
    "complab.environment": 4,
    "complab.plan": 4,
    "complab.results": 6,
    "complab.page": 7,
    "complab.runner": 7,
    "complab.studies": 8,
    "complab.cli": 9,
    "complab.pytest_plugin": 9,
    "complab": 9,
}


def home(module: str) -> str:
    """The entry of the table that a module belongs to."""
    found = [name for name in LAYERS if module == name or module.startswith(f"{name}.")]
    return max(found, key=len)


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package with its syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = ["complab", *path.relative_to(ROOT).with_suffix("").parts]
        name = ".".join(part for part in parts if part != "__init__")
        yield name, ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module of complab that a tree imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("complab"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "complab"
        ):
            base = str(node.module)
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if is_module(inner) else base


def is_module(name: str) -> bool:
    """Whether a dotted name is a module of the package and no name inside one."""
    path = ROOT.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file() or name == "complab._core"


def test_imports_point_downward() -> None:
    """No module imports one of its own layer outside its home, or of a higher one."""
    wrong = [
        f"{name} imports {target}"
        for name, tree in modules()
        for target in imported(tree)
        if home(name) != home(target) and LAYERS[home(target)] >= LAYERS[home(name)]
    ]
    assert wrong == []


def test_only_core_knows_the_compiled_module() -> None:
    """complab._core is imported by the modules of complab.core alone."""
    users = {name for name, tree in modules() if "complab._core" in set(imported(tree))}
    assert {home(user) for user in users} == {"complab.core"}


def test_every_module_has_a_layer() -> None:
    """A new top-level module must be given its place in the table."""
    tops = {f"complab.{path.stem}" for path in ROOT.glob("*.py")} - {"complab.__init__"}
    folders = {f"complab.{p.parent.name}" for p in ROOT.glob("*/__init__.py")}
    assert tops | folders <= set(LAYERS)
