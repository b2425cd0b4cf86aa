"""The sessions of the workshop: a plain `nox` runs the default ones, `nox -l` lists them all."""

import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"

PROJECT = nox.project.load_toml("pyproject.toml")
PACKAGES: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
PYTHONS = nox.project.python_versions(PROJECT)


def runs(version: str) -> bool:
    """Whether this Python really runs here: a shim of pyenv may exist and only print an error."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return True
    command = shutil.which(f"python{version}")
    return command is not None and subprocess.run([command, "-c", ""], capture_output=True).returncode == 0


MEMORY = Path("/dev/shm")
"""Where files are only kept in memory, if that is: the tests commit thousands of transactions, and need few MiB."""
TEMPORARY = {"PYTEST_DEBUG_TEMPROOT": str(MEMORY)} if os.access(MEMORY, os.W_OK) else {}

HERE = [version for version in PYTHONS if runs(version)]
if not HERE:
    sys.exit(f"None of the Pythons {', '.join(PYTHONS)} runs here.")
LOWEST = HERE[0]


def install(session: nox.Session, *groups: str, constraints: Path | None = None) -> None:
    """Install the project, as a user would, and some groups of tools. What is imported is compiled then."""
    limits = ["--constraint", str(constraints)] if constraints else []
    session.install("--no-compile", ".", *nox.project.dependency_groups(PROJECT, *groups), *limits)


@nox.session(python=LOWEST)
def lint(session: nox.Session) -> None:
    """Ruff, both its rules and its format."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python=LOWEST)
