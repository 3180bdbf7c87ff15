#!/usr/bin/env python3
"""hcc beside other tools that put files into a home, and beside the bare system calls.

    cargo build --release
    python3 benches/peers/peers.py                      # 100, 1,000 and 10,000 files
    python3 benches/peers/peers.py --sizes 1000 --only hcc stow --runs 3 --json out.json

For every size a tree of small files is made, in folders of about a hundred, every tenth of them one
level deeper, and brought to `~/.config/farm` of a fresh home, file by file, by each tool:

    first     into an empty home
    no-op     again, nothing changed (the median of three)
    changed   after the bytes of one file changed
    added     after one file was added
    rollback  back by one generation, which takes the added file away
    peak      the largest resident set in all of these

Each number is the median of `--runs` homes; what each step left in the home is checked, and a tool
that did not do it is not in the table. The bare calls are `bare.c` (a C compiler must be there):

    links     folders and a link for each file
    copies    folders and a copy of each file; `copysync` with one syncfs(2) at the end
    look      one stat(2) of each path; `looks` with one of each source and a reading of each folder

`state` is the size of hcc's own folder after a first generation and after 100 more with one changed
file each, at the largest size.

Tools are looked up in PATH and in the folders of `--path`; those that are not there are left out:

    apt-get install stow rcm yadm
    cargo install dotter --root DIR                     # DIR/bin
    python3 -m venv DIR; DIR/bin/pip install dotbot     # DIR/bin
    npm install --prefix DIR @jdxcode/mise              # DIR/node_modules/.bin

Only the standard library is needed. Nothing outside the temporary folder is written.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
FARM = ".config/farm"


class Failed(Exception):
    """A tool did not do what it was asked for."""


class Tree:
    """The files to install: `root/pkg/.config/farm/...`, and other names for the same folder."""

    def __init__(self, root: Path, count: int):
        self.root, self.paths = root, []
        self.files = root / "pkg" / FARM
        for index in range(count):
            folder = f"d{index // 100:03}"
            if (index // 100) % 10 == 9:
                folder += f"/deep{index % 2}"
            self.paths.append(f"{folder}/f{index:05}.conf")
        self.paths.sort(key=lambda path: path.rsplit("/", 1))
        for path in self.paths:
            self.write(path, f"# {path}\n" + "key = value\n" * (len(path) + int(path[-10:-5]) % 60))
        self.list = root / "list"
        self.list.write_text("".join(f"{path}\n" for path in self.paths))
        self.changes = 0

    def write(self, path: str, text: str):
        file = self.files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self) -> str:
        """Changes the bytes of one file."""
        self.changes += 1
        path = self.paths[self.changes * 37 % len(self.paths)]
        self.write(path, f"# changed for the {self.changes}. time\n")
        return path

    def add(self) -> str:
        self.changes += 1
        path = f"d000/added{self.changes:05}.conf"
        self.write(path, "# added\n")
        return path

    def check(self, home: Path, path: str):
        found, wanted = home / FARM / path, self.files / path
        if not found.is_file() or found.read_bytes() != wanted.read_bytes():
            raise Failed(f"{found} is not what it should be")

    def check_all(self, home: Path):
        for path in self.paths:
            self.check(home, path)


class Run:
    """Runs programs in one home, with a clear environment; takes their time and their memory."""

    def __init__(self, home: Path, options):
        self.home, self.peak, self.bare, self.limit = home, 0, options.bare, options.limit
        path = os.pathsep.join([*options.path, os.environ.get("PATH", os.defpath)])
        self.env = {"HOME": str(home), "PATH": path, "USER": "bench", "LANG": "C.UTF-8"}
        self.log = home.parent / "log"

    def __call__(self, *argv, cwd=None) -> float:
        """Seconds."""
        with open(self.log, "wb") as log:
            child = subprocess.Popen(
                [self.bare, "run", *map(str, argv)],
                cwd=cwd or self.home,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
            try:
                out, _ = child.communicate(timeout=self.limit)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                raise Failed(f"more than {self.limit:.0f} s") from None
        nanoseconds, kilobytes, status = map(int, out.split())
        self.peak = max(self.peak, kilobytes)
        if status != 0:
            raise Failed(f"{argv[0]} ended with {status}:\n{self.log.read_text()[-2000:]}")
        return nanoseconds / 1e9


class Tool:
    """A tool: `program` in PATH, how it is set up, and how it installs."""

    program = ""
    rolls_back = False

    def __init__(self, tree: Tree, run: Run):
        self.tree, self.run, self.root = tree, run, tree.root

    def setup(self):
        """Writes what the tool reads. Not timed."""

    def changed(self):
        """Tells the tool's repository of a change. Not timed."""

    def first(self) -> float:
        return self.apply()

    def apply(self) -> float:
        raise NotImplementedError

    def rollback(self) -> float:
        raise NotImplementedError


