"""``lipwright models``: the weights, what is here and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.options import AsJson
from lipwright.cli.output import print_json, print_table, warn

if TYPE_CHECKING:
    from lipwright.models.store import FileState, ModelStore

app = typer.Typer(
    help="The weights: what they are, whether they are here, where from.", no_args_is_help=False
)

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Which weights.", show_default="all"),
]


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
    rows += _own_rows(store.folder, as_json)
    if as_json:
        print_json(rows)
    else:
        print_table(rows)
        typer.echo(f"\nfolder: {store.folder}")


@app.command()
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is: wav2lip.")],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE.onnx", exists=True, dir_okay=False, help="Your weights."),
    ],
    licence: Annotated[
        str,
        typer.Option("--licence", metavar="TEXT", help="Under which licence you may use them."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Copy weights of your own into the models folder, once they prove to be what they must.

    wav2lip: a generator of the Wav2Lip family as an ONNX file. It takes mel windows of 80 by 16
    and square faces of any size in six channels; the size is read from the file. Then
    lipwright sync --engine wav2lip draws mouths with it. scripts/export_wav2lip.py in the
    repository writes such a file from a published checkpoint.
    """
    from lipwright.cli.quiet import native_chatter_hidden
    from lipwright.errors import BadInputError
    from lipwright.models.added import ADDABLE, UNKNOWN_LICENCE, add_model, added_path

    if name not in ADDABLE:
        raise BadInputError("name", "unknown", f"only {', '.join(ADDABLE)} can be added")
    folder = _store().folder
    with native_chatter_hidden():
        from lipwright.render.neural.generator import check_generator

        facts = check_generator(file)
    model = add_model(folder, name, file, licence, facts)
    row = {
        "name": model.name,
        "path": str(added_path(folder, name)),
        "licence": model.licence,
        "what": model.facts,
        "sha256": model.sha256,
    }
    if as_json:
        print_json(row)
    else:
        print_table([row])
    if model.licence == UNKNOWN_LICENCE:
        warn(
            "say under which licence you may use these weights with --licence; those published "
            "with Wav2Lip are for research only"
        )


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
        for name in _chosen(names, own=True)
        for file, state in _states(store, name).items()
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


def _own_rows(folder: Path, as_json: bool) -> list[dict[str, Any]]:
    """What users bring themselves."""
    from lipwright.models.added import ADDABLE, added_path, added_state, find_added
    from lipwright.models.store import FileState

    shown = {FileState.OK: "here", FileState.WRONG: "not as added", FileState.MISSING: "not here"}
    rows: list[dict[str, Any]] = []
    for name, what in ADDABLE.items():
        model = find_added(folder, name)
        size = model.size if model else 0
        rows.append(
            {
                "name": name,
                "state": shown[added_state(folder, name)],
                "size": size if as_json else f"{size / 1e6:.1f} MB" * bool(model),
                "licence": model.licence if model else "",
                "what": f"{what}; {model.facts}" if model else what,
            }
        )
        if as_json:
            path = added_path(folder, name)
            files = [{"name": path.name, "sha256": model.sha256, "size": size}] if model else []
            rows[-1] |= {"path": str(path), "sources": [], "files": files}
    return rows


def _states(store: ModelStore, name: str) -> dict[str, FileState]:
    from lipwright.models.added import ADDABLE, added_path, added_state

    if name in ADDABLE:
        path = added_path(store.folder, name)
        return {path.name: added_state(store.folder, name, thorough=True)}
    return store.states(name, thorough=True)


def _chosen(names: list[str] | None, *, own: bool = False) -> list[str]:
    """The names that were given, or all; ``own`` adds those that were brought by the user."""
    from lipwright.errors import BadInputError
    from lipwright.models.added import ADDABLE, find_added
    from lipwright.models.catalogue import CATALOGUE

    known = [*CATALOGUE, *ADDABLE] if own else list(CATALOGUE)
    for name in names or []:
        if name in ADDABLE and not own:
            raise BadInputError(
                "name", "unknown", f"{name} is yours to bring: lipwright models add"
            )
        if name not in known:
            raise BadInputError(
                "name", "unknown", f"there are no weights {name}, only {', '.join(known)}"
            )
    if names:
        return names
    folder = _store().folder
    return [*CATALOGUE, *(name for name in ADDABLE if own and find_added(folder, name))]
