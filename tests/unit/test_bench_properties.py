"""The suite of properties: texts without leaks, splits, measures, and encoders."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.harness import Context, Skip
from benchmarks.harness.registry import find_methods
from benchmarks.properties._learners import held_out
from benchmarks.properties._rows import (
    Problem,
    Rows,
    _precision,
    _spearman,
    draw,
    judge,
    weighted_auc,
)
from benchmarks.properties._text import TEXTS, make_template, render
from benchmarks.properties._vectors import cached_vectors
from benchmarks.properties.methods.encoders import encode, made, openai, qwen
from fabgwas_embeddings import make_encoder

FIELDS = pa.table(
    {
        "chrom": ["3"],
        "pos": [12345],
        "ref": ["A"],
        "alt": ["G"],
        "rsid": ["rs77"],
        "gene": ["ABC1"],
        "gene_name": ["alphabet"],
        "gene_place": ["within"],
        "gene_process": ["spelling"],
        "gene_function": ["reading"],
        "nearby_genes": ["XYZ"],
        "consequence": ["missense"],
        "cadd_class": ["20 to 30"],
        "clinvar_significance": ["Pathogenic"],
        "clinvar_conditions": ["dyslexia"],
        "catalog_traits": ["handwriting"],
        "aa_from": ["alanine"],
        "aa_to": ["valine"],
    }
)


@pytest.mark.parametrize(
    ("text", "absent", "present"),
    [
        ("plain", ("12345", "athogenic", "dyslexia", "handwriting", "20 to"), "missense"),
        ("full", (), "pathogenic"),
        ("full without ClinVar", ("athogenic", "dyslexia"), "handwriting"),
        ("full without catalog", ("handwriting",), "pathogenic"),
        ("full without coordinates", ("12345", "rs77", "hromosome 3"), "pathogenic"),
        ("plain without consequence", ("missense",), "within"),
        ("plain with amino acids", ("athogenic", "20 to"), "alanine to valine"),
        ("plain with scores", ("athogenic",), "20 to 30"),
        ("gene only", ("missense", "within", "athogenic"), "ABC1"),
        ("anonymous", ("ABC1", "alphabet", "athogenic"), "spelling"),
    ],
)
def test_texts_keep_out_what_they_say(text, absent, present):
    [found], columns = render(text, FIELDS)
    assert present in found
    for part in absent:
        assert part not in found
    # baselines get the same annotations, and no others
    assert set(columns) <= set(FIELDS.column_names)
    if "athogenic" in "".join(absent):
        assert "clinvar_significance" not in columns


def test_every_text_has_a_template():
    for name in TEXTS:
        assert make_template(name).fields


def test_measures_are_those_of_scikit_learn(rng):
    metrics = pytest.importorskip("sklearn.metrics")
    label = (rng.random(300) < 0.3).astype(float)
    found = np.round(label + rng.normal(size=300), 1)  # with ties
    weight = rng.integers(0, 4, 300).astype(float)
    assert weighted_auc(label, found, weight) == pytest.approx(
        metrics.roc_auc_score(label, found, sample_weight=weight)
    )
    assert _precision(label, found, weight) == pytest.approx(
        metrics.average_precision_score(label, found, sample_weight=weight)
    )


def test_rank_correlation_is_that_of_scipy(rng):
    stats = pytest.importorskip("scipy.stats")
    x, y = rng.normal(size=(2, 100))
    expected = stats.spearmanr(x, y).statistic
    assert _spearman(x, y, np.ones(100)) == pytest.approx(expected)


@pytest.fixture
def problem(rng) -> Problem:
    """A label that each gene has its own level of, and no feature knows."""
    gene = np.repeat(np.arange(40), 10)
    level = rng.random(40)
    fields = pa.table({"gene": gene.astype(str), "chrom": ["1"] * 400})
    rows = Rows(
        fields=fields,
        label=(rng.random(400) < level[gene]).astype(float),
        kind="binary",
    )
    return Problem(rows=rows, texts=[], columns=(), groups=rows.groups("gene"))


def test_no_gene_is_split(problem):
    folds = list(problem.folds(0))
    assert len(folds) == 5
    for train, test in folds:
        assert not set(problem.groups[train]) & set(problem.groups[test])
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(400))


def test_features_of_the_gene_do_not_help_where_genes_are_held_out(problem):
    one_hot = np.eye(40)[problem.groups]
    found = held_out(problem, one_hot, "linear", 0)
    auc = judge(problem, found, 0)["AUC"]
    assert auc.lower <= 0.5 <= auc.upper


def test_a_constant_has_an_area_of_a_half(problem):
    # pooled over folds it would be below: the training mean falls as the held-out rises
    constant = np.concatenate(
        [
            np.full(test.size, problem.rows.label[train].mean())
            for train, test in problem.folds(0)
        ]
    )
    answer = np.empty(400)
    answer[np.concatenate([test for _, test in problem.folds(0)])] = constant
    assert judge(problem, answer, 0)["AUC"].value == 0.5


@pytest.mark.parametrize("learner", ["linear", "neighbours", "net"])
def test_learners_find_what_is_there(problem, rng, learner):
    signal = problem.rows.label[:, None] + 0.3 * rng.normal(size=(400, 6))
    found = held_out(problem, signal, learner, 0)
    assert judge(problem, found, 0)["AUC"].value > 0.95


def test_classes_are_drawn_evenly(rng):
    label = np.repeat([0.0, 1.0, 2.0], [500, 100, 10])
    kept = draw(label, "classes", 60, 0)
    assert np.bincount(label[kept].astype(int)).tolist() == [20, 20, 10]


def test_a_text_is_encoded_once(tmp_path):
    encoder = make_encoder("hashing")
    first = cached_vectors(encoder, ["one text", "another", "one text"], tmp_path)
    assert np.array_equal(first[0], first[2])
    encoder.encode = None  # whoever asks again fails
    again = cached_vectors(encoder, ["another", "one text"], tmp_path)
    assert np.array_equal(again, first[[1, 0]])


def test_columns_without_key_or_folder_are_skipped(problem, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("FABGWAS_QWEN", raising=False)
    context = Context(data=None, cache=tmp_path)
    for make, reason in ((openai, "OPENAI_API_KEY"), (qwen, "FABGWAS_QWEN")):
        with pytest.raises(Skip, match=reason):
            encode(problem, context, make)


class Server(BaseHTTPRequestHandler):
    """Answers requests for embeddings with hashed words."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        dim = request.get("dimensions") or self.server.dim
        vectors = make_encoder("hashing", dim=dim).encode(request["input"])
        self.server.models.append(request["model"])
        data = [
            {"object": "embedding", "index": number, "embedding": vector.tolist()}
            for number, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        told = {"object": "list", "data": data, "model": "served", "usage": usage}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    made.models, made.dim = [], 1024
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("name", "model"),
    [("OpenAI", "text-embedding-3-small"), ("Qwen3", "Qwen/Qwen3-Embedding-0.6B")],
)
def test_columns_appear_when_a_key_or_server_is_given(
    name, model, server, problem, tmp_path, monkeypatch
):
    pytest.importorskip("openai", reason="needs fabgwas[openai]")
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    if name == "OpenAI":
        server.dim = 1536
        monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        monkeypatch.setenv("OPENAI_MODEL", model)
    else:
        monkeypatch.setenv("FABGWAS_QWEN", url)
    label = problem.rows.label.astype(int)
    texts = [f"{('benign', 'pathogenic')[each]} word" for each in label]
    told = replace(problem, texts=texts)
    context = Context(data=None, cache=tmp_path)
    [method] = [m for m in find_methods("properties") if m.name == f"{name}, linear"]
    made.cache_clear()  # the environment is not a part of its key
    found = method.solve(told, context, 0)
    made.cache_clear()
    assert judge(told, found, 0)["AUC"].value == 1
    assert set(server.models) == {model}
