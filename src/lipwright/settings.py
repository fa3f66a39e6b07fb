"""Every knob of lipwright, read from ``LIPWRIGHT_*`` environment variables and a ``.env`` file.

``Settings.model_fields`` carries a description for each: ``lipwright serve --help`` and the
documentation print them from here, so there is one place to change.
"""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_PREFIX = "LIPWRIGHT_"
MICRO_PER_PTC = 1_000_000

Network = IPv4Network | IPv6Network


def to_ptc(micro_ptc: int) -> str:
    """Write an amount in PTC, with no more digits than it has."""
    return f"{Decimal(micro_ptc) / MICRO_PER_PTC:f}"


def user_folder(kind: Literal["data", "cache"]) -> Path:
    """Return this user's folder for lipwright's data or cache, by the platform's habit."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return base / "lipwright" / kind
    if sys.platform == "darwin":
        library = home / "Library"
        return (library / ("Application Support" if kind == "data" else "Caches")) / "lipwright"
    variable, fallback = {
        "data": ("XDG_DATA_HOME", home / ".local" / "share"),
        "cache": ("XDG_CACHE_HOME", home / ".cache"),
    }[kind]
    return Path(os.environ.get(variable) or fallback) / "lipwright"


def _database_in(data: dict[str, Any]) -> str:
    return f"sqlite:///{(data['data_dir'] / 'lipwright.db').as_posix()}"


def _storage_in(data: dict[str, Any]) -> str:
    return str((data["data_dir"] / "objects").as_uri())


class Settings(BaseSettings):
    """The settings of one lipwright service; see the fields' descriptions."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, env_file=".env", extra="ignore", validate_default=True
    )

    # Where things lie
    data_dir: Path = Field(
        default_factory=lambda: user_folder("data"),
        description="Folder for the database, the files, the signing secret and temporary files "
        "(default: lipwright's folder among the user's application data).",
    )
    database_url: str = Field(
        default_factory=_database_in,
        description="SQLAlchemy URL of the database: sqlite:///FILE or postgresql://… "
        "(default: lipwright.db in the data folder).",
    )
    storage_url: str = Field(
        default_factory=_storage_in,
        description="Where videos, sounds and results are kept: file:///FOLDER, s3://BUCKET/PREFIX,"
        " gs://…, az://… (default: the folder objects in the data folder).",
    )
    models_dir: Path = Field(
        default_factory=lambda: user_folder("cache") / "models",
        description="Folder of the downloaded weights (default: models in the user's cache).",
    )

    # Rendering
    engine: str = Field(
        default="mesh",
        description="Engine that renders where a task names none: mesh, wav2lip (with weights of "
        "your own: lipwright models add), or another one that is installed.",
    )
    neural_device: Literal["auto", "cpu", "cuda", "coreml", "directml"] = Field(
        default="auto",
        description="Where neural engines run: auto (the fastest that the installed onnxruntime "
        "has), cpu, cuda, coreml, directml.",
    )
    mouth_weights: Literal["best", "clean"] = Field(
        default="best",
        description="Which mouth network speaks: best, which learned from research-only footage "
        "too, or clean, made only from material that may be used commercially (see its model "
        "card).",
    )

    # The HTTP service
    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on. Any other than loopback requires API keys.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0: any free.")
    public_url: str = Field(
        default="",
        description="URL under which clients reach the service, used in links to files "
        "(default: taken from each request).",
    )
    fetch_allow: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(),
        description="Private networks that videos and sounds may be fetched from, in CIDR notation,"
        " separated by commas (default: none, only public addresses).",
    )
    fetch_timeout_s: float = Field(
        default=60.0, gt=0, description="Longest time in s to fetch a video or a slow sound."
    )
    fetch_wait_s: float = Field(
        default=4.0,
        ge=0,
        description="How long in s creating a task waits for its sound; a slower source is "
        "accepted and fetched by the worker.",
    )
    signing_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs links to files; give every machine of a fleet the same one "
        "(default: made once and kept in the data folder).",
    )

    # Work
    worker_concurrency: int = Field(
        default=1, ge=1, description="How many tasks one worker renders at the same time."
    )
    worker_queues: Annotated[tuple[Literal["cpu", "gpu"], ...], NoDecode] = Field(
        default=("cpu",),
        min_length=1,
        description="Queues that a worker takes tasks from, separated by commas: cpu, and gpu on a "
        "machine with one, of which it then renders one task at a time on the GPU (default: cpu).",
    )
    gpu_engines: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("wav2lip",),
        description="Engines whose tasks go to workers with a GPU, separated by commas; while no "
        "such worker lives, the others do them (default: wav2lip).",
    )
    long_video_s: float = Field(
        default=30.0,
        ge=0,
        description="From this length in s on a video counts as long: of the fleet's slots one in "
        "eight, and at least one if there are several, is kept free of long videos, so that short "
        "ones do not wait behind them; 0: none is.",
    )
    split_seconds: float = Field(
        default=20.0,
        ge=0,
        description="If more than so many s of picture are to be encoded and several slots are "
        "alive, the render is divided and shared by the fleet's workers; 0: never.",
    )
    identify_concurrency: int = Field(
        default=2, ge=1, description="How many videos one service identifies at the same time."
    )
    max_attempts: int = Field(
        default=3, ge=1, description="How often a task is started before it counts as failed."
    )
    lease_s: float = Field(
        default=5.0,
        gt=0,
        description="After so many s without a sign of life a worker's tasks go to another one.",
    )
    poll_s: float = Field(
        default=0.2, gt=0, description="How often in s a worker looks for new tasks."
    )
    child_memory_mb: int = Field(
        default=3000, ge=64, description="Most memory in MB that one render or identify may use."
    )
    identify_timeout_s: float = Field(
        default=120.0, gt=0, description="Longest time in s that identifying a video may take."
    )
    render_timeout_s: float = Field(
        default=1800.0, gt=0, description="Longest time in s that one render may take."
    )
    probe_timeout_s: float = Field(
        default=10.0, gt=0, description="Longest time in s that checking a sound may take."
    )

    keep_banks: bool = Field(
        default=True,
        description="Whether what a task learns of a video's faces is kept, for as long as a "
        "session lasts, so that the next task for the same video is done sooner.",
    )

    # Trust
    require_consent: bool = Field(
        default=False,
        description="Whether a task is accepted only with consent: true, the caller's word that "
        "the person shown agrees.",
    )
    c2pa_sign: bool = Field(
        default=True,
        description="Whether results are signed as C2PA says, where the extra c2pa is installed.",
    )
    c2pa_cert: Path | None = Field(
        default=None,
        description="PEM file with the certificate chain that results are signed with "
        "(default: a certificate for development, made on first use).",
    )
    c2pa_key: Path | None = Field(
        default=None, description="PEM file with the private key of that certificate."
    )

    # How long things live
    session_hours: float = Field(default=24.0, gt=0, description="Life of a session in hours.")
    result_days: float = Field(
        default=30.0, gt=0, description="Life of tasks, results and source videos in days."
    )
    upload_days: float = Field(default=30.0, gt=0, description="Life of uploaded files in days.")
    sweep_interval_s: float = Field(
        default=600.0, gt=0, description="How often in s a worker removes what has expired."
    )

    # Money
    price_identify: Decimal = Field(
        default=Decimal("0.007"), ge=0, decimal_places=6, description="Price in PTC to identify."
    )
    price_lipsync: Decimal = Field(
        default=Decimal("0.07"), ge=0, decimal_places=6, description="Price in PTC of a task."
    )
    prepaid: bool = Field(
        default=False,
        description="Whether an account can spend only what was credited to it; lipwright accounts"
        " sets this and the next two for a single account.",
    )
    account_concurrency: int = Field(
        default=0,
        ge=0,
        description="Most unfinished tasks that an account may have at the same time; 0: any "
        "number.",
    )
    account_running: int = Field(
        default=0,
        ge=0,
        description="Most tasks of an account that are worked on at the same time, while others "
        "of it wait; 0: any number; lipwright accounts sets this and the next for a single "
        "account.",
    )
    account_priority: Literal["low", "normal", "high"] = Field(
        default="normal",
        description="Priority of an account's tasks, and the highest that it may ask for: low, "
        "normal, high.",
    )
    account_rate_per_minute: int = Field(
        default=0,
        ge=0,
        le=60_000,
        description="Most calls in a minute by which an account may make something, queries not "
        "counted; 0: any number.",
    )

    # What must not be taken on
    max_waiting: int = Field(
        default=10_000,
        ge=0,
        description="While so many tasks wait, new ones are refused with code 5001; 0: any number "
        "may wait.",
    )
    min_free_disk_mb: int = Field(
        default=500,
        ge=0,
        description="With less room than this on the disk of the data folder, in MB, nothing new "
        "is taken on: code 5001; 0: not looked at.",
    )
    min_free_memory_mb: int = Field(
        default=0,
        ge=0,
        description="With less memory available than this on the machine of the service, in MB, "
        "nothing new is taken on: code 5001; 0: not looked at.",
    )

    # Seen from outside
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe messages to log: debug, info, warning, error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="How a line of the log is written: text, or json with one object a line.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="Bearer token of at least 16 characters that opens /metrics (default: "
        "shown only on loopback, as long as there is no API key).",
    )
    worker_metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65535,
        description="Port on which a worker shows metrics of its own; 0: any free (default: none).",
    )
    worker_metrics_host: str = Field(
        default="127.0.0.1",
        description="Address of that port; whoever reaches it can read the metrics.",
    )

    @field_validator("fetch_allow", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("worker_queues", "gpu_engines", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        if isinstance(value, str):
            names = (part.strip() for part in value.split(","))
            return tuple(dict.fromkeys(name for name in names if name))
        return value

    @field_validator("data_dir", "models_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _with_driver(cls, value: str) -> str:
        for plain in ("postgresql://", "postgres://"):
            if value.startswith(plain):
                return "postgresql+psycopg://" + value.removeprefix(plain)
        if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
            raise ValueError("the database must be sqlite:///FILE or postgresql://…")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("the public URL must begin with http:// or https://")
        return value.rstrip("/")

    @property
    def temp_dir(self) -> Path:
        """Folder for files that live no longer than the work that made them."""
        return self.data_dir / "tmp"

    @property
    def result_ms(self) -> int:
        """How long results are kept, in ms."""
        return round(self.result_days * 86_400_000)

    @property
    def price_identify_micro_ptc(self) -> int:
        """Price of one identify call in millionths of a PTC."""
        return int(self.price_identify * MICRO_PER_PTC)

    @property
    def price_lipsync_micro_ptc(self) -> int:
        """Price of one lip-sync task in millionths of a PTC."""
        return int(self.price_lipsync * MICRO_PER_PTC)

    def to_environment(self) -> dict[str, str]:
        """Return these settings as environment variables, for a child process of ours."""
        values: dict[str, str] = {}
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            elif isinstance(value, tuple):
                value = ",".join(str(part) for part in value)
            values[ENV_PREFIX + name.upper()] = str(value)
        return values
