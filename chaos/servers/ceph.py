"""Ceph on one machine: a monitor, one storage daemon, and the gateway that speaks S3.

It is the S3 server of many private clouds, in Debian's packages, and small enough here: three
processes, about 250 MB, ready in a quarter of a minute. Objects lie in BlueStore on a sparse file,
so they outlive a killed daemon.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
import urllib.request
import uuid
from contextlib import suppress
from datetime import timedelta
from urllib.error import HTTPError, URLError

import obstore
from obstore.store import S3Store

from chaos.servers.process import (
    Server,
    ServerError,
    free_port,
    give_away,
    last_words,
    missing_tools,
    run_tool,
    start_server,
)

TOOLS = ["ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin"]
ACCESS_KEY = "lipwright"
_START_S = 180.0
_STOP_S = 30.0
_SIZE_BYTES = 16 << 30

_CONFIGURATION = """\
[global]
fsid = {fsid}
mon_host = 127.0.0.1:{mon_port}
auth_allow_insecure_global_id_reclaim = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_data_avail_crit = 1
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
run_dir = {folder}/run
crash_dir = {folder}/run
admin_socket = {folder}/run/$name.$pid.asok
log_file = {folder}/$name.log
keyring = {folder}/keyring
mon_data = {folder}/mon
osd_data = {folder}/osd
rgw_data = {folder}/rgw
osd_objectstore = bluestore
bluestore_block_size = {size}
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
rgw_frontends = beast endpoint=127.0.0.1:{port}
rgw_enable_usage_log = false
"""


def why_not() -> str:
    """Say why no Ceph can be started here; empty if one can."""
    missing = missing_tools([*TOOLS, "setpriv"])
    return f"not installed: {', '.join(missing)}" if missing else ""


class Ceph(Server):
    """A cluster of one, with a bucket; use it as a context manager."""

    bucket = "lipwright"

    def __init__(self) -> None:
        if why_not():
            raise ServerError(why_not())
        super().__init__("ceph")
        self._secret = secrets.token_hex(16)
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """Where the gateway answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The usual variables that tell S3 clients of this server."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": self._secret,
            "AWS_REGION": "us-east-1",
        }

    def store(self, bucket: str = bucket) -> S3Store:
        """Return a client of a bucket."""
        return S3Store(
            bucket,
            endpoint=self.url,
            access_key_id=ACCESS_KEY,
            secret_access_key=self._secret,
            region="us-east-1",
            client_options={"allow_http": True},
        )

    def make_bucket(self, name: str) -> None:
        """Make a bucket, whose name has at least three letters."""
        url = obstore.sign(self.store(name), "PUT", "", timedelta(minutes=10))
        with urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=60):
            pass

    def _make(self) -> None:
        mon_port, fsid = free_port(), str(uuid.uuid4())
        self._config = self.folder / "ceph.conf"
        self._config.write_text(
            _CONFIGURATION.format(
                fsid=fsid, mon_port=mon_port, folder=self.folder, port=self.port, size=_SIZE_BYTES
            )
        )
        for name in ("run", "mon", "osd", "rgw"):
            (self.folder / name).mkdir()
        give_away(self.folder)
        ring = str(self.folder / "keyring")
        everything = [
            "--cap",
            "mon",
            "allow *",
            "--cap",
            "osd",
            "allow *",
            "--cap",
            "mgr",
            "allow *",
        ]
        self._tool(
            "ceph-authtool", "--create-keyring", ring, "--gen-key", "-n", "mon.", *everything
        )
        for name in ("client.admin", "osd.0"):
            self._tool("ceph-authtool", ring, "--gen-key", "-n", name, *everything)
        monmap = str(self.folder / "monmap")
        add = ["--add", "a", f"127.0.0.1:{mon_port}", "--fsid", fsid]
        self._tool("monmaptool", "--create", *add, monmap)
        self._tool("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", ring)
        self._start("ceph-mon", "-i", "a")
        self._tool("ceph", "--connect-timeout", "60", "auth", "import", "-i", ring)
        self._tool("ceph", "--connect-timeout", "60", "osd", "new", str(uuid.uuid4()))
        known = json.loads(self._tool("ceph", "osd", "dump", "-f", "json"))["osds"][0]["uuid"]
        self._tool("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", known)
        self._start("ceph-osd", "-i", "0")
        keys = [f"--access-key={ACCESS_KEY}", f"--secret-key={self._secret}"]
        user = ["--uid=lipwright", "--display-name=lipwright"]
        self._tool("radosgw-admin", "user", "create", *user, *keys)
        self.start_gateway()
        self.make_bucket(self.bucket)
        # The first object makes the gateway make its pools, which takes seconds.
        obstore.put(self.store(), "first", b"first")
        obstore.delete(self.store(), "first")

    def _tool(self, name: str, *arguments: str) -> str:
        return run_tool([name, "-c", str(self._config), *arguments], self.folder)

    def _start(self, name: str, *arguments: str) -> None:
        command = [name, "-c", str(self._config), "-f", *arguments]
        self._daemons[name] = start_server(
            command, self.folder, self.folder / f"{name}.out", "KILL"
        )

    @property
    def gateway_pid(self) -> int:
        """The gateway's process id."""
        return self._daemons["radosgw"].pid

    def start_gateway(self) -> None:
        """Start the gateway and wait until it answers."""
        self._start("radosgw", "-n", "client.admin")
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._daemons["radosgw"].poll() is not None:
                break
            with suppress(URLError, OSError):
                try:
                    with urllib.request.urlopen(self.url, timeout=5):
                        return
                except HTTPError:
                    return
            time.sleep(0.1)
        words = last_words(self.folder / "radosgw.out")
        raise ServerError(f"the S3 gateway does not start: {words}")

    def kill_gateway(self) -> None:
        """Kill -9 the gateway: whatever was being stored or read breaks off."""
        self._end("radosgw")

    def kill_storage(self) -> None:
        """Kill -9 the storage daemon under the gateway, and start it again."""
        self._end("ceph-osd")
        self._start("ceph-osd", "-i", "0")

    def _end(self, name: str) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is not None:
            daemon.kill()
            daemon.wait(_STOP_S)

    def end(self) -> None:
        """End all daemons."""
        for name in list(self._daemons):
            self._end(name)
