"""The site, as a real server, in a real browser."""

import os
import re
import subprocess
import sys
import time

import httpx
import pytest

from spacy_gpner.kb.database import open_database
from spacy_gpner.kb.site.serve import make_read_only

from .util import annotate_notes, build_from, make_notes

ADDRESS = re.compile(rb"(http://127\.0\.0\.1:(\d+))/-/auth-token\?token=\w+")
PAGES = ("/", "/?q=糖", "/ward", "/ward/mention.json", "/-/document/1", "/-/databases.json")
SCRIPT = "<script>alert(1)</script>"
NASTY = "患<script>alert(1)</script>糖尿病，服二甲双胍。"


@pytest.fixture(scope="module")
def site(model, tmp_path_factory):
    """The server's output, and its address with the token."""
    folder = tmp_path_factory.mktemp("site")
    notes = [
        *make_notes(45),
        {"id": "n<b>", "text": NASTY, "patient": "p9", "date": "2026-01-01", "ward": "<i>"},
        {"id": "long", "text": "复查，" * 4000 + "发热", "patient": "p9", "date": "2026-01-02", "ward": "w0"},
    ]
    path = folder / "ward.sqlite"
    database = open_database(str(path), make=True)
    build_from(database, annotate_notes(model, notes, folder / "first"))
    database.engine.dispose()
    command = ["spacy", "gpner", "kb", "serve", "--db", str(path), "--port", str(free_port())]
    output, env = folder / "output.txt", {**os.environ, "PYTHONUNBUFFERED": "1"}
    with output.open("wb") as file:
        server = subprocess.Popen([sys.executable, "-m", *command], stdout=file, stderr=file, env=env)
    try:
        for _ in range(1800):
            if (found := ADDRESS.search(output.read_bytes())) and b"Uvicorn running" in output.read_bytes():
                break
            assert server.poll() is None, output.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield output, found[1].decode(), found[0].decode()
    finally:
        server.terminate()
        server.wait()


def free_port():
    import socket

    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return own.getsockname()[1]


@pytest.fixture(scope="module")
def client(site):
    """Who has come with the token, which works once."""
    _, address, login = site
    with httpx.Client(base_url=address) as stranger:
        for path in PAGES:
            answer = stranger.get(path)
            assert answer.status_code == 403, path
            assert "糖" not in answer.text
        assert stranger.get("/-/auth-token?token=0").status_code == 403
        assert "/ward" not in stranger.get("/-/allow-debug").text
    with httpx.Client(base_url=address) as own:
        assert own.get(login).status_code == 302
        assert httpx.get(login).status_code == 403
        yield own


def test_passages_are_found_by_their_characters(client):
    for term, n in (("糖", 19), ("血糖", 9), ("发热 高血压", 9)):
        text = client.get("/", params={"q": term}).text
        assert text.count("<article>") == min(n, 20), term
        assert "Next page" not in text
    text = client.get("/", params={"q": "痛"}).text
    assert text.count("<article>") == 20
    assert 'href="?q=%E7%97%9B&amp;offset=20">Next page' in text
    rest = client.get("/", params={"q": "痛", "offset": "20"}).text
    assert rest.count("<article>") == 7
    assert "Previous page" in rest


def test_questions_are_answered(client):
    text = client.get("/", params={"q": "糖尿病患者常用哪些药？"}).text
    assert "spacy gpner kb query cooccur 糖尿病 --of dru" in text
    assert "<td>二甲双胍</td>" in text
    assert "is not understood" in client.get("/", params={"q": "今天天气如何？"}).text
    doubted = client.get("/", params={"q": "肺炎？"}).text
    assert "is not understood" in doubted
    assert doubted.count("<article>") == 9
    other = client.get("/", params={"q": "p1有哪些诊断？", "patient": "p2"}).text
    assert "another patient" in other
    unmarked = client.get("/", params={"q": "糖尿病患者常用哪些药"}).text
    assert "kb query cooccur 糖尿病 --of dru" in unmarked
    told = client.get("/", params={"q": "哪些病历提到胸痛？"}).text
    assert "kb query mentions 胸痛" in told
    assert told.count("<article>") == 9
    assert "stranger" in client.get("/", params={"q": "药", "patient": "stranger"}).text


def test_answers_lead_to_patients_and_documents(client):
    text = client.get("/", params={"q": "哪些患者有糖尿病？"}).text
    assert '<a href="/?patient=p9">p9</a>' in text
    course = client.get("/", params={"patient": "p9"}).text
    assert "kb query timeline --patient p9" in course
    assert "3 rows" in course
    assert client.get("/", params={"q": "p9"}).text == course
    place = re.search(r'href="(/-/document\?[^"]+)">n&lt;b&gt;', course)[1].replace("&amp;", "&")
    there = client.get(place, follow_redirects=True)
    assert there.status_code == 200
    assert "糖尿病" in there.text
    assert client.get("/-/document?name=none").status_code == 404


@pytest.mark.parametrize(
    "term",
    ["'", '"', "%", "_", SCRIPT, "糖尿病'; DROP TABLE text", " ", "痛" * 2000, "?"],
)
def test_no_term_breaks_the_page(client, term):
    answer = client.get("/", params={"q": term})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("patient", ["p9", "nobody", "%"])