class Hcc(Tool):
    program, rolls_back, mode = "hcc", True, "link"

    def setup(self):
        text = f'home {{ file "{FARM}" source="pkg/{FARM}" install="{self.mode}" }}\n'
        (self.root / "hcc.kdl").write_text(text)

    def apply(self):
        return self.run("hcc", "apply", "--yes", "--config", self.root)

    def rollback(self):
        return self.run("hcc", "rollback", "--yes")


class HccLive(Hcc):
    mode = "live"


class HccCopy(Hcc):
    mode = "copy"


class Stow(Tool):
    program = "stow"

    # Without folding, as the others: a link for each file.
    def apply(self):
        return self.run("stow", "--no-folding", "-d", self.root, "-t", self.run.home, "pkg")


class Rcm(Tool):
    program = "rcup"

    def setup(self):
        farm = self.root / "rcm" / "config"
        farm.mkdir(parents=True, exist_ok=True)
        if not (farm / "farm").exists():
            (farm / "farm").symlink_to(self.tree.files)

    def apply(self):
        return self.run("rcup", "-f", "-d", self.root / "rcm")


class Yadm(Tool):
    """Git with the home as its work tree: copies."""

    program = "yadm"

    def git(self, *argv):
        name = ["-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0"]
        subprocess.run(
            ["git", *name, *argv], cwd=self.root / "pkg", check=True, stdout=subprocess.DEVNULL
        )

    def setup(self):
        shutil.rmtree(self.root / "pkg" / ".git", ignore_errors=True)
        self.git("init", "-q", "-b", "main")
        self.changed()

    def changed(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def first(self):
        return self.run("yadm", "clone", "--no-bootstrap", self.root / "pkg")

    def apply(self):
        return self.run("yadm", "pull", "--ff-only")


class Dotter(Tool):
    program = "dotter"

    def setup(self):
        folder = self.root / ".dotter"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "local.toml").write_text('packages = ["farm"]\n')
        (folder / "global.toml").write_text(
            '[settings]\ndefault_target_type = "symbolic"\n'
            f'[farm.files]\n"pkg/{FARM}" = {{ target = "~/{FARM}", type = "symbolic", recurse = true }}\n'
        )

    def apply(self):
        return self.run("dotter", "deploy", "--noconfirm", cwd=self.root)


class Mise(Tool):
    program, mode = "mise", "symlink-each"

    def setup(self):
        folder = self.run.home / ".config/mise"
        folder.mkdir(parents=True)
        entry = f'"~/{FARM}" = {{ source = "{self.tree.files}", mode = "{self.mode}" }}'
        (folder / "config.toml").write_text(f"[dotfiles]\n{entry}\n")

    def apply(self):
        return self.run("mise", "dotfiles", "apply", "--yes")


