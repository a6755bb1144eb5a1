"""Coverage-guided fuzzing of all readers of text, by atheris: see `make fuzz`.

python tests/fuzz/guided.py SECONDS; the first byte of an input chooses the reader.
"""

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["fabgwas.io", "fabgwas_embeddings"]):
    from damage import read_or_refuse
    from tables import KINDS

    from fabgwas.io import read_sumstats

FORMATS = Path(__file__).parents[1] / "golden" / "formats"
FOLDER = Path(tempfile.mkdtemp(prefix="guided"))
READERS = [
    *((kind.file, kind.read, kind.text.encode()) for kind in KINDS.values()),
    *(
        (path.name, read_sumstats, path.read_bytes()[:2000])
        for path in sorted(FORMATS.glob("*"))
        if path.is_file() and path.suffix not in (".py", ".json", ".bed", ".gz")
    ),
]


def read(content: bytes) -> None:
    """Write an input, and read it or be refused in one line."""
    if content:
        name, reader, _ = READERS[content[0] % len(READERS)]
        path = FOLDER / name
        path.write_bytes(content[1:])
        read_or_refuse(lambda: reader(path), path)


def main() -> None:
    """Fuzz for some seconds, from the intact files on."""
    seeds = FOLDER / "seeds"
    seeds.mkdir()
    for number, (_, _, content) in enumerate(READERS):
        (seeds / str(number)).write_bytes(bytes([number]) + content)
    options = {"max_total_time": sys.argv[1], "max_len": 8192, "timeout": 60,
               "verbosity": 0, "print_final_stats": 1,
               "artifact_prefix": f"{FOLDER}/"}  # fmt: skip
    flags = [f"-{name}={value}" for name, value in options.items()]
    atheris.Setup([sys.argv[0], *flags, str(seeds)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