def types(session: nox.Session) -> None:
    """Both type checkers, strict, over source, tests, and the examples of the pages; the public types are complete."""
    install(session, "types")
    examples = Path("build/examples")  # pyright passes over folders whose name begins with a dot, such as .nox
    shutil.rmtree(examples, ignore_errors=True)
    session.run("python", "-m", "tools.examples", str(examples))
    pages = sorted(map(str, examples.glob("*.py")))
    session.run("mypy", *PACKAGES, "tests")
    session.run("mypy", *pages)
    quiet = {"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    session.run("pyright", "--project", "pyproject.toml", *PACKAGES, "tests", *pages, env=quiet)
    for package in PACKAGES:
        session.run("pyright", "--project", "pyproject.toml", "--verifytypes", package, "--ignoreexternal", env=quiet)


@nox.session(python=LOWEST, default=False)
def sync(session: nox.Session) -> None:
    """Write smartcar_sync from smartcar_async; with `-- --check`, look whether it is as it would be written."""
    install(session, "lint")
    session.run("python", "-m", "tools.write_sync", *session.posargs)


@nox.session(python=LOWEST)
def sync_check(session: nox.Session) -> None:
    """smartcar_sync has not drifted from smartcar_async."""
    install(session, "lint")
    session.run("python", "-m", "tools.write_sync", "--check")


@nox.session(python=HERE)
def tests(session: nox.Session) -> None:
    """The tests on each Python that runs here, with the coverage gates on the lowest."""
    session.log(f"Pythons that run here: {', '.join(HERE)}, of {', '.join(PYTHONS)}")
    install(session, "tests")
    session.run("python", "--version")
    if session.python != LOWEST or session.posargs:
        run_tests(session, "python")
        return
    pure = runpy.run_path("tools/floors.py")["PURE"]
    pure_files = ",".join(
        f"smartcar_async/{name.replace('.', '/')}{tail}" for name in sorted(pure) for tail in (".py", "/*")
    )
    bridge_files = ",".join(f"smartcar_sync/_{name}.py" for name in ("adapt", "bridge", "loop", "process", "wrap"))
    session.run("coverage", "erase")
    run_tests(session, "coverage", "run")
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")
    session.log("coverage of floors 0 to 2")
    session.run("coverage", "report", f"--include={pure_files}", "--fail-under=100", log=False)
    session.log("coverage of the bridge")
    session.run("coverage", "report", f"--include={bridge_files}", "--fail-under=100", log=False)


@nox.session(python=LOWEST)
def tests_min(session: nox.Session) -> None:
    """The tests with the lowest versions that pyproject.toml declares."""
    pins = [lowest(text) for text in PROJECT["project"]["dependencies"]]
    session.log(", ".join(pins))
    constraints = Path(session.virtualenv.location) / "constraints.txt"
    constraints.write_text("\n".join(pins), encoding="utf-8")
    install(session, "tests", constraints=constraints)
    run_tests(session, "python")


def run_tests(session: nox.Session, *runner: str) -> None:
    """The tests, on two cores; what is left out here has sessions of its own."""
    if session.posargs:
        session.run(*runner, "-m", "pytest", *session.posargs)
        return
    others = [f"--ignore=tests/{folder}" for folder in ("docs", "fuzz", "campaign")]
    session.run(
        *runner, "-m", "pytest", "-q", "--numprocesses=2", "-m", "not timing and not load", *others, env=TEMPORARY
    )


@nox.session(python=LOWEST)
def proofs(session: nox.Session) -> None:
    """The short forms of the long tests, and loads; then, alone, the tests that look at the clock."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "--numprocesses=2", "tests/fuzz", "tests/campaign", env=TEMPORARY)
    session.run("python", "-m", "pytest", "--numprocesses=2", "-m", "load", "tests/wire", "tests/world", env=TEMPORARY)
    session.run("python", "-m", "pytest", "-m", "timing", "tests/wire", "tests/world")


def lowest(dependency: str) -> str:
    """`name>=1.2` pinned to the bound it declares: `name==1.2`."""
    requirement = Requirement(dependency)
    (bound,) = (specifier.version for specifier in requirement.specifier if specifier.operator == ">=")
    return f"{requirement.name}=={bound}"


@nox.session(python=LOWEST)
def docs(session: nox.Session) -> None:
    """Every example in the README and the docs runs."""
    install(session, "docs")
    session.run("python", "-m", "pytest", "tests/docs")


@nox.session(python=LOWEST)
def bench(session: nox.Session) -> None:
    """The benchmarks, short unless arguments are given; only a crash fails."""
    install(session, "bench")
    session.run("python", "-m", "benchmarks", *(session.posargs or ["--quick"]))


INSTALLED = """
import importlib, importlib.metadata, importlib.resources, importlib.util, sys
for package in sys.argv[1:]:
    assert "site-packages" in importlib.import_module(package).__file__, f"{package} is not the installed one"
    assert importlib.resources.files(package).joinpath("py.typed").is_file(), f"{package} has no py.typed"
entries = importlib.metadata.distribution("smartcar-async").entry_points
assert {entry.group for entry in entries} == {"console_scripts", "pytest11"}, entries
for entry in entries:
    assert importlib.util.find_spec(entry.module), f"{entry} names no module"
"""


@nox.session(python=LOWEST)
def package(session: nox.Session) -> None:
    """The wheel builds, installs into a fresh environment, imports, and has its command."""
    session.install("build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder)
        (wheel,) = Path(folder).glob("*.whl")
        session.run("python", "-m", "venv", f"{folder}/venv")
        with session.chdir(folder):
            session.run("venv/bin/python", "-m", "pip", "install", "--quiet", wheel.name, external=True)
            session.run("venv/bin/python", "-I", "-c", INSTALLED, *PACKAGES, external=True)
            session.run("venv/bin/smartcar", "--help", external=True)


@nox.session(python=LOWEST, default=False)
def fuzz(session: nox.Session) -> None:
    """The long form of the fuzz tests."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "--timeout=3600", "tests/fuzz", env={"SMARTCAR_FUZZ": "100000"})


@nox.session(python=LOWEST, default=False)
def campaign(session: nox.Session) -> None:
    """The long form of the command campaign: 20,000 commands under faults; SMARTCAR_SEED repeats one."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "--timeout=3600", "tests/campaign", env={"SMARTCAR_COMMANDS": "20000"})


@nox.session(python=LOWEST, default=False)
def tokens(session: nox.Session) -> None:
    """The long form of the token campaign: 1,000 processes are killed in the middle of a refresh."""
    install(session, "tests")
    paths = ("tests/campaign/test_token_kills.py", "tests/campaign/test_token_file.py")
    session.run("python", "-m", "pytest", "--timeout=3600", *paths, env={"SMARTCAR_TOKEN_KILLS": "1000"})


@nox.session(python=LOWEST, default=False)
def exits(session: nox.Session) -> None:
    """1,000 plain programs that end in the middle of a token refresh, and 200 forks; SMARTCAR_SEED repeats them."""
    install(session, "tests")
    paths = ("tests/campaign/test_token_exits.py", "tests/sync/test_ending.py")
    numbers = {"SMARTCAR_EXITS": "1000", "SMARTCAR_FORKS": "100"}
    session.run("python", "-m", "pytest", "--timeout=3600", *paths, env=numbers)


@nox.session(python=LOWEST, default=False)
def webhooks(session: nox.Session) -> None:
    """The long form of the delivery campaign: 100,000 deliveries, and 50 kills; SMARTCAR_SEED repeats one."""
    install(session, "tests")
    numbers = {"SMARTCAR_DELIVERIES": "100000", "SMARTCAR_KILLS": "50", "SMARTCAR_ORDERS": "1000"}
    paths = ("tests/wire/test_event_order.py", "tests/campaign/test_deliveries.py")
    session.run("python", "-m", "pytest", "--timeout=7200", *paths, env=numbers)


@nox.session(python=LOWEST, default=False)
def proxies(session: nox.Session) -> None:
    """The long form of the proxy campaign: 10,000 calls through copied, late and swapped answers."""
    install(session, "tests")
    numbers = {"SMARTCAR_PROXY_CALLS": "10000"}
    session.run("python", "-m", "pytest", "--timeout=3600", "tests/campaign/test_proxies.py", env=numbers)


@nox.session(python=LOWEST, default=False)
def large_answers(session: nox.Session) -> None:
    """The long form of the size campaign: answers of a gigabyte, without end, or that inflate to it."""
    install(session, "tests")
    numbers = {"SMARTCAR_LARGE_MIB": "1024"}
    session.run("python", "-m", "pytest", "--timeout=3600", "tests/campaign/test_large_answers.py", env=numbers)


@nox.session(python=LOWEST, default=False)
def soak(session: nox.Session) -> None:
    """The tests that take hours of simulated or minutes of real time."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "--timeout=3600", "tests/soak", *session.posargs)


@nox.session(python=LOWEST, default=False)
def official_sdks(session: nox.Session) -> None:
    """Smartcar's own SDKs against the simulator."""
    install(session, "tests")
    session.run("python", "-m", "pytest", "--timeout=600", "tests/official", *session.posargs)


@nox.session(python=LOWEST, default=False)
def servers(session: nox.Session) -> None:
    """The recipes for servers that are not needed otherwise, in `tests/servers`."""
    install(session, "servers")
    session.run("python", "-m", "pytest", "--timeout=600", "tests/servers", *session.posargs)