def test_a_patient_alone(client, patient):
    text = client.get("/", params={"q": "糖尿病", "patient": patient}).text
    assert text.count("<article>") == (patient == "p9")


def test_texts_are_escaped(client):
    text = client.get("/", params={"q": "糖尿病", "patient": "p9"}).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "n&lt;b&gt;" in text
    place = re.search(r'href="(/-/document/\d+)', text)[1]
    text = client.get(place).text
    assert "<script>alert" not in text
    assert "<i>" not in text.replace("<i> 0.75</i>", "")


def test_long_documents_have_pages(client):
    place = re.search(
        r'href="(/-/document/\d+)', client.get("/", params={"q": "发热", "patient": "p9"}).text
    )[1]
    first = client.get(place).text
    assert 'href="?start=4000">After' in first
    assert ">Before<" not in first
    last = client.get(place, params={"start": "12000"}).text
    assert "发热" in last
    assert ">After<" not in last
    assert client.get(place, params={"start": "99999999999999"}).status_code == 200
    assert client.get("/", params={"q": "的", "offset": "99999999999"}).status_code == 200
    for missing in (
        "/-/document/999999999999999999",
        "/-/document/99999",
        "/-/concept/99999",
        "/-/document/x",
    ):
        assert client.get(missing).status_code == 404


def test_tables_and_queries_are_datasettes(client):
    text = client.get("/ward").text
    for name in ("what_is_negated", "timeline_of_a_patient", "mention", "containment"):
        assert f"/ward/{name}" in text
    rows = client.get("/ward/what_is_negated.json", params={"_shape": "array"}).json()
    assert {row["surface"] for row in rows} == {"发热", "胸痛", "胸"}
    rows = client.get(
        "/ward/what_lies_in_what.json", params={"_shape": "array", "inner_label": "bod", "outer_label": "sym"}
    ).json()
    assert {(row["inner_concept"], row["outer_concept"]) for row in rows} == {("胸", "胸痛"), ("腹", "腹痛")}
    params = {"_shape": "array", "patient": "p9"}
    rows = client.get("/ward/timeline_of_a_patient.json", params=params).json()
    assert [row["surface"] for row in rows] == ["糖尿病", "二甲双胍", "发热"]
    rows = client.get("/ward/concepts_of_a_label.json", params={"_shape": "array", "label": "dis"}).json()
    assert {row["surface"] for row in rows} == {"糖尿病", "高血压", "肺炎"}
    text = client.get("/ward/document").text
    assert "/-/document/1" in text
    assert "/-/threads" not in text
    assert client.get("/-/permissions").status_code == 403


def test_nothing_can_be_written(client, site, tmp_path):
    for sql in ("delete from text", "insert into about values ('a', 'b')", "pragma query_only = 0"):
        assert client.get("/ward", params={"sql": sql}).status_code == 400
        assert client.post("/ward", data={"sql": sql}).status_code in (403, 405)
    assert client.get("/ward.db").status_code == 403
    database = open_database(str(tmp_path / "kb.sqlite"), make=True)
    make_read_only(database)
    with pytest.raises(ValueError, match="readonly"), database.writing() as connection:
        database.note(connection, "build")


def test_the_log_says_nothing_of_searches(client, site):
    client.get("/", params={"q": "绝不记录"})
    client.get("/-/concept/99999", params={"q": "绝不记录"})
    said = site[0].read_text(encoding="utf-8")
    assert "GET" not in said
    assert "绝不记录" not in said
    assert "%E7%BB%9D" not in said


def test_a_concept_is_followed_to_its_passages(client, site, browser):
    complaints = []
    context = browser.new_context()
    context.add_cookies([{"name": k, "value": v, "url": site[1]} for k, v in client.cookies.items()])
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(site[1])
        page.get_by_label("What to search for").fill("胸痛")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="胸痛", exact=True).click()
        assert page.locator("article").count() == 9
        page.get_by_role("link", name="Also negated").click()
        assert page.locator("article").count() == 18
        assert page.locator("mark mark").first.inner_text().startswith("胸")
        negated = page.locator("article mark", has=page.locator(":scope > small b", has_text="negated"))
        assert {text.split("sym")[0] for text in negated.all_inner_texts()} == {
            *("发热", "胸bod 0.75negated痛", "胸bod 0.75negated")
        }
        page.goto(site[1] + "/?q=糖尿病患者常用哪些药？")
        assert page.locator("th").first.inner_text() == "concept"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.go_back()
        page.locator("article h3 a").first.click()
        assert page.locator(".text").inner_text().startswith("因")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
    assert not complaints


def test_a_port_that_is_taken_is_told(run, site, empty, tmp_path):
    database = open_database(str(tmp_path / "kb.sqlite"), make=True)
    port = site[1].rpartition(":")[2]
    code, output = run("kb", "serve", "--db", database.name, "--port", port)
    assert code == 1
    assert f"The port {port}" in output
    assert "token" not in output


def test_other_databases_are_refused(url, empty, run, tmp_path):
    if url.startswith("postgresql"):
        code, output = run("kb", "serve", "--db", url)
        assert code == 1
        assert "no SQLite file" in output
    code, output = run("kb", "serve", "--db", tmp_path / "missing.sqlite")
    assert code == 1
    assert "There is no knowledge base" in output