class Dotbot(Tool):
    program = "dotbot"

    def setup(self):
        # A glob makes its links where the folders are already.
        folders = sorted({f"~/{FARM}/{path.rsplit('/', 1)[0]}" for path in self.tree.paths})
        links = {
            f"{folder}/": {"glob": True, "path": f"pkg{folder[1:]}/*.conf"} for folder in folders
        }
        config = [{"defaults": {"link": {"create": True}}}, {"link": links}]
        (self.root / "dotbot.json").write_text(json.dumps(config))

    def apply(self):
        return self.run("dotbot", "-d", self.root, "-c", self.root / "dotbot.json")


TOOLS = {
    "hcc (link)": Hcc,
    "hcc (live)": HccLive,
    "hcc (copy)": HccCopy,
    "stow": Stow,
    "rcm": Rcm,
    "yadm": Yadm,
    "dotter": Dotter,
    "mise": Mise,
    "dotbot": Dotbot,
}

STEPS = ["first", "no-op", "changed", "added", "rollback"]
BARE = ["links", "copies", "copysync", "look", "looks"]


def one_home(make, tree: Tree, options) -> dict:
    """All steps of a tool in a fresh home: seconds by step, and kilobytes."""
    with tempfile.TemporaryDirectory(prefix="peers-", dir=options.dir) as temp:
        home = Path(temp) / "home"
        home.mkdir()
        run = Run(home, options)
        tool = make(tree, run)
        tool.setup()
        settle()
        took = {"first": tool.first()}
        tree.check_all(home)
        took["no-op"] = statistics.median(tool.apply() for _ in range(3))
        for step, touch in [("changed", tree.change), ("added", tree.add)]:
            path = touch()
            tool.changed()
            took[step] = tool.apply()
            tree.check(home, path)
        if tool.rolls_back:
            took["rollback"] = tool.rollback()
            if os.path.lexists(home / FARM / path):
                raise Failed(f"{path} is still there after the rollback")
        (tree.files / path).unlink()
        took["peak"] = run.peak
        return took


def settle():
    """Nothing of an earlier run is still being written."""
    os.sync()


def tool(make, tree: Tree, options) -> dict:
    """The medians over several homes."""
    rows = []
    start = time.perf_counter()
    for _ in range(options.runs):
        rows.append(one_home(make, tree, options))
        if time.perf_counter() - start > options.limit:
            break
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    return {**middle, "runs": len(rows)}


def bare(tree: Tree, options) -> dict:
    took = {what: [] for what in BARE}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="peers-", dir=options.dir) as temp:
            for what in BARE:
                # Looks are of links, as most of a home is.
                home = Path(temp) / ("links" if what.startswith("look") else what)
                settle()
                argv = [options.bare, what, tree.files, home / FARM, tree.list]
                out = subprocess.run(argv, check=True, stdout=subprocess.PIPE)
                took[what].append(int(out.stdout) / 1e9)
    return {what: statistics.median(list) for what, list in took.items()}


def state(tree: Tree, options, generations=100) -> dict:
    """Bytes of hcc's own folder after one generation and after more, on disk."""
    with tempfile.TemporaryDirectory(prefix="peers-", dir=options.dir) as temp:
        home = Path(temp) / "home"
        home.mkdir()
        hcc = Hcc(tree, Run(home, options))
        hcc.setup()
        hcc.first()
        folder = home / ".local/state/hcc"
        first = size(folder)
        for _ in range(generations):
            path = tree.change()
            hcc.apply()
            tree.check(home, path)
        return {"first": first, "last": size(folder), "generations": generations}


def size(folder: Path) -> dict:
    seen, blocks, length = set(), 0, 0
    for root, folders, names in os.walk(folder):
        for name in [".", *names, *(n for n in folders if os.path.islink(os.path.join(root, n)))]:
            found = os.lstat(os.path.join(root, name))
            if found.st_ino not in seen:
                seen.add(found.st_ino)
                blocks += found.st_blocks * 512
                length += found.st_size
    return {"disk": blocks, "bytes": length}


