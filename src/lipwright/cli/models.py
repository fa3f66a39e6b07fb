"""``lipwright models``: the weights, what is here and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.output import print_json, print_table

if TYPE_CHECKING:
    from lipwright.models.store import ModelStore

app = typer.Typer(
    help="The weights: what they are, whether they are here, where from.", no_args_is_help=False
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Which weights.", show_default="all"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Say what weights there are, their licences, and which are here."""
    from lipwright.models.catalogue import CATALOGUE
    from lipwright.models.store import FileState

    store = _store()
    rows: list[dict[str, Any]] = []
    for name, weights in CATALOGUE.items():
        states = set(store.states(name).values())
        rows.append(
            {
                "name": name,
                "state": "here" if states == {FileState.OK} else "not here",
                "size": weights.size if as_json else f"{weights.size / 1e6:.1f} MB",
                "licence": weights.licence,
                "what": weights.what,
            }
        )
        if as_json:
            rows[-1] |= {
                "path": str(store.path(name)),
                "sources": [source.label for source in weights.sources],
                "files": [vars(file) for file in weights.files],
            }
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
        typer.echo(f"\nfolder: {store.folder}")


@app.command()
def pull(names: Names = None, as_json: AsJson = False) -> None:
    """Fetch what is missing or wrong."""
    store = _store()
    rows = [{"name": name, "path": str(store.pull(name))} for name in _chosen(names)]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)


@app.command()
def verify(names: Names = None, as_json: AsJson = False) -> None:
    """Read every byte and compare; exit code 1 if anything is missing or wrong."""
    from lipwright.models.store import FileState

    store = _store()
    rows = [
        {"name": name, "file": file, "state": str(state)}
        for name in _chosen(names)
        for file, state in store.states(name, thorough=True).items()
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
    if any(row["state"] != FileState.OK for row in rows):
        raise typer.Exit(1)


def _store() -> ModelStore:
    from lipwright.cli.configuration import read_settings
    from lipwright.models.store import ModelStore

    return ModelStore(read_settings().models_dir)


def _chosen(names: list[str] | None) -> list[str]:
    from lipwright.errors import BadInputError
    from lipwright.models.catalogue import CATALOGUE

    for name in names or []:
        if name not in CATALOGUE:
            known = ", ".join(CATALOGUE)
            raise BadInputError("name", "unknown", f"there are no weights {name}, only {known}")
    return names or list(CATALOGUE)