def milliseconds(seconds) -> str:
    if seconds is None:
        return ""
    value = seconds * 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def table(report: dict) -> str:
    lines = [f"{report['machine']}; milliseconds, medians.", ""]
    for count, rows in report["sizes"].items():
        calls = rows["bare"]
        lines += [f"### {int(count):,} files", ""]
        lines += ["| | " + " | ".join([*STEPS, "peak MB"]) + " |", "|---|" + "---:|" * (len(STEPS) + 1)]
        for name, row in rows["tools"].items():
            if "failed" in row:
                lines.append(f"| {name} | {row['failed'].splitlines()[0]} |")
                continue
            cells = [milliseconds(row.get(step)) for step in STEPS] + [f"{row['peak'] / 1024:.0f}"]
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        lines.append("")
        lines.append("Bare: " + ", ".join(f"{w} {milliseconds(calls[w])}" for w in calls) + ".")
        lines.append("")
    if "state" in report:
        found = report["state"]
        if "failed" in found:
            lines.append(f"State: {found['failed']}")
        else:
            mb = lambda own: f"{own['disk'] / 1e6:.1f} MB on disk ({own['bytes'] / 1e6:.1f} MB of bytes)"
            lines.append(
                f"State: {mb(found['first'])} after the first generation, {mb(found['last'])} after "
                f"{found['generations']} more with one change each."
            )
    return "\n".join(lines)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--runs", type=int, default=5, help="homes for each number")
    parser.add_argument("--only", nargs="+", default=[], help="tools whose name begins so")
    parser.add_argument("--path", nargs="+", default=[], help="more folders with programs")
    parser.add_argument("--hcc", type=Path, default=HERE.parents[1] / "target/release/hcc")
    parser.add_argument("--dir", help="where the temporary homes are")
    parser.add_argument("--limit", type=float, default=60, help="seconds after which a command is ended, and a tool not run again nor with more files")
    parser.add_argument("--no-state", action="store_true", help="leave the size of the state out")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    options = parser.parse_args()
    options.path = [str(options.hcc.resolve().parent), *map(os.path.abspath, options.path)]
    return options


def main():
    options = arguments()
    search = os.pathsep.join([*options.path, os.environ.get("PATH", os.defpath)])
    wanted = lambda name: not options.only or any(name.startswith(own) for own in options.only)
    tools = {
        name: make
        for name, make in TOOLS.items()
        if wanted(name) and shutil.which(make.program, path=search)
    }
    missing = [name for name in TOOLS if wanted(name) and name not in tools]
    if missing:
        print(f"Not found: {', '.join(missing)}", file=sys.stderr)
    report = {"version": 1, "sizes": {}}
    with tempfile.TemporaryDirectory(prefix="peers-", dir=options.dir) as temp:
        temp = Path(temp)
        report["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        options.bare = temp / "bare"
        subprocess.run(["cc", "-O2", "-o", options.bare, HERE / "bare.c"], check=True)
        for count in options.sizes:
            rows = report["sizes"][str(count)] = {"bare": {}, "tools": {}}
            tree = Tree(temp / str(count), count)
            rows["bare"] = bare(tree, options)
            for name, make in list(tools.items()):
                print(f"{count} files: {name}", file=sys.stderr)
                start = time.perf_counter()
                try:
                    # No tool sees the files of another.
                    own = Tree(temp / f"{count}-{make.__name__}", count)
                    rows["tools"][name] = tool(make, own, options)
                except Failed as failed:
                    print(failed, file=sys.stderr)
                    rows["tools"][name] = {"failed": str(failed)}
                if time.perf_counter() - start > options.limit:
                    del tools[name]
        if not options.no_state and any(make is Hcc for make in tools.values()):
            print("the state after 100 generations", file=sys.stderr)
            try:
                count = max(options.sizes)
                report["state"] = state(Tree(temp / "state", count), options)
            except Failed as failed:
                report["state"] = {"failed": str(failed)}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    print(table(report))


if __name__ == "__main__":
    main()
